//! Measures what an idle agent costs in resident memory:
//! `cargo run --release -p gc-relay --example idle_memory`. Linux only: it reads
//! `/proc/self/statm`.

#![expect(clippy::print_stdout, reason = "the measurement is what it is run for")]

use gc_relay::ports::AgentCredential;
use gc_testkit::testing::{Peer, TestRelay, socket_pair};
use gc_types::{MachineId, TenantId};

const LINKS: u64 = 4_000;
/// Bytes of a page; what it is on every machine this was measured on.
const PAGE: u64 = 4_096;

/// Resident bytes of this process.
fn resident() -> std::io::Result<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.map(|pages| pages * PAGE).ok_or_else(|| std::io::Error::other("statm cannot be read"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let t = TestRelay::default();
    let start = resident()?;
    let sockets: Vec<_> = (0..LINKS).map(|_| socket_pair(4)).collect();
    let with_sockets = resident()?;
    let mut peers = Vec::new();
    for (n, (source, sink, peer)) in (0..LINKS).zip(sockets) {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        let credential = AgentCredential::Machine {
            key: TestRelay::key(1),
            machine: MachineId::from_bytes(id),
            tenant: TenantId::DEFAULT,
        };
        let relay = t.relay.clone();
        gc_runtime::spawn("agent", async move {
            relay.serve_agent(credential, TestRelay::peer_info(), source, sink).await;
        });
        let mut peer = Peer::new(peer);
        peer.hello_agent(Vec::new()).await;
        peer.next().await;
        peers.push(peer);
    }
    println!(
        "{} idle agents: {} B each in the relay, {} B each for the sockets of the measurement",
        t.relay.agents().len(),
        resident()?.saturating_sub(with_sockets) / LINKS,
        with_sockets.saturating_sub(start) / LINKS,
    );
    Ok(())
}
