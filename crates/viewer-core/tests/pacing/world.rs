//! Machine, relay and viewers on one virtual clock: the real host, the relay's queues
//! with their rules, real decoders, and TCP over shaped lines between them.

use std::collections::BTreeMap;
use std::time::Duration;

use gc_channel::{DropPolicy, Limits, Outbox};
use gc_codec::{OpenH264Factory, TileEncoder};
use gc_netem::Shape;
use gc_proto::v2::{
    FrameAck, PictureReason, RefreshRequest, VideoCodec, VideoFeedback, VideoMessage,
    ViewerCapabilities, operation, video_feedback, video_message,
};
use gc_proto::{Channel, Header, Record};
use gc_types::SessionId;
use gc_video::PixelRect;
use gc_video::host::{HostConfig, HostEvent, Step, VideoHost};
use gc_viewer_core::{Decoder, DecoderLimits, Outcome};
use prost::Message;

use crate::rig::{MS, Random, Screen};
use crate::wire::Wire;

/// As long as the relay lets pictures wait.
const PATIENCE: Duration = Duration::from_millis(120);
/// From the last byte of a frame to its picture.
const DRAW: Duration = Duration::from_millis(3);
/// Small messages, with their header.
const SMALL: usize = 60;
pub(crate) const VIDEO: PixelRect = PixelRect::new(64, 48, 320, 240);

/// To the agent.
enum Up {
    Feedback(u16, VideoFeedback),
    Picture(u16),
    Key(u32),
}

pub(crate) struct Seat {
    pub(crate) decoder: Decoder,
    pub(crate) outbox: Outbox,
    pub(crate) down: Wire<bytes::Bytes>,
    up: Wire<Up>,
    pub(crate) acks: bool,
    /// Frames that will be on the screen at this time.
    drawing: Option<(Duration, u32)>,
    pub(crate) presented: Vec<(Duration, u32)>,
    pub(crate) problems: usize,
    pub(crate) bytes: usize,
    pub(crate) joined: Duration,
    /// First moment at which its picture was that of the screen.
    pub(crate) complete: Option<Duration>,
    /// Content of the video that it shows.
    shown: Duration,
    /// Age of the video, every 5 ms.
    pub(crate) ages: Vec<Duration>,
    /// Asked for whole or missing pictures by the relay.
    pub(crate) skips: usize,
    pub(crate) most_queued: usize,
}

#[derive(Clone, Copy)]
pub(crate) struct Lines {
    /// Between agent and relay.
    pub(crate) agent: Shape,
    /// Between relay and the first viewer.
    pub(crate) viewer: Shape,
}

impl Lines {
    pub(crate) fn at_viewer(viewer: Shape) -> Self {
        Self { agent: Shape { one_way: MS, ..Shape::default() }, viewer }
    }

    pub(crate) fn at_agent(agent: Shape) -> Self {
        Self { agent, viewer: Shape { one_way: MS, ..Shape::default() } }
    }
}

pub(crate) struct World {
    pub(crate) host: VideoHost,
    pub(crate) screen: Screen,
    pub(crate) random: Random,
    pub(crate) now: Duration,
    pub(crate) seats: BTreeMap<u16, Seat>,
    outbox: Outbox,
    pub(crate) uplink: Wire<bytes::Bytes>,
    downlink: Wire<Up>,
    /// Content of the video in each frame that draws it.
    content: BTreeMap<u32, Duration>,
    /// When the video last changed.
    changed: Duration,
    pub(crate) video: PixelRect,
    video_until: Duration,
    next_picture: Duration,
    step: u32,
    next_sample: Duration,
    /// The key that is waited for, when it was pressed, and where it shows.
    key: Option<(u32, Duration, PixelRect)>,
    keys: u32,
    pub(crate) key_times: Vec<Duration>,
    key_every: Option<Duration>,
    next_key: Duration,
    pub(crate) events: Vec<HostEvent>,
    pub(crate) stream_keys: usize,
}

impl World {
    pub(crate) fn new(seed: u64, lines: Lines) -> Self {
        Self::sized(seed, lines, 640, 480)
    }

