//! A machine with a synthetic screen, and viewers behind links with a delay, all on
//! one virtual clock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use gc_codec::{OpenH264Factory, TileEncoder};
use gc_proto::v2::{
    self, FrameAck, RefreshRequest, VideoCodec, VideoFeedback, VideoMessage, ViewerCapabilities,
    operation, video_feedback, video_message,
};
use gc_proto::{Flags, MAX_AGENT_MESSAGE};
use gc_video::host::{HostConfig, HostEvent, Step, VideoHost};
use gc_video::{
    EncodeFailure, Encoded, MotionCodec, MotionEncoder, MotionEncoderFactory, MotionSettings,
    Outgoing, PictureView, PixelRect,
};
use gc_viewer_core::{Decoder, DecoderLimits, Outcome};
use prost::Message;

pub(crate) const MS: Duration = Duration::from_millis(1);

/// Prints its seed so that a failure can be repeated.
pub(crate) struct Random(u64);

impl Random {
    #[expect(clippy::print_stdout, reason = "shown when the test fails")]
    pub(crate) fn new(seed: u64) -> Self {
        println!("seed {seed:#x}");
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u32 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.next() % limit
    }
}

pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) pixels: Vec<u8>,
}

impl Screen {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        let mut pixels = vec![0; (width * height * 4) as usize];
        for (i, pixel) in pixels.chunks_exact_mut(4).enumerate() {
            // X is rubbish on purpose: nothing may depend on it.
            pixel.copy_from_slice(&[0xE8, 0xEC, 0xF0, i as u8]);
        }
        Self { width, height, pixels }
    }

    pub(crate) fn view(&self) -> PictureView<'_> {
        let stride = self.width as usize * 4;
        PictureView { width: self.width, height: self.height, stride, pixels: &self.pixels }
    }

    pub(crate) fn set(&mut self, x: u32, y: u32, color: [u8; 3]) {
        let at = ((y * self.width + x) * 4) as usize;
        self.pixels[at..at + 3].copy_from_slice(&color);
    }

    /// Something like a line of black glyphs on white.
    pub(crate) fn text(&mut self, rect: PixelRect, random: &mut Random) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let ink = (y - rect.y) % 16 < 11 && (x / 2 + y / 3).is_multiple_of(3);
                let ink = ink && random.below(3) == 0;
                self.set(x, y, if ink { [20, 20, 20] } else { [255, 255, 255] });
            }
        }
    }

    /// Grain over a moving gradient, as video is.
    pub(crate) fn noise(&mut self, rect: PixelRect, step: u32, random: &mut Random) {
        for y in rect.y..rect.bottom() {
            for x in rect.x..rect.right() {
                let grain = random.below(24);
                let at = |v: u32| ((v + step * 5) % 200 + grain) as u8;
                self.set(x, y, [at(x), at(y), at(x + y)]);
            }
        }
    }

    pub(crate) fn scroll_up(&mut self, rect: PixelRect, by: u32) {
        for y in rect.y..rect.bottom() - by {
            let row = |y: u32| ((y * self.width + rect.x) * 4) as usize;
            let (to, from) = (row(y), row(y + by));
            self.pixels.copy_within(from..from + rect.width as usize * 4, to);
        }
    }
}

pub(crate) struct Viewer {
    pub(crate) decoder: Decoder,
    pub(crate) trip: Duration,
    /// Acknowledges nothing while false.
    pub(crate) acks: bool,
    /// Acknowledges without decoding.
    pub(crate) blind: bool,
    pub(crate) presented: Vec<u32>,
    pub(crate) problems: usize,
    pub(crate) bytes: usize,
    /// Of its link; `None`: no limit.
    pub(crate) kbps: Option<u32>,
    /// When the link has sent what it was given.
    pub(crate) link_free: Duration,
    /// What it needs to draw a picture; one after the other.
    pub(crate) draw: Duration,
    drawing_until: Duration,
    /// Longest time from leaving the host to arrival.
    pub(crate) worst_delay: Duration,
    arriving: VecDeque<(Duration, VideoMessage)>,
}

/// What one operation was, for assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    H264 { key: bool },
    Hevc { key: bool },
    Tile,
    Copy,
    Fill,
}

#[derive(Debug, Clone)]
pub(crate) struct Drawn {
    pub(crate) at: Duration,
    pub(crate) to: u16,
    pub(crate) kind: Kind,
    pub(crate) rect: PixelRect,
    pub(crate) bytes: usize,
}

