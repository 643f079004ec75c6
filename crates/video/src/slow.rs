//! Why the picture is slow, decided from what one end of it measures.
//!
//! Time is cut into slices while pictures are being made. Each slice gets a verdict;
//! a cause must be the verdict for a second before it counts, and is taken back after
//! two seconds without. While nothing moves there is no slice, hence no verdict and
//! nothing to wake up for.

use std::collections::BTreeMap;
use std::time::Duration;

use gc_proto::v2::{Slow, SlowCause};

/// Length of a slice.
const SLICE: Duration = Duration::from_millis(500);
/// A cause counts after this long.
const ENTER: Duration = Duration::from_secs(1);
/// A cause is taken back after this long without it.
const LEAVE: Duration = Duration::from_secs(2);
/// A single picture may take this long without anybody calling it slow.
const BEARABLE: Duration = Duration::from_millis(80);
/// A longer way than this is felt at every key.
const LONG_TRIP: Duration = Duration::from_millis(200);
/// A queue that is felt.
const LONG_QUEUE: Duration = Duration::from_millis(100);
/// Timers this late tell of a busy machine where its load is not known.
const LATE: Duration = Duration::from_millis(50);
/// Load from which on a machine has no processor time left, percent.
const BUSY_PERCENT: u8 = 90;
/// Pictures of a slice from which on somebody is taken to be at work rather than a
/// caret to blink: then the way is felt.
const AT_WORK: u32 = 2;
/// Part of a slice that a step fills when it is what limits.
const FULL: f64 = 0.85;
/// Part of a slice for which pictures wait for the line when it is what limits.
const HELD: f64 = 0.3;

/// What is known from elsewhere when a slice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// Pictures per second that the session asks for.
    pub fps: u32,
    /// The smoothed round trip without drawing; zero where it is not known.
    pub round_trip: Duration,
    /// How much longer it is than at its best.
    pub queue: Duration,
    /// The line carries a small part only of what motion may take, so that the
    /// picture keeps its pace by being coarse.
    pub starved: bool,
}

#[derive(Debug, Default)]
struct Slice {
    since: Duration,
    pictures: u32,
    grab: Duration,
    encode: Duration,
    /// Pictures and time per viewer.
    draws: BTreeMap<u16, (u32, Duration)>,
    held: Duration,
    late: Duration,
}

/// Watches one end of a session. Without a clock: all times are the caller's, on one
/// monotonic clock.
#[derive(Debug, Default)]
pub struct SlowWatch {
    slice: Option<Slice>,
    held_since: Option<Duration>,
    cpu: Option<u8>,
    suspect: Option<(SlowCause, Duration)>,
    slow: Option<Slow>,
    confirmed: Duration,
}

impl SlowWatch {
    /// What slows the picture at present.
    pub const fn slow(&self) -> Option<&Slow> {
        self.slow.as_ref()
    }

    /// A screen was read and compared; `pictures` frames came of it.
    pub fn worked(&mut self, grab: Duration, encode: Duration, pictures: u32, now: Duration) {
        let slice = self.open(now);
        slice.pictures += pictures;
        slice.grab += grab;
        slice.encode += encode;
    }

    /// A viewer needed this long for a picture. Does not begin a slice: what arrives
    /// after the last picture is no news.
    pub fn drawn(&mut self, viewer: u16, draw: Duration) {
        if let Some(slice) = &mut self.slice {
            let (count, sum) = slice.draws.entry(viewer).or_default();
            *count += 1;
            *sum = sum.saturating_add(draw);
        }
    }

    /// Whether from here on something is to be sent and the line does not take it.
    pub fn held(&mut self, held: bool, now: Duration) {
        if held {
            self.open(now);
        }
        self.settle(now);
        self.held_since = held.then_some(now);
    }

    /// A timer came this much too late.
    pub fn late(&mut self, by: Duration) {
        if let Some(slice) = &mut self.slice {
            slice.late = slice.late.max(by);
        }
    }

    /// Busy part of the machine's processors, percent.
    pub fn load(&mut self, percent: u8) {
        self.cpu = Some(percent.min(100));
    }

