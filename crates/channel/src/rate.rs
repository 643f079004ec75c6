//! How often a peer may do something.

use std::time::Duration;

/// A token bucket over monotonic time that is passed in.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    per_second: u32,
    burst: u32,
    /// In billionths of a token, so that no rate is rounded away.
    tokens: u64,
    last: Duration,
}

const WHOLE: u64 = 1_000_000_000;

impl TokenBucket {
    /// Full at first: `burst` at once, `per_second` in the long run.
    pub fn new(per_second: u32, burst: u32, now: Duration) -> Self {
        Self { per_second, burst, tokens: u64::from(burst) * WHOLE, last: now }
    }

    /// Takes one token, or says that there is none. A time that lies before the
    /// last one counts as the last one.
    pub fn take(&mut self, now: Duration) -> bool {
        let passed = u64::try_from(now.saturating_sub(self.last).as_nanos()).unwrap_or(u64::MAX);
        self.last = self.last.max(now);
        self.tokens = passed
            .saturating_mul(u64::from(self.per_second))
            .saturating_add(self.tokens)
            .min(u64::from(self.burst) * WHOLE);
        let allowed = self.tokens >= WHOLE;
        if allowed {
            self.tokens -= WHOLE;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate_holds() {
        let mut bucket = TokenBucket::new(200, 200, Duration::ZERO);
        let passed = |bucket: &mut TokenBucket, at: Duration| {
            (0..10_000).filter(|_| bucket.take(at)).count()
        };
        assert_eq!(passed(&mut bucket, Duration::ZERO), 200);
        assert_eq!(passed(&mut bucket, Duration::from_millis(4)), 0);
        assert_eq!(passed(&mut bucket, Duration::from_millis(5)), 1);
        assert_eq!(passed(&mut bucket, Duration::from_secs(1)), 199);
        assert_eq!(passed(&mut bucket, Duration::from_hours(1)), 200);
    }

    #[test]
    fn a_time_that_steps_back_gives_nothing() {
        let mut bucket = TokenBucket::new(10, 1, Duration::from_secs(9));
        assert!(bucket.take(Duration::from_secs(9)));
        assert!(!bucket.take(Duration::from_secs(1)));
        assert!(!bucket.take(Duration::from_secs(9)));
    }
}
