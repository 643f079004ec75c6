//! How much may be on its way to whom.
//!
//! Every viewer has a [`mod@line`] of its own. The one that carries most sets the pace of
//! what is sent to all; slower ones are skipped by the relay and catch up by pieces
//! that are made for them alone ([`debt`]). Why the law is as it is:
//! `docs/adr/0012-pacing.md`.

mod bucket;
mod debt;
mod line;
mod shortest;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub(crate) use self::bucket::Bucket;
pub(crate) use self::debt::{Debt, Unseen};
use self::line::Line;
pub(crate) use self::line::Urgency;

/// Without any acknowledgement for this long, one frame is sent to try.
pub(crate) const PROBE_AFTER: Duration = Duration::from_secs(2);
/// A line whose oldest frame waits for longer than this says nothing about the pace.
const LIVE: Duration = Duration::from_secs(1);
/// Frames on their way at most, whatever the delay.
pub(crate) const MOST_IN_FLIGHT: u32 = 48;
/// Frames remembered; more than can be in flight to a viewer that keeps up.
const MEMORY: usize = 128;

#[derive(Debug)]
struct Sent {
    id: u32,
    to: u16,
    bytes: u64,
    at: Duration,
}

impl Sent {
    const fn is_for(&self, viewer: u16, attached: bool) -> bool {
        self.to == viewer || self.to == 0 && attached
    }
}