    /// Nobody watches any more.
    pub fn rest(&mut self) {
        *self = Self { cpu: self.cpu, ..Self::default() };
    }

    /// Ends a slice that has lasted long enough. Tells when to be called again;
    /// `None` while nothing moves.
    pub fn assess(&mut self, conditions: Conditions, now: Duration) -> Option<Duration> {
        let due = self.slice.as_ref()?.since + SLICE;
        if now < due {
            return Some(due);
        }
        self.settle(now);
        let slice = self.slice.take()?;
        let verdict = self.judge(&slice, conditions, now.saturating_sub(slice.since));
        self.count(verdict, slice.since, now);
        let again = self.slow.is_some() || self.suspect.is_some() || self.held_since.is_some();
        again.then(|| self.open(now).since + SLICE)
    }

    fn open(&mut self, now: Duration) -> &mut Slice {
        self.slice.get_or_insert_with(|| Slice { since: now, ..Slice::default() })
    }

    /// Adds the time for which pictures have been waiting up to now.
    fn settle(&mut self, now: Duration) {
        if let Some(since) = &mut self.held_since
            && let Some(slice) = &mut self.slice
        {
            slice.held += now.saturating_sub((*since).max(slice.since));
            *since = now;
        }
    }

    fn count(&mut self, verdict: Option<Slow>, since: Duration, now: Duration) {
        match verdict {
            Some(found) if self.slow.is_some_and(|slow| slow.cause == found.cause) => {
                self.slow = Some(found);
                self.confirmed = now;
                self.suspect = None;
            }
            Some(found) => {
                let cause = found.cause();
                let since =
                    self.suspect.filter(|held| held.0 == cause).map_or(since, |held| held.1);
                self.suspect = Some((cause, since));
                if now >= since + ENTER {
                    self.slow = Some(found);
                    self.confirmed = now;
                    self.suspect = None;
                }
            }
            None => self.suspect = None,
        }
        if now >= self.confirmed + LEAVE {
            self.slow = None;
        }
    }

    fn judge(&self, slice: &Slice, conditions: Conditions, length: Duration) -> Option<Slow> {
        if slice.pictures == 0 && slice.held.is_zero() {
            return None;
        }
        let interval = Duration::from_secs(1) / conditions.fps.max(1);
        let wanted = length.as_secs_f64() / interval.as_secs_f64();
        let missed = f64::from(slice.pictures) < wanted * FULL;
        let fills = |spent: Duration| missed && spent >= length.mul_f64(FULL);
        let bearable = (interval * 2).max(BEARABLE);
        // The viewer that draws best sets the pace.
        let (draw, draws) = slice
            .draws
            .values()
            .map(|(count, sum)| (*sum / (*count).max(1), *sum))
            .min()
            .unwrap_or_default();
        let work = slice.grab + slice.encode;
        let picture = work / slice.pictures.max(1);
        let way = conditions.starved
            || conditions.queue >= LONG_QUEUE
            || conditions.round_trip >= LONG_TRIP;
        let line = slice.held >= length.mul_f64(HELD) || way && slice.pictures >= AT_WORK;
        let (cause, picture) = if fills(draws) || draw > bearable && !line {
            (SlowCause::LocalCpu, draw)
        } else if line {
            (SlowCause::Line, Duration::ZERO)
        } else if fills(work) || picture > bearable {
            let busy = self.cpu.map_or(slice.late >= LATE, |load| load >= BUSY_PERCENT);
            let remote = busy || slice.grab > slice.encode;
            (if remote { SlowCause::RemoteCpu } else { SlowCause::Encoder }, picture)
        } else {
            return None;
        };
        Some(Slow {
            cause: cause.into(),
            queue_us: micros(conditions.queue),
            picture_us: micros(picture),
            interval_us: micros(interval),
            cpu_percent: self.cpu.unwrap_or_default().into(),
        })
    }
}

/// Whole microseconds, as the wire has them.
pub(crate) fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "slow_tests.rs"]
mod tests;
