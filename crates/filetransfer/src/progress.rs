//! How far a transfer is, how fast, and how long it will take.

use std::time::Duration;

/// The rate follows with this time constant.
const SMOOTH: Duration = Duration::from_secs(2);

/// What people see of a transfer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Progress {
    /// Files that are over, whatever became of them.
    pub files: u64,
    /// Files known so far.
    pub total_files: u64,
    /// Bytes moved or not needed.
    pub bytes: u64,
    /// Bytes known so far.
    pub total_bytes: u64,
    /// Bytes a second.
    pub rate: f64,
    /// At this rate; `None` while nothing moves.
    pub left: Option<Duration>,
}

/// Follows the rate of one transfer by times that are passed in.
#[derive(Debug, Clone, Default)]
pub struct RateMeter {
    rate: f64,
    last: Option<(Duration, u64)>,
}

impl RateMeter {
    /// So many bytes were moved in all.
    pub fn at(&mut self, bytes: u64, now: Duration) -> f64 {
        let Some((then, before)) = self.last else {
            self.last = Some((now, bytes));
            return 0.0;
        };
        let passed = now.saturating_sub(then);
        if passed < Duration::from_millis(100) {
            return self.rate;
        }
        let seconds = passed.as_secs_f64();
        let fresh = bytes.saturating_sub(before) as f64 / seconds;
        let weight =
            if self.rate == 0.0 { 1.0 } else { 1.0 - (-seconds / SMOOTH.as_secs_f64()).exp() };
        self.rate += (fresh - self.rate) * weight;
        self.last = Some((now, bytes));
        self.rate
    }

    /// Paused, or a new link: the next rate starts afresh.
    pub fn restart(&mut self) {
        *self = Self::default();
    }
}

/// Time for the rest at this rate.
pub fn time_left(bytes: u64, rate: f64) -> Option<Duration> {
    let seconds = bytes as f64 / rate;
    (rate > 1.0 && seconds < 1e9).then(|| Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_settles_and_gives_the_time_left() {
        let mut meter = RateMeter::default();
        let mut rate = 0.0;
        for step in 0..50_u64 {
            rate = meter.at(step * 100_000, Duration::from_millis(step * 200));
        }
        assert!((rate - 500_000.0).abs() < 1.0, "{rate}");
        assert_eq!(time_left(5_000_000, rate).map(|it| it.as_secs()), Some(10));
        for step in 0..50_u64 {
            rate = meter.at(49 * 100_000, Duration::from_millis(9_800 + step * 200));
        }
        assert!(rate < 5_000.0);
        assert_eq!(time_left(1, 0.0), None);
    }
}
