//! How often the screen is looked at.

use std::time::Duration;

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
