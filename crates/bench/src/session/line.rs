//! The lines that a session is measured over: names, and proxies that are like them.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use gc_netem::{FaultProxy, Shape};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Where the narrow line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Side {
    /// Between the customer's machine and the server
    Agent,
    /// Between the server and the technician
    Viewer,
    /// Both
    Both,
}

/// A line by its name. Round trips are those of the empty line; the queue before the
/// narrowest place holds 250 ms of bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Line {
    pub(super) name: &'static str,
    round_trip_us: u64,
    kbps: Option<u32>,
    /// Share of segments.
    loss: f64,
    /// In the middle third of the run, if it is another.
    drops_to: Option<u32>,
}

const fn line(name: &'static str, round_trip_us: u64, kbps: Option<u32>, loss: f64) -> Line {
    Line { name, round_trip_us, kbps, loss, drops_to: None }
}

impl Line {
    /// All that have a name.
    pub(super) const ALL: [Self; 11] = [
        line("lan", 200, None, 0.0),
        line("20ms-20mbit", 20_000, Some(20_000), 0.0),
        line("50ms-5mbit-0.5loss", 50_000, Some(5_000), 0.005),
        line("100ms", 100_000, None, 0.0),
        line("150ms-2mbit-1loss", 150_000, Some(2_000), 0.01),
        line("300ms", 300_000, None, 0.0),
        line("256kbit", 20_000, Some(256), 0.0),
        line("2mbit", 20_000, Some(2_000), 0.0),
        line("20mbit", 20_000, Some(20_000), 0.0),
        line("2loss", 20_000, None, 0.02),
        Line { drops_to: Some(2_000), ..line("drop", 20_000, Some(20_000), 0.0) },
    ];

    /// What the names on the command line stand for.
    pub(super) fn chosen(names: &[String]) -> Result<Vec<Self>> {
        let mut chosen: Vec<Self> = Vec::new();
        for name in names {
            let found: Vec<Self> =
                Self::ALL.into_iter().filter(|line| name == "all" || line.name == *name).collect();
            if found.is_empty() {
                let names: Vec<&str> = Self::ALL.iter().map(|line| line.name).collect();
                bail!("no line is called {name}; there are: all, {}", names.join(", "));
            }
            for line in found {
                if !chosen.contains(&line) {
                    chosen.push(line);
                }
            }
        }
        Ok(chosen)
    }

    /// As it is at the beginning.
    pub(super) fn shape(&self) -> Shape {
        let one_way = Duration::from_micros(self.round_trip_us) / 2;
        Shape { one_way, kbps: self.kbps, loss: self.loss, ..Shape::default() }
    }

    /// As it is in the middle of the run, if that is another.
    pub(super) fn dropped(&self) -> Option<Shape> {
        self.drops_to.map(|kbps| Shape { kbps: Some(kbps), ..self.shape() })
    }

    /// Share of the line that so many bytes per second take; `None` when it has no
    /// limit, or another in mid-run.
    pub(super) fn utilisation(&self, bytes_per_second: f64) -> Option<f64> {
        let kbps = self.kbps.filter(|_| self.drops_to.is_none())?;
        Some(bytes_per_second * 8.0 / (f64::from(kbps) * 1_000.0))
    }

    /// Entry of the file.
    pub(super) fn json(&self) -> Value {
        json!({
            "round_trip_ms": self.round_trip_us as f64 / 1_000.0,
            "kbps": self.kbps,
            "loss": self.loss,
            "drops_to_kbps": self.drops_to,
        })
    }
}

/// The proxies; they end when dropped.
pub(super) struct Lines {
    agent: Option<FaultProxy>,
    viewer: Option<FaultProxy>,
    // After the proxies, which live on it.
    _runtime: Runtime,
}

impl Lines {
    /// Starts what `side` needs in front of the server, as unhindered as can be.
    pub(super) fn start(server: &str, side: Side, seed: u32) -> Result<Self> {
        let upstream = server.rsplit("//").next().unwrap_or_default();
        let upstream = upstream.parse().with_context(|| format!("address {server}"))?;
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let inside = runtime.enter();
        let proxy = |wanted: bool| -> Result<Option<FaultProxy>> {
            let proxy = || FaultProxy::start_shaped(upstream, Shape::default(), u64::from(seed));
            Ok(wanted.then(proxy).transpose()?)
        };
        let agent = proxy(side != Side::Viewer)?;
        let viewer = proxy(side != Side::Agent)?;
        drop(inside);
        Ok(Self { agent, viewer, _runtime: runtime })
    }

    /// Makes them so, for connections that are open too.
    pub(super) fn shape(&self, shape: Shape) {
        for proxy in [&self.agent, &self.viewer].into_iter().flatten() {
            proxy.set_shape(shape);
        }
    }

    /// The server's address for the agent, if it is another.
    pub(super) fn for_agent(&self, server: &str) -> Option<String> {
        self.agent.as_ref().map(|proxy| through(server, proxy))
    }

    /// The server's address for the viewer, if it is another.
    pub(super) fn for_viewer(&self, server: &str) -> Option<String> {
        self.viewer.as_ref().map(|proxy| through(server, proxy))
    }
}

fn through(server: &str, proxy: &FaultProxy) -> String {
    let scheme = server.split("://").next().unwrap_or("http");
    format!("{scheme}://{}", proxy.address())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.name).collect()
    }

    #[test]
    fn names_are_found_once_and_others_are_refused() {
        let chosen = |names: &[&str]| {
            Line::chosen(&names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(names(&chosen(&["drop", "lan", "drop"]).unwrap()), ["drop", "lan"]);
        assert_eq!(chosen(&["lan", "all"]).unwrap().len(), Line::ALL.len());
        let problem = chosen(&["moon"]).unwrap_err().to_string();
        assert!(problem.contains("moon") && problem.contains("2mbit"), "{problem}");
    }

    #[test]
    fn a_name_says_what_the_line_is() {
        for line in Line::ALL {
            let shape = line.shape();
            assert_eq!(line.name.contains("loss"), shape.loss > 0.0, "{}", line.name);
            assert_eq!(line.dropped().is_some(), line.name == "drop");
            if let Some((ms, _)) = line.name.split_once("ms") {
                let one_way = Duration::from_millis(ms.parse::<u64>().unwrap()) / 2;
                assert_eq!(shape.one_way, one_way, "{}", line.name);
            }
        }
    }

    #[test]
    fn utilisation_is_a_share_of_the_rate() {
        let chosen = Line::chosen(&["2mbit".to_owned(), "300ms".to_owned()]).unwrap();
        assert_eq!(chosen[0].utilisation(125_000.0), Some(0.5));
        assert_eq!(chosen[1].utilisation(125_000.0), None);
    }
}
