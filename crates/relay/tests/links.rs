//! How links begin, misbehave and end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{Channel, Flags, Header, Record, max_payload};
use gc_relay::ports::{AgentCredential, RelayEvent, SocketEvent};
use gc_testkit::testing::{Received, TestRelay, open_session, session_header};
use gc_types::{MachineId, Rights, TenantId};
use tokio::sync::Notify;
use tokio::time::Instant;

fn machine(n: u8) -> AgentCredential {
    AgentCredential::Machine {
        key: TestRelay::key(n),
        machine: MachineId::from_bytes([n; 16]),
        tenant: TenantId::DEFAULT,
    }
}

fn input(seat: u16, sequence: u32) -> Header {
    session_header(TestRelay::session(1), Channel::Input, Flags::NONE, seat, sequence)
}

fn video(sequence: u32) -> Header {
    session_header(TestRelay::session(1), Channel::Video, Flags::NONE, 0, sequence)
}

#[tokio::test(start_paused = true)]
async fn a_link_without_a_hello_is_closed_in_time() {
    let t = TestRelay::default();
    let began = Instant::now();
    for mut peer in [t.connect_agent(machine(1), 8), t.connect_viewer(8)] {
        let (close, code, _) = peer.closed().await;
        assert_eq!((close.code(), code), (CloseCode::TimedOut, 4408));
    }
    assert_eq!(began.elapsed().as_secs(), 5);
    assert!(t.log.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_hello_that_does_not_fit_is_refused_with_its_reason() {
    let t = TestRelay::default();
    let mut viewer_at_agents_door = t.connect_agent(machine(1), 8);
    viewer_at_agents_door.hello_viewer("x").await;
    assert_eq!(viewer_at_agents_door.closed().await.1, 1002);

    let mut stranger = t.connect_viewer(8);
    stranger.hello_viewer("no such token").await;
    assert_eq!(stranger.closed().await.1, 4401);

    let mut future = t.connect_agent(machine(1), 8);
    future
        .say(Body::Hello(v2::Hello {
            versions: Some(v2::VersionRange { min: 90, max: 99 }),
            software: "9".into(),
            endpoint: Some(v2::hello::Endpoint::Agent(v2::AgentHello::default())),
        }))
        .await;
    assert_eq!(future.closed().await.1, 4426);

    let mut impatient = t.connect_viewer(8);
    impatient.record(video(0), b"before hello").await;
    assert_eq!(impatient.closed().await.1, 1002);
    assert!(t.log.all().is_empty(), "none of them was let in");
}

#[tokio::test(start_paused = true)]
async fn broken_messages_close_with_the_code_of_the_rfc() {
    let t = TestRelay::default();
    let session = TestRelay::session(1);
    t.relay.open_session(open_session(session, TestRelay::machine(1)));
    let _agent = t.agent(1).await;
    let reserved_flag = {
        let mut bytes = Record::from_payload(video(0), b"").bytes().to_vec();
        bytes[3] = 0x80;
        SocketEvent::Message(bytes.into())
    };
    for (n, (event, expected)) in [
        (SocketEvent::Text, 1003),
        (SocketEvent::ProtocolError, 1002),
        (SocketEvent::InvalidUtf8, 1007),
        (SocketEvent::TooLarge, 1009),
        (SocketEvent::Message(Bytes::from_static(&[0x7F])), 1002),
        (SocketEvent::Message(Bytes::new()), 1002),
        (SocketEvent::Message(Bytes::from_static(&[1, 0xFF, 0xFF])), 1007),
        (reserved_flag, 1002),
    ]
    .into_iter()
    .enumerate()
    {
        let (mut viewer, _) = t.viewer(session, n as u8, Rights::VIEW_ONLY, 64).await;
        viewer.event(event.clone()).await;
        let (close, code, _) = viewer.closed().await;
        assert_eq!((i32::from(code), close.code), (expected, expected), "{event:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn oversize_is_refused_before_anyone_sees_a_byte() {
    let t = TestRelay::default();
    let session = TestRelay::session(1);
    t.relay.open_session(open_session(session, TestRelay::machine(1)));
    let mut agent = t.agent(1).await;
    let (mut large, seat) = t.viewer(session, 1, Rights::CONTROL, 64).await;
    let (mut other, _) = t.viewer(session, 2, Rights::CONTROL, 64).await;
    let seat = seat.participant as u16;

    let most = max_payload(Channel::Input, false);
    let fits = large.record(input(seat, 0), &vec![1; most]).await;
    large.record(input(seat, 1), &vec![2; most + 1]).await;
    assert_eq!(large.closed().await.1, 1009);
    assert_eq!(*agent.next_record().await.bytes(), fits);
    assert!(!agent.settle().await.iter().any(|r| matches!(r, Received::Record(_))));

    let cursor = session_header(session, Channel::Cursor, Flags::NONE, 0, 0);
    agent.record(cursor, &vec![3; max_payload(Channel::Cursor, true) + 1]).await;
    assert_eq!(agent.closed().await.1, 1009);
    assert!(!other.settle().await.iter().any(|r| matches!(r, Received::Record(_))));
}

#[tokio::test(start_paused = true)]
async fn the_newest_link_of_a_machine_wins_once() {
    let t = TestRelay::default();
    t.relay.open_session(open_session(TestRelay::session(1), TestRelay::machine(1)));
    let mut first = t.agent(1).await;
    let mut second = t.agent(1).await;
    let (close, code, _) = first.closed().await;
    assert_eq!(code, 4409);
    assert!(close.retry_after_ms >= 10_000, "a duplicate stays away for a while");
    let epoch = second
        .body(|body| match body {
            Body::SessionOffer(offer) => Some(offer.epoch),
            _ => None,
        })
        .await;
    assert_eq!(epoch, 2);
    let offline =
        |log: Vec<RelayEvent>| log.iter().any(|e| matches!(e, RelayEvent::AgentOffline { .. }));
    second.settle().await;
    assert!(!offline(t.log.all()), "the machine never was offline");
    assert_eq!(t.relay.agents().len(), 1);

    let _third = t.agent(1).await;
    let _fourth = t.agent(1).await;
    assert_eq!(t.log.violations(), ["agent_flapping"]);
}

#[tokio::test(start_paused = true)]
async fn cut_links_close_at_once() {
    let t = TestRelay::default();
    let session = TestRelay::session(1);
    t.relay.open_session(open_session(session, TestRelay::machine(1)));
    let mut agent = t.agent(1).await;
    let (mut one, _) = t.viewer(session, 1, Rights::CONTROL, 64).await;
    let (mut two, _) = t.viewer(session, 2, Rights::CONTROL, 64).await;
    // Reads nothing: the kernel's buffers are full.
    let (mut stuck, seat) = t.viewer(session, 1, Rights::VIEW_ONLY, 1).await;
    for sequence in 0..40 {
        agent.record(video(sequence), &vec![0; 40_000]).await;
    }

    let began = Instant::now();
    t.relay.cut_login(TestRelay::login(1));
    assert_eq!(one.closed().await.1, 4401);
    let left = seat.participant as u16;
    t.log
        .until(|event| match event {
            RelayEvent::ViewerLeft { participant, .. } if *participant == left => Some(()),
            _ => None,
        })
        .await;
    assert!(began.elapsed() < Duration::from_secs(2));
    stuck.until(|received| (*received == Received::Gone).then_some(())).await;

    t.relay.cut_user(TestRelay::user(2));
    assert_eq!(two.closed().await.1, 4403);
    t.relay.cut_agent_key(TestRelay::key(2));
    agent.settle().await;
    t.relay.cut_agent_key(TestRelay::key(1));
    assert_eq!(agent.closed().await.1, 4401);
    t.log.until(|e| matches!(e, RelayEvent::AgentOffline { .. }).then_some(())).await;
    // What was cut stays out until a new admission begins after the cut.
    tokio::time::advance(Duration::from_millis(1)).await;
    let mut again = t.agent(1).await;
    t.relay.cut_agent(TestRelay::machine(1));
    assert_eq!(again.closed().await.1, 4403);
}

#[tokio::test(start_paused = true)]
async fn a_cut_reaches_an_admission_that_is_under_way() {
    let t = TestRelay::default();
    let session = TestRelay::session(1);
    t.relay.open_session(open_session(session, TestRelay::machine(1)));
    let agent = t.agent(1).await;
    let gate_opens = Arc::new(Notify::new());
    *t.gate.hold.lock().unwrap() = Some(Arc::clone(&gate_opens));

    let token = t.token(session, 1, Rights::CONTROL);
    let mut viewer = t.connect_viewer(64);
    viewer.hello_viewer(&token).await;
    let mut machine = t.connect_agent(machine(2), 64);
    machine.hello_agent(Vec::new()).await;
    // Both wait at the gate once time has to pass for anything to happen.
    tokio::time::advance(Duration::from_millis(1)).await;
    tokio::task::yield_now().await;
    t.relay.cut_login(TestRelay::login(1));
    t.relay.cut_agent_key(TestRelay::key(2));
    gate_opens.notify_one();
    gate_opens.notify_waiters();
    tokio::time::advance(Duration::from_millis(1)).await;
    gate_opens.notify_one();
    assert_eq!(viewer.closed().await.1, 4401);
    assert_eq!(machine.closed().await.1, 4401);
    assert_eq!(t.relay.agents().len(), 1);
    drop(agent);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_says_when_to_come_back() {
    let t = TestRelay::default();
    let session = TestRelay::session(1);
    t.relay.open_session(open_session(session, TestRelay::machine(1)));
    let mut agent = t.agent(1).await;
    // Of these nobody has heard a word yet: they must not hold up the end.
    let (mut first, mut second) = (t.connect_viewer(8), t.connect_agent(machine(3), 8));
    let (mut viewer, _) = t.viewer(session, 1, Rights::CONTROL, 64).await;
    let asked = Instant::now();
    t.relay.shutdown(Duration::from_secs(2)).await;
    for peer in [&mut agent, &mut viewer, &mut first, &mut second] {
        let (close, code, _) = peer.closed().await;
        assert_eq!((code, close.retry_after_ms), (1001, 2_000));
    }
    assert_eq!(asked.elapsed(), Duration::ZERO, "in the time of the paused clock");
    assert_eq!((t.relay.metrics().agents, t.relay.metrics().viewers), (0, 0));

    let mut late = t.connect_agent(machine(2), 8);
    late.hello_agent(Vec::new()).await;
    assert_eq!(late.closed().await.1, 1001);
}

#[tokio::test(start_paused = true)]
async fn idle_links_beat_and_silent_ones_are_given_up() {
    let t = TestRelay::default();
    let mut agent = t.agent(1).await;
    let began = Instant::now();
    agent.alive = false;
    agent.body(|body| matches!(body, Body::Heartbeat(_)).then_some(())).await;
    let first = began.elapsed();
    assert!((Duration::from_secs(9)..=Duration::from_secs(12)).contains(&first), "{first:?}");
    let (close, code, _) = agent.closed().await;
    assert_eq!((close.code(), code), (CloseCode::TimedOut, 4408));
    assert_eq!(began.elapsed().as_secs(), 28);
    t.log.until(|e| matches!(e, RelayEvent::AgentOffline { .. }).then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn records_of_unknown_sessions_are_counted_and_then_close_the_link() {
    let t = TestRelay::default();
    let foreign = TestRelay::session(1);
    t.relay.open_session(open_session(foreign, TestRelay::machine(1)));
    let _owner = t.agent(1).await;
    let (mut viewer, _) = t.viewer(foreign, 1, Rights::CONTROL, 64).await;
    let mut intruder = t.agent(2).await;
    for sequence in 0..19 {
        intruder.record(video(sequence), b"not mine").await;
    }
    intruder.settle().await;
    assert_eq!(t.log.violations(), ["unknown_session"], "told once");
    intruder.record(video(19), b"not mine").await;
    assert_eq!(intruder.closed().await.1, 1008);
    assert!(!viewer.settle().await.iter().any(|r| matches!(r, Received::Record(_))));
}

#[tokio::test(start_paused = true)]
async fn link_messages_have_a_rate() {
    let t = TestRelay::default();
    let mut agent = t.agent(1).await;
    let mut sent = 0;
    while sent < 300 && agent.try_say(Body::AgentStatus(v2::AgentStatus::default())).await {
        sent += 1;
    }
    assert_eq!(t.log.violations(), ["link_message_rate"]);
    assert_eq!(agent.closed().await.1, 1008);
    let statuses =
        t.log.all().iter().filter(|e| matches!(e, RelayEvent::AgentStatus { .. })).count();
    assert!(statuses <= 100, "{statuses}");
}
