//! What one workload has shown, for people and for programs.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::{age_ms, milliseconds};
use crate::report::table as lay_out;
use crate::statistics::{Samples, Spread};
use crate::usage::Traffic;
use crate::workload::Workload;

/// CPU seconds per second of each side.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cpu {
    pub(super) agent: f64,
    pub(super) relay: f64,
    pub(super) viewer: f64,
    /// That of the agent's display.
    pub(super) x_server: f64,
    pub(super) viewer_x_server: f64,
    /// This program: the eye, the comparison and the lines.
    pub(super) measuring: f64,
}

impl Cpu {
    /// What was used since, per second.
    pub(super) fn since(&self, start: &Self, seconds: f64) -> Self {
        Self {
            agent: (self.agent - start.agent) / seconds,
            relay: (self.relay - start.relay) / seconds,
            viewer: (self.viewer - start.viewer) / seconds,
            x_server: (self.x_server - start.x_server) / seconds,
            viewer_x_server: (self.viewer_x_server - start.viewer_x_server) / seconds,
            measuring: (self.measuring - start.measuring) / seconds,
        }
    }
}

/// Resident memory of each side, MiB.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rss {
    pub(super) agent: f64,
    pub(super) agent_peak: f64,
    pub(super) relay: f64,
    pub(super) viewer: f64,
    pub(super) x_server: f64,
    pub(super) viewer_x_server: f64,
}

/// Results of a workload.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) key_to_pixel_ms: Spread,
    /// Different timestamps per second, or frames where there are none.
    pub(super) frames_per_second: f64,
    pub(super) age_ms: Spread,
    /// Age weighted by time.
    pub(super) staleness_ms: Value,
    pub(super) longest_gap_ms: Option<f64>,
    /// Records from the agent, headers included, as the viewer received them.
    pub(super) bytes_per_second: f64,
    /// Records from the viewer to the agent.
    pub(super) bytes_sent_per_second: f64,
    /// TCP payload, TLS included: of the agent and of the viewer.
    pub(super) wire: Option<(Traffic, Traffic)>,
    /// Viewer to relay and back, as the viewer's link measured it at the beginning.
    pub(super) round_trip_ms: f64,
    /// Share of the line that the viewer's bytes take, where it has a limit.
    pub(super) utilisation: Option<f64>,
    /// Pictures of the film against their sources.
    pub(super) quality: Value,
    /// What a line that changes did.
    pub(super) change: Value,
    pub(super) cpu: Cpu,
    pub(super) rss: Rss,
    pub(super) draw_ms: Option<f64>,
    pub(super) first_picture_ms: f64,
    /// Until it equalled the display; for workloads that do not move.
    pub(super) first_exact_ms: Option<f64>,
    /// From the end of all change until the picture equalled the display.
    pub(super) settle_ms: Option<f64>,
    /// How near it was by then, some times after the end of all change.
    pub(super) still: Value,
    /// At the end.
    pub(super) equal_share: f64,
    pub(super) seconds: f64,
}

/// What the timestamps tell.
pub(super) struct Stamps {
    pub(super) per_second: f64,
    pub(super) ages_ms: Samples,
    pub(super) longest_gap_ms: Option<f64>,
}

impl Stamps {
    /// From codes and when each was first seen.
    pub(super) fn read(codes: &[(Duration, u32)], seconds: f64) -> Self {
        let ages_ms: Samples = codes.iter().filter_map(|&(at, code)| age_ms(code, at)).collect();
        let gaps: Samples = codes
            .iter()
            .zip(codes.iter().skip(1))
            .map(|((before, _), (after, _))| milliseconds(after.saturating_sub(*before)))
            .collect();
        Self {
            per_second: ages_ms.len() as f64 / seconds,
            longest_gap_ms: gaps.percentile(100.0),
            ages_ms,
        }
    }
}

