//! What a line that becomes narrow in mid-run and wide again does to the picture.

use std::time::Duration;

use serde_json::{Value, json};

use super::quality::Quality;
use super::staleness::Staleness;
use crate::seat::Carried;
use crate::statistics::Samples;

/// Quality is back when it reaches this part of what it was.
const RECOVERED: f64 = 0.9;

/// Three parts of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) start: Duration,
    /// The line became narrow.
    pub(super) dropped: Duration,
    /// It was as before.
    pub(super) back: Duration,
    pub(super) end: Duration,
}

/// What the window told now and then.
pub(super) type Told = (Duration, Carried);

impl Change {
    /// Entry of the file.
    pub(super) fn json(
        &self,
        codes: &[(Duration, u32)],
        quality: &[Quality],
        told: &[Told],
    ) -> Value {
        let stale = |from, to| Staleness::between(codes, from, to);
        let middle = self.dropped + self.back.saturating_sub(self.dropped) / 2;
        let psnr: Vec<(Duration, f64)> =
            quality.iter().map(|quality| (quality.at, quality.psnr)).collect();
        let target: Vec<(Duration, f64)> =
            told.iter().map(|(at, carried)| (*at, f64::from(carried.target_kbps))).collect();
        json!({
            "staleness_ms": {
                "before": stale(self.start, self.dropped).json(),
                "during": stale(self.dropped, self.back).json(),
                "after": stale(self.back, self.end).json(),
                // Something that queues shows as growth.
                "first_half_p95": stale(self.dropped, middle).percentile(95.0),
                "second_half_p95": stale(middle, self.back).percentile(95.0),
            },
            "peak_staleness_ms": stale(self.dropped, self.end).percentile(100.0),
            "kbps": self.parts(|from, to| rate(told, from, to)),
            "psnr_db": self.parts(|from, to| median(&psnr, from, to)),
            "target_kbps": self.parts(|from, to| median(&target, from, to)),
            "recovery_s": {
                "psnr": self.recovery(&psnr),
                "target_kbps": self.recovery(&target),
            },
        })
    }

    fn parts(&self, of: impl Fn(Duration, Duration) -> Option<f64>) -> Value {
        json!({
            "before": of(self.start, self.dropped),
            "during": of(self.dropped, self.back),
            "after": of(self.back, self.end),
        })
    }

    /// Seconds from the line's return until a value is nearly what it was before;
    /// `None` when it never was in the run.
    fn recovery(&self, values: &[(Duration, f64)]) -> Option<f64> {
        // The first half may still climb.
        let half = self.start + self.dropped.saturating_sub(self.start) / 2;
        let wanted = median(values, half, self.dropped)? * RECOVERED;
        let mut later = values.iter().filter(|(at, _)| *at >= self.back);
        let (at, _) = later.find(|(_, value)| *value >= wanted)?;
        Some(at.saturating_sub(self.back).as_secs_f64())
    }
}

fn median(values: &[(Duration, f64)], from: Duration, to: Duration) -> Option<f64> {
    let inside = values.iter().filter(|(at, _)| (from..to).contains(at));
    inside.map(|(_, value)| *value).collect::<Samples>().percentile(50.0)
}

/// kbit/s that came between two moments.
fn rate(told: &[Told], from: Duration, to: Duration) -> Option<f64> {
    let mut inside = told.iter().filter(|(at, _)| (from..to).contains(at));
    let (first, last) = (inside.next()?, inside.next_back()?);
    let seconds = last.0.saturating_sub(first.0).as_secs_f64();
    Some((last.1.bytes - first.1.bytes) as f64 * 8.0 / 1_000.0 / seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(value: f64) -> Duration {
        Duration::from_secs_f64(value)
    }

    fn told(at: f64, bytes: u64, target_kbps: u32) -> Told {
        (s(at), Carried { bytes, target_kbps, ..Carried::default() })
    }

    #[test]
    fn a_drop_shows_in_staleness_rate_and_recovery() {
        let change = Change { start: s(1.0), dropped: s(2.0), back: s(3.0), end: s(4.0) };
        // 20 ms behind, every 100 ms; 300 ms behind while the line is narrow.
        let codes: Vec<(Duration, u32)> = (0..30)
            .map(|n| {
                let painted = 1_000 + n * 100;
                let late = if (10..20).contains(&n) { 300 } else { 20 };
                (Duration::from_millis(u64::from(painted + late)), painted)
            })
            .collect();
        let all = [
            told(1.0, 0, 8_000),
            told(1.6, 60_000, 8_000),
            told(1.9, 90_000, 8_000),
            told(2.5, 100_000, 1_500),
            told(2.9, 105_000, 1_500),
            told(3.2, 110_000, 4_000),
            told(3.7, 150_000, 7_300),
        ];
        let quality = |at, psnr| Quality { at: s(at), psnr, equal_share: 0.0 };
        let quality = [quality(1.7, 40.0), quality(2.5, 30.0), quality(3.5, 37.0)];
        let json = change.json(&codes, &quality, &all);
        let number = |path: &str| json.pointer(path).and_then(Value::as_f64).unwrap_or(-1.0);
        assert!((number("/recovery_s/target_kbps") - 0.7).abs() < 1e-6, "{json}");
        assert!((number("/recovery_s/psnr") - 0.5).abs() < 1e-6);
        assert!((number("/kbps/before") - 800.0).abs() < 1e-6);
        assert!((number("/kbps/during") - 100.0).abs() < 1e-6);
        assert!((number("/psnr_db/during") - 30.0).abs() < 1e-6);
        assert!(number("/staleness_ms/before/max") < 121.0);
        assert!((number("/peak_staleness_ms") - 420.0).abs() < 25.0, "{json}");
    }

    #[test]
    fn what_never_recovers_has_no_time() {
        let change = Change { start: s(0.0), dropped: s(1.0), back: s(2.0), end: s(3.0) };
        assert_eq!(change.recovery(&[(s(0.8), 40.0), (s(2.5), 35.9)]), None);
        assert_eq!(change.recovery(&[(s(2.5), 35.9)]), None, "nothing to compare with");
    }
}
