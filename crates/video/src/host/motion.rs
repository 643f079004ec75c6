//! Which parts of the surface travel as H.264, and their streams.

use std::time::Duration;

use gc_proto::v2::{H264, Hevc, Operation, operation};

use super::HostEvent;
use super::moves::Moves;
use super::scale::{Scale, Scaling, share};
use crate::cells::{Cells, Cluster};
use crate::picture::{CELL, Picture};
use crate::shrink::shrink;
use crate::{
    EncodeFailure, FactoryEvent, MAX_MESSAGE, MotionCodec, MotionEncoder, MotionEncoderFactory,
    MotionSettings, PictureView, PixelRect, Recourse,
};

/// Streams at the same time.
const MOST_REGIONS: usize = 3;
/// Smallest region in cells, 96 x 96 pixels.
const LEAST_CELLS: u32 = 36;
/// Cells beside a region that are worth making it larger.
const LEAST_EDGE: u32 = 6;
/// Neighbouring pixels that differ in a picture, below which tiles are cheap even at
/// full rate on a slow link.
const LEAST_TRANSITIONS: u32 = 4000;
/// The same on any link: some 40 kB of tiles per picture.
const CHEAP_TRANSITIONS: u32 = 20_000;
/// Of a photograph's neighbouring pixels this many at least differ.
const PHOTOGRAPH_PERCENT: u32 = 55;
/// A region is grown this seldom at most.
const SETTLE: Duration = Duration::from_millis(250);
/// The same, where tiles would cost more than the link bears.
const SETTLE_DENSE: Duration = Duration::from_millis(60);
/// Over this time it is seen how much of a region is really in use.
const USE_WINDOW: Duration = Duration::from_secs(1);
/// Encoders that are tried for one picture at most; then it travels as tiles.
const MOST_TRIES: u32 = 4;
/// Waits before an encoder is tried again after none was left; then never.
const RETRY: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(30), Duration::from_mins(2)];

/// Pictures per second that a stream is laid out for at least. One laid out for fewer
/// makes each so large that a slow line is busy with it for a second.
const LEAST_FPS: u32 = 6;

struct Region {
    rect: PixelRect,
    scale: Scale,
    stream: u32,
    encoder: Box<dyn MotionEncoder>,
    /// Who makes it.
    name: String,
    codec: MotionCodec,
    /// A better encoder is there for it.
    outdone: bool,
    kbps: u32,
    fps: u32,
    opened: Duration,
    changed: Duration,
    /// Since when damage waits to be captured.
    waiting: Option<Duration>,
    /// When damage came last.
    damaged: Duration,
    /// The last damage of the last change.
    shown: Duration,
    /// Smoothed time between two changes, seconds.
    interval: f64,
    used: PixelRect,
    used_since: Duration,
    /// Pixels that changed since then, and pictures.
    drawn: u64,
    pictures: u32,
    key_due: bool,
    /// Nothing of it was sent yet.
    fresh: bool,
}

pub(super) struct Motion {
    factory: Box<dyn MotionEncoderFactory>,
    regions: Vec<Region>,
    next_stream: u32,
    scaling: Scaling,
    /// The picture of a stream that has fewer pixels than its region.
    small: Vec<u8>,
    /// What streams are to be, where an encoder can.
    codec: MotionCodec,
    failures: usize,
    blocked_until: Option<Duration>,
    pub(super) events: Vec<HostEvent>,
}

/// How fast motion may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    pub(super) kbps: u32,
    pub(super) fps: u32,
    /// Bytes per second that the link bears.
    pub(super) link_bytes: u32,
}

impl Motion {
    pub(super) fn new(factory: Box<dyn MotionEncoderFactory>) -> Self {
        Self {
            factory,
            regions: Vec::new(),
            next_stream: 1,
            scaling: Scaling::new(),
            small: Vec::new(),
            codec: MotionCodec::H264,
            failures: 0,
            blocked_until: None,
            events: Vec::new(),
        }
    }

