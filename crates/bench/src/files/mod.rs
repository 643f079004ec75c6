//! Moves files through the real server and agent, and compares with what the machine
//! and the line carry without the product.

mod between;
mod keys;
mod plain;
mod product;
mod ssh;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use gc_netem::Shape;
use serde_json::{Value, json};

use crate::report::{progress, say, table, write_json};
use crate::{clock, machine, session, usage};
use between::{Copied, Took};

const EXPLANATION: &str = "\
Parts (--only):
  loopback  raw TCP and TLS, scp, and the product, without a line between; the best of --rounds
  lines     throughput over narrow lines between viewer and relay
  latency   round trip of an urgent message between viewer and relay, idle and while a file moves
  keys      key to pixel, idle, while files go up and while files come down: typed on display B,
            seen in B's framebuffer, as `session` does it. One session and one link carry picture,
            keys and files; over loopback and at 20 Mbit/s with a round trip of 20 ms. The three
            take turns --rounds times, with --keys of each in all. Files are of --megabytes,
            256 at most, one after the other.
  sessions  one file of --megabytes, and --small files of 4 KiB in a folder, copied in one session
            and pasted in another through two windows of one native viewer; the best of --rounds.
            `down` is until the second window knows the files, `up` until the second machine's
            clipboard has them.";

/// The narrow line of `keys`.
const KEYS_LINE: &str = "20 ms, 20 Mbit/s";

/// Options of `files`.
#[derive(Debug, Args)]
#[command(after_help = EXPLANATION)]
pub(crate) struct Arguments {
    /// Megabytes over the loopback network
    #[arg(long, default_value_t = 512, value_parser = clap::value_parser!(u32).range(8..=4_096))]
    megabytes: u32,
    /// Repetitions over the loopback network, of which the best one counts; turns of `keys`
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Seconds of line time on each narrow line
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(2..=120))]
    seconds: u32,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Keys with each load
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keys: u32,
    /// Size of both displays of `keys`, at least 960x600
    #[arg(long, default_value = "1920x1080", value_name = "WxH", value_parser = session::size)]
    size: (u32, u32),
    /// Seed of the pauses between keys
    #[arg(long)]
    seed: Option<u32>,
    /// Small files of `sessions`
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    small: u32,
    /// Only: loopback, lines, latency, keys, sessions
    #[arg(
        long,
        value_name = "PART",
        value_parser = ["loopback", "lines", "latency", "keys", "sessions"]
    )]
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
    if wanted("keys") {
        results["keys"] = keys_beside_files(arguments)?;
    }
    if wanted("sessions") {
        results["sessions"] = between_sessions(arguments)?;
    }
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    Ok(())
}

fn keys_beside_files(arguments: &Arguments) -> Result<Value> {
    let asked = keys::Asked {
        size: arguments.size,
        keys: arguments.keys,
        rounds: arguments.rounds,
        seed: arguments.seed.unwrap_or_else(|| clock::stamp() | 1),
        bytes: u64::from(arguments.megabytes) * 1_000_000,
    };
    say(&format!("seed {}", asked.seed));
    let narrow = lines().into_iter().filter(|line| line.name == KEYS_LINE);
    let narrow = narrow.map(|line| (line.name, Some(line.shape)));
    let mut rows = Vec::new();
    for (name, shape) in std::iter::once(("loopback", None)).chain(narrow) {
        progress(&format!("keys beside files, {name}"));
        rows.push(keys::measure(name, shape, &asked)?);
    }
    say(&keys::table(&rows));
    Ok(rows.iter().map(keys::Row::json).collect())
}

fn between_sessions(arguments: &Arguments) -> Result<Value> {
    let bytes = u64::from(arguments.megabytes) * 1_000_000;
    let best = |name: &str, copied| {
        progress(&format!("from one session into another: {name}"));
        let all = (0..arguments.rounds).map(|_| between::measure(copied));
        all.reduce(|a, b| Ok(a?.best(b?))).context("no round")?
    };
    let large = best("one large file", Copied::Large(bytes))?;
    let small = best("many small files", Copied::Small(arguments.small))?;
    let rates = |amount: f64, took: Took| [took.down, took.up, took.all()].map(|it| amount / it);
    let (large, small) = (rates(bytes as f64 / 1e6, large), rates(arguments.small.into(), small));
    let row = |name: &str, rates: [f64; 3]| {
        let cells = rates.map(|rate| format!("{rate:.0}"));
        std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let rows = vec![row("one large file, MB/s", large), row("small files, files/s", small)];
    say(&table(&["from one session into another", "down", "up", "in all"], rows));
    let entry = |[down, up, all]: [f64; 3]| json!({"down": down, "up": up, "all": all});
    Ok(json!({"large_mb_s": entry(large), "small_files_s": entry(small)}))
}
