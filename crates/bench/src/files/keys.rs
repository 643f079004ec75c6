//! Key to pixel with and without a transfer, as a table and for programs.

use std::path::Path;

use anyhow::Result;
use gc_netem::Shape;
use serde_json::{Value, json};

use super::product;
use crate::report::table as lay_out;
use crate::session::{KeysBesideFiles, Load, UnderLoad, keys_beside_files};
use crate::statistics::Spread;

/// Larger files only fill the disk: one follows the other.
const MOST_BYTES: u64 = 256_000_000;

/// What is asked of it, on every line.
pub(super) struct Asked {
    pub(super) size: (u32, u32),
    pub(super) keys: u32,
    pub(super) rounds: u32,
    pub(super) seed: u32,
    pub(super) bytes: u64,
}

/// One line.
pub(super) struct Row {
    line: &'static str,
    found: [UnderLoad; 3],
}

/// Measures one line; `None` is loopback alone.
pub(super) fn measure(line: &'static str, shape: Option<Shape>, asked: &Asked) -> Result<Row> {
    let bytes = asked.bytes.min(MOST_BYTES);
    let Asked { size, keys, rounds, seed, .. } = *asked;
    let fill = |path: &Path| product::fill(path, bytes);
    let wanted = KeysBesideFiles { shape, size, keys, rounds, seed, fill: &fill };
    Ok(Row { line, found: keys_beside_files(&wanted)? })
}

impl Row {
    /// Each load, what was seen under it, and what that is beside the first.
    fn loads(&self) -> impl Iterator<Item = (Load, &UnderLoad, Spread, [Option<f64>; 2])> {
        let idle = self.found.first().map_or_else(Spread::default, |idle| idle.keys.spread());
        Load::ALL.into_iter().zip(&self.found).map(move |(load, under)| {
            let keys = under.keys.spread();
            let ratio = |a: Option<f64>, b: Option<f64>| Some(a? / b?);
            (load, under, keys, [ratio(keys.p50, idle.p50), ratio(keys.p95, idle.p95)])
        })
    }

    pub(super) fn json(&self) -> Value {
        let mut entry = json!({ "line": self.line });
        for (load, under, keys, [p50, p95]) in self.loads() {
            entry[load.name()] = json!({
                "key_to_pixel_ms": keys.json(),
                "times_idle": { "p50": p50, "p95": p95 },
                "mb_s": under.rates.percentile(50.0),
            });
        }
        entry
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.line.to_owned()];
        for (load, under, keys, ratios) in self.loads() {
            cells.push(keys.short());
            if load != Load::Idle {
                let times = |ratio: Option<f64>| {
                    ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}x"))
                };
                cells.push(ratios.map(times).join(" / "));
                let rate = under.rates.percentile(50.0);
                cells.push(rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.2}")));
            }
        }
        cells
    }
}

/// All lines, for people.
pub(super) fn table(rows: &[Row]) -> String {
    let head = [
        "line",
        "key->px ms p50/p95/max idle",
        "upload",
        "p50/p95",
        "MB/s",
        "download",
        "p50/p95",
        "MB/s",
    ];
    lay_out(&head, rows.iter().map(Row::cells).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_load_stands_beside_the_idle_one() {
        let under = |keys: [f64; 2], rates: &[f64]| UnderLoad {
            keys: keys.into_iter().collect(),
            rates: rates.iter().copied().collect(),
        };
        let found = [under([2.0, 4.0], &[]), under([3.0, 8.0], &[2.5]), under([2.0, 5.0], &[2.0])];
        let row = Row { line: "narrow", found };
        let json = row.json();
        assert_eq!(json["idle"]["times_idle"]["p95"], 1.0);
        assert_eq!(json["upload"]["times_idle"]["p50"], 1.5);
        assert_eq!(json["upload"]["times_idle"]["p95"], 2.0);
        assert_eq!(json["download"]["key_to_pixel_ms"]["p95"], 5.0);
        assert_eq!(json["download"]["mb_s"], 2.0);
        assert!(json["idle"]["mb_s"].is_null());
        let table = table(&[row]);
        assert!(table.contains("1.50x / 2.00x") && table.contains("1.00x / 1.25x"), "{table}");
    }

    #[test]
    fn without_keys_there_are_dashes_and_nulls() {
        let row = Row { line: "none", found: Default::default() };
        assert!(row.json()["upload"]["times_idle"]["p95"].is_null());
        assert!(table(&[row]).contains("- / -"));
    }
}
