//! How much may be on its way, and how fast the link is.
//!
//! The link is measured by what acknowledgements say: from when the frame before it
//! had passed the narrowest place, or a frame could have arrived itself, until it
//! did arrive, its bytes were passing. That gives a rate, and the rate bounds what
//! is sent, so that no queue forms. The viewer that acknowledges best sets the pace; slower
//! ones are skipped by the relay.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// Without any acknowledgement for this long, one frame is sent to try.
pub(crate) const PROBE_AFTER: Duration = Duration::from_secs(2);
/// Half of the time for which the shortest round trip is remembered.
const MIN_WINDOW: Duration = Duration::from_secs(30);
/// Less than this is within what schedulers cost at either end.
const NOTABLE: Duration = Duration::from_millis(30);
/// Observations older than this are not added up with new ones.
const SAMPLE_AGE: Duration = Duration::from_secs(2);
/// Frames on their way at most, whatever the delay.
pub(crate) const MOST_IN_FLIGHT: u32 = 8;
const LEAST_KBPS: f64 = 128.0;
const MOST_KBPS: f64 = 200_000.0;
/// Frames remembered; more than can be in flight to a viewer that keeps up.
const MEMORY: usize = 64;
/// Smaller amounts tell nothing about the link.
const TELLING_BYTES: u64 = 4 << 10;

#[derive(Debug)]
struct Sent {
    id: u32,
    to: u16,
    bytes: u64,
    at: Duration,
    acked: bool,
}

#[derive(Debug)]
pub(crate) struct Pacer {
    sent: VecDeque<Sent>,
    /// Newest acknowledged frame per viewer.
    acked: HashMap<u16, u32>,
    /// Newest frame that this viewer is known to have no use for any more.
    excused: HashMap<u16, u32>,
    newest: u32,
    /// Frames up to this one were given up.
    given_up: u32,
    probing: bool,
    progress: Duration,
    smooth: Option<Duration>,
    shortest: Shortest,
    last_arrival: Duration,
    sample: Sample,
    link_kbps: f64,
    backlog: u64,
    fps: u32,
}

/// Whether something may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// Not before this, unless an acknowledgement comes.
    ClosedUntil(Duration),
}

impl Pacer {
    pub(crate) fn new(fps: u32, first_kbps: u32) -> Self {
        Self {
            sent: VecDeque::new(),
            acked: HashMap::new(),
            excused: HashMap::new(),
            newest: 0,
            given_up: 0,
            probing: false,
            progress: Duration::ZERO,
            smooth: None,
            shortest: Shortest::default(),
            last_arrival: Duration::ZERO,
            sample: Sample::default(),
            link_kbps: f64::from(first_kbps),
            backlog: 0,
            fps,
        }
    }

    pub(crate) fn set_fps(&mut self, fps: u32) {
        self.fps = fps.max(1);
    }

    pub(crate) fn set_backlog(&mut self, bytes: u64) {
        self.backlog = bytes;
    }

    pub(crate) fn join(&mut self, viewer: u16) {
        self.acked.insert(viewer, self.newest);
    }

    pub(crate) fn leave(&mut self, viewer: u16) {
        self.acked.remove(&viewer);
        self.excused.remove(&viewer);
    }

    /// Bytes per second that the link carries, as far as known.
    pub(crate) fn bytes_per_second(&self) -> f64 {
        self.link_kbps * 125.0
    }

    pub(crate) fn link_kbps(&self) -> u32 {
        self.link_kbps as u32
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.smooth
    }

    /// How much longer the round trip is than it was at its best.
    pub(crate) fn queueing(&self) -> Duration {
        let smooth = self.smooth.unwrap_or_default();
        smooth.saturating_sub(self.shortest.get().unwrap_or(smooth))
    }