    pub(crate) fn sized(seed: u64, lines: Lines, width: u32, height: u32) -> Self {
        let tiles = Box::new(TileEncoder::new().unwrap());
        let mut host = VideoHost::new(HostConfig::default(), tiles, Box::new(OpenH264Factory));
        let now = Duration::from_secs(100);
        host.set_surface(width, height, 1, now).unwrap();
        let mut world = Self {
            host,
            screen: Screen::new(width, height),
            random: Random::new(seed),
            now,
            seats: BTreeMap::new(),
            outbox: Outbox::new(Limits::default(), DropPolicy::Refuse),
            uplink: Wire::new(lines.agent, seed),
            downlink: Wire::new(Shape { kbps: None, ..lines.agent }, seed + 1),
            content: BTreeMap::new(),
            changed: now,
            video: VIDEO,
            video_until: Duration::ZERO,
            next_picture: now,
            step: 0,
            next_sample: now,
            key: None,
            keys: 0,
            key_times: Vec::new(),
            key_every: None,
            next_key: now,
            events: Vec::new(),
            stream_keys: 0,
        };
        world.join(1, lines.viewer);
        world
    }

    pub(crate) fn join(&mut self, seat: u16, shape: Shape) {
        let limits = Limits { patience: PATIENCE, ..Limits::default() };
        let seed = u64::from(seat) * 77;
        self.seats.insert(
            seat,
            Seat {
                decoder: Decoder::new(DecoderLimits::default()).unwrap(),
                outbox: Outbox::new(limits, DropPolicy::SkipToKeyFrame),
                down: Wire::new(shape, seed),
                up: Wire::new(Shape { kbps: None, ..shape }, seed + 1),
                acks: true,
                drawing: None,
                presented: Vec::new(),
                problems: 0,
                bytes: 0,
                joined: self.now,
                complete: None,
                shown: self.now,
                ages: Vec::new(),
                skips: 0,
                most_queued: 0,
            },
        );
        let codecs = vec![VideoCodec::H264.into()];
        self.host.join(
            seat,
            &ViewerCapabilities { codecs, max_width: 0, max_height: 0, scaled_motion: true },
        );
    }

    pub(crate) fn leave(&mut self, seat: u16) {
        self.seats.remove(&seat);
        self.host.leave(seat);
    }

    pub(crate) fn seat(&mut self, seat: u16) -> &mut Seat {
        self.seats.get_mut(&seat).unwrap()
    }

    /// Plays 30 pictures a second for this long from now on.
    pub(crate) fn play(&mut self, time: Duration) {
        self.video_until = self.now + time;
        self.next_picture = self.now;
        self.advance(time);
    }

    /// Presses a key about this often; each shows as a glyph.
    pub(crate) fn type_every(&mut self, gap: Option<Duration>) {
        self.key_every = gap;
        self.next_key = self.now + MS * 11;
    }

