//! The agent's side of the picture.

mod frame;
mod keys;
mod motion;
mod moves;
mod pieces;
mod refine;
mod scale;
mod status;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use gc_proto::v2::{
    PictureReason, Preset, RefreshCause, VideoCodec, VideoFeedback, VideoSettings, VideoStatus,
    ViewerCapabilities, video_feedback, video_message,
};
use gc_proto::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE, v2};

use self::motion::{Motion, Rate};
use self::moves::Moves;
use crate::cells::Cells;
use crate::geometry::Damage;
use crate::pacing::{Bucket, Debt, Gate, Pacer, Unseen, Urgency};
use crate::picture::Picture;
use crate::tiles::Tiles;
use crate::{
    EncodeFailure, Limits, MotionCodec, MotionEncoderFactory, Outgoing, PixelRect, SlowWatch,
    TileCompressor, ViewError, limits,
};

/// Shortest time between two whole pictures for the same viewer.
const KEY_SPACING: Duration = Duration::from_millis(500);
/// The same while the one before it has not been acknowledged: it may still be on a
/// slow way.
const KEY_SPACING_UNSEEN: Duration = Duration::from_secs(2);
/// Longest time that what was sent may take to be answered, where it matters.
const UNDER_WAY: Duration = Duration::from_secs(2);
/// Pictures per second when motion has to travel as tiles.
const TILE_MOTION_FPS: u32 = 15;
/// What follows a capture within this time goes on; later, it is the first after quiet.
const GOING_ON: Duration = Duration::from_millis(100);
/// Applications and the X server need about this long from the first step of drawing to
/// the last.
const GATHER: Duration = Duration::from_millis(1);

/// How a host behaves.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// Preset to start with.
    pub settings: VideoSettings,
    /// What has not changed for this long is at rest: its stream ends and it is
    /// made exact.
    pub rest: Duration,
}

impl Default for HostConfig {
    fn default() -> Self {
        Self {
            settings: VideoSettings { preset: Preset::Auto.into(), ..VideoSettings::default() },
            rest: Duration::from_millis(180),
        }
    }
}

/// What the driver is to do next. It always sends what
/// [`poll_output`](VideoHost::poll_output) has first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Grab these rectangles and call [`VideoHost::encode`] with the surface.
    Capture {
        /// Few rectangles inside the surface; may overlap.
        region: Vec<PixelRect>,
    },
    /// Ask again at this time, or after the next call of anything else. A time
    /// that has passed means: at once.
    WaitUntil(Duration),
    /// Nothing to do until something else is called.
    Idle,
}

/// Something that people or the log should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostEvent {
    /// An encoder failed in the middle of its work.
    EncoderFellBack {
        /// Which encoder.
        encoder: String,
        /// What it did.
        failure: EncodeFailure,
        /// Where nothing takes over: when it will be tried again; `None`: not any
        /// more.
        retry_after: Option<Duration>,
        /// Who took over, with the same picture; `None`: motion travels as tiles.
        next: Option<String>,
    },
    /// An encoder that made no stream here is not to be used.
    EncoderRejected {
        /// Which encoder.
        encoder: String,
        /// What it did.
        failure: EncodeFailure,
        /// When it will be tried again; `None`: not any more.
        retry_after: Option<Duration>,
    },
    /// A better encoder passed its trial and takes over.
    EncoderReady {
        /// Which encoder.
        encoder: String,
    },
    /// A whole picture or a refinement could not be made; it is tried again.
    PictureFailed(HostError),
    /// The surface is larger than this viewer said it can show.
    PictureTooLarge {
        /// Which viewer.
        participant: u16,
    },
}

/// Why a call could not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The picture cannot be read or is not of the surface's size.
    #[error(transparent)]
    View(#[from] ViewError),
    /// No surface was set.
    #[error("there is no surface")]
    NoSurface,
    /// A side is zero or too large.
    #[error("a surface of {0}x{1} is not possible")]
    SurfaceSize(u32, u32),
    /// The tile compressor failed; without it there is no picture.
    #[error("tiles cannot be compressed: {0}")]
    Tiles(EncodeFailure),
}