    /// Who makes the streams, or would.
    pub(super) fn name(&self) -> &str {
        self.regions.first().map_or_else(|| self.factory.name(), |region| &region.name)
    }

    /// What the streams are, or would be.
    pub(super) fn codec(&self) -> MotionCodec {
        self.regions.first().map_or(self.codec, |region| region.codec)
    }

    pub(super) fn can(&self, codec: MotionCodec) -> bool {
        self.factory.codecs().contains(&codec)
    }

    /// Streams of another codec end; what moves gets new ones.
    pub(super) fn set_codec(&mut self, codec: MotionCodec) {
        if self.codec != codec {
            self.codec = codec;
            self.regions.clear();
        }
    }

    /// Whether pictures may have fewer pixels than their region.
    pub(super) fn allow_scaling(&mut self, allowed: bool) {
        self.scaling.allowed = allowed;
        if !allowed {
            self.regions.retain(|region| region.scale.by == 1);
        }
    }

    /// Takes in what the factory found out by itself.
    pub(super) fn poll_factory(&mut self) {
        while let Some(event) = self.factory.poll_event() {
            match event {
                FactoryEvent::Ready { encoder } => {
                    for region in &mut self.regions {
                        region.outdone |= region.name != encoder || region.codec != self.codec;
                    }
                    self.events.push(HostEvent::EncoderReady { encoder });
                }
                FactoryEvent::Rejected { encoder, failure, retry_after } => {
                    self.events.push(HostEvent::EncoderRejected { encoder, failure, retry_after });
                }
            }
        }
    }

    pub(super) fn usable(&self, now: Duration) -> bool {
        self.blocked_until.is_none_or(|until| now >= until)
    }

    pub(super) fn is_active(&self) -> bool {
        !self.regions.is_empty()
    }

    pub(super) fn rects(&self) -> Vec<PixelRect> {
        self.regions.iter().map(|region| region.rect).collect()
    }

    pub(super) fn close_all(&mut self) {
        self.regions.clear();
    }

    /// Pixels in `rect` may have changed and are not captured yet.
    pub(super) fn damaged(&mut self, rect: &PixelRect, now: Duration) {
        for region in &mut self.regions {
            if !region.rect.intersection(rect).is_empty() {
                region.waiting.get_or_insert(now);
                region.damaged = now;
            }
        }
    }

    /// Ends the streams of regions that rest, and says when the next one will. What
    /// waits for room on the line does not rest: on a slow one every picture would be
    /// the key picture of a new stream.
    pub(super) fn close_rested(&mut self, rest: Duration, now: Duration) -> Option<Duration> {
        self.regions.retain(|region| {
            region.key_due || region.waiting.is_some() || now < region.changed + rest
        });
        let resting = self.regions.iter().filter(|region| region.waiting.is_none());
        resting.map(|region| region.changed + rest).min()
    }

    /// Ends the streams of regions that have moved for the most part: they scroll.
    pub(super) fn close_moved(&mut self, moves: &Moves) {
        self.regions.retain(|region| moves.covered(&region.rect) * 2 < region.rect.area());
    }

    pub(super) fn want_keys(&mut self) {
        for region in &mut self.regions {
            region.key_due = true;
        }
    }

    /// Opens, grows and shrinks regions for cells that keep changing.
    pub(super) fn follow_motion(
        &mut self,
        cells: &mut Cells,
        picture: &Picture,
        moves: &Moves,
        rate: Rate,
        now: Duration,
    ) {
        self.shrink(cells, rate, now);
        let rects = self.rects();
        let hot: Vec<_> = cells
            .marked()
            .filter(|(index, part)| {
                cells.is_hot(*index, now)
                    && !rects.iter().any(|rect| rect.contains(part))
                    && !moves.touch(part)
            })
            .map(|(index, _)| index)
            .collect();
        // Half of the link, at 30 pictures a second and 2 bytes a transition.
        let bearable = (rate.link_bytes / 120).clamp(LEAST_TRANSITIONS, CHEAP_TRANSITIONS);
        for cluster in cells.clusters(&hot) {
            let worth = is_compact(&cluster, 0.35) && picture.transitions(&cluster.rect) > bearable;
            if worth || self.is_edge(&cluster) {
                self.cover(cluster.rect, SETTLE, rate, now);
            }
        }
    }