impl Measured {
    /// One entry of the file.
    pub(super) fn json(&self) -> Value {
        let wire = self.wire.map(|(agent, viewer)| {
            let rate = |bytes: u64| bytes as f64 / self.seconds;
            json!({
                "agent_sent": rate(agent.sent),
                "agent_received": rate(agent.received),
                "viewer_sent": rate(viewer.sent),
                "viewer_received": rate(viewer.received),
            })
        });
        json!({
            "key_to_pixel_ms": self.key_to_pixel_ms.json(),
            "frames_per_second": self.frames_per_second,
            "age_ms": self.age_ms.json(),
            "staleness_ms": self.staleness_ms,
            "longest_gap_ms": self.longest_gap_ms,
            "bytes_per_second": self.bytes_per_second,
            "bytes_sent_per_second": self.bytes_sent_per_second,
            "wire_bytes_per_second": wire,
            "round_trip_ms": self.round_trip_ms,
            "line_utilisation": self.utilisation,
            "quality": self.quality,
            "change": self.change,
            "cpu_seconds_per_second": {
                "agent": self.cpu.agent,
                "relay": self.cpu.relay,
                "viewer": self.cpu.viewer,
                "x_server": self.cpu.x_server,
                "viewer_x_server": self.cpu.viewer_x_server,
                "measuring": self.cpu.measuring,
            },
            "rss_mib": {
                "agent": self.rss.agent,
                "agent_peak": self.rss.agent_peak,
                "relay": self.rss.relay,
                "viewer": self.rss.viewer,
                "x_server": self.rss.x_server,
                "viewer_x_server": self.rss.viewer_x_server,
            },
            "draw_ms": self.draw_ms,
            "first_picture_ms": self.first_picture_ms,
            "first_exact_ms": self.first_exact_ms,
            "settle_ms": self.settle_ms,
            "still_for_seconds": self.still,
            "equal_share": self.equal_share,
            "seconds": self.seconds,
        })
    }
}

/// One row of the table.
pub(super) struct Row<'a> {
    pub(super) line: &'a str,
    pub(super) workload: Workload,
    /// Entry of the file.
    pub(super) figures: &'a Value,
    /// The same form; null for one round.
    pub(super) range: &'a Value,
}

impl Row<'_> {
    fn number(&self, path: &str, factor: f64, digits: usize) -> Option<String> {
        let show =
            |value: &Value| value.as_f64().map(|value| format!("{:.digits$}", value * factor));
        let median = show(self.figures.pointer(path)?)?;
        let range = self.range.pointer(path).and_then(Value::as_array);
        let ends = range.and_then(|range| Some((show(range.first()?)?, show(range.last()?)?)));
        Some(match ends {
            Some((least, most)) if least != most => format!("{median} [{least}-{most}]"),
            _ => median,
        })
    }

    /// Cells joined by slashes; a dash when there is none of them.
    fn cell(&self, paths: &[&str], factor: f64, digits: usize) -> String {
        let numbers: Option<Vec<String>> =
            paths.iter().map(|path| self.number(path, factor, digits)).collect();
        numbers.map_or("-".to_owned(), |numbers| numbers.join(" / "))
    }

    fn cells(&self) -> Vec<String> {
        let cpu = |side: &str| format!("/cpu_seconds_per_second/{side}");
        let settle = self.number("/settle_ms", 1.0, 0);
        vec![
            self.line.to_owned(),
            self.workload.name().to_owned(),
            self.cell(&["/key_to_pixel_ms/p50", "/key_to_pixel_ms/p95"], 1.0, 1),
            self.cell(&["/frames_per_second"], 1.0, 1),
            self.cell(&["/age_ms/p50", "/age_ms/p95"], 1.0, 1),
            self.cell(&["/staleness_ms/p50", "/staleness_ms/p95", "/staleness_ms/max"], 1.0, 0),
            self.cell(&["/bytes_per_second"], 8.0 / 1e6, 3),
            self.cell(&["/round_trip_ms"], 1.0, 1),
            self.cell(&["/line_utilisation"], 100.0, 0),
            self.cell(&["/quality/psnr_db/p50"], 1.0, 1),
            self.cell(&[&cpu("agent"), &cpu("relay"), &cpu("viewer")], 100.0, 1),
            self.cell(&[&cpu("x_server"), &cpu("viewer_x_server")], 100.0, 1),
            self.cell(&["/rss_mib/agent", "/rss_mib/relay", "/rss_mib/viewer"], 1.0, 0),
            self.cell(&["/first_picture_ms"], 1.0, 0),
            settle.unwrap_or_else(|| self.cell(&["/equal_share"], 100.0, 2) + " % equal"),
            self.cell(
                &["/still_for_seconds/0.2/equal_share", "/still_for_seconds/0.5/equal_share"],
                100.0,
                1,
            ),
        ]
    }
}