pub(crate) struct Rig {
    pub(crate) host: VideoHost,
    pub(crate) screen: Screen,
    pub(crate) viewers: BTreeMap<u16, Viewer>,
    pub(crate) now: Duration,
    pub(crate) drawn: Vec<Drawn>,
    pub(crate) messages: Vec<(Duration, Outgoing)>,
    pub(crate) captures: usize,
    pub(crate) captured: Vec<PixelRect>,
    pub(crate) most_in_flight: u32,
    pub(crate) events: Vec<HostEvent>,
    /// What a capture costs: reading the screen, then encoding.
    pub(crate) costs: (Duration, Duration),
    answers: VecDeque<(Duration, u16, VideoFeedback)>,
}

impl Rig {
    pub(crate) fn new(width: u32, height: u32) -> Self {
        Self::with(width, height, Box::new(OpenH264Factory))
    }

    pub(crate) fn with(width: u32, height: u32, factory: Box<dyn MotionEncoderFactory>) -> Self {
        let tiles = Box::new(TileEncoder::new().unwrap());
        let mut host = VideoHost::new(HostConfig::default(), tiles, factory);
        let now = Duration::from_secs(1000);
        host.set_surface(width, height, 1, now).unwrap();
        Self {
            host,
            screen: Screen::new(width, height),
            viewers: BTreeMap::new(),
            now,
            drawn: Vec::new(),
            messages: Vec::new(),
            captures: 0,
            captured: Vec::new(),
            most_in_flight: 0,
            events: Vec::new(),
            costs: (Duration::ZERO, Duration::ZERO),
            answers: VecDeque::new(),
        }
    }

    pub(crate) fn join(&mut self, participant: u16, trip: Duration) {
        self.join_with(participant, trip, true);
    }

    pub(crate) fn join_with(&mut self, participant: u16, trip: Duration, h264: bool) {
        let limits = DecoderLimits { h264, ..DecoderLimits::default() };
        let decoder = Decoder::new(limits).unwrap();
        let codecs = if h264 { vec![VideoCodec::H264] } else { Vec::new() };
        self.seat(participant, trip, decoder, &codecs);
    }

    /// A viewer that says that it can decode `codecs`, and in truth decodes H.264.
    pub(crate) fn join_claiming(&mut self, participant: u16, codecs: &[VideoCodec]) {
        let decoder = Decoder::new(DecoderLimits::default()).unwrap();
        self.seat(participant, MS * 4, decoder, codecs);
    }

    fn seat(&mut self, participant: u16, trip: Duration, decoder: Decoder, codecs: &[VideoCodec]) {
        let codecs = codecs.iter().map(|codec| i32::from(*codec)).collect();
        self.viewers.insert(
            participant,
            Viewer {
                decoder,
                trip,
                acks: true,
                blind: false,
                presented: Vec::new(),
                problems: 0,
                bytes: 0,
                kbps: None,
                link_free: Duration::ZERO,
                draw: Duration::ZERO,
                drawing_until: Duration::ZERO,
                worst_delay: Duration::ZERO,
                arriving: VecDeque::new(),
            },
        );
        self.host.join(
            participant,
            &ViewerCapabilities { codecs, max_width: 0, max_height: 0, scaled_motion: true },
        );
    }

    pub(crate) fn damage(&mut self, rect: PixelRect) {
        self.host.damage(rect, self.now);
    }

