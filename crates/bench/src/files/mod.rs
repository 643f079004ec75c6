//! Moves files through the real server and agent, and compares with what the machine
//! and the line carry without the product.

mod plain;
mod product;
mod ssh;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;
use gc_netem::Shape;
use serde_json::json;

use crate::report::{progress, say, write_json};
use crate::{machine, usage};

/// Options of `files`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Megabytes over the loopback network
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(8..=4_096))]
    megabytes: u32,
    /// Repetitions over the loopback network; the best one counts
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Seconds of line time on each narrow line
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(2..=120))]
    seconds: u32,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Only: loopback, lines, latency
    #[arg(long, value_name = "PART", value_parser = ["loopback", "lines", "latency"])]
    only: Option<String>,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A line between viewer and relay.
struct Line {
    name: &'static str,
    shape: Shape,
    kbps: u32,
}

fn lines() -> Vec<Line> {
    let line = |name, round_trip, kbps: u32, loss| {
        let shape = Shape::line(Duration::from_millis(round_trip), kbps).with_loss(loss);
        Line { name, shape, kbps }
    };
    vec![
        line("20 ms, 100 Mbit/s", 20, 100_000, 0.0),
        line("100 ms, 100 Mbit/s", 100, 100_000, 0.0),
        line("20 ms, 20 Mbit/s", 20, 20_000, 0.0),
        line("100 ms, 20 Mbit/s", 100, 20_000, 0.0),
        line("20 ms, 20 Mbit/s, 2 % loss", 20, 20_000, 0.02),
    ]
}

/// Runs all of it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let load = usage::refuse_when_busy(arguments.busy)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let wanted = |part: &str| arguments.only.as_deref().is_none_or(|only| only == part);
    let mut results = machine::facts(load);
    let bytes = u64::from(arguments.megabytes) * 1_000_000;

    if wanted("loopback") {
        progress("raw TCP and TLS over loopback");
        let mut plain = plain::Figures::default();
        for _ in 0..arguments.rounds {
            plain.best(&runtime.block_on(plain::measure(bytes))?);
        }
        progress("through agent and relay");
        let mut product = product::Figures::default();
        for _ in 0..arguments.rounds {
            product.best(&runtime.block_on(product::loopback(bytes))?);
        }
        let share = |value: f64| value / plain.tls * 100.0;
        say(&format!(
            "| loopback, MB/s | |\n|---|---|\n| raw TCP | {:.0} |\n| raw TLS | {:.0} |\n\
             | raw TLS through a second TLS hop | {:.0} |\n| scp | {} |\n\
             | upload | {:.0} ({:.0} % of raw TLS) |\n| download | {:.0} ({:.0} % of raw TLS) |\n",
            plain.tcp,
            plain.tls,
            plain.two_hops,
            plain.scp.map_or_else(|| "needs openssh-server".into(), |value| format!("{value:.0}")),
            product.up,
            share(product.up),
            product.down,
            share(product.down),
        ));
        results["loopback"] = json!({
            "tcp_mb_s": plain.tcp, "tls_mb_s": plain.tls, "tls_two_hops_mb_s": plain.two_hops,
            "scp_mb_s": plain.scp, "upload_mb_s": product.up, "download_mb_s": product.down,
        });
    }
    if wanted("lines") {
        let mut table =
            String::from("| line | upload | download | share of the line |\n|---|---|---|---|\n");
        let mut rows = Vec::new();
        for line in lines() {
            progress(line.name);
            let seconds =
                if line.shape.loss > 0.0 { arguments.seconds / 3 } else { arguments.seconds };
            let bytes = u64::from(line.kbps) * 125 * u64::from(seconds);
            let figures = runtime.block_on(product::over_line(bytes, line.shape))?;
            let share = |value: f64| value * 8_000.0 / f64::from(line.kbps) * 100.0;
            let row = format!(
                "| {} | {:.2} MB/s | {:.2} MB/s | {:.0} % / {:.0} % |\n",
                line.name,
                figures.up,
                figures.down,
                share(figures.up),
                share(figures.down)
            );
            table.push_str(&row);
            rows.push(json!({ "line": line.name, "upload_mb_s": figures.up,
                "download_mb_s": figures.down, "kbps": line.kbps }));
        }
        say(&table);
        results["lines"] = json!(rows);
    }
    if wanted("latency") {
        let mut table = String::from(
            "| line | urgent message to the relay and back, p50 / p95 ms idle | during upload | during download |\n|---|---|---|---|\n",
        );
        let mut rows = Vec::new();
        for line in lines().into_iter().filter(|line| line.shape.loss == 0.0) {
            progress(line.name);
            let latency = runtime.block_on(product::latency(line.shape, line.kbps))?;
            let row = format!(
                "| {} | {} | {} | {} |\n",
                line.name,
                latency.idle,
                latency.up.against(&latency.idle),
                latency.down.against(&latency.idle)
            );
            table.push_str(&row);
            rows.push(json!({ "line": line.name, "idle_p95_ms": latency.idle.p95,
                "upload_p95_ms": latency.up.p95, "download_p95_ms": latency.down.p95 }));
        }
        say(&table);
        results["latency"] = json!(rows);
    }
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    Ok(())
}