struct Viewer {
    h264: bool,
    hevc: bool,
    /// It enlarges pictures that have fewer pixels than their rectangle.
    scaled_motion: bool,
    /// When it could not decode H.265. What was under way then says nothing of H.264.
    hevc_refused: Option<Duration>,
    max: (u32, u32),
    needs_key: bool,
    /// It has come, and the relay will say so, too.
    announced: bool,
    last_key: Option<Duration>,
    last_key_id: u32,
    /// The relay skips what is for everybody until this viewer has caught up.
    behind: bool,
    /// What it has missed is not known yet.
    missed: bool,
    /// When that was found out last, and the newest frame then.
    resumed: Option<Duration>,
    resumed_id: u32,
    /// What this viewer alone lacks.
    debt: Debt,
    /// What was sent to it alone and not acknowledged.
    unseen: Unseen,
}

struct Surface {
    info: v2::Surface,
    picture: Picture,
    cells: Cells,
    /// The picture has been captured as a whole at least once.
    painted: bool,
    damage: Damage,
    /// When the first of it came.
    damaged: Duration,
    /// Damage that the driver was told to capture.
    capturing: Damage,
    /// Scratch of the comparison.
    changed: Vec<bool>,
    moves: Moves,
    /// The frame for everybody that last drew each cell.
    drawn: Vec<u32>,
    /// What everybody lacks, because there was no room for it. These cells are lossy
    /// to all others.
    owed: Debt,
    /// Since when, where it is owed; milliseconds that wrap.
    owed_since: Vec<u32>,
}

/// Decides when to capture, and turns pixels into messages.
///
/// Driver: call [`next_step`](Self::next_step), send everything that
/// [`poll_output`](Self::poll_output) has, do as the step says, and start over;
/// after every other call, too. All times are on one monotonic clock.
pub struct VideoHost {
    settings: VideoSettings,
    limits: Limits,
    rest: Duration,
    tiles: Tiles,
    motion: Motion,
    surface: Option<Surface>,
    generation: u32,
    frame_id: u32,
    viewers: BTreeMap<u16, Viewer>,
    pacer: Pacer,
    bucket: Bucket,
    outbox: VecDeque<Outgoing>,
    events: VecDeque<HostEvent>,
    status: Option<VideoStatus>,
    status_at: Option<Duration>,
    status_due: bool,
    watch: SlowWatch,
    tile_motion: bool,
    /// Where people look.
    focus: Option<(u32, u32)>,
    /// Bytes of tiles for each neighbouring pair of pixels that differ.
    tile_cost: f64,
    /// When streams last had to start over for somebody who had caught up.
    stream_entry: Option<Duration>,
    /// Bytes per second that go out to everybody, smoothed.
    shared_rate: pieces::Meter,
    /// When the screen was captured last.
    captured: Duration,
}

/// The viewers that need a whole picture, and when each may have one.
fn keys_due(
    viewers: &BTreeMap<u16, Viewer>,
    pacer: &Pacer,
) -> impl Iterator<Item = (u16, Duration)> {
    viewers.iter().filter(|(_, viewer)| viewer.needs_key).map(|(participant, viewer)| {
        let seen = pacer.has_acknowledged(*participant, viewer.last_key_id);
        let spacing = if seen { KEY_SPACING } else { KEY_SPACING_UNSEEN };
        (*participant, viewer.last_key.map_or(Duration::ZERO, |last| last + spacing))
    })
}

