//! Percentiles of what was measured.

use serde::Serialize;
use serde_json::{Value, json};

/// Measured values in any order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Samples(Vec<f64>);

impl Samples {
    /// One more.
    pub(crate) fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// How many.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// In the order in which they came.
    pub(crate) fn values(&self) -> &[f64] {
        &self.0
    }

    /// The smallest value that is not exceeded by `percent` of all (nearest rank);
    /// `None` without values.
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (percent / 100.0 * sorted.len() as f64).ceil().max(1.0);
        #[expect(clippy::cast_sign_loss, reason = "at least 1")]
        sorted.get(rank as usize - 1).copied()
    }

    /// The three that are reported.
    pub(crate) fn spread(&self) -> Spread {
        Spread {
            count: self.len(),
            p50: self.percentile(50.0),
            p95: self.percentile(95.0),
            p99: self.percentile(99.0),
            max: self.percentile(100.0),
        }
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// Median, tail and worst; all `None` when nothing was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Spread {
    /// How many values.
    pub(crate) count: usize,
    /// Median.
    pub(crate) p50: Option<f64>,
    /// 95 of 100 are not above.
    pub(crate) p95: Option<f64>,
    /// 99 of 100 are not above.
    pub(crate) p99: Option<f64>,
    /// The largest.
    pub(crate) max: Option<f64>,
}

impl Spread {
    /// `P50 / P95 / MAX` for a table; a dash when nothing was measured.
    pub(crate) fn short(&self) -> String {
        match (self.p50, self.p95, self.max) {
            (Some(p50), Some(p95), Some(max)) => format!("{p50:.1} / {p95:.1} / {max:.1}"),
            _ => "-".to_owned(),
        }
    }

    /// `null` when nothing was measured.
    pub(crate) fn json(&self) -> Value {
        if self.count == 0 { Value::Null } else { json!(self) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let samples: Samples = (1..=100).rev().map(f64::from).collect();
        assert_eq!(samples.percentile(50.0), Some(50.0));
        assert_eq!(samples.percentile(95.0), Some(95.0));
        assert_eq!(samples.percentile(100.0), Some(100.0));
        let few: Samples = [3.0, 1.0, 2.0].into_iter().collect();
        assert_eq!(few.percentile(50.0), Some(2.0));
        assert_eq!(few.percentile(95.0), Some(3.0));
        assert_eq!(few.percentile(0.0), Some(1.0));
    }

    #[test]
    fn nothing_measured_is_null_and_not_zero() {
        let spread = Samples::default().spread();
        assert_eq!(spread.p50, None);
        assert_eq!(spread.json(), Value::Null);
        assert_eq!(spread.short(), "-");
    }
}
