//! What a viewer measures of its session.

use std::collections::VecDeque;
use std::time::Duration;

use gc_proto::clean_text;
use gc_proto::v2::{Frame, Slow, SlowCause, VideoCodec, VideoStatus, operation};
use gc_video::{Conditions, SlowWatch, limits};

/// Numbers are of this much of the past.
const WINDOW: Duration = Duration::from_secs(5);
/// Samples kept at most: 5 s at 60 pictures a second and as many messages again.
const MOST_SAMPLES: usize = 600;
/// Rates are of this much of the past.
const RATE_WINDOW: Duration = Duration::from_secs(1);

/// How a number is spread over the last seconds, microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Spread {
    /// Half of the pictures took no longer.
    pub p50_us: u32,
    /// Nineteen of twenty took no longer.
    pub p95_us: u32,
}

/// Bytes of operations, by what they draw with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByKind {
    /// Lossless tiles.
    pub tile: u64,
    /// Access units of motion, H.264 or H.265.
    pub h264: u64,
    /// Copies within the picture; counted with what a copy takes on the wire.
    pub copy: u64,
    /// Fills; likewise.
    pub fill: u64,
}

/// A session in numbers, as of one moment. Times are of the last five seconds, rates
/// of the last one, counts of the whole session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statistics {
    /// Reading the screen, at the agent.
    pub capture: Spread,
    /// Comparing and encoding, at the agent.
    pub encode: Spread,
    /// One way from the agent, estimated: half of the smoothed round trip, which the
    /// agent measures from handing a picture over until its acknowledgement, without
    /// drawing.
    pub network: Spread,
    /// From the last byte of a picture until its pixels were there.
    pub decode: Spread,
    /// From then until they were shown.
    pub draw: Spread,
    /// From the screen of the machine to that of the viewer: grabbing, age at
    /// hand-over, network, decoding and drawing together.
    pub total: Spread,
    /// Pictures shown within the last second.
    pub fps: u32,
    /// Received within the last second, kilobits.
    pub kbps: u32,
    /// Pictures shown.
    pub presented: u64,
    /// Numbers missing between pictures that came: the agent made them, and the relay
    /// dropped them or they were meant for others.
    pub dropped: u64,
    /// Messages that came and could not be used.
    pub skipped: u64,
    /// Bytes of messages on the video channel.
    pub bytes: u64,
    /// Where they went within the last second.
    pub by_kind: ByKind,
    /// Between the ends, as the agent measures it, microseconds; 0: not yet.
    pub round_trip_us: u32,
    /// What motion may take at present, kbit/s.
    pub target_kbps: u32,
    /// What the link is believed to carry, kbit/s.
    pub link_kbps: u32,
    /// Codec of motion; `None`: only tiles.
    pub codec: Option<VideoCodec>,
    /// The agent's encoder, cleaned.
    pub encoder: String,
    /// Why it is slow, as either end knows.
    pub slow: Option<Slow>,
}

#[derive(Debug, Clone, Copy)]
struct Shown {
    at: Duration,
    /// Capture, encode, network, decode, draw, total.
    times: [u32; 6],
}

#[derive(Debug, Clone, Copy)]
struct Received {
    at: Duration,
    bytes: u64,
    kinds: ByKind,
}

/// What a frame that is arriving has told so far.
#[derive(Debug, Clone, Copy, Default)]
struct Arriving {
    frame_id: u32,
    grab_us: u32,
    encode_us: u32,
    age_us: u32,
    at: Duration,
    decode: Duration,
}

/// Collects [`Statistics`]; all times are the caller's, on one monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    shown: VecDeque<Shown>,
    received: VecDeque<Received>,
    arriving: Arriving,
    decoding_since: Option<Duration>,
    newest: u32,
    presented: u64,
    dropped: u64,
    skipped: u64,
    bytes: u64,
    status: Option<VideoStatus>,
    watch: SlowWatch,
}

impl Recorder {
    /// A message with a frame came.
    pub(crate) fn frame(&mut self, frame: &Frame, bytes: usize, now: Duration) {
        let kinds = kinds(frame);
        self.message(bytes, kinds, now);
        if self.arriving.frame_id != frame.frame_id {
            self.arriving = Arriving { frame_id: frame.frame_id, ..Arriving::default() };
            if self.newest != 0 && frame.frame_id > self.newest {
                self.dropped += u64::from(frame.frame_id - self.newest - 1);
            }
            self.newest = frame.frame_id;
        }
        self.arriving = Arriving {
            grab_us: frame.grab_us,
            encode_us: frame.encode_us,
            age_us: frame.capture_us,
            at: now,
            ..self.arriving
        };
        self.decoding_since = Some(now);
    }

    /// Any other message came.
    pub(crate) fn other(&mut self, bytes: usize, now: Duration) {
        self.message(bytes, ByKind::default(), now);
    }

    fn message(&mut self, bytes: usize, kinds: ByKind, at: Duration) {
        let bytes = bytes as u64;
        self.bytes += bytes;
        if self.received.len() >= MOST_SAMPLES {
            // Joined with its neighbour, so that sums stay true.
            if let Some(first) = self.received.pop_front()
                && let Some(next) = self.received.front_mut()
            {
                next.bytes += first.bytes;
                next.kinds = sum(next.kinds, first.kinds);
            }
        }
        self.received.push_back(Received { at, bytes, kinds });
        while self.received.front().is_some_and(|old| at > old.at + RATE_WINDOW) {
            self.received.pop_front();
        }
    }