/// All that was measured, for people.
pub(super) fn table(rows: &[Row<'_>]) -> String {
    let head = [
        "line",
        "workload",
        "key->px ms p50/p95",
        "fps",
        "age ms p50/p95",
        "stale ms p50/p95/max",
        "Mbit/s",
        "RTT ms",
        "line %",
        "PSNR",
        "CPU % agent/relay/viewer",
        "X agent/viewer",
        "MiB agent/relay/viewer",
        "join ms",
        "settle ms",
        "equal % 0.2/0.5 s",
    ];
    let mut text = lay_out(&head, rows.iter().map(Row::cells).collect());
    for row in rows.iter().filter(|row| !row.figures["change"].is_null()) {
        let head = ["", "stale p50/p95/max", "kbit/s", "PSNR", "target kbit/s"];
        let part = |part: &str| {
            let stale = |what: &str| format!("/change/staleness_ms/{part}/{what}");
            let one = |of: &str, digits| row.cell(&[&format!("/change/{of}/{part}")], 1.0, digits);
            vec![
                format!("{} {part}", row.line),
                row.cell(&[&stale("p50"), &stale("p95"), &stale("max")], 1.0, 0),
                one("kbps", 0),
                one("psnr_db", 1),
                one("target_kbps", 0),
            ]
        };
        text.push_str(&lay_out(&head, ["before", "during", "after"].map(part).to_vec()));
        let halves =
            ["/change/staleness_ms/first_half_p95", "/change/staleness_ms/second_half_p95"];
        let recovery = ["/change/recovery_s/psnr", "/change/recovery_s/target_kbps"];
        let (halves, recovery) = (row.cell(&halves, 1.0, 0), row.cell(&recovery, 1.0, 1));
        let peak = row.cell(&["/change/peak_staleness_ms"], 1.0, 0);
        let name = row.line;
        // Nobody refuses text in memory.
        let _ = writeln!(
            text,
            "{name}: peak staleness {peak} ms; p95 in the halves of the drop {halves} ms; back to \
             90 % of PSNR / target after {recovery} s"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_give_rate_age_and_gap() {
        let seen = |at, code| (Duration::from_millis(at), code);
        let stamps =
            Stamps::read(&[seen(110, 100), seen(150, 133), seen(180, 166), seen(9, 5_000)], 0.1);
        // The last one lies ahead of its own picture: no code at all.
        assert_eq!(stamps.ages_ms.len(), 3);
        assert!((stamps.per_second - 30.0).abs() < 1e-6);
        assert_eq!(stamps.ages_ms.percentile(100.0), Some(17.0));
        assert_eq!(stamps.longest_gap_ms, Some(40.0));
    }

    #[test]
    fn the_file_has_the_names_that_are_compared_over_time() {
        let spread = Samples::from_iter([2.0, 4.0]).spread();
        let measured = Measured { key_to_pixel_ms: spread, age_ms: spread, ..Measured::default() };
        let json = measured.json();
        assert_eq!(json["key_to_pixel_ms"]["p50"], 2.0);
        assert_eq!(json["key_to_pixel_ms"]["p95"], 4.0);
        assert_eq!(json["key_to_pixel_ms"]["max"], 4.0);
        assert_eq!(json["age_ms"]["p95"], 4.0);
        for name in ["frames_per_second", "bytes_per_second"] {
            assert!(json[name].is_number(), "{name}");
        }
        for side in ["agent", "relay", "viewer", "x_server", "viewer_x_server"] {
            assert!(json["cpu_seconds_per_second"][side].is_number(), "{side}");
            assert!(json["rss_mib"][side].is_number(), "{side}");
        }
        assert!(json["settle_ms"].is_null());
        assert!(json["line_utilisation"].is_null());
    }

    #[test]
    fn a_table_shows_medians_with_their_range_and_dashes() {
        let figures = json!({
            "key_to_pixel_ms": {"p50": 2.04, "p95": 3.0}, "equal_share": 0.5, "settle_ms": null,
        });
        let range = json!({"key_to_pixel_ms": {"p50": [1.5, 2.5], "p95": [3.0, 3.0]}});
        let row =
            Row { line: "2mbit", workload: Workload::Typing, figures: &figures, range: &range };
        let text = table(&[row]);
        assert!(text.contains("2.0 [1.5-2.5] / 3.0"), "{text}");
        assert!(text.contains("50.00 % equal"), "{text}");
        assert!(text.lines().count() == 2, "nothing of a drop: {text}");
    }
}
