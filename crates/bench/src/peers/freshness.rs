//! How old the picture is that the technician looks at.

use std::time::Duration;

use crate::clock::{age_ms, milliseconds};
use crate::statistics::{Samples, Spread};

/// What timestamps in a picture tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Freshness {
    /// Different timestamps per second.
    pub(super) per_second: f64,
    /// Their age when they were first seen, milliseconds.
    pub(super) age_ms: Spread,
    /// Age of what is on the display at any moment, milliseconds: what a picture
    /// gains by coming seldom and young is lost here.
    pub(super) staleness_ms: Spread,
    /// Longest time without a new one, milliseconds.
    pub(super) longest_gap_ms: Option<f64>,
}

impl Freshness {
    /// From codes and when each was first seen, between two moments.
    pub(super) fn read(codes: &[(Duration, u32)], start: Duration, end: Duration) -> Self {
        let real: Vec<(Duration, f64)> = codes
            .iter()
            .filter_map(|&(at, code)| Some((at, age_ms(code, at)?)))
            .filter(|(at, _)| (start..=end).contains(at))
            .collect();
        let ages: Samples = real.iter().map(|(_, age)| *age).collect();
        let until = real.iter().skip(1).map(|(at, _)| *at).chain([end]);
        let mut gaps = Samples::default();
        let mut stale = Samples::default();
        for (&(at, age), until) in real.iter().zip(until) {
            let shown = milliseconds(until.saturating_sub(at));
            gaps.push(shown);
            // A look every millisecond.
            stale_looks(&mut stale, age, shown);
        }
        let seconds = end.saturating_sub(start).as_secs_f64();
        Self {
            per_second: if seconds > 0.0 { ages.len() as f64 / seconds } else { 0.0 },
            age_ms: ages.spread(),
            staleness_ms: stale.spread(),
            longest_gap_ms: gaps.percentile(100.0),
        }
    }
}

fn stale_looks(stale: &mut Samples, age: f64, shown: f64) {
    for look in 0..shown.round() as u32 {
        stale.push(age + f64::from(look));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seldom_but_young_pictures_are_stale() {
        let ms = Duration::from_millis;
        // Every 100 ms a picture that is 5 ms old.
        let codes: Vec<(Duration, u32)> =
            (0..10).map(|i| (ms(1_005 + i * 100), 1_000 + i as u32 * 100)).collect();
        let fresh = Freshness::read(&codes, ms(1_005), ms(2_005));
        assert!((fresh.per_second - 10.0).abs() < 1e-9);
        assert_eq!(fresh.age_ms.p50, Some(5.0));
        assert_eq!(fresh.longest_gap_ms, Some(100.0));
        let (p50, p95) = (fresh.staleness_ms.p50.unwrap(), fresh.staleness_ms.p95.unwrap());
        assert!((53.0..57.0).contains(&p50), "{p50}");
        assert!((98.0..102.0).contains(&p95), "{p95}");
    }

    #[test]
    fn a_picture_that_never_comes_again_ages_to_the_end() {
        let ms = Duration::from_millis;
        let fresh = Freshness::read(&[(ms(1_010), 1_000)], ms(1_000), ms(2_010));
        assert_eq!(fresh.longest_gap_ms, Some(1_000.0));
        assert_eq!(fresh.staleness_ms.max, Some(1_009.0));
    }

    #[test]
    fn what_is_no_timestamp_or_out_of_time_is_left_out() {
        let ms = Duration::from_millis;
        let codes = [(ms(1_010), 90_000), (ms(990), 980), (ms(1_500), 1_490)];
        let fresh = Freshness::read(&codes, ms(1_000), ms(2_000));
        assert_eq!(fresh.age_ms.count, 1);
        assert_eq!(Freshness::read(&[], ms(1_000), ms(2_000)).age_ms.count, 0);
    }
}