    /// Whether the cells are what a region has missed of a film: beside it, and few.
    /// A row of pixels with grain in it can cost as much as all the rest.
    fn is_edge(&self, cluster: &Cluster) -> bool {
        cluster.cells >= LEAST_EDGE
            && self.regions.iter().any(|region| {
                let all = region.rect.union(&cluster.rect).area();
                region.rect.around(CELL).touches(&cluster.rect)
                    && all * 8 <= (region.rect.area() + cluster.rect.area()) * 9
            })
    }

    /// Opens regions for marked cells full of detail that would cost more than
    /// `budget` bytes without loss. They become exact once they rest.
    pub(super) fn relieve(
        &mut self,
        cells: &mut Cells,
        picture: &Picture,
        budget: usize,
        rate: Rate,
        now: Duration,
    ) {
        let rects = self.rects();
        let costs: Vec<_> = cells
            .marked()
            .filter(|(_, part)| !rects.iter().any(|rect| rect.contains(part)))
            .map(|(index, _)| {
                let rect = cells.rect(index);
                (index, picture.transitions(&rect), rect.area() as u32)
            })
            .collect();
        if (costs.len() as u32) < 2 * LEAST_CELLS {
            return;
        }
        let total: usize = costs.iter().map(|(_, transitions, _)| *transitions as usize * 2).sum();
        if total <= budget {
            return;
        }
        // Photographs only: text is smaller without loss than as a key picture, and on a
        // slow link a key picture cannot make room for what is urgent.
        let dense: Vec<_> = costs
            .iter()
            .filter(|(_, transitions, area)| transitions * 100 >= area * PHOTOGRAPH_PERCENT)
            .map(|(index, ..)| *index)
            .collect();
        for cluster in cells.clusters(&dense) {
            if cluster.cells >= 2 * LEAST_CELLS && is_compact(&cluster, 0.5) {
                self.cover(cluster.rect, SETTLE_DENSE, rate, now);
            }
        }
    }

    /// Sees to it that `rect` is part of a region, if that can be now.
    fn cover(&mut self, rect: PixelRect, settle: Duration, rate: Rate, now: Duration) {
        let mut rect = rect;
        let mut joined = Vec::new();
        // What overlaps must become one; that may make it overlap another.
        while let Some(at) = (0..self.regions.len()).find(|at| {
            let held = self.regions[*at].rect;
            let close = held.union(&rect).area() * 4 <= (held.area() + rect.area()) * 5;
            !joined.contains(at) && (close || !held.intersection(&rect).is_empty())
        }) {
            rect = rect.union(&self.regions[at].rect);
            joined.push(at);
        }
        let settled = joined.iter().all(|at| {
            let held = &self.regions[*at];
            held.fresh || now >= held.opened + settle
        });
        let room = self.regions.len() - joined.len() < MOST_REGIONS;
        if settled && room && self.factory.accepts(MotionCodec::H264, rect.width, rect.height) {
            let mut at = 0;
            self.regions.retain(|_| {
                at += 1;
                !joined.contains(&(at - 1))
            });
            self.open(rect, rate, now);
        }
    }

