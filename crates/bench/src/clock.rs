//! CLOCK_MONOTONIC as it is: the same in every process of the machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time since the machine's start.
pub(crate) fn monotonic() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Time since 1970, for comparing with what a browser calls the time.
pub(crate) fn wall() -> Duration {
    let time = clock_gettime(ClockId::Realtime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Milliseconds as a barcode carries them: the lowest 32 bits.
pub(crate) fn stamp() -> u32 {
    monotonic().as_millis() as u32
}

/// Milliseconds, with fractions.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// How long before `at` a barcode was painted, milliseconds; `None` when it lies
/// ahead or more than a minute back, which means that it is not a code.
pub(crate) fn age_ms(stamp: u32, at: Duration) -> Option<f64> {
    let age = (at.as_millis() as u32).wrapping_sub(stamp);
    // The code has whole milliseconds; what is below is the reader's.
    (age < 60_000).then(|| f64::from(age) + f64::from(at.subsec_micros() % 1_000) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn age_counts_from_the_stamp_across_the_wrap() {
        assert_eq!(age_ms(1_000, Duration::from_micros(1_005_500)), Some(5.5));
        let past_the_wrap = Duration::from_millis((1 << 32) + 2);
        assert_eq!(age_ms(u32::MAX, past_the_wrap), Some(3.0));
        assert_eq!(age_ms(2_000, Duration::from_secs(1)), None);
    }
}
