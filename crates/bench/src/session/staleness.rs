//! How old the picture is that a person looks at, at every moment: the age of what
//! is shown grows until something newer comes.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::age_ms;

/// Age over time: each piece grows from its first value to its second, both in
/// milliseconds, in as much time.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Staleness(Vec<(f64, f64)>);

/// Weighted by time, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct StalenessSpread {
    pub(super) p50: f64,
    pub(super) p95: f64,
    pub(super) max: f64,
}

impl Staleness {
    /// Of what `codes` (when seen, timestamp) tell of the time between two moments.
    pub(super) fn between(codes: &[(Duration, u32)], from: Duration, to: Duration) -> Self {
        let mut pieces = Vec::new();
        let mut shown: Option<u32> = None;
        let mut begin = from;
        let mut grow = |shown: Option<u32>, begin: Duration, end: Duration| {
            let ages = shown.and_then(|code| Some((age_ms(code, begin)?, age_ms(code, end)?)));
            pieces.extend(ages.filter(|(first, last)| last > first));
        };
        for &(at, code) in codes.iter().filter(|(at, _)| *at < to) {
            // What is ahead of its own picture is no code.
            if age_ms(code, at).is_none() {
                continue;
            }
            if at > begin {
                grow(shown, begin, at);
                begin = at;
            }
            shown = Some(code);
        }
        grow(shown, begin, to);
        Self(pieces)
    }

    /// The value that is not exceeded during `percent` of the time; `None` without
    /// any time.
    pub(super) fn percentile(&self, percent: f64) -> Option<f64> {
        let all: f64 = self.0.iter().map(|(first, last)| last - first).sum();
        let most = self.0.iter().map(|(_, last)| *last).reduce(f64::max)?;
        let below = |age: f64| -> f64 {
            self.0.iter().map(|(first, last)| age.clamp(*first, *last) - first).sum()
        };
        let wanted = all * percent / 100.0;
        let (mut low, mut high) = (0.0, most);
        // To a hundredth of a millisecond.
        while high - low > 0.01 {
            let middle = f64::midpoint(low, high);
            if below(middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(high)
    }

    /// The three that are reported.
    pub(super) fn spread(&self) -> Option<StalenessSpread> {
        Some(StalenessSpread {
            p50: self.percentile(50.0)?,
            p95: self.percentile(95.0)?,
            max: self.percentile(100.0)?,
        })
    }

    /// `null` without any time.
    pub(super) fn json(&self) -> Value {
        self.spread().map_or(Value::Null, |spread| json!(spread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(value: u64) -> Duration {
        Duration::from_millis(value)
    }

    fn near(value: Option<f64>, wanted: f64) -> bool {
        value.is_some_and(|value| (value - wanted).abs() < 0.05)
    }

    #[test]
    fn it_grows_until_something_newer_comes() {
        // Painted every 100 ms, seen 20 ms later: from 20 to 120 all the time.
        let codes: Vec<_> =
            (0..20).map(|n| (ms(1_020 + n * 100), 1_000 + n as u32 * 100)).collect();
        let staleness = Staleness::between(&codes, ms(1_500), ms(2_500));
        assert!(near(staleness.percentile(50.0), 70.0), "{staleness:?}");
        assert!(near(staleness.percentile(95.0), 115.0));
        assert!(near(staleness.percentile(100.0), 120.0));
    }

    #[test]
    fn one_long_gap_weighs_as_long_as_it_lasts() {
        // A second of nothing in two: age alone would not show it.
        let codes = [(ms(1_010), 1_000), (ms(2_010), 2_000), (ms(2_510), 2_500)];
        let staleness = Staleness::between(&codes, ms(1_010), ms(3_010));
        assert!(near(staleness.percentile(100.0), 1_010.0));
        assert!(near(staleness.percentile(50.0), 343.3), "{:?}", staleness.percentile(50.0));
    }

    #[test]
    fn the_picture_from_before_counts_and_nothing_is_nothing() {
        let staleness = Staleness::between(&[(ms(100), 90)], ms(500), ms(600));
        assert!(near(staleness.percentile(100.0), 510.0));
        assert_eq!(Staleness::between(&[], ms(0), ms(100)).spread(), None);
        assert_eq!(Staleness::default().json(), Value::Null);
    }
}