    /// Frames and bytes on the way to the viewer that has the fewest.
    pub(crate) fn in_flight(&self) -> (u32, u64) {
        self.acked
            .iter()
            .map(|(viewer, acked)| {
                let excused = self.excused.get(viewer).copied().unwrap_or_default();
                let after = (*acked).max(self.given_up).max(excused);
                let on_way = |s: &&Sent| s.id > after && (s.to == 0 || s.to == *viewer);
                let waiting = self.sent.iter().filter(on_way);
                waiting.fold((0, 0), |(n, bytes), s| (n + 1, bytes + s.bytes))
            })
            .min()
            .unwrap_or_default()
    }

    /// Frames that may be on the way.
    pub(crate) fn window(&self) -> u32 {
        if self.probing {
            return 1;
        }
        let interval = 1.0 / f64::from(self.fps);
        let trip = self.shortest.get().map_or(0.0, |trip| trip.as_secs_f64());
        (1 + (trip / interval).ceil() as u32).clamp(2, MOST_IN_FLIGHT)
    }

    fn byte_window(&self) -> u64 {
        let trip = self.shortest.get().map_or(0.05, |trip| trip.as_secs_f64());
        ((self.bytes_per_second() * (trip + 0.05)) as u64).max(8 << 10)
    }

    pub(crate) fn gate(&mut self, now: Duration) -> Gate {
        if self.backlog > ((self.bytes_per_second() * 0.03) as u64).max(8 << 10) {
            return Gate::ClosedUntil(now + Duration::from_millis(20));
        }
        let (frames, bytes) = self.in_flight();
        if frames == 0 || frames < self.window() && bytes < self.byte_window() {
            return Gate::Open;
        }
        let newest = self.sent.back().map_or(Duration::ZERO, |sent| sent.at);
        let probe_at = self.progress.max(newest) + PROBE_AFTER;
        if now < probe_at {
            return Gate::ClosedUntil(probe_at);
        }
        self.give_up();
        self.probing = true;
        Gate::Open
    }

    pub(crate) fn sent(&mut self, id: u32, to: u16, bytes: usize, now: Duration) {
        self.newest = id;
        let bytes = bytes as u64;
        self.sent.push_back(Sent { id, to, bytes, at: now, acked: false });
        if self.sent.len() > MEMORY {
            self.sent.pop_front();
        }
    }

    /// The frame left only now: encoding it is no part of its way.
    pub(crate) fn left(&mut self, id: u32, now: Duration) {
        for sent in self.sent.iter_mut().rev().take_while(|sent| sent.id >= id) {
            if sent.id == id {
                sent.at = now;
            }
        }
    }

    /// This viewer will not acknowledge what was sent so far: it, or the relay on its
    /// behalf, has thrown it away.
    pub(crate) fn excuse(&mut self, viewer: u16) {
        if self.acked.contains_key(&viewer) {
            self.excused.insert(viewer, self.newest);
        }
    }

    /// Nobody will acknowledge what was sent so far.
    pub(crate) fn give_up(&mut self) {
        self.given_up = self.newest;
    }

    /// Whether this viewer has shown the frame or a later one.
    pub(crate) fn has_acknowledged(&self, viewer: u16, id: u32) -> bool {
        self.acked.get(&viewer).is_some_and(|acked| *acked >= id)
    }

    /// Takes an acknowledgement; false when it makes no sense.
    pub(crate) fn ack(&mut self, viewer: u16, id: u32, draw: Duration, now: Duration) -> bool {
        let Some(acked) = self.acked.get_mut(&viewer) else { return false };
        if id > self.newest || id <= *acked {
            return false;
        }
        *acked = id;
        self.probing = false;
        self.progress = now;
        let known = self.sent.iter_mut().find(|s| s.id == id && (s.to == 0 || s.to == viewer));
        if let Some(sent) = known
            && !sent.acked
        {
            sent.acked = true;
            let (bytes, at, trip) = (sent.bytes, sent.at, now.saturating_sub(sent.at));
            self.measure(bytes, at, trip.saturating_sub(draw.min(trip / 2)), now);
        }
        let slowest = self.acked.values().min().copied().unwrap_or(id);
        self.sent.retain(|s| s.id > slowest);
        true
    }

