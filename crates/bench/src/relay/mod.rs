//! The server as a relay, under load of simulated agents and viewers.

mod idle;
mod latency;
mod pairs;
mod peers;
mod throughput;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use serde_json::json;

use crate::report::{progress, say, write_json};
use crate::stage::Stage;
use crate::{machine, usage};

/// Options of `relay`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Without TLS
    #[arg(long)]
    plain: bool,
    /// Seconds per measurement
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Number of idle agents for the memory per connection; 0 leaves it out
    #[arg(long, default_value_t = 1_000)]
    idle: usize,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Only: throughput, latency, stalled, idle
    #[arg(long, value_name = "PART", value_parser = ["throughput", "latency", "stalled", "idle"])]
    only: Option<String>,
}

/// Runs all of it.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let load = usage::refuse_when_busy(arguments.busy)?;
    machine::allow_many_sockets(8_192)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let wanted = |part: &str| arguments.only.as_deref().is_none_or(|only| only == part);
    let mut results = machine::facts(load);
    results["tls"] = json!(!arguments.plain);

    // The idle agents first, on a server that has done nothing else: memory that
    // load has left behind would hide what a connection costs.
    if arguments.idle > 0 && wanted("idle") {
        let part = in_own_server(arguments, |stage| idle::run(stage, &runtime, arguments.idle))?;
        results["idle_agents"] = serde_json::to_value(&part)?;
        say(&part.table());
    }
    if wanted("throughput") {
        let part =
            in_own_server(arguments, |stage| throughput::run(stage, &runtime, arguments.seconds))?;
        results["throughput"] = serde_json::to_value(&part)?;
        say(&throughput::table(&part));
    }
    if wanted("latency") {
        let part =
            in_own_server(arguments, |stage| latency::run(stage, &runtime, arguments.seconds))?;
        results["latency"] = serde_json::to_value(&part)?;
        say(&latency::table(&part));
    }
    if wanted("stalled") {
        let part =
            in_own_server(arguments, |stage| latency::stalled(stage, &runtime, arguments.seconds))?;
        results["stalled_viewer"] = serde_json::to_value(&part)?;
        say(&part.table());
    }
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    Ok(())
}

fn in_own_server<T>(
    arguments: &Arguments,
    measure: impl FnOnce(&mut Stage) -> Result<T>,
) -> Result<T> {
    let folder = tempfile::tempdir()?;
    let mut stage = Stage::start(arguments.plain, folder.path())?;
    progress(&format!("server on {}", stage.address()));
    let measured = measure(&mut stage);
    measured.with_context(|| format!("the server's log:\n{}", stage.log()))
}

/// Lets the runtime's threads work for a while.
fn rest(seconds: f32) {
    std::thread::sleep(std::time::Duration::from_secs_f32(seconds));
}