    /// The pixels of what came last are there.
    pub(crate) fn decoded(&mut self, now: Duration) {
        if let Some(since) = self.decoding_since.take() {
            self.arriving.decode += now.saturating_sub(since);
        }
    }

    /// A message could not be used.
    pub(crate) fn unused(&mut self) {
        self.skipped += 1;
    }

    /// A frame is shown, `spent` after its last byte.
    pub(crate) fn shown(&mut self, frame_id: u32, spent: Duration) {
        let from = self.arriving;
        if from.frame_id != frame_id {
            return;
        }
        self.presented += 1;
        let at = from.at + spent;
        let network = self.status.as_ref().map_or(0, |status| status.round_trip_us / 2);
        let decode = from.decode.min(spent);
        let draw = spent.saturating_sub(decode);
        let (decode, draw) = (micros(decode), micros(draw));
        let times = [from.age_us, network, decode, draw];
        let total = times.iter().fold(from.grab_us, |sum, part| sum.saturating_add(*part));
        let times = [from.grab_us, from.encode_us, network, decode, draw, total];
        self.shown.push_back(Shown { at, times });
        while self.shown.len() > MOST_SAMPLES
            || self.shown.front().is_some_and(|old| at > old.at + WINDOW)
        {
            self.shown.pop_front();
        }
        self.watch.worked(Duration::ZERO, Duration::ZERO, 1, at);
        self.watch.drawn(0, spent);
    }

    pub(crate) fn status(&mut self, status: &VideoStatus) {
        self.status =
            Some(VideoStatus { encoder: clean_text(&status.encoder, 64), ..status.clone() });
    }

    /// Looks at how this end keeps up; tells when to look again.
    pub(crate) fn look(&mut self, now: Duration) -> Option<Duration> {
        let settings = self.status.as_ref().and_then(|status| status.settings);
        let conditions = Conditions {
            fps: limits(&settings.unwrap_or_default()).fps,
            round_trip: Duration::ZERO,
            queue: Duration::ZERO,
            starved: false,
        };
        self.watch.assess(conditions, now)
    }

    /// Why it is slow: what this end sees of itself goes before what the other says,
    /// which may take the same for the line.
    pub(crate) fn slow(&self) -> Option<Slow> {
        let own = self.watch.slow().filter(|slow| slow.cause() == SlowCause::LocalCpu);
        own.copied().or_else(|| self.status.as_ref()?.slow)
    }

    pub(crate) fn snapshot(&self, now: Duration) -> Statistics {
        let recent: Vec<_> = self.shown.iter().filter(|shown| now <= shown.at + WINDOW).collect();
        let spread = |which: usize| {
            let mut values: Vec<u32> = recent.iter().map(|shown| shown.times[which]).collect();
            values.sort_unstable();
            let at = |part: usize| {
                let index = (values.len() * part).div_ceil(100).max(1) - 1;
                values.get(index).copied().unwrap_or_default()
            };
            Spread { p50_us: at(50), p95_us: at(95) }
        };
        let within = |at: Duration| now <= at + RATE_WINDOW;
        let fps = recent.iter().filter(|shown| within(shown.at)).count();
        let (bytes, by_kind) = self
            .received
            .iter()
            .filter(|one| within(one.at))
            .fold((0, ByKind::default()), |(bytes, kinds), one| {
                (bytes + one.bytes, sum(kinds, one.kinds))
            });
        let status = self.status.clone().unwrap_or_default();
        Statistics {
            capture: spread(0),
            encode: spread(1),
            network: spread(2),
            decode: spread(3),
            draw: spread(4),
            total: spread(5),
            fps: u32::try_from(fps).unwrap_or(u32::MAX),
            kbps: u32::try_from(bytes / 125).unwrap_or(u32::MAX),
            presented: self.presented,
            dropped: self.dropped,
            skipped: self.skipped,
            bytes: self.bytes,
            by_kind,
            round_trip_us: status.round_trip_us,
            target_kbps: status.target_kbps,
            link_kbps: status.link_kbps,
            codec: Some(status.codec()).filter(|codec| *codec != VideoCodec::Unspecified),
            encoder: status.encoder,
            slow: self.slow(),
        }
    }
}

/// What a copy or a fill takes on the wire, about.
const PLAIN_OPERATION: u64 = 20;

fn kinds(frame: &Frame) -> ByKind {
    let mut kinds = ByKind::default();
    for operation in &frame.operations {
        match &operation.draw {
            Some(operation::Draw::Tile(tile)) => kinds.tile += tile.data.len() as u64,
            Some(operation::Draw::H264(unit)) => kinds.h264 += unit.access_unit.len() as u64,
            Some(operation::Draw::Hevc(unit)) => kinds.h264 += unit.access_unit.len() as u64,
            Some(operation::Draw::Copy(_)) => kinds.copy += PLAIN_OPERATION,
            Some(operation::Draw::Fill(_)) => kinds.fill += PLAIN_OPERATION,
            None => {}
        }
    }
    kinds
}

const fn sum(a: ByKind, b: ByKind) -> ByKind {
    ByKind {
        tile: a.tile + b.tile,
        h264: a.h264 + b.h264,
        copy: a.copy + b.copy,
        fill: a.fill + b.fill,
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}