    /// Forgets what was recorded so far.
    pub(crate) fn forget(&mut self) {
        self.drawn.clear();
        self.messages.clear();
        self.captured.clear();
        self.captures = 0;
        for viewer in self.viewers.values_mut() {
            viewer.bytes = 0;
            viewer.worst_delay = Duration::ZERO;
            viewer.presented.clear();
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        for _ in 0..100_000 {
            self.arrive();
            while self.answers.front().is_some_and(|(at, ..)| *at <= self.now) {
                // A host that was busy meanwhile still knows when it came.
                let (at, from, feedback) = self.answers.pop_front().unwrap();
                self.host.on_feedback(from, &feedback, at);
            }
            let step = self.host.next_step(self.now);
            self.deliver();
            let arrivals = self.viewers.values().filter_map(|v| v.arriving.front());
            let next = arrivals.map(|(at, _)| *at).chain(self.answers.front().map(|(at, ..)| *at));
            let next = next.min().unwrap_or(end).min(end);
            let wait = |until: Duration| next.min(until);
            match step {
                Step::Capture { region } => {
                    self.captures += 1;
                    self.captured.extend(region);
                    let (grab, encode) = self.costs;
                    self.now += grab;
                    self.host.encode(self.screen.view(), self.now).unwrap();
                    self.now += encode;
                    self.host.took(grab, encode, self.now);
                    self.deliver();
                    continue;
                }
                Step::WaitUntil(until) if until <= self.now => continue,
                Step::WaitUntil(until) => self.now = wait(until).max(self.now),
                Step::Idle => self.now = wait(end).max(self.now),
            }
            if self.now >= end {
                return;
            }
        }
        panic!("the host never comes to rest");
    }

    fn deliver(&mut self) {
        while let Some(outgoing) = self.host.poll_output() {
            let bytes = outgoing.message.encode_to_vec();
            assert!(bytes.len() < MAX_AGENT_MESSAGE - gc_proto::HEADER_LEN);
            assert!(bytes.len() <= outgoing.size(), "{} > {}", bytes.len(), outgoing.size());
            let message = VideoMessage::decode(&bytes[..]).unwrap();
            self.record(&outgoing, &message);
            for (number, viewer) in &mut self.viewers {
                if outgoing.participant != 0 && outgoing.participant != *number {
                    continue;
                }
                viewer.bytes += bytes.len();
                let passing = viewer.kbps.map_or(Duration::ZERO, |kbps| {
                    Duration::from_secs_f64(bytes.len() as f64 / (f64::from(kbps) * 125.0))
                });
                viewer.link_free = viewer.link_free.max(self.now) + passing;
                viewer.worst_delay =
                    viewer.worst_delay.max(viewer.link_free.saturating_sub(self.now));
                viewer.arriving.push_back((viewer.link_free, message.clone()));
            }
            self.messages.push((self.now, outgoing));
        }
        self.arrive();
        self.most_in_flight = self.most_in_flight.max(self.host.frames_in_flight());
        while let Some(event) = self.host.poll_event() {
            self.events.push(event);
        }
    }

    /// Hands viewers what has passed their links.
    fn arrive(&mut self) {
        for (number, viewer) in &mut self.viewers {
            while viewer.arriving.front().is_some_and(|(at, _)| *at <= self.now) {
                let Some((at, message)) = viewer.arriving.pop_front() else { break };
                let outcome = match &message.body {
                    Some(video_message::Body::Frame(frame)) if viewer.blind && frame.last => {
                        Ok(Outcome::Presented { frame_id: frame.frame_id, damage: Vec::new() })
                    }
                    Some(video_message::Body::Frame(_)) if viewer.blind => Ok(Outcome::Partial),
                    _ => viewer.decoder.apply(&message),
                };
                let body = match outcome {
                    Ok(Outcome::Presented { frame_id, .. }) => {
                        viewer.presented.push(frame_id);
                        if !viewer.acks {
                            continue;
                        }
                        // A viewer reads on only when it has drawn.
                        let begin = viewer.drawing_until.max(at);
                        viewer.drawing_until = begin + viewer.draw;
                        let draw_us = u32::try_from(viewer.draw.as_micros()).unwrap();
                        video_feedback::Body::Ack(FrameAck { frame_id, draw_us })
                    }
                    Ok(_) => continue,
                    Err(problem) => {
                        viewer.problems += 1;
                        let cause = problem.refresh_cause().into();
                        video_feedback::Body::Refresh(RefreshRequest { cause })
                    }
                };
                let answer = VideoFeedback { body: Some(body) };
                let drawn = viewer.drawing_until.max(at);
                self.answers.push_back((drawn + viewer.trip, *number, answer));
                self.answers.make_contiguous().sort_by_key(|(at, ..)| *at);
            }
        }
    }

    fn record(&mut self, outgoing: &Outgoing, message: &VideoMessage) {
        let Some(video_message::Body::Frame(frame)) = &message.body else { return };
        assert_eq!(outgoing.flags.has(Flags::DROPPABLE), !frame.key);
        assert_eq!(outgoing.flags.has(Flags::END), frame.last);
        for operation in &frame.operations {
            let rect = operation.rect.unwrap();
            let (kind, bytes) = match operation.draw.as_ref().unwrap() {
                operation::Draw::H264(h) => (Kind::H264 { key: h.key }, h.access_unit.len()),
                operation::Draw::Hevc(h) => (Kind::Hevc { key: h.key }, h.access_unit.len()),
                operation::Draw::Tile(tile) => (Kind::Tile, tile.data.len()),
                operation::Draw::Copy(_) => (Kind::Copy, 0),
                operation::Draw::Fill(_) => (Kind::Fill, 0),
            };
            let rect = PixelRect::new(rect.x, rect.y, rect.width, rect.height);
            let (at, to) = (self.now, outgoing.participant);
            self.drawn.push(Drawn { at, to, kind, rect, bytes });
        }
    }

    /// Pixels in which a viewer's picture is not that of the screen.
    pub(crate) fn wrong_pixels(&self, participant: u16) -> usize {
        let Some(surface) = self.viewers[&participant].decoder.surface() else {
            return usize::MAX;
        };
        assert_eq!((surface.width(), surface.height()), (self.screen.width, self.screen.height));
        let shown = surface.pixels().chunks_exact(4);
        shown.zip(self.screen.pixels.chunks_exact(4)).filter(|(a, b)| a[..3] != b[..3]).count()
    }

    pub(crate) fn count(&self, matches: impl Fn(&Drawn) -> bool) -> usize {
        self.drawn.iter().filter(|drawn| matches(drawn)).count()
    }

    /// Plays `frames` frames of video in `rect`, `gap` apart.
    pub(crate) fn play(
        &mut self,
        rect: PixelRect,
        frames: u32,
        gap: Duration,
        random: &mut Random,
    ) {
        for step in 0..frames {
            self.screen.noise(rect, step, random);
            self.damage(rect);
            self.advance(gap);
        }
    }
}

/// How an encoder misbehaves, and when.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    Error,
    Garbage,
    Empty,
    Open,
    /// Refuses every change of the rate; pictures go on.
    Rate,
}

