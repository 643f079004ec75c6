//! What a connected agent costs that has nothing to do.

use anyhow::Result;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::peers::Peer;
use crate::clock::monotonic;
use crate::report::{progress, table as lay_out};
use crate::stage::Stage;

/// Idle agents.
#[derive(Debug, Serialize)]
pub(super) struct Idle {
    agents: usize,
    server_mib_before: f64,
    server_mib_after: f64,
    bytes_per_agent: f64,
    connects_per_second: f64,
    relay_cpu_seconds_per_second: f64,
}

/// Enrols and connects them, lets the server come to rest and looks at it.
pub(super) fn run(stage: &mut Stage, runtime: &Runtime, agents: usize) -> Result<Idle> {
    progress(&format!("idle agents: enrolling {agents} machines"));
    let keys = (0..agents)
        .map(|number| Ok(stage.rest.add_machine(&format!("Machine {number}"), "silent")?.1))
        .collect::<Result<Vec<String>>>()?;
    // The first connection costs what all share.
    let mut peers = vec![connect(stage, runtime, 0, &keys)?];
    super::rest(1.0);
    let worker = stage.worker();
    let before = worker.memory_mib()?;
    progress("idle agents: connecting");
    let start = monotonic();
    for number in 1..agents {
        peers.push(connect(stage, runtime, number, &keys)?);
    }
    let connecting = monotonic().saturating_sub(start);
    progress("idle agents: coming to rest");
    super::rest(6.0);
    let (start, cpu) = (monotonic(), worker.cpu_seconds()?);
    super::rest(4.0);
    let after = worker.memory_mib()?;
    let time = monotonic().saturating_sub(start).as_secs_f64();
    let added = agents.saturating_sub(1).max(1) as f64;
    Ok(Idle {
        agents,
        server_mib_before: before.resident,
        server_mib_after: after.resident,
        bytes_per_agent: (after.resident - before.resident) * f64::from(1 << 20) / added,
        connects_per_second: added / connecting.as_secs_f64(),
        relay_cpu_seconds_per_second: (worker.cpu_seconds()? - cpu) / time,
    })
}

fn connect(stage: &Stage, runtime: &Runtime, number: usize, keys: &[String]) -> Result<Peer> {
    let key = keys.get(number).map_or("", String::as_str);
    let name = format!("machine-{number}");
    runtime.block_on(async {
        let link = stage.door.agent(&name, key).await?;
        Ok(Peer::drive(link, |_| None))
    })
}

impl Idle {
    /// For people.
    pub(super) fn table(&self) -> String {
        lay_out(
            &["idle agents", "server MiB", "kB per agent", "connects/s", "server CPU %"],
            vec![vec![
                self.agents.to_string(),
                format!("{:.1} -> {:.1}", self.server_mib_before, self.server_mib_after),
                format!("{:.1}", self.bytes_per_agent / 1_000.0),
                format!("{:.0}", self.connects_per_second),
                format!("{:.1}", self.relay_cpu_seconds_per_second * 100.0),
            ]],
        )
    }
}