    fn shrink(&mut self, cells: &Cells, rate: Rate, now: Duration) {
        let mut smaller = Vec::new();
        self.regions.retain_mut(|region| {
            if now < region.used_since + USE_WINDOW {
                return true;
            }
            let used = cells.around(&region.used).intersection(&region.rect);
            region.used = PixelRect::default();
            region.used_since = now;
            let drawn = std::mem::take(&mut region.drawn);
            let pictures = u64::from(std::mem::take(&mut region.pictures));
            // Of a region in which little moves most is better exact. What moves
            // there will have a region of its own, or goes as tiles.
            let sparse = drawn * 10 < region.rect.area() * pictures;
            let keep = !sparse && used.area() * 5 > region.rect.area() * 3;
            let worthwhile = used.area() >= u64::from(LEAST_CELLS * CELL * CELL)
                && used.width.min(used.height) >= 2 * CELL;
            if !keep && !sparse && worthwhile {
                smaller.push(used);
            }
            keep
        });
        for rect in smaller {
            self.open(rect, rate, now);
        }
    }

    fn open(&mut self, rect: PixelRect, rate: Rate, now: Duration) {
        let scale = self.scaling.choose(&rect, share(rate.kbps, rate.fps), now);
        let scale = Scale::new(scale, now);
        match self.open_encoder(scale.of(&rect), rate.kbps, rate.fps) {
            Ok((encoder, name, codec)) => {
                self.regions.push(Region {
                    rect,
                    scale,
                    stream: self.next_stream,
                    encoder,
                    name,
                    codec,
                    outdone: false,
                    kbps: rate.kbps,
                    fps: rate.fps,
                    opened: now,
                    changed: now,
                    waiting: None,
                    damaged: now,
                    shown: now,
                    interval: 1.0 / f64::from(rate.fps.max(1)),
                    used: PixelRect::default(),
                    used_since: now,
                    drawn: 0,
                    pictures: 0,
                    key_due: true,
                    fresh: true,
                });
                self.next_stream = self.next_stream.wrapping_add(1).max(1);
            }
            Err(failure) => {
                let encoder = self.factory.name().to_owned();
                self.give_up(encoder, failure, now);
            }
        }
    }

    /// An encoder of the codec that is wanted, or else of H.264.
    fn open_encoder(
        &mut self,
        (width, height): (u32, u32),
        kbps: u32,
        fps: u32,
    ) -> Result<(Box<dyn MotionEncoder>, String, MotionCodec), EncodeFailure> {
        let settings = MotionSettings { codec: self.codec, width, height, kbps, fps };
        let plain = MotionSettings { codec: MotionCodec::H264, ..settings };
        let (encoder, codec) = match self.factory.open(settings) {
            Ok(encoder) => (encoder, settings.codec),
            Err(_) if settings != plain => (self.factory.open(plain)?, plain.codec),
            Err(failure) => return Err(failure),
        };
        let name = encoder.name().unwrap_or_else(|| self.factory.name()).to_owned();
        Ok((encoder, name, codec))
    }

    /// Motion travels as tiles for a while, or for good.
    fn give_up(&mut self, encoder: String, failure: EncodeFailure, now: Duration) {
        let retry_after = RETRY.get(self.failures).copied();
        self.failures += 1;
        self.blocked_until = Some(retry_after.map_or(Duration::MAX, |wait| now + wait));
        self.regions.clear();
        let next = None;
        self.events.push(HostEvent::EncoderFellBack { encoder, failure, retry_after, next });
    }

    /// The stream of a region failed. Another encoder takes over its streams, or tiles
    /// do: then `false`.
    fn replace(&mut self, at: usize, failure: EncodeFailure, now: Duration) -> bool {
        let Some(encoder) = self.regions.get(at).map(|region| region.name.clone()) else {
            return false;
        };
        if self.factory.failed(&encoder, &failure) == Recourse::None {
            self.give_up(encoder, failure, now);
            return false;
        }
        for at in 0..self.regions.len() {
            if self.regions[at].name == encoder
                && let Err(failure) = self.reopen(at)
            {
                self.give_up(encoder, failure, now);
                return false;
            }
        }
        let next = self.regions.get(at).map(|region| region.name.clone());
        let retry_after = None;
        self.events.push(HostEvent::EncoderFellBack { encoder, failure, retry_after, next });
        true
    }

