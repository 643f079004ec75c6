//! How much the relay forwards, and what a gigabit costs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::pairs::Pair;
use crate::clock::monotonic;
use crate::report::{progress, table as lay_out};
use crate::stage::Stage;

const SESSIONS: [usize; 3] = [1, 10, 100];
const RECORDS: [usize; 3] = [1 << 10, 32 << 10, 256 << 10];
/// Bytes on their way in each session.
const WINDOW: usize = 512 << 10;

/// One cell.
#[derive(Debug, Serialize)]
pub(super) struct Throughput {
    sessions: usize,
    record_bytes: usize,
    records_per_second: f64,
    gbit_per_second: f64,
    relay_cpu_seconds_per_second: f64,
    /// `None` when the relay used less than a clock tick.
    relay_cpu_seconds_per_gbit: Option<f64>,
    gbit_per_relay_cpu_second: Option<f64>,
    records_skipped: u64,
}

/// All cells.
pub(super) fn run(stage: &mut Stage, runtime: &Runtime, seconds: u32) -> Result<Vec<Throughput>> {
    let mut pairs = Vec::new();
    let mut cells = Vec::new();
    for sessions in SESSIONS {
        while pairs.len() < sessions {
            pairs.push(Pair::open(stage, runtime, pairs.len(), 1)?);
        }
        for record_bytes in RECORDS {
            progress(&format!("throughput: {sessions} sessions, records of {record_bytes} bytes"));
            let (cell, back) = measure(stage, runtime, pairs, record_bytes, seconds)?;
            pairs = back;
            cells.push(cell);
        }
    }
    Ok(cells)
}

fn measure(
    stage: &mut Stage,
    runtime: &Runtime,
    pairs: Vec<Pair>,
    record_bytes: usize,
    seconds: u32,
) -> Result<(Throughput, Vec<Pair>)> {
    let sessions = pairs.len();
    let stop = Arc::new(AtomicBool::new(false));
    let received: Vec<_> =
        pairs.iter().flat_map(|pair| &pair.viewers).map(|v| v.received.clone()).collect();
    let window = (WINDOW / record_bytes).clamp(2, 64);
    let sum = |of: fn(&super::peers::Received) -> u64| received.iter().map(|r| of(r)).sum::<u64>();
    let records = |r: &super::peers::Received| r.records.load(Ordering::Relaxed);
    let bytes = |r: &super::peers::Received| r.bytes.load(Ordering::Relaxed);
    let skipped = |r: &super::peers::Received| r.skipped.load(Ordering::Relaxed);

    let (back, mut returned) = tokio::sync::mpsc::channel(sessions);
    for mut pair in pairs {
        let (stop, back) = (stop.clone(), back.clone());
        runtime.block_on(async {
            gc_runtime::spawn("bench load", async move {
                pair.window.add_permits(window);
                let mut lost = false;
                while !stop.load(Ordering::Relaxed) && !lost {
                    // A record that the relay swallowed at the very end would never
                    // give its permit back.
                    let permit = pair.window.acquire();
                    match tokio::time::timeout(Duration::from_secs(2), permit).await {
                        Ok(Ok(permit)) => permit.forget(),
                        _ => continue,
                    }
                    lost = pair.agent.send(record_bytes).await.is_err();
                }
                // Until all that is on its way has arrived.
                let all = pair.window.acquire_many(u32::try_from(window).unwrap_or(0));
                if let Ok(Ok(permits)) = tokio::time::timeout(Duration::from_secs(2), all).await {
                    permits.forget();
                }
                // The run is over when nobody takes it back.
                let _ = back.send((pair, lost)).await;
            });
        });
    }
    super::rest(0.5);
    let worker = stage.worker();
    let (start, cpu) = (monotonic(), worker.cpu_seconds()?);
    let before = (sum(records), sum(bytes), sum(skipped));
    super::rest(seconds as f32);
    let after = (sum(records), sum(bytes), sum(skipped));
    let (time, cpu) =
        ((monotonic().saturating_sub(start)).as_secs_f64(), worker.cpu_seconds()? - cpu);
    stop.store(true, Ordering::Relaxed);
    drop(back);
    let mut pairs = Vec::new();
    while let Some((pair, lost)) = runtime.block_on(returned.recv()) {
        anyhow::ensure!(!lost, "an agent's link was lost under load");
        pairs.push(pair);
    }
    let gbit = (after.1 - before.1) as f64 * 8.0 / 1e9;
    let cell = Throughput {
        sessions,
        record_bytes,
        records_per_second: (after.0 - before.0) as f64 / time,
        gbit_per_second: gbit / time,
        relay_cpu_seconds_per_second: cpu / time,
        relay_cpu_seconds_per_gbit: (gbit > 0.0).then(|| cpu / gbit),
        gbit_per_relay_cpu_second: (cpu > 0.0).then(|| gbit / cpu),
        records_skipped: after.2 - before.2,
    };
    Ok((cell, pairs))
}

/// For people.
pub(super) fn table(cells: &[Throughput]) -> String {
    let rows = cells.iter().map(|cell| {
        vec![
            cell.sessions.to_string(),
            cell.record_bytes.to_string(),
            format!("{:.0}", cell.records_per_second),
            format!("{:.2}", cell.gbit_per_second),
            format!("{:.0}", cell.relay_cpu_seconds_per_second * 100.0),
            cell.relay_cpu_seconds_per_gbit.map_or("-".to_owned(), |cpu| format!("{cpu:.3}")),
            cell.gbit_per_relay_cpu_second.map_or("-".to_owned(), |gbit| format!("{gbit:.2}")),
            cell.records_skipped.to_string(),
        ]
    });
    let head = [
        "sessions",
        "record B",
        "records/s",
        "Gbit/s",
        "relay CPU %",
        "CPU-s/Gbit",
        "Gbit/CPU-s",
        "skipped",
    ];
    lay_out(&head, rows.collect())
}
