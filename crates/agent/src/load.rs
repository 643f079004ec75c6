//! How busy the machine has been lately, without a timer of its own.

use std::time::Duration;

use gc_platform::{ProcessorTime, load_percent};

/// Shortest time between two readings.
const SPACING: Duration = Duration::from_millis(500);
/// A reading older than this says nothing of the present.
const STALE: Duration = Duration::from_secs(3);

/// Reads the system's counters now and then and tells of what lies between.
#[derive(Debug, Default)]
pub(crate) struct LoadMeter {
    last: Option<(Duration, Option<ProcessorTime>)>,
}

impl LoadMeter {
    /// To be called while pictures are made. The busy part since the reading before,
    /// percent, whenever there is a new one.
    pub(crate) fn sample(
        &mut self,
        now: Duration,
        read: impl FnOnce() -> Option<ProcessorTime>,
    ) -> Option<u8> {
        if self.last.is_some_and(|(at, _)| now < at + SPACING) {
            return None;
        }
        let reading = read();
        let (at, before) = self.last.replace((now, reading))?;
        if now > at + STALE {
            return None;
        }
        load_percent(before?, reading?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn load_is_told_twice_a_second_and_not_over_a_rest() {
        let mut meter = LoadMeter::default();
        let mut busy = 0;
        let mut sample = |ms: u64| {
            busy += 30;
            meter.sample(Duration::from_millis(ms), || {
                Some(ProcessorTime { busy, total: ms / 10 + 1 })
            })
        };
        assert_eq!(sample(10_000), None, "one reading says nothing");
        assert_eq!(sample(10_400), None, "not yet");
        assert_eq!(sample(10_500), Some(100));
        assert_eq!(sample(11_100), Some(50));
        assert_eq!(sample(20_000), None, "it has rested");
        assert_eq!(sample(20_600), Some(50));
    }

    #[test]
    fn a_system_that_tells_nothing_is_no_load() {
        let mut meter = LoadMeter::default();
        assert_eq!(meter.sample(Duration::from_secs(1), || None), None);
        assert_eq!(meter.sample(Duration::from_secs(2), || None), None);
    }
}
