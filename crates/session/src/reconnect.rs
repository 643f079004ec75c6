//! When to try again after a lost link.

use std::time::Duration;

use gc_types::Entropy;

/// Exponential backoff with full jitter (AWS Architecture Blog, "Exponential
/// Backoff And Jitter"): thousands of endpoints that lost the same server come
/// back spread out instead of in waves.
#[derive(Debug, Clone)]
pub struct Reconnect {
    base: Duration,
    cap: Duration,
    attempt: u32,
}

impl Default for Reconnect {
    /// Base 250 ms, cap 10 s.
    fn default() -> Self {
        Self::new(Duration::from_millis(250), Duration::from_secs(10))
    }
}

impl Reconnect {
    /// The first delay is at most `base`, none is longer than `cap`.
    pub fn new(base: Duration, cap: Duration) -> Self {
        Self { base, cap, attempt: 0 }
    }

    /// How long to wait before the next attempt. With the server's `retry_after`
    /// the wait is that plus the jitter, so that it is never shorter.
    pub fn next_delay(&mut self, entropy: &dyn Entropy, retry_after: Option<Duration>) -> Duration {
        let ceiling = self.base.saturating_mul(1_u32 << self.attempt.min(16)).min(self.cap);
        self.attempt = self.attempt.saturating_add(1);
        let mut bytes = [0; 8];
        entropy.fill(&mut bytes);
        let span = u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX - 1);
        let jitter = Duration::from_micros(u64::from_le_bytes(bytes) % (span + 1));
        retry_after.unwrap_or(Duration::ZERO).saturating_add(jitter)
    }

    /// The link is up (its welcome has come): the next loss starts small again.
    pub fn succeeded(&mut self) {
        self.attempt = 0;
    }

    /// Attempts since the last success.
    pub const fn attempts(&self) -> u32 {
        self.attempt
    }
}

#[cfg(test)]
mod tests {
    use gc_types::SeededEntropy;

    use super::*;

    #[test]
    fn delays_grow_to_the_cap_and_are_spread() {
        let seed = 7;
        println!("seed {seed}");
        let entropy = SeededEntropy::new(seed);
        for attempt in 0..40_u32 {
            let ceiling = Duration::from_millis(250)
                .saturating_mul(1 << attempt.min(16))
                .min(Duration::from_secs(10));
            let mut seen = std::collections::BTreeSet::new();
            for _ in 0..50 {
                let mut reconnect = Reconnect { attempt, ..Reconnect::default() };
                let delay = reconnect.next_delay(&entropy, None);
                assert!(delay <= ceiling, "{delay:?} at {attempt}");
                seen.insert(delay);
            }
            assert!(seen.len() > 40, "spread");
            assert!(seen.last().is_some_and(|most| *most > ceiling / 2), "uses the whole range");
        }
    }

    #[test]
    fn retry_after_is_honoured_and_success_starts_small_again() {
        let entropy = SeededEntropy::new(1);
        let mut reconnect = Reconnect::default();
        let told = Duration::from_mins(1);
        let delay = reconnect.next_delay(&entropy, Some(told));
        assert!(delay >= told && delay <= told + Duration::from_millis(250));
        for _ in 0..9 {
            reconnect.next_delay(&entropy, None);
        }
        reconnect.succeeded();
        assert!(reconnect.next_delay(&entropy, None) <= Duration::from_millis(250));
    }
}
