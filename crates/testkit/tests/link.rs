//! The endpoints' link against the real relay, in one process.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode, hello};
use gc_proto::{Channel, Flags, Packet, Record, SUPPORTED_VERSIONS};
use gc_relay::ports::AgentCredential;
use gc_testkit::testing::{Received, TestRelay, link_pair, open_session, session_header};
use gc_transport::{Closed, Link};
use gc_types::{MachineId, Rights, TenantId};

fn agent_link(t: &TestRelay) -> Link {
    let (source, sink, link) = link_pair(64);
    let relay = t.relay.clone();
    let credential = AgentCredential::Machine {
        key: TestRelay::key(1),
        machine: MachineId::from_bytes([1; 16]),
        tenant: TenantId::DEFAULT,
    };
    gc_runtime::spawn("agent link", async move {
        relay.serve_agent(credential, TestRelay::peer_info(), source, sink).await;
    });
    let hello = Body::Hello(v2::Hello {
        versions: Some(SUPPORTED_VERSIONS),
        software: "test".into(),
        endpoint: Some(hello::Endpoint::Agent(v2::AgentHello::default())),
    });
    link.sender().say(hello).unwrap();
    link
}

async fn until(link: &mut Link, wanted: fn(&Body) -> bool) {
    while !matches!(link.recv().await.unwrap(), Packet::Link(body) if wanted(&body)) {}
}

#[tokio::test(start_paused = true)]
async fn a_link_stays_up_for_days_and_measures_its_round_trip() {
    let t = TestRelay::default();
    let mut link = agent_link(&t);
    let sender = link.sender();
    until(&mut link, |body| matches!(body, Body::Welcome(_))).await;
    let day = tokio::time::sleep(Duration::from_hours(48));
    tokio::select! {
        () = day => {}
        ended = link.recv() => panic!("{ended:?}"),
    }
    assert_eq!(t.relay.agents().len(), 1);
    sender.ping().unwrap();
    let answered = async {
        while sender.round_trip().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = answered => {}
        ended = link.recv() => panic!("{ended:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn records_and_the_end_of_a_link_go_through_both() {
    let t = TestRelay::default();
    let session = TestRelay::session(1);
    t.relay.open_session(open_session(session, TestRelay::machine(1)));
    let mut link = agent_link(&t);
    let sender = link.sender();
    until(&mut link, |body| matches!(body, Body::SessionOffer(_))).await;
    let (mut viewer, seat) = t.viewer(session, 1, Rights::CONTROL, 64).await;
    let header = session_header(session, Channel::Video, Flags::KEY_FRAME, 0, 0);
    let sent = Record::from_payload(header, b"picture");
    sender.send(&sent).unwrap();
    assert_eq!(viewer.next_record().await, sent);

    let seat = seat.participant as u16;
    let input = session_header(session, Channel::Input, Flags::NONE, seat, 0);
    let typed = viewer.record(input, b"key").await;
    loop {
        if let Packet::Record(record) = link.recv().await.unwrap() {
            assert_eq!(*record.bytes(), typed);
            break;
        }
    }
    t.relay.shutdown(Duration::from_secs(3)).await;
    let closed: Closed = loop {
        if let Err(closed) = link.recv().await {
            break closed;
        }
    };
    assert_eq!(closed.code, Some(CloseCode::GoingAway));
    assert_eq!(closed.retry_after, Some(Duration::from_secs(3)));
    viewer.until(|received| matches!(received, Received::Closed(1001)).then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_falls_silent_is_given_up() {
    // Nobody serves the relay's side: a cable that was cut.
    let (_source, _sink, mut link) = link_pair(64);
    let closed = link.recv().await.unwrap_err();
    assert_eq!(closed.code, Some(CloseCode::TimedOut));
}