/// OpenH264 that fails after some pictures.
pub(crate) struct Faulty {
    pub(crate) fault: Fault,
    pub(crate) after: u32,
    pub(crate) rates: Arc<AtomicU32>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault, after: u32) -> Self {
        Self { fault, after, rates: Arc::new(AtomicU32::new(0)) }
    }
}

impl MotionEncoderFactory for Faulty {
    fn name(&self) -> &'static str {
        "faulty"
    }
    fn codecs(&self) -> &[MotionCodec] {
        &[MotionCodec::H264]
    }
    fn accepts(&self, codec: MotionCodec, width: u32, height: u32) -> bool {
        OpenH264Factory.accepts(codec, width, height)
    }
    fn open(&mut self, settings: MotionSettings) -> Result<Box<dyn MotionEncoder>, EncodeFailure> {
        if matches!(self.fault, Fault::Open) && self.after == 0 {
            return Err(EncodeFailure::Open("no device".to_owned()));
        }
        self.rates.store(settings.kbps, Ordering::SeqCst);
        let inner = OpenH264Factory.open(settings)?;
        let (fault, left, rates) = (self.fault, self.after, self.rates.clone());
        Ok(Box::new(FaultyStream { inner, fault, left, rates }))
    }
}

struct FaultyStream {
    inner: Box<dyn MotionEncoder>,
    fault: Fault,
    left: u32,
    rates: Arc<AtomicU32>,
}

impl MotionEncoder for FaultyStream {
    fn encode(
        &mut self,
        picture: PictureView<'_>,
        key: bool,
        at: Duration,
        out: &mut Vec<u8>,
    ) -> Result<Encoded, EncodeFailure> {
        if self.left > 0 {
            self.left -= 1;
            return self.inner.encode(picture, key, at, out);
        }
        match self.fault {
            Fault::Garbage => out.extend(b"no start code"),
            Fault::Empty | Fault::Open => {}
            Fault::Rate => return self.inner.encode(picture, key, at, out),
            Fault::Error => return Err(EncodeFailure::Encode("device lost".to_owned())),
        }
        Ok(Encoded { key: true })
    }
    fn set_rate(&mut self, kbps: u32, fps: u32) -> Result<(), EncodeFailure> {
        if matches!(self.fault, Fault::Rate) {
            return Err(EncodeFailure::Encode("rate change refused".to_owned()));
        }
        self.rates.store(kbps, Ordering::SeqCst);
        self.inner.set_rate(kbps, fps)
    }
}

pub(crate) fn status_of(outgoing: &Outgoing) -> Option<&v2::VideoStatus> {
    match &outgoing.message.body {
        Some(video_message::Body::Status(status)) => Some(status),
        _ => None,
    }
}