impl VideoHost {
    /// A host without surface and viewers.
    pub fn new(
        config: HostConfig,
        compressor: Box<dyn TileCompressor>,
        encoders: Box<dyn MotionEncoderFactory>,
    ) -> Self {
        let limits = limits(&config.settings);
        Self {
            settings: config.settings,
            limits,
            rest: config.rest,
            tiles: Tiles::new(compressor),
            motion: Motion::new(encoders),
            surface: None,
            generation: 0,
            frame_id: 0,
            viewers: BTreeMap::new(),
            pacer: Pacer::new(limits.fps, limits.first_kbps),
            bucket: Bucket::new(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            status: None,
            status_at: None,
            status_due: true,
            watch: SlowWatch::default(),
            tile_motion: false,
            focus: None,
            tile_cost: 2.0,
            stream_entry: None,
            shared_rate: pieces::Meter::default(),
            captured: Duration::ZERO,
        }
    }

    /// Another host made at most so many frames and surfaces for the same viewers
    /// before: the numbers go on behind them, so that a late acknowledgement of the
    /// other's frames means none of this one's. Before everything else.
    pub const fn continue_after(&mut self, frames: u32) {
        self.frame_id = frames;
        self.generation = frames;
    }

    /// The surface has this size from here on, and all of it is damaged. Every
    /// viewer starts over with a key frame.
    pub fn set_surface(
        &mut self,
        width: u32,
        height: u32,
        display_id: u32,
        _now: Duration,
    ) -> Result<(), HostError> {
        let sides = 1..=MAX_PICTURE_SIDE;
        let pixels = u64::from(width) * u64::from(height);
        if !sides.contains(&width) || !sides.contains(&height) || pixels > MAX_PICTURE_PIXELS {
            return Err(HostError::SurfaceSize(width, height));
        }
        self.generation = self.generation.wrapping_add(1).max(1);
        let picture = Picture::black(width, height);
        let bounds = picture.bounds();
        let mut damage = Damage::default();
        damage.add(bounds);
        let cells = Cells::new(bounds);
        let count = cells.touched(&bounds).count();
        self.surface = Some(Surface {
            info: v2::Surface { generation: self.generation, width, height, display_id },
            cells,
            drawn: vec![0; count],
            owed: Debt::default(),
            owed_since: vec![0; count],
            picture,
            painted: false,
            damage,
            damaged: Duration::ZERO,
            capturing: Damage::default(),
            changed: Vec::new(),
            moves: Moves::default(),
        });
        self.motion.close_all();
        self.outbox.clear();
        self.pacer.give_up();
        self.status_due = true;
        let viewers: Vec<u16> = self.viewers.keys().copied().collect();
        for participant in viewers {
            if let Some(viewer) = self.viewers.get_mut(&participant) {
                viewer.needs_key = true;
                viewer.last_key = None;
                viewer.forget();
            }
            self.pacer.attach(participant, true);
            self.check_size(participant);
        }
        Ok(())
    }

    /// Pixels in `rect` may have changed. What lies outside the surface is cut off.
    pub fn damage(&mut self, rect: PixelRect, now: Duration) {
        if let Some(surface) = &mut self.surface {
            let rect = rect.intersection(&surface.picture.bounds());
            if surface.damage.is_empty() {
                surface.damaged = now;
            }
            surface.damage.add(rect);
            surface.cells.note_damage(&rect, now);
            self.motion.damaged(&rect, now);
        }
    }

    /// A viewer came. It gets the whole picture.
    pub fn join(&mut self, participant: u16, capabilities: &ViewerCapabilities) {
        let h264 = capabilities.codecs.contains(&VideoCodec::H264.into());
        let hevc = capabilities.codecs.contains(&VideoCodec::Hevc.into());
        let unlimited = |side: u32| if side == 0 { u32::MAX } else { side };
        let max = (unlimited(capabilities.max_width), unlimited(capabilities.max_height));
        let viewer = Viewer {
            h264,
            hevc,
            scaled_motion: capabilities.scaled_motion,
            hevc_refused: None,
            max,
            needs_key: true,
            announced: true,
            last_key: None,
            last_key_id: 0,
            behind: false,
            missed: false,
            resumed: None,
            resumed_id: 0,
            debt: Debt::default(),
            unseen: Unseen::default(),
        };
        self.viewers.insert(participant, viewer);
        self.pacer.join(participant);
        self.check_size(participant);
    }

    /// A viewer went.
    pub fn leave(&mut self, participant: u16) {
        self.viewers.remove(&participant);
        self.pacer.leave(participant);
        if self.viewers.is_empty() {
            self.motion.close_all();
        }
    }

    /// Someone is without a usable picture: this viewer, or all when it is 0. One
    /// that was skipped by the relay gets what it missed; anybody else a whole
    /// picture.
    pub fn picture_needed(&mut self, participant: u16, reason: PictureReason) {
        if participant != 0 && reason == PictureReason::Skipped && self.fall_behind(participant) {
            return;
        }
        for (number, viewer) in &mut self.viewers {
            if participant == 0 || *number == participant {
                let joined = participant != 0 && reason == PictureReason::Joined;
                if joined && std::mem::take(&mut viewer.announced) {
                    continue;
                }
                viewer.needs_key = true;
                self.pacer.excuse(*number);
                if reason == PictureReason::Joined {
                    viewer.last_key = None;
                }
            }
        }
    }

    /// People look here: the rest of a large picture comes from here outwards. What
    /// lies outside the surface is as good.
    pub fn set_focus(&mut self, x: u32, y: u32) {
        self.focus = Some((x, y));
    }

    /// A viewer answered. Answers that make no sense are without effect.
    pub fn on_feedback(&mut self, participant: u16, feedback: &VideoFeedback, now: Duration) {
        match &feedback.body {
            Some(video_feedback::Body::Ack(ack)) => {
                let draw = Duration::from_micros(u64::from(ack.draw_us));
                if self.pacer.ack(participant, ack.frame_id, draw, now) {
                    self.watch.drawn(participant, draw);
                    if let Some(viewer) = self.viewers.get_mut(&participant) {
                        viewer.unseen.seen(ack.frame_id);
                    }
                }
            }
            Some(video_feedback::Body::Refresh(refresh)) => {
                if refresh.cause() == RefreshCause::NoDecoder
                    && let Some(viewer) = self.viewers.get_mut(&participant)
                {
                    // H.265 is given up first; who has neither says so again.
                    if self.motion.codec() == MotionCodec::Hevc {
                        viewer.hevc = false;
                        viewer.hevc_refused = Some(now);
                    } else if viewer.hevc_refused.is_none_or(|at| now > at + UNDER_WAY) {
                        viewer.h264 = false;
                    }
                }
                if participant != 0 {
                    self.picture_needed(participant, PictureReason::Decoder);
                }
            }
            None => {}
        }
    }

    /// Another preset, or other custom values.
    pub fn set_settings(&mut self, settings: VideoSettings) {
        self.settings = settings;
        self.limits = limits(&settings);
        self.pacer.set_fps(self.limits.fps);
        self.status_due = true;
    }

    /// Bytes handed to the agent's own link that it has not sent yet. While there
    /// are many nothing is captured.
    pub fn link_backlog(&mut self, bytes: u64) {
        self.pacer.set_backlog(bytes);
    }

    /// The next message for the link, in order.
    pub fn poll_output(&mut self) -> Option<Outgoing> {
        self.outbox.pop_front()
    }

    /// The same, stamped with the age of its pixels, for a driver that hands it to
    /// the link right now. Time that encoding took is not held against the link.
    pub fn poll_output_at(&mut self, now: Duration) -> Option<Outgoing> {
        let mut outgoing = self.outbox.pop_front()?;
        outgoing.stamp(now);
        if let Some(video_message::Body::Frame(frame)) = &outgoing.message.body {
            self.pacer.left(frame.frame_id, now);
        }
        Some(outgoing)
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<HostEvent> {
        self.motion.poll_factory();
        self.events.extend(self.motion.events.drain(..));
        self.events.pop_front()
    }

    /// Frames sent that no viewer has acknowledged yet, for the viewer that has the
    /// fewest of them.
    pub fn frames_in_flight(&self) -> u32 {
        self.pacer.in_flight().0
    }

    /// Frames that may be in flight at present.
    pub fn window(&self) -> u32 {
        self.pacer.window()
    }

    /// Whether part of the surface travels as H.264 at present.
    pub fn motion_active(&self) -> bool {
        self.motion.is_active()
    }

    /// Kilobits per second that motion may take at present.
    pub fn target_kbps(&self) -> u32 {
        self.rate().kbps
    }

    /// Whether what all viewers have is exactly what was captured last.
    pub fn is_exact(&self) -> bool {
        self.surface.as_ref().is_some_and(|s| s.painted && s.cells.lossy_count() == 0)
            && self.viewers.values().all(|v| !v.needs_key && !v.behind && v.debt.is_empty())
    }

    /// What is to be done at `now`. May itself produce output: refinement and
    /// whole pictures need no new capture.
    pub fn next_step(&mut self, now: Duration) -> Step {
        self.motion.set_codec(self.wanted_codec());
        self.motion.allow_scaling(self.viewers.values().all(|viewer| viewer.scaled_motion));
        let rest_at = self.motion.close_rested(self.rest, now);
        let fps = self.fps();
        let resume_at = self.resume(now);
        let Some(surface) = &mut self.surface else { return Step::Idle };
        // A capture that was never handed in is damage again.
        surface.damage.append(&mut surface.capturing);
        if self.viewers.is_empty() {
            self.watch.rest();
            return Step::Idle;
        }
        let waits = !surface.damage.is_empty();
        let fresh = self.pacer.gate(Urgency::Fresh, now);
        self.watch.held(waits && fresh != Gate::Open, now);
        let look_at = self.look(now);
        let Some(surface) = &mut self.surface else { return Step::Idle };
        let mut wake = [rest_at, resume_at, look_at].into_iter().flatten().min();
        let mut at = |time: Duration| wake = Some(wake.map_or(time, |held| held.min(time)));
        let keys_at = keys_due(&self.viewers, &self.pacer).map(|(_, at)| at).min();
        if let Gate::ClosedUntil(until) = fresh {
            at(until);
        } else if !surface.damage.is_empty() {
            let mut ready = self.bucket.ready_at(fps, now);
            // What goes on for a while is drawn in steps: a picture of half of them costs
            // as much as one of all. The first change after quiet never waits.
            if now < self.captured + GOING_ON {
                ready = ready.max(surface.damaged + GATHER);
            }
            if ready <= now || keys_at.is_some_and(|due| due <= now) {
                std::mem::swap(&mut surface.damage, &mut surface.capturing);
                return Step::Capture { region: surface.capturing.rects().to_vec() };
            }
            at(ready);
        } else if let Some(due) = keys_at {
            if due <= now && surface.painted {
                return self.step_or_report(now, Self::key_pictures);
            }
            at(due);
        }
        match self.bulk_due(now) {
            Some(due) if due <= now => return self.step_or_report(now, Self::bulk),
            Some(due) => at(due),
            None => {}
        }
        match self.catch_up_due(now) {
            Some((due, participant)) if due <= now => {
                return match self.catch_up(participant, now) {
                    Ok(()) => Step::WaitUntil(now),
                    Err(error) => self.report(error, now),
                };
            }
            Some((due, _)) => at(due),
            None => {}
        }
        if let Some(due) = self.drifted_status(now) {
            at(due);
        }
        wake.map_or(Step::Idle, Step::WaitUntil)
    }

    /// Runs one bounded piece of work that makes output.
    fn step_or_report(
        &mut self,
        now: Duration,
        work: fn(&mut Self, Duration) -> Result<(), HostError>,
    ) -> Step {
        match work(self, now) {
            Ok(()) => Step::WaitUntil(now),
            Err(error) => self.report(error, now),
        }
    }

    /// Compression fails only without memory; a later try may have some.
    fn report(&mut self, error: HostError, now: Duration) -> Step {
        self.events.push_back(HostEvent::PictureFailed(error));
        Step::WaitUntil(now + KEY_SPACING)
    }

    fn fps(&self) -> u32 {
        if self.tile_motion { self.limits.fps.min(TILE_MOTION_FPS) } else { self.limits.fps }
    }

    fn rate(&self) -> Rate {
        let link = self.pacer.link_kbps() * 17 / 20;
        Rate {
            kbps: link.clamp(64, self.limits.kbps.max(64)),
            fps: self.limits.fps,
            link_bytes: self.pacer.bytes_per_second() as u32,
        }
    }

    /// Bytes that the link carries in `seconds`, between the bounds.
    fn budget(&self, seconds: f64, least: usize, most: usize) -> usize {
        ((self.pacer.bytes_per_second() * seconds) as usize).clamp(least, most)
    }

    fn motion_allowed(&self, now: Duration) -> bool {
        self.motion.usable(now) && self.viewers.values().all(|viewer| viewer.h264)
    }

    /// H.265 only where the session asks for it and everybody can.
    fn wanted_codec(&self) -> MotionCodec {
        let all = !self.viewers.is_empty() && self.viewers.values().all(|viewer| viewer.hevc);
        if self.settings.hevc && all && self.motion.can(MotionCodec::Hevc) {
            MotionCodec::Hevc
        } else {
            MotionCodec::H264
        }
    }

    fn check_size(&mut self, participant: u16) {
        if let (Some(viewer), Some(surface)) = (self.viewers.get(&participant), &self.surface)
            && (surface.info.width > viewer.max.0 || surface.info.height > viewer.max.1)
        {
            self.events.push_back(HostEvent::PictureTooLarge { participant });
        }
    }
}
