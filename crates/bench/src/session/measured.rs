//! What one workload has shown, for people and for programs.

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
    pub(super) x_server: f64,
}

/// Resident memory of each side, MiB; the viewer's is that of the whole benchmark.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rss {
    pub(super) agent: f64,
    pub(super) agent_peak: f64,
    pub(super) relay: f64,
    pub(super) viewer: f64,
    pub(super) x_server: f64,
}

/// Results of a workload.
#[derive(Debug, Default)]
pub(super) struct Measured {
    pub(super) key_to_pixel_ms: Spread,
    /// The same on the display itself.
    pub(super) local_key_to_pixel_ms: Spread,
    /// Different timestamps per second, or frames where there are none.
    pub(super) frames_per_second: f64,
    pub(super) age_ms: Spread,
    pub(super) longest_gap_ms: Option<f64>,
    /// Records from the agent, headers included, as the viewer received them.
    pub(super) bytes_per_second: f64,
    /// Records from the viewer to the agent.
    pub(super) bytes_sent_per_second: f64,
    /// TCP payload, TLS included: of the agent and of the viewer.
    pub(super) wire: Option<(Traffic, Traffic)>,
    pub(super) cpu: Cpu,
    pub(super) rss: Rss,
    pub(super) draw_ms: Option<f64>,
    pub(super) first_picture_ms: f64,
    /// Until it equalled the display; for workloads that do not move.
    pub(super) first_exact_ms: Option<f64>,
    /// From the end of all change until the picture equalled the display.
    pub(super) settle_ms: Option<f64>,
    pub(super) equal_share: f64,
    pub(super) seconds: f64,
    pub(super) problems: Vec<String>,
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
            "local_key_to_pixel_ms": self.local_key_to_pixel_ms.json(),
            "frames_per_second": self.frames_per_second,
            "age_ms": self.age_ms.json(),
            "longest_gap_ms": self.longest_gap_ms,
            "bytes_per_second": self.bytes_per_second,
            "bytes_sent_per_second": self.bytes_sent_per_second,
            "wire_bytes_per_second": wire,
            "cpu_seconds_per_second": {
                "agent": self.cpu.agent,
                "relay": self.cpu.relay,
                "viewer": self.cpu.viewer,
                "x_server": self.cpu.x_server,
            },
            "rss_mib": {
                "agent": self.rss.agent,
                "agent_peak": self.rss.agent_peak,
                "relay": self.rss.relay,
                "viewer": self.rss.viewer,
                "x_server": self.rss.x_server,
            },
            "draw_ms": self.draw_ms,
            "first_picture_ms": self.first_picture_ms,
            "first_exact_ms": self.first_exact_ms,
            "settle_ms": self.settle_ms,
            "equal_share": self.equal_share,
            "seconds": self.seconds,
            "problems": self.problems,
        })
    }
}

/// All workloads, for people.
pub(super) fn table(all: &[(Workload, Measured)]) -> String {
    let optional = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
    let rows = all.iter().map(|(workload, m)| {
        let percent = |share: f64| format!("{:.1}", share * 100.0);
        vec![
            workload.name().to_owned(),
            m.key_to_pixel_ms.short(),
            format!("{:.1}", m.frames_per_second),
            m.age_ms.short(),
            optional(m.longest_gap_ms),
            format!("{:.3}", m.bytes_per_second * 8.0 / 1e6),
            percent(m.cpu.agent),
            percent(m.cpu.relay),
            percent(m.cpu.viewer),
            percent(m.cpu.x_server),
            format!("{:.0} / {:.0}", m.rss.agent, m.rss.relay),
            format!("{:.0}", m.first_picture_ms),
            m.settle_ms
                .map_or(format!("{:.2} % equal", m.equal_share * 100.0), |ms| format!("{ms:.0}")),
        ]
    });
    let head = [
        "workload",
        "key->px ms p50/p95/max",
        "fps",
        "age ms p50/p95/max",
        "gap ms",
        "Mbit/s",
        "CPU % agent",
        "relay",
        "viewer",
        "X",
        "MiB agent/relay",
        "join ms",
        "settle ms",
    ];
    let mut text = lay_out(&head, rows.collect());
    for (_, measured) in all {
        if measured.local_key_to_pixel_ms.count > 0 {
            let local = measured.local_key_to_pixel_ms.short();
            text.push_str("key->px without remoting, ms p50/p95/max: ");
            text.push_str(&local);
            text.push('\n');
        }
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
        for side in ["agent", "relay", "viewer", "x_server"] {
            assert!(json["cpu_seconds_per_second"][side].is_number(), "{side}");
            assert!(json["rss_mib"][side].is_number(), "{side}");
        }
        assert!(json["settle_ms"].is_null());
        assert!(json["local_key_to_pixel_ms"].is_null());
    }
}