    /// Forgets what was measured.
    pub(crate) fn forget(&mut self) {
        self.key_times.clear();
        self.stream_keys = 0;
        for seat in self.seats.values_mut() {
            seat.ages.clear();
            seat.presented.clear();
            seat.bytes = 0;
            seat.most_queued = 0;
            seat.skips = 0;
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        for _ in 0..5_000_000 {
            self.machine();
            self.carry();
            let step = self.host.next_step(self.now);
            self.send();
            let waits = match step {
                Step::Capture { .. } => {
                    self.host.encode(self.screen.view(), self.now).unwrap();
                    self.send();
                    continue;
                }
                Step::WaitUntil(until) if until <= self.now => continue,
                Step::WaitUntil(until) => Some(until),
                Step::Idle => None,
            };
            if self.now >= end {
                return;
            }
            self.carry();
            let now = self.now;
            let seats = self.seats.values().flat_map(|seat| {
                let drawing = seat.drawing.map(|(at, _)| at);
                [seat.down.next_event(now), seat.up.next_event(now), drawing]
            });
            let playing = (self.now < self.video_until).then_some(self.next_picture);
            let typing = self.key_every.filter(|_| self.key.is_none()).map(|_| self.next_key);
            let own = [
                waits,
                playing,
                typing,
                self.uplink.next_event(now),
                self.downlink.next_event(now),
                Some(self.next_sample),
            ];
            let next = seats.chain(own).flatten().min().unwrap_or(end);
            self.now = next.clamp(now, end);
            if self.now == now && next > now {
                return;
            }
        }
        panic!("the host never comes to rest");
    }

    /// What happens on the screen.
    fn machine(&mut self) {
        if self.now < self.video_until && self.now >= self.next_picture {
            self.next_picture += Duration::from_micros(33_333);
            self.screen.noise(self.video, self.step, &mut self.random);
            self.step += 1;
            self.changed = self.now;
            self.host.damage(self.video, self.now);
        }
        if let Some(gap) = self.key_every
            && self.key.is_none()
            && self.now >= self.next_key
        {
            self.keys += 1;
            let glyph = PixelRect::new(8 + self.keys * 11 % 600, self.video.bottom() + 112, 9, 14);
            self.key = Some((self.keys, self.now, glyph));
            self.next_key = self.now + gap + MS * self.random.below(37);
            let key = Up::Key(self.keys);
            self.seats.get_mut(&1).unwrap().up.send(SMALL, key, self.now);
        }
        if self.now >= self.next_sample {
            self.next_sample = self.now + MS * 5;
            for seat in self.seats.values_mut() {
                if self.now < self.video_until {
                    seat.ages.push(self.now.saturating_sub(seat.shown));
                }
            }
        }
    }

    /// From the host to the agent's link.
    fn send(&mut self) {
        while let Some(outgoing) = self.host.poll_output_at(self.now) {
            if let Some(video_message::Body::Frame(frame)) = &outgoing.message.body {
                let draws = |rect: PixelRect| !rect.intersection(&self.video).is_empty();
                for operation in &frame.operations {
                    let rect = operation.rect.unwrap();
                    let rect = PixelRect::new(rect.x, rect.y, rect.width, rect.height);
                    let key = matches!(&operation.draw, Some(operation::Draw::H264(h)) if h.key);
                    self.stream_keys += usize::from(key);
                    let whole = rect.area() * 2 > self.video.area();
                    if draws(rect)
                        && (whole || matches!(operation.draw, Some(operation::Draw::H264(_))))
                    {
                        self.content.insert(frame.frame_id, self.changed);
                    }
                }
            }
            let header = Header {
                channel: Channel::Video,
                flags: outgoing.flags,
                participant: outgoing.participant,
                epoch: 1,
                sequence: 0,
                session: SessionId::from_bytes([1; 16]),
            };
            let record = Record::new(header, &outgoing.message);
            self.outbox.push_record(&header, record.bytes().clone()).unwrap();
        }
        self.write_agent();
        while let Some(event) = self.host.poll_event() {
            self.events.push(event);
        }
    }

    fn write_agent(&mut self) {
        while self.uplink.is_writable()
            && let Some(bytes) = self.outbox.pop()
        {
            self.uplink.send(bytes.len(), bytes, self.now);
        }
        self.host.link_backlog(self.outbox.queued_bytes() as u64);
    }

    /// Everything that arrives at this moment.
    fn carry(&mut self) {
        let now = self.now;
        while let Some(bytes) = self.uplink.receive(now) {
            let header = Header::decode(&bytes).unwrap();
            for (number, seat) in &mut self.seats {
                if header.participant == 0 || header.participant == *number {
                    seat.outbox.at(now).push_record(&header, bytes.clone()).unwrap();
                }
            }
        }
        self.write_agent();
        for (number, seat) in &mut self.seats {
            seat.down.pump(now);
            while seat.down.is_writable() {
                if seat.outbox.take_picture_needed() {
                    seat.skips += 1;
                    self.downlink.send(SMALL, Up::Picture(*number), now);
                }
                let Some(bytes) = seat.outbox.pop() else { break };
                seat.down.send(bytes.len(), bytes, now);
            }
            seat.most_queued = seat.most_queued.max(seat.outbox.queued_bytes());
            loop {
                if let Some((at, frame_id)) = seat.drawing {
                    if at > now {
                        break;
                    }
                    seat.drawing = None;
                    seat.presented.push((now, frame_id));
                    if let Some(content) = self.content.get(&frame_id) {
                        seat.shown = seat.shown.max(*content);
                    }
                    if seat.acks {
                        let draw_us = DRAW.as_micros() as u32;
                        let ack = video_feedback::Body::Ack(FrameAck { frame_id, draw_us });
                        let feedback = VideoFeedback { body: Some(ack) };
                        seat.up.send(SMALL, Up::Feedback(*number, feedback), now);
                    }
                }
                let Some(bytes) = seat.down.receive(now) else { break };
                seat.bytes += bytes.len();
                let payload = &bytes[gc_proto::HEADER_LEN..];
                match seat.decoder.apply(&VideoMessage::decode(payload).unwrap()) {
                    Ok(Outcome::Presented { frame_id, .. }) => {
                        seat.drawing = Some((now + DRAW, frame_id));
                    }
                    Ok(_) => {}
                    Err(problem) => {
                        seat.problems += 1;
                        let cause = problem.refresh_cause().into();
                        let body = Some(video_feedback::Body::Refresh(RefreshRequest { cause }));
                        let refresh = Up::Feedback(*number, VideoFeedback { body });
                        seat.up.send(SMALL, refresh, now);
                    }
                }
            }
            while let Some(message) = seat.up.receive(now) {
                self.downlink.send(SMALL, message, now);
            }
        }
        self.look();
        while let Some(message) = self.downlink.receive(now) {
            match message {
                Up::Feedback(seat, feedback) => self.host.on_feedback(seat, &feedback, now),
                Up::Picture(seat) => self.host.picture_needed(seat, PictureReason::Skipped),
                Up::Key(number) => {
                    if let Some((waited, _, glyph)) = self.key
                        && waited == number
                    {
                        self.screen.text(glyph, &mut self.random);
                        self.screen.set(glyph.x, glyph.y, [number as u8, 77, 99]);
                        self.host.damage(glyph, now);
                        self.key = Some((0, self.key.unwrap().1, glyph));
                    }
                }
            }
        }
    }

    /// What viewers see.
    fn look(&mut self) {
        if let Some((0, pressed, glyph)) = self.key
            && let Some(seat) = self.seats.get(&1)
            && seat.presented.last().is_some_and(|(at, _)| *at == self.now)
            && self.shows(seat, &glyph)
        {
            self.key_times.push(self.now.saturating_sub(pressed));
            self.key = None;
        }
        let whole = PixelRect::new(0, 0, self.screen.width, self.screen.height);
        let complete = |seat: &Seat| {
            seat.complete.is_none()
                && seat.presented.last().is_some_and(|(at, _)| *at == self.now)
                && self.shows_but_video(seat, &whole)
        };
        let now: Vec<u16> =
            self.seats.iter().filter(|(_, s)| complete(s)).map(|(number, _)| *number).collect();
        for number in now {
            self.seats.get_mut(&number).unwrap().complete = Some(self.now);
        }
    }

    fn shows(&self, seat: &Seat, rect: &PixelRect) -> bool {
        let Some(surface) = seat.decoder.surface() else { return false };
        (rect.y..rect.bottom()).all(|y| {
            let start = ((y * self.screen.width + rect.x) * 4) as usize;
            let end = start + rect.width as usize * 4;
            let pairs = surface.pixels()[start..end].chunks_exact(4);
            pairs.zip(self.screen.pixels[start..end].chunks_exact(4)).all(|(a, b)| a[..3] == b[..3])
        })
    }

    /// Whether all but the video is exact.
    fn shows_but_video(&self, seat: &Seat, whole: &PixelRect) -> bool {
        let video = if self.now < self.video_until { self.video } else { PixelRect::default() };
        if video.is_empty() {
            return self.shows(seat, whole);
        }
        let parts = [
            PixelRect::new(0, 0, whole.width, video.y - 16),
            PixelRect::new(0, video.bottom() + 16, whole.width, whole.height - video.bottom() - 16),
            PixelRect::new(0, 0, video.x - 16, whole.height),
            PixelRect::new(video.right() + 16, 0, whole.width - video.right() - 16, whole.height),
        ];
        parts.iter().all(|part| self.shows(seat, part))
    }

    pub(crate) fn wrong_pixels(&self, seat: u16) -> usize {
        let Some(surface) = self.seats[&seat].decoder.surface() else { return usize::MAX };
        let pairs = surface.pixels().chunks_exact(4).zip(self.screen.pixels.chunks_exact(4));
        pairs.filter(|(a, b)| a[..3] != b[..3]).count()
    }

    /// A page of text over everything but the video.
    pub(crate) fn page(&mut self) {
        let (width, height) = (self.screen.width, self.screen.height);
        for y in (0..height - 16).step_by(16) {
            let line = PixelRect::new(0, y, width, 16);
            self.screen.text(line, &mut self.random);
        }
        self.host.damage(PixelRect::new(0, 0, width, height), self.now);
    }
}

/// The value that this share of all are not above.
pub(crate) fn quantile(values: &[Duration], share: f64) -> Duration {
    let mut values = values.to_vec();
    values.sort_unstable();
    let at = ((values.len() as f64 * share).ceil() as usize).clamp(1, values.len().max(1)) - 1;
    values.get(at).copied().unwrap_or(Duration::MAX)
}