    /// A frame has made its round trip. The time that its bytes took to pass begins
    /// when the frame before it had passed, or when it could have arrived itself.
    fn measure(&mut self, bytes: u64, at: Duration, trip: Duration, now: Duration) {
        let smooth = self.smooth.map_or(trip, |old| old.mul_f64(0.8) + trip.mul_f64(0.2));
        self.smooth = Some(smooth);
        let shortest = self.shortest.note(trip, now);
        let arrived = at + trip;
        let begin = (at + shortest).max(self.last_arrival);
        self.last_arrival = self.last_arrival.max(arrived);
        let passing = arrived.saturating_sub(begin).max(Duration::from_millis(1));
        let kilobits = bytes as f64 * 8.0 / 1000.0;
        let expected = kilobits / self.link_kbps;
        // Small frames say something only about slow links; otherwise their time is
        // that of schedulers.
        if bytes < TELLING_BYTES && expected < 0.008 && passing < NOTABLE {
            return;
        }
        if now > self.sample.since + SAMPLE_AGE {
            self.sample = Sample { since: now, ..Sample::default() };
        }
        self.sample.kilobits += kilobits;
        self.sample.time += passing;
        let sample = self.sample;
        let seen = sample.kilobits / sample.time.as_secs_f64();
        let little = sample.kilobits < 64.0 && sample.time < Duration::from_millis(400);
        if little || seen < self.link_kbps && sample.time < NOTABLE {
            return;
        }
        self.sample = Sample { since: now, ..Sample::default() };
        self.link_kbps = if seen >= self.link_kbps {
            // A picture that has passed proves what the link can do; little data
            // proves little.
            seen.min(self.link_kbps * if sample.kilobits < 512.0 { 1.5 } else { 4.0 })
        } else {
            self.link_kbps * 0.4 + seen * 0.6
        }
        .clamp(LEAST_KBPS, MOST_KBPS);
    }
}

/// Bytes that passed, and how long they took together.
#[derive(Debug, Clone, Copy, Default)]
struct Sample {
    kilobits: f64,
    time: Duration,
    since: Duration,
}

/// The shortest round trip of the last minute or so.
#[derive(Debug, Default)]
struct Shortest {
    current: Option<Duration>,
    before: Option<Duration>,
    since: Duration,
}

impl Shortest {
    fn get(&self) -> Option<Duration> {
        self.current.into_iter().chain(self.before).min()
    }

    fn note(&mut self, trip: Duration, now: Duration) -> Duration {
        if now > self.since + MIN_WINDOW {
            self.before = self.current.take();
            self.since = now;
        }
        let current = self.current.map_or(trip, |least| least.min(trip));
        self.current = Some(current);
        self.before.map_or(current, |before| before.min(current))
    }
}

/// Spaces captures after a short burst, so that the first change after quiet
/// never waits.
#[derive(Debug)]
pub(crate) struct Bucket {
    tokens: f64,
    filled: Duration,
}

impl Bucket {
    const BURST: f64 = 3.0;

    pub(crate) const fn new() -> Self {
        Self { tokens: Self::BURST, filled: Duration::ZERO }
    }

    fn fill(&mut self, fps: u32, now: Duration) {
        let more = now.saturating_sub(self.filled).as_secs_f64() * f64::from(fps);
        self.tokens = (self.tokens + more).min(Self::BURST);
        self.filled = self.filled.max(now);
    }

    /// When the next capture may be.
    pub(crate) fn ready_at(&mut self, fps: u32, now: Duration) -> Duration {
        self.fill(fps, now);
        // A hair less than one, or rounding could ask for a wait of nothing.
        if self.tokens >= 0.999 {
            now
        } else {
            now + Duration::from_secs_f64((1.0 - self.tokens) / f64::from(fps))
        }
    }

