//! How much the kernel may hold unsent. What lies there goes out before anything more
//! urgent, so it is little; but a fast line runs dry while its writer is woken up.

use std::time::Duration;

/// Where the rate is not known, and on slow lines: 13 ms at 20 Mbit/s.
pub(crate) const LEAST: u32 = 32 << 10;
/// More makes no line faster.
const MOST: u32 = 256 << 10;
/// So much time of the line may be held, which is what something urgent waits.
const HELD: Duration = Duration::from_millis(1);
/// A rate is that of at least so long.
const SPAN: Duration = Duration::from_millis(4);
/// After a pause of this length the rate from before tells nothing.
const PAUSE: Duration = Duration::from_millis(100);

/// Measures how fast a socket takes bytes while it has to be waited for, which is the
/// rate of its line.
#[derive(Debug)]
pub(crate) struct Allowance {
    limit: u32,
    begun: Duration,
    last: Duration,
    bytes: u64,
    waited: bool,
}

impl Allowance {
    /// At [`LEAST`].
    pub(crate) const fn new() -> Self {
        let start = Duration::ZERO;
        Self { limit: LEAST, begun: start, last: start, bytes: 0, waited: false }
    }

    /// The socket took nothing: it is full.
    pub(crate) const fn full(&mut self) {
        self.waited = true;
    }

    /// The socket took bytes. Returns the bytes that it may hold from now on, when that
    /// is another number than before.
    pub(crate) fn took(&mut self, bytes: usize, now: Duration) -> Option<u32> {
        if now.saturating_sub(self.last) > PAUSE {
            (self.begun, self.bytes, self.waited) = (now, 0, false);
        }
        self.last = now;
        self.bytes += bytes as u64;
        let span = now.saturating_sub(self.begun);
        if span < SPAN {
            return None;
        }
        let waited = std::mem::take(&mut self.waited);
        let moved = std::mem::take(&mut self.bytes);
        self.begun = now;
        if !waited {
            return None;
        }
        let held = u128::from(moved) * HELD.as_nanos() / span.as_nanos();
        let held = u32::try_from(held).unwrap_or(u32::MAX).clamp(LEAST, MOST);
        // Powers of two: a rate is never twice the same.
        let limit = 1 << held.ilog2();
        (limit != std::mem::replace(&mut self.limit, limit)).then_some(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes at a rate for a while; the last limit.
    fn at(allowance: &mut Allowance, start: &mut Duration, bytes_per_ms: usize) -> Option<u32> {
        let mut limit = None;
        for _ in 0..20 {
            *start += Duration::from_millis(1);
            allowance.full();
            limit = allowance.took(bytes_per_ms, *start).or(limit);
        }
        limit
    }

    #[test]
    fn a_fast_line_may_hold_a_millisecond_of_itself_and_a_slow_one_little() {
        let (mut allowance, mut now) = (Allowance::new(), Duration::from_secs(9));
        // 20 Mbit/s, 1 Gbit/s, and what two processes of one computer have.
        assert_eq!(at(&mut allowance, &mut now, 2_500), None);
        assert_eq!(at(&mut allowance, &mut now, 125_000), Some(64 << 10));
        assert_eq!(at(&mut allowance, &mut now, 900_000), Some(256 << 10));
        assert_eq!(at(&mut allowance, &mut now, 900_000), None);
        assert_eq!(at(&mut allowance, &mut now, 2_500), Some(LEAST));
    }

    #[test]
    fn a_line_that_never_filled_and_a_pause_tell_nothing() {
        let mut allowance = Allowance::new();
        let mut now = Duration::from_secs(1);
        for _ in 0..100 {
            now += Duration::from_millis(1);
            assert_eq!(allowance.took(900_000, now), None);
        }
        allowance.full();
        assert_eq!(allowance.took(900_000, now + Duration::from_secs(5)), None);
    }
}
