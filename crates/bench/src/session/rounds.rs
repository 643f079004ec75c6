//! Several rounds of the same measurement become one: medians, and how far the
//! rounds lie apart.

use serde_json::{Map, Value, json};

use crate::statistics::Samples;

/// Median of every number of the rounds, and `[least, most]` of it, both in the form
/// of one round. What is no number is taken from the first round that has it.
pub(super) fn summary(rounds: &[Value]) -> (Value, Value) {
    let there: Vec<&Value> = rounds.iter().filter(|value| !value.is_null()).collect();
    let Some(first) = there.first() else { return (Value::Null, Value::Null) };
    if let Some(values) = there.iter().map(|value| value.as_f64()).collect::<Option<Samples>>() {
        let range = json!([values.percentile(0.0), values.percentile(100.0)]);
        return (json!(median(&values)), range);
    }
    let Value::Object(fields) = first else { return ((*first).clone(), Value::Null) };
    let (mut medians, mut ranges) = (Map::new(), Map::new());
    for name in fields.keys() {
        let of_each: Vec<Value> = there.iter().map(|round| round[name].clone()).collect();
        let (median, range) = summary(&of_each);
        medians.insert(name.clone(), median);
        if !range.is_null() {
            ranges.insert(name.clone(), range);
        }
    }
    (Value::Object(medians), Value::Object(ranges))
}

/// The middle, or the mean of the two in the middle.
fn median(values: &Samples) -> Option<f64> {
    let low = values.percentile(50.0)?;
    if !values.len().is_multiple_of(2) {
        return Some(low);
    }
    let above = values.percentile(50.0 + 100.0 / values.len() as f64)?;
    Some(f64::midpoint(low, above))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_medians_and_ranges_wherever_they_stand() {
        let round = |fps: f64, p95: f64| json!({"fps": fps, "age": {"p95": p95}, "name": "x"});
        let (medians, ranges) = summary(&[round(30.0, 9.0), round(10.0, 7.0), round(29.0, 8.0)]);
        assert_eq!(medians, json!({"fps": 29.0, "age": {"p95": 8.0}, "name": "x"}));
        assert_eq!(ranges, json!({"fps": [10.0, 30.0], "age": {"p95": [7.0, 9.0]}}));
    }

    #[test]
    fn an_even_number_of_rounds_has_a_mean_in_the_middle() {
        let (medians, _) = summary(&[json!(1.0), json!(4.0), json!(2.0), json!(8.0)]);
        assert_eq!(medians, json!(3.0));
    }

    #[test]
    fn what_one_round_lacks_is_taken_from_the_others() {
        let (medians, ranges) = summary(&[json!({"settle_ms": null}), json!({"settle_ms": 200.0})]);
        assert_eq!(medians["settle_ms"], 200.0);
        assert_eq!(ranges["settle_ms"], json!([200.0, 200.0]));
        assert_eq!(summary(&[Value::Null, Value::Null]), (Value::Null, Value::Null));
    }
}