    /// Another stream in the same place, beginning with a key picture.
    fn reopen(&mut self, at: usize) -> Result<(), EncodeFailure> {
        let Region { rect, scale, .. } = self.regions[at];
        self.reopen_at(at, rect, scale)
    }

    fn reopen_at(&mut self, at: usize, rect: PixelRect, scale: Scale) -> Result<(), EncodeFailure> {
        let Region { kbps, fps, .. } = self.regions[at];
        let (encoder, name, codec) = self.open_encoder(scale.of(&rect), kbps, fps)?;
        let region = &mut self.regions[at];
        region.scale = scale;
        (region.encoder, region.name, region.codec) = (encoder, name, codec);
        region.stream = self.next_stream;
        region.key_due = true;
        region.outdone = false;
        self.next_stream = self.next_stream.wrapping_add(1).max(1);
        Ok(())
    }

    /// Gives a region pictures of more or fewer pixels from the next one on. Where that
    /// cannot be it goes on as it was.
    fn follow_scale(&mut self, at: usize, bytes: usize, now: Duration) {
        let Some(region) = self.regions.get_mut(at) else { return };
        let share = share(region.kbps, region.fps);
        let Some(by) = self.scaling.follow(&mut region.scale, &region.rect, bytes, share, now)
        else {
            return;
        };
        let rect = region.rect;
        let scale = Scale::new(by, now);
        let (width, height) = scale.of(&rect);
        if self.factory.accepts(MotionCodec::H264, width, height) {
            // The old stream is still whole when another cannot be opened.
            drop(self.reopen_at(at, rect, scale));
        }
    }

    /// Appends an access unit for every region with marks or a key picture due,
    /// and takes those marks off. Where an encoder fails the next one makes the unit;
    /// where none is left the marks stay, so that the same frame carries them as tiles.
    pub(super) fn draw(
        &mut self,
        cells: &mut Cells,
        picture: &Picture,
        rate: Rate,
        now: Duration,
        operations: &mut Vec<Operation>,
    ) {
        let total: u64 = self.regions.iter().map(|region| region.rect.area()).sum();
        let mut tries = 0;
        let mut at = 0;
        while let Some(region) = self.regions.get_mut(at) {
            let parts = cells.marked().map(|(_, part)| part.intersection(&region.rect));
            let (used, drawn) = parts.fold((PixelRect::default(), 0), |(sum, area), part| {
                (sum.union(&part), area + part.area())
            });
            let waited_since = region.waiting.take().unwrap_or(now);
            if used.is_empty() && !region.key_due {
                region.pictures += 1;
                at += 1;
                continue;
            }
            if region.outdone {
                // Should that fail the stream goes on as it was.
                region.outdone = false;
                if self.reopen(at).is_err() {
                    continue;
                }
            }
            let Some(region) = self.regions.get_mut(at) else { return };
            if !used.is_empty() {
                region.note_change(used, waited_since, now);
            }
            match region.encode(&mut *self.factory, total, picture, rate, now, &mut self.small) {
                Ok((operation, key, bytes)) => {
                    region.drawn += drawn;
                    region.pictures += 1;
                    operations.push(operation);
                    cells.set_lossy(&region.rect);
                    cells.unmark_inside(&region.rect);
                    if !key {
                        self.follow_scale(at, bytes, now);
                    }
                    at += 1;
                }
                Err(failure) => {
                    tries += 1;
                    if !self.replace(at, failure, now) {
                        return;
                    }
                    if tries >= MOST_TRIES {
                        // This frame as tiles; the next one tries again.
                        self.regions.clear();
                        return;
                    }
                }
            }
        }
    }
}

impl Region {
    /// Measures by damage and not by captures: how often the line has room says nothing
    /// of the film, and a stream laid out for fewer pictures makes each so large that
    /// there is room for fewer still.
    fn note_change(&mut self, used: PixelRect, waited_since: Duration, now: Duration) {
        let gap = waited_since.saturating_sub(self.shown).as_secs_f64().clamp(0.005, 0.5);
        self.interval = self.interval * 0.85 + gap * 0.15;
        self.shown = self.damaged;
        self.changed = now;
        self.used = self.used.union(&used);
    }