    pub(crate) fn take(&mut self, fps: u32, now: Duration) {
        self.fill(fps, now);
        self.tokens = (self.tokens - 1.0).max(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// Sends as fast as the gate lets it over a link of `kbps`, `delay` each way.
    fn run(pacer: &mut Pacer, kbps: f64, delay: Duration, frame: usize, from: Duration) -> u64 {
        let (mut now, mut link_free) = (from, from);
        let mut arriving: VecDeque<(Duration, u32)> = VecDeque::new();
        let (mut id, mut worst) = (pacer.newest, 0);
        while now < from + Duration::from_secs(10) {
            while arriving.front().is_some_and(|(at, _)| *at <= now) {
                let (_, acked) = arriving.pop_front().unwrap();
                assert!(pacer.ack(1, acked, Duration::ZERO, now));
            }
            if pacer.gate(now) == Gate::Open {
                id += 1;
                pacer.sent(id, 0, frame, now);
                link_free = link_free.max(now)
                    + Duration::from_secs_f64(frame as f64 * 8.0 / 1000.0 / kbps);
                arriving.push_back((link_free + delay * 2, id));
                worst = worst.max(pacer.in_flight().1);
            }
            now += MS * 5;
        }
        worst
    }

    #[test]
    fn link_rate_is_learnt_down_and_up_again() {
        let mut pacer = Pacer::new(30, 6000);
        pacer.join(1);
        run(&mut pacer, 1000.0, MS * 20, 20_000, Duration::from_secs(1));
        assert!((500..2000).contains(&pacer.link_kbps()), "{}", pacer.link_kbps());
        run(&mut pacer, 50_000.0, MS, 20_000, Duration::from_secs(20));
        assert!(pacer.link_kbps() > 8000, "{}", pacer.link_kbps());
    }

    #[test]
    fn silence_closes_the_gate_and_one_probe_opens_it() {
        let mut pacer = Pacer::new(60, 6000);
        pacer.join(1);
        let mut now = Duration::from_secs(5);
        let mut id = 0;
        while pacer.gate(now) == Gate::Open {
            id += 1;
            assert!(id <= MOST_IN_FLIGHT);
            pacer.sent(id, 0, 100, now);
        }
        assert_eq!(pacer.gate(now), Gate::ClosedUntil(now + PROBE_AFTER));
        for _ in 0..5 {
            now += PROBE_AFTER;
            assert_eq!(pacer.gate(now), Gate::Open);
            id += 1;
            pacer.sent(id, 0, 100, now);
            assert_eq!(pacer.gate(now), Gate::ClosedUntil(now + PROBE_AFTER));
        }
        assert!(pacer.ack(1, id, Duration::ZERO, now));
        assert_eq!(pacer.gate(now), Gate::Open);
    }

    #[test]
    fn nonsense_is_not_taken_for_an_acknowledgement() {
        let mut pacer = Pacer::new(60, 6000);
        pacer.join(1);
        pacer.sent(1, 0, 100, Duration::ZERO);
        assert!(!pacer.ack(1, 2, Duration::ZERO, MS));
        assert!(!pacer.ack(9, 1, Duration::ZERO, MS));
        assert!(pacer.ack(1, 1, Duration::MAX, MS));
        assert!(!pacer.ack(1, 1, Duration::ZERO, MS));
    }

    #[test]
    fn best_viewer_sets_the_pace() {
        let mut pacer = Pacer::new(60, 6000);
        pacer.join(1);
        pacer.join(2);
        for id in 1..200 {
            let now = MS * 16 * id;
            assert_eq!(pacer.gate(now), Gate::Open, "frame {id}");
            pacer.sent(id, 0, 1000, now);
            assert!(pacer.ack(2, id, Duration::ZERO, now + MS));
        }
    }

    #[test]
    fn first_capture_after_quiet_never_waits() {
        let mut bucket = Bucket::new();
        let start = Duration::from_secs(100);
        assert_eq!(bucket.ready_at(10, start), start);
        for _ in 0..3 {
            bucket.take(10, start);
        }
        let next = bucket.ready_at(10, start);
        assert!(next > start && next <= start + MS * 101, "{next:?}");
        assert_eq!(bucket.ready_at(10, next), next);
    }
}
