//! How long a record takes from an agent to a viewer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::pairs::Pair;
use super::peers::Received;
use crate::clock::monotonic;
use crate::report::{progress, table as lay_out};
use crate::stage::Stage;
use crate::statistics::{Samples, Spread};
use crate::usage::Memory;

/// One-way times in one setting. They include the work of both simulated ends.
#[derive(Debug, Serialize)]
pub(super) struct Latency {
    what: String,
    record_bytes: usize,
    records_per_second: u32,
    one_way_us: Spread,
}

/// One session: small records at a calm pace, and a video of 16 Mbit/s.
pub(super) fn run(stage: &mut Stage, runtime: &Runtime, seconds: u32) -> Result<Vec<Latency>> {
    let mut pair = Pair::open(stage, runtime, 0, 1)?;
    let mut all = Vec::new();
    for (record_bytes, per_second) in [(1 << 10, 120), (32 << 10, 60), (32 << 10, 2_000)] {
        progress(&format!("latency: {per_second} records/s of {record_bytes} bytes"));
        let taken = measure(runtime, &mut pair, record_bytes, per_second, seconds)?;
        all.push(Latency {
            what: "1 session".to_owned(),
            record_bytes,
            records_per_second: per_second,
            one_way_us: taken.first().copied().unwrap_or_default(),
        });
    }
    Ok(all)
}

/// Sends at an even pace; the times of each viewer, microseconds.
fn measure(
    runtime: &Runtime,
    pair: &mut Pair,
    record_bytes: usize,
    per_second: u32,
    seconds: u32,
) -> Result<Vec<Spread>> {
    let received: Vec<_> = pair.viewers.iter().map(|viewer| viewer.received.clone()).collect();
    for viewer in &received {
        viewer.keep.store(true, Ordering::Relaxed);
    }
    runtime.block_on(async {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let end = monotonic() + Duration::from_secs(seconds.into());
        while monotonic() < end {
            ticks.tick().await;
            pair.agent.send(record_bytes).await?;
        }
        // What is on its way shall still count.
        tokio::time::sleep(Duration::from_millis(200)).await;
        anyhow::Ok(())
    })?;
    Ok(received.iter().map(|viewer| take(viewer).spread()).collect())
}

fn take(viewer: &Received) -> Samples {
    viewer.keep.store(false, Ordering::Relaxed);
    let taken = viewer.latencies.lock().map(|mut all| std::mem::take(&mut *all));
    taken.unwrap_or_default().into_iter().map(|nanoseconds| nanoseconds as f64 / 1_000.0).collect()
}

/// What a viewer that takes nothing does to others.
#[derive(Debug, Serialize)]
pub(super) struct Stalled {
    record_bytes: usize,
    records_per_second: u32,
    /// The other viewer of the same session, before.
    same_session_before_us: Spread,
    /// The same while one is stalled.
    same_session_during_us: Spread,
    /// Server's resident memory before, MiB.
    server_mib_before: f64,
    /// While one is stalled, at its peak, MiB.
    server_mib_peak: f64,
    /// Bytes sent to the stalled one meanwhile.
    offered_mib: f64,
}

/// Two viewers of one session, then a third that reads nothing.
pub(super) fn stalled(stage: &mut Stage, runtime: &Runtime, seconds: u32) -> Result<Stalled> {
    let (record_bytes, per_second) = (32 << 10, 500);
    let mut pair = Pair::open(stage, runtime, 0, 2)?;
    progress("stalled viewer: before");
    let before = measure(runtime, &mut pair, record_bytes, per_second, seconds)?;
    let memory: Memory = stage.worker().memory_mib()?;
    pair.add_stalled(stage, runtime)?;
    progress("stalled viewer: during");
    let during = measure(runtime, &mut pair, record_bytes, per_second, seconds)?;
    let after = stage.worker().memory_mib()?;
    Ok(Stalled {
        record_bytes,
        records_per_second: per_second,
        same_session_before_us: before.first().copied().unwrap_or_default(),
        same_session_during_us: during.first().copied().unwrap_or_default(),
        server_mib_before: memory.resident,
        server_mib_peak: after.peak,
        offered_mib: f64::from(per_second * seconds) * record_bytes as f64 / f64::from(1 << 20),
    })
}

impl Stalled {
    /// For people.
    pub(super) fn table(&self) -> String {
        let row = |what: &str, spread: &Spread, memory: f64| {
            vec![what.to_owned(), microseconds(spread), format!("{memory:.1}")]
        };
        lay_out(
            &["viewer beside a stalled one", "one-way us p50 / p99 / max", "server MiB"],
            vec![
                row("before", &self.same_session_before_us, self.server_mib_before),
                row(
                    &format!("during, {:.0} MiB offered", self.offered_mib),
                    &self.same_session_during_us,
                    self.server_mib_peak,
                ),
            ],
        )
    }
}

fn microseconds(spread: &Spread) -> String {
    let text = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.0}"));
    format!("{} / {} / {}", text(spread.p50), text(spread.p99), text(spread.max))
}

/// For people.
pub(super) fn table(all: &[Latency]) -> String {
    let rows = all.iter().map(|latency| {
        vec![
            latency.what.clone(),
            latency.record_bytes.to_string(),
            latency.records_per_second.to_string(),
            microseconds(&latency.one_way_us),
        ]
    });
    lay_out(&["setting", "record B", "records/s", "one-way us p50 / p99 / max"], rows.collect())
}