#[derive(Debug)]
pub(crate) struct Pacer {
    sent: VecDeque<Sent>,
    lines: BTreeMap<u16, Line>,
    newest: u32,
    /// Frames up to this one were given up.
    given_up: u32,
    first_kbps: f64,
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
            lines: BTreeMap::new(),
            newest: 0,
            given_up: 0,
            first_kbps: f64::from(first_kbps),
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
        self.lines.insert(viewer, Line::new(self.newest, self.first_kbps, Duration::ZERO));
    }

    pub(crate) fn leave(&mut self, viewer: u16) {
        self.lines.remove(&viewer);
    }

    /// Whether the viewer gets what is sent to all.
    pub(crate) fn attach(&mut self, viewer: u16, attached: bool) {
        if let Some(line) = self.lines.get_mut(&viewer) {
            if attached && !line.attached {
                line.excused = self.newest;
            }
            line.attached = attached;
        }
    }

    /// The line that sets the pace: the widest of those that answer.
    fn leader(&self) -> Option<&Line> {
        let by_rate = |a: &&Line, b: &&Line| a.kbps().total_cmp(&b.kbps());
        let attached = || self.lines.iter().filter(|(_, line)| line.attached);
        let newest = self.sent.back().map_or(Duration::ZERO, |sent| sent.at);
        let live = attached().filter(|(viewer, line)| {
            let oldest = self.on_way(**viewer, line).next();
            oldest.is_none_or(|oldest| newest < oldest.at.max(line.progress) + LIVE)
        });
        let live = live.map(|(_, line)| line).max_by(by_rate);
        live.or_else(|| attached().map(|(_, line)| line).max_by(by_rate))
    }

    /// Bytes per second that the best link carries, as far as known.
    pub(crate) fn bytes_per_second(&self) -> f64 {
        self.leader().map_or(self.first_kbps, Line::kbps) * 125.0
    }

    /// The same for one viewer.
    pub(crate) fn bytes_per_second_to(&self, viewer: u16) -> f64 {
        self.lines.get(&viewer).map_or(self.first_kbps, Line::kbps) * 125.0
    }

    pub(crate) fn link_kbps(&self) -> u32 {
        (self.bytes_per_second() / 125.0) as u32
    }

    pub(crate) fn round_trip(&self) -> Option<Duration> {
        self.leader().and_then(Line::round_trip)
    }

    /// How much longer the round trip is than it was at its best.
    pub(crate) fn queueing(&self) -> Duration {
        self.leader().map_or(Duration::ZERO, |line| {
            line.round_trip().unwrap_or_default().saturating_sub(line.base())
        })
    }

    fn on_way<'a>(&'a self, viewer: u16, line: &Line) -> impl Iterator<Item = &'a Sent> + use<'a> {
        let after = line.acked.max(self.given_up).max(line.excused);
        let attached = line.attached;
        self.sent.iter().filter(move |s| s.id > after && s.is_for(viewer, attached))
    }

    fn in_flight_to(&self, viewer: u16, line: &Line) -> (u32, u64) {
        self.on_way(viewer, line).fold((0, 0), |(n, bytes), s| (n + 1, bytes + s.bytes))
    }

    /// Frames and bytes on the way to the viewer that has the fewest.
    pub(crate) fn in_flight(&self) -> (u32, u64) {
        let each = self.lines.iter().filter(|(_, line)| line.attached);
        each.map(|(viewer, line)| self.in_flight_to(*viewer, line)).min().unwrap_or_default()
    }

    /// Frames that may be on the way.
    pub(crate) fn window(&self) -> u32 {
        self.leader().map_or(2, |line| self.window_of(line))
    }

    fn window_of(&self, line: &Line) -> u32 {
        if line.probing {
            return 1;
        }
        let interval = 1.0 / f64::from(self.fps);
        let time = line.whole_trip();
        // A picture may go as two frames: what is exact, and what is in motion.
        (2 + 2 * (time.as_secs_f64() / interval).ceil() as u32).clamp(4, MOST_IN_FLIGHT)
    }

    /// Whether something may be sent to all. It may when one of them can take it.
    pub(crate) fn gate(&mut self, urgency: Urgency, now: Duration) -> Gate {
        let viewers: Vec<u16> = self
            .lines
            .iter()
            .filter(|(_, line)| line.attached)
            .map(|(viewer, _)| *viewer)
            .collect();
        let mut until = now + PROBE_AFTER;
        for viewer in viewers {
            match self.gate_to(viewer, urgency, now) {
                Gate::Open => return Gate::Open,
                Gate::ClosedUntil(at) => until = until.min(at),
            }
        }
        Gate::ClosedUntil(until)
    }

    /// Whether something may be sent to this viewer.
    pub(crate) fn gate_to(&mut self, viewer: u16, urgency: Urgency, now: Duration) -> Gate {
        let Some(line) = self.lines.get(&viewer) else {
            return Gate::ClosedUntil(now + PROBE_AFTER);
        };
        // What this end could not even hand to its own link.
        if self.backlog > ((line.kbps() * 125.0 * 0.03) as u64).max(8 << 10) {
            return Gate::ClosedUntil(now + Duration::from_millis(20));
        }
        let (frames, bytes) = self.in_flight_to(viewer, line);
        if frames == 0 {
            let ready = line.ready_again_at(urgency);
            return if ready <= now { Gate::Open } else { Gate::ClosedUntil(ready) };
        }
        let oldest = self.on_way(viewer, line).next();
        let late = oldest.is_some_and(|oldest| line.is_late(oldest.at, oldest.bytes, now));
        if !late && frames < self.window_of(line) && bytes < line.byte_window(urgency) {
            let ready = line.ready_at(urgency);
            return if ready <= now { Gate::Open } else { Gate::ClosedUntil(ready) };
        }
        let newest = self.on_way(viewer, line).last().map_or(Duration::ZERO, |sent| sent.at);
        let probe_at = line.progress.max(newest) + PROBE_AFTER;
        if now < probe_at {
            return Gate::ClosedUntil(probe_at);
        }
        let newest = self.newest;
        if let Some(line) = self.lines.get_mut(&viewer) {
            line.excused = newest;
            line.probing = true;
        }
        Gate::Open
    }

    pub(crate) fn sent(&mut self, id: u32, to: u16, bytes: usize, now: Duration) {
        self.newest = id;
        let bytes = bytes as u64;
        let entry = Sent { id, to, bytes, at: now };
        for (viewer, line) in &mut self.lines {
            if entry.is_for(*viewer, line.attached) {
                line.sent(bytes, now);
            }
        }
        self.sent.push_back(entry);
        if self.sent.len() > MEMORY {
            self.sent.pop_front();
        }
    }

    /// The frame left later than it was made.
    pub(crate) fn left(&mut self, id: u32, now: Duration) {
        if let Some(sent) = self.sent.iter_mut().rev().find(|sent| sent.id == id) {
            sent.at = sent.at.max(now);
        }
    }

    /// This viewer will not acknowledge what was sent so far: it, or the relay on its
    /// behalf, has thrown it away.
    pub(crate) fn excuse(&mut self, viewer: u16) {
        if let Some(line) = self.lines.get_mut(&viewer) {
            line.excused = self.newest;
        }
    }

    /// Nobody will acknowledge what was sent so far.
    pub(crate) fn give_up(&mut self) {
        self.given_up = self.newest;
    }

    /// The newest frame that this viewer has shown.
    pub(crate) fn acknowledged(&self, viewer: u16) -> u32 {
        self.lines.get(&viewer).map_or(0, |line| line.acked)
    }

    /// Whether this viewer has shown the frame or a later one.
    pub(crate) fn has_acknowledged(&self, viewer: u16, id: u32) -> bool {
        self.lines.get(&viewer).is_some_and(|line| line.acked >= id)
    }

    /// Takes an acknowledgement; false when it makes no sense.
    pub(crate) fn ack(&mut self, viewer: u16, id: u32, draw: Duration, now: Duration) -> bool {
        let Some(line) = self.lines.get_mut(&viewer) else { return false };
        if id > self.newest || id <= line.acked {
            return false;
        }
        // Frames between that were not acknowledged have passed, too.
        let after = std::mem::replace(&mut line.acked, id).max(line.excused);
        line.probing = false;
        line.progress = now;
        let passed = self.sent.iter().filter(|s| s.id > after && s.id <= id);
        let mut passed = passed.filter(|s| s.is_for(viewer, line.attached));
        if let Some(first) = passed.next() {
            let (bytes, at) = passed
                .fold((first.bytes, first.at), |(bytes, _), sent| (bytes + sent.bytes, sent.at));
            let trip = now.saturating_sub(at);
            // More than half would be nonsense, or a viewer that blames itself.
            let draw = draw.min(trip / 2);
            line.drawn(draw);
            line.measure(bytes, first.at, at, trip.saturating_sub(draw), now);
        }
        if self.lines.get(&viewer).is_some_and(|line| self.in_flight_to(viewer, line).0 == 0)
            && let Some(line) = self.lines.get_mut(&viewer)
        {
            line.emptied(now);
        }
        let slowest = self.lines.values().map(|line| line.acked).min().unwrap_or(id);
        self.sent.retain(|s| s.id > slowest);
        true
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
