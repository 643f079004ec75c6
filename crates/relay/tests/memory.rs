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
