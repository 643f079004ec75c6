//! What an idle link weighs: servers hold tens of thousands of them.

use gc_relay::ports::AgentCredential;
use gc_testkit::testing::{TestRelay, socket_pair};
use gc_types::{MachineId, TenantId};

/// The opening of a link needs more; it is boxed and freed.
#[tokio::test]
async fn the_future_of_an_idle_link_is_small() {
    let t = TestRelay::default();
    let credential = AgentCredential::Machine {
        key: TestRelay::key(1),
        machine: MachineId::from_bytes([1; 16]),
        tenant: TenantId::DEFAULT,
    };
    let (source, sink, _peer) = socket_pair(1);
    let agent = t.relay.serve_agent(credential, TestRelay::peer_info(), source, sink);
    let (source, sink, _peer) = socket_pair(1);
    let viewer = t.relay.serve_viewer(TestRelay::peer_info(), source, sink);
    assert!(size_of_val(&agent) <= 1_600, "{}", size_of_val(&agent));
    assert!(size_of_val(&viewer) <= 1_600, "{}", size_of_val(&viewer));
}

#[tokio::test]
#[ignore = "measures: run it by name with --nocapture"]
async fn resident_memory_of_idle_agents() {
    fn resident() -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
    }
    const LINKS: u64 = 4_000;
    let t = TestRelay::default();
    let start = resident();
    let sockets: Vec<_> = (0..LINKS).map(|_| socket_pair(4)).collect();
    let with_sockets = resident();
    let mut peers = Vec::new();
    for (n, (source, sink, peer)) in sockets.into_iter().enumerate() {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&(n as u64).to_le_bytes());
        let credential = AgentCredential::Machine {
            key: TestRelay::key(1),
            machine: MachineId::from_bytes(id),
            tenant: TenantId::DEFAULT,
        };
        let relay = t.relay.clone();
        gc_runtime::spawn("agent", async move {
            relay.serve_agent(credential, TestRelay::peer_info(), source, sink).await;
        });
        let mut peer = gc_testkit::testing::Peer::new(peer);
        peer.hello_agent(Vec::new()).await;
        peer.next().await;
        peers.push(peer);
    }
    let events: usize = t.log.all().len();
    println!(
        "{LINKS} idle agents: {} B each in the relay, {} B each for the test's sockets, {events} events",
        (resident() - with_sockets) / LINKS,
        (with_sockets - start) / LINKS,
    );
    assert_eq!(t.relay.agents().len() as u64, LINKS);
}