    fn encode(
        &mut self,
        factory: &mut dyn MotionEncoderFactory,
        total_area: u64,
        picture: &Picture,
        rate: Rate,
        now: Duration,
        small: &mut Vec<u8>,
    ) -> Result<(Operation, bool, usize), EncodeFailure> {
        self.follow_rate(factory, total_area, rate)?;
        let view = picture
            .view()
            .crop(&self.rect)
            .ok_or(EncodeFailure::Output("region outside the surface"))?;
        let by = self.scale.by;
        let view = if by == 1 {
            view
        } else {
            shrink(&view, by, small);
            let (width, height) = self.scale.of(&self.rect);
            PictureView { width, height, stride: width as usize * 4, pixels: small.as_slice() }
        };
        let mut unit = Vec::new();
        let key = self.encoder.encode(view, self.key_due, now, &mut unit)?.key;
        if !unit.starts_with(&[0, 0, 1]) && !unit.starts_with(&[0, 0, 0, 1]) {
            return Err(EncodeFailure::Output("no start code"));
        }
        if unit.len() > MAX_MESSAGE - 1024 {
            return Err(EncodeFailure::Output("larger than a message"));
        }
        if self.key_due && !key {
            return Err(EncodeFailure::Output("no key picture where one was due"));
        }
        self.key_due = false;
        self.fresh = false;
        let bytes = unit.len();
        let (access_unit, stream) = (unit.into(), self.stream);
        let scale = if by == 1 { 0 } else { by };
        let draw = match self.codec {
            MotionCodec::H264 => operation::Draw::H264(H264 { access_unit, key, stream, scale }),
            MotionCodec::Hevc => operation::Draw::Hevc(Hevc { access_unit, key, stream, scale }),
        };
        let operation = Operation { rect: Some(self.rect.wire()), draw: Some(draw) };
        Ok((operation, key, bytes))
    }

    /// Gives the region its share of the whole rate.
    fn follow_rate(
        &mut self,
        factory: &mut dyn MotionEncoderFactory,
        total_area: u64,
        rate: Rate,
    ) -> Result<(), EncodeFailure> {
        // What is left is for tiles beside it and for messages.
        let share = u64::from(rate.kbps) * 15 / 16 * self.rect.area() / total_area.max(1);
        let kbps = u32::try_from(share).unwrap_or(rate.kbps).max(64);
        let most = rate.fps.max(1);
        let fps = ((1.0 / self.interval).round() as u32).clamp(LEAST_FPS.min(most), most);
        let far = |now: u32, then: u32| now.abs_diff(then) * 6 > then;
        if far(kbps, self.kbps) || far(fps, self.fps) {
            match self.encoder.set_rate(kbps, fps) {
                Ok(()) => {}
                Err(
                    failure @ (EncodeFailure::Stalled(_)
                    | EncodeFailure::DeviceLost(_)
                    | EncodeFailure::Crashed(_)),
                ) => return Err(failure),
                Err(_) => {
                    // No reason to give motion up: one that starts with this rate has
                    // nothing to refuse. That costs this region a key picture.
                    let (width, height) = self.scale.of(&self.rect);
                    let codec = self.codec;
                    let settings = MotionSettings { codec, width, height, kbps, fps };
                    self.encoder = factory.open(settings)?;
                    self.name = self.encoder.name().unwrap_or_else(|| factory.name()).to_owned();
                    self.key_due = true;
                }
            }
            self.kbps = kbps;
            self.fps = fps;
        }
        Ok(())
    }
}

fn is_compact(cluster: &Cluster, least: f64) -> bool {
    let all = cluster.rect.area() as f64 / f64::from(CELL * CELL);
    cluster.cells >= LEAST_CELLS
        && cluster.rect.width.min(cluster.rect.height) >= 2 * CELL
        && f64::from(cluster.cells) >= all * least
}
