//! What passes between an agent and its viewers, and what does not.

use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, AgentPresence, ControlVerb, PictureReason};
use gc_proto::{Channel, Flags, Header, Record};
use gc_relay::RelayConfig;
use gc_relay::ports::{AgentCredential, AgentRef, RelayEvent};
use gc_testkit::testing::{Peer, Received, TestRelay, open_session, session_header};
use gc_types::{CauseCode, ConsentMode, ConsentState, Rights, SessionId};
use tokio::time::Instant;

const S: SessionId = TestRelay::session(1);

fn header(channel: Channel, participant: u16, sequence: u32) -> Header {
    session_header(S, channel, Flags::NONE, participant, sequence)
}

fn frame(sequence: u32, key: bool) -> Header {
    let flags = Flags::DROPPABLE.with(Flags::END);
    let flags = if key { flags.with(Flags::KEY_FRAME) } else { flags };
    session_header(S, Channel::Video, flags, 0, sequence)
}

fn has_record(received: &[Received]) -> bool {
    received.iter().any(|r| matches!(r, Received::Record(_)))
}

fn records(received: Vec<Received>) -> Vec<Record> {
    let record = |r| match r {
        Received::Record(record) => Some(record),
        _ => None,
    };
    received.into_iter().filter_map(record).collect()
}

/// A relay with a silent session on machine 1, which is online.
async fn opened() -> (TestRelay, Peer) {
    let t = TestRelay::default();
    t.relay.open_session(open_session(S, TestRelay::machine(1)));
    let agent = t.agent(1).await;
    (t, agent)
}

async fn seated(t: &TestRelay, n: u8, rights: Rights) -> (Peer, u16) {
    let (peer, seat) = t.viewer(S, n, rights, 4_096).await;
    (peer, seat.participant as u16)
}

fn answer(consent: v2::ConsentState, rights: Rights) -> Body {
    Body::SessionAnswer(v2::SessionAnswer {
        session_id: S.as_bytes().to_vec(),
        consent: consent.into(),
        rights: rights.bits(),
        cause: None,
    })
}

async fn presence(viewer: &mut Peer, wanted: AgentPresence) -> v2::SessionState {
    viewer
        .body(|body| match body {
            Body::SessionState(state) if state.agent() == wanted => Some(state.clone()),
            _ => None,
        })
        .await
}

#[tokio::test(start_paused = true)]
async fn records_pass_byte_for_byte_both_ways() {
    let (t, mut agent) = opened().await;
    let (mut viewer, seat) = seated(&t, 1, Rights::CONTROL).await;
    let payload: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let sent = agent.record(frame(0, true), &payload).await;
    assert_eq!(*viewer.next_record().await.bytes(), sent);
    let sent = viewer.record(header(Channel::Input, seat, 0), b"\xFF\x00not protobuf").await;
    assert_eq!(*agent.next_record().await.bytes(), sent);
    let metrics = t.relay.metrics();
    assert_eq!((metrics.records, metrics.sessions, metrics.viewers), (2, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_joining_viewer_is_announced_and_gets_a_picture() {
    let (t, mut agent) = opened().await;
    let (mut viewer, seat) = seated(&t, 1, Rights::CONTROL).await;
    let state = presence(&mut viewer, AgentPresence::Online).await;
    assert_eq!((state.controller, state.participants.len()), (seat.into(), 1));
    let mut said = Vec::new();
    agent
        .body(|body| {
            said.push(match body {
                Body::SessionOffer(_) => "offer",
                Body::ParticipantJoined(_) => "joined",
                Body::ControlChanged(_) => "control",
                Body::PictureNeeded(needed) => {
                    assert_eq!(needed.reason(), PictureReason::Joined);
                    return Some(());
                }
                _ => "other",
            });
            None
        })
        .await;
    assert_eq!(said, ["offer", "joined", "control"]);
    drop(viewer);
    agent
        .body(|body| match body {
            Body::ParticipantLeft(left) => (left.participant == u32::from(seat)).then_some(()),
            _ => None,
        })
        .await;
    t.log.until(|e| matches!(e, RelayEvent::ViewerLeft { .. }).then_some(())).await;
    let (_, next) = seated(&t, 1, Rights::CONTROL).await;
    assert_eq!(next, seat + 1, "a seat is never given twice");
}

#[tokio::test(start_paused = true)]
async fn nothing_passes_before_consent_and_nobody_joins() {
    let t = TestRelay::default();
    let mut session = open_session(S, TestRelay::machine(1));
    session.consent_mode = ConsentMode::Ask;
    session.consent = ConsentState::Pending;
    t.relay.open_session(session);
    let mut agent = t.agent(1).await;

    let token = t.token(S, 1, Rights::CONTROL);
    let mut early = t.connect_viewer(64);
    early.hello_viewer(&token).await;
    assert_eq!(early.closed().await.1, 4403);
    agent.record(frame(0, true), b"a picture nobody allowed").await;
    agent.settle().await;
    assert_eq!(t.log.violations(), ["consent_missing"]);
    assert_eq!(t.relay.metrics().records, 0);

    agent.say(answer(v2::ConsentState::NotRequired, Rights::CONTROL)).await;
    agent.settle().await;
    assert_eq!(t.relay.sessions()[0].consent, ConsentState::Pending, "the mode asks");

    agent.say(answer(v2::ConsentState::Granted, Rights::VIEW_ONLY)).await;
    agent.settle().await;
    let (mut viewer, seat) = seated(&t, 1, Rights::CONTROL).await;
    agent.record(frame(1, true), b"picture").await;
    assert_eq!(&viewer.next_record().await.payload()[..], b"picture");
    viewer.record(header(Channel::Input, seat, 0), b"key").await;
    viewer.settle().await;
    assert!(!has_record(&agent.settle().await), "the user allowed looking only");
}

#[tokio::test(start_paused = true)]
async fn a_denial_ends_the_session_with_its_cause() {
    let t = TestRelay::default();
    let mut session = open_session(S, TestRelay::machine(1));
    session.consent_mode = ConsentMode::Ask;
    session.consent = ConsentState::Pending;
    t.relay.open_session(session);
    let mut agent = t.agent(1).await;
    // Another agent may not answer for this one's user.
    let mut other = t.agent(2).await;
    other.say(answer(v2::ConsentState::Granted, Rights::CONTROL)).await;
    other.settle().await;
    assert_eq!(t.relay.sessions()[0].consent, ConsentState::Pending);
    assert_eq!(t.log.violations(), ["unknown_session"]);

    agent.say(answer(v2::ConsentState::Denied, Rights::CONTROL)).await;
    let cause = t
        .log
        .until(|event| match event {
            RelayEvent::SessionEnded { cause, .. } => Some(*cause),
            _ => None,
        })
        .await;
    assert_eq!(cause, CauseCode::ConsentDenied);
    let token = t.token(S, 1, Rights::CONTROL);
    let mut late = t.connect_viewer(64);
    late.hello_viewer(&token).await;
    assert_eq!(late.closed().await.1, 4404);
    agent.record(frame(0, true), b"still sending").await;
    agent.settle().await;
    assert_eq!(t.log.violations().len(), 1, "records on their way are no breach");
}

#[tokio::test(start_paused = true)]
async fn view_only_input_never_reaches_the_agent() {
    let (t, mut agent) = opened().await;
    let (mut watcher, seat) = seated(&t, 1, Rights::VIEW_ONLY).await;
    for sequence in 0..100 {
        watcher.record(header(Channel::Input, seat, sequence), b"key").await;
        watcher.record(header(Channel::Clipboard, seat, sequence), b"text").await;
    }
    watcher.settle().await;
    assert!(!has_record(&agent.settle().await));
    assert_eq!(
        t.log.violations(),
        ["input_without_right", "clipboard_without_right"],
        "told once for each rule"
    );
    let clipboard = agent.record(header(Channel::Clipboard, 0, 0), b"secret").await;
    let (mut technician, _) = seated(&t, 2, Rights::CONTROL).await;
    let seen = agent.record(header(Channel::Clipboard, 0, 1), b"for those who may").await;
    assert_ne!(clipboard, seen);
    assert_eq!(*technician.next_record().await.bytes(), seen);
    assert!(!has_record(&watcher.settle().await));
}

#[tokio::test(start_paused = true)]
async fn only_the_participant_in_control_types() {
    let (t, mut agent) = opened().await;
    let (mut one, first) = seated(&t, 1, Rights::CONTROL).await;
    let (mut two, second) = seated(&t, 2, Rights::CONTROL).await;
    two.record(header(Channel::Input, second, 0), b"no").await;
    // A forged seat number does not help.
    two.record(header(Channel::Input, first, 1), b"no").await;
    two.settle().await;
    assert!(!has_record(&agent.settle().await));
    assert_eq!(t.log.violations(), ["not_in_control", "foreign_participant"]);

    let act = |verb: ControlVerb, participant: u16| {
        Body::ControlAction(v2::ControlAction {
            verb: verb.into(),
            participant: participant.into(),
        })
    };
    two.say(act(ControlVerb::Give, second)).await;
    two.say(act(ControlVerb::Ask, 0)).await;
    one.body(|body| match body {
        Body::SessionState(s) => s.participants.iter().any(|p| p.asks_for_control).then_some(()),
        _ => None,
    })
    .await;
    one.say(act(ControlVerb::Give, second)).await;
    one.settle().await;
    let sent = two.record(header(Channel::Input, second, 2), b"yes").await;
    assert_eq!(*agent.next_record().await.bytes(), sent);
    one.record(header(Channel::Input, first, 0), b"no").await;
    one.settle().await;
    assert!(!has_record(&agent.settle().await));

    drop(two);
    let freed = t.log.until(|e| match e {
        RelayEvent::Control { user: None, .. } => Some(()),
        _ => None,
    });
    freed.await;
    one.say(act(ControlVerb::Ask, 0)).await;
    one.settle().await;
    assert!(t.relay.sessions()[0].viewers[0].in_control);
}

#[tokio::test(start_paused = true)]
async fn replays_and_records_of_an_earlier_link_are_dropped() {
    let (t, mut agent) = opened().await;
    let (mut viewer, seat) = seated(&t, 1, Rights::CONTROL).await;
    let key = viewer.record(header(Channel::Input, seat, 5), b"once").await;
    viewer.send(key.clone()).await;
    viewer.settle().await;
    let got = records(agent.settle().await);
    assert_eq!(got.len(), 1);
    assert_eq!(t.log.violations(), ["replayed_record"]);

    drop(agent);
    let offline = presence(&mut viewer, AgentPresence::Offline).await;
    assert_eq!(offline.cause.unwrap().code, CauseCode::AgentOffline as i32);
    let mut agent = t.agent(1).await;
    let state = presence(&mut viewer, AgentPresence::Online).await;
    assert_eq!(state.epoch, 2);
    let mut joined = false;
    agent
        .body(|body| {
            joined |=
                matches!(body, Body::ParticipantJoined(j) if j.participant == u32::from(seat));
            matches!(body, Body::PictureNeeded(_)).then_some(())
        })
        .await;
    assert!(joined, "the returning agent learns who watches");
    viewer.send(key).await;
    viewer.settle().await;
    assert!(!has_record(&agent.settle().await));
    agent.record(frame(0, true), b"epoch 1").await;
    let new = Header { epoch: 2, ..frame(0, true) };
    let sent = agent.record(new, b"epoch 2").await;
    assert_eq!(*viewer.next_record().await.bytes(), sent);
}

#[tokio::test(start_paused = true)]
async fn input_is_limited_and_the_rest_is_not_held_up() {
    let (t, mut agent) = opened().await;
    let (mut viewer, seat) = seated(&t, 1, Rights::CONTROL).await;
    for sequence in 0..1_000 {
        viewer.record(header(Channel::Input, seat, sequence), b"move").await;
    }
    viewer.record(header(Channel::Video, seat, 0), b"ack").await;
    viewer.settle().await;
    let got = records(agent.settle().await);
    let input = got.iter().filter(|r| r.header().channel == Channel::Input).count();
    assert_eq!(input, 200);
    assert_eq!(got.len(), 201, "the acknowledgement passes");
    assert_eq!(t.log.violations(), ["input_rate"]);
    tokio::time::advance(Duration::from_millis(100)).await;
    for sequence in 1_000..1_100 {
        viewer.record(header(Channel::Input, seat, sequence), b"move").await;
    }
    viewer.settle().await;
    assert_eq!(records(agent.settle().await).len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_slow_viewer_skips_to_a_key_frame_and_holds_nobody_up() {
    let t = TestRelay::new(RelayConfig { viewer_queue: 100_000, ..RelayConfig::default() });
    t.relay.open_session(open_session(S, TestRelay::machine(1)));
    let mut agent = t.agent(1).await;
    let (mut quick, _) = seated(&t, 1, Rights::VIEW_ONLY).await;
    let (mut slow, slow_seat) = t.viewer(S, 2, Rights::VIEW_ONLY, 1).await;
    agent.settle().await;

    agent.record(frame(0, true), &vec![0; 20_000]).await;
    for sequence in 1..50 {
        agent.record(frame(sequence, false), &vec![1; 20_000]).await;
        assert_eq!(quick.next_record().await.header().sequence, sequence - 1);
    }
    assert_eq!(quick.next_record().await.header().sequence, 49);
    let asked = |received: &[Received]| {
        received.iter().any(|r| {
            matches!(r, Received::Link(Body::PictureNeeded(needed))
                if needed.reason() == PictureReason::Skipped
                    && needed.participant == slow_seat.participant)
        })
    };
    assert!(!asked(&agent.settle().await), "a viewer that takes nothing costs no picture");

    // It reads again: what was on its way comes, then a whole picture is asked for.
    let before = slow.settle().await;
    assert!(asked(&agent.settle().await));
    let before = records(before);
    assert!(before.len() < 10, "{}", before.len());
    let in_order: Vec<u32> = before.iter().map(|r| r.header().sequence).collect();
    assert_eq!(in_order, (0..before.len() as u32).collect::<Vec<_>>(), "no gap inside");

    agent.record(frame(50, false), b"needs what was skipped").await;
    let key = agent.record(frame(51, true), b"whole").await;
    let next = agent.record(frame(52, false), b"follows").await;
    assert_eq!(*slow.next_record().await.bytes(), key);
    assert_eq!(*slow.next_record().await.bytes(), next);
    assert!(t.relay.metrics().dropped > 40);
}

#[tokio::test(start_paused = true)]
async fn a_viewer_that_takes_nothing_is_closed_and_its_control_freed() {
    let (t, agent) = opened().await;
    let (stuck, seat) = t.viewer(S, 1, Rights::CONTROL, 1).await;
    let (mut other, _) = seated(&t, 2, Rights::CONTROL).await;
    let began = Instant::now();
    for sequence in 0..10 {
        agent.record(frame(sequence, sequence == 0), &vec![0; 30_000]).await;
        other.next_record().await;
    }
    // It still says something now and then; only reading counts.
    let beat = async {
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            stuck.try_say(Body::HeartbeatAck(v2::HeartbeatAck { nonce: 1 })).await;
        }
    };
    let left = t.log.until(|event| match event {
        RelayEvent::ViewerLeft { participant, .. } => {
            (u32::from(*participant) == seat.participant).then_some(())
        }
        _ => None,
    });
    let reading = async {
        loop {
            other.next().await;
        }
    };
    tokio::select! {
        ((), ()) = async { tokio::join!(beat, left) } => {}
        () = reading => {}
    }
    let took = began.elapsed().as_secs();
    assert!((20..30).contains(&took), "{took} s");
    t.log.until(|e| matches!(e, RelayEvent::Control { user: None, .. }).then_some(())).await;
}

#[tokio::test(start_paused = true)]
async fn a_stalled_agent_is_told_of_within_five_seconds() {
    let (t, mut agent) = opened().await;
    let (mut viewer, _) = seated(&t, 1, Rights::VIEW_ONLY).await;
    agent.settle().await;
    let began = Instant::now();
    let state = presence(&mut viewer, AgentPresence::Stalled).await;
    assert_eq!(state.cause.unwrap().code, CauseCode::AgentStalled as i32);
    assert_eq!(began.elapsed().as_secs(), 5);
    agent.settle().await;
    presence(&mut viewer, AgentPresence::Online).await;
    presence(&mut viewer, AgentPresence::Stalled).await;
    let gone = presence(&mut viewer, AgentPresence::Offline).await;
    assert!(began.elapsed() <= Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(gone.epoch, 1);
}

#[tokio::test(start_paused = true)]
async fn a_watched_agent_beats_faster() {
    let (t, mut agent) = opened().await;
    let (_viewer, _) = seated(&t, 1, Rights::VIEW_ONLY).await;
    agent.alive = false;
    agent.body(|body| matches!(body, Body::Heartbeat(_)).then_some(())).await;
    let began = Instant::now();
    agent.body(|body| matches!(body, Body::Heartbeat(_)).then_some(())).await;
    assert_eq!(began.elapsed().as_secs(), 2);
}

#[tokio::test(start_paused = true)]
async fn sessions_end_by_stop_button_technician_and_server() {
    let (t, agent) = opened().await;
    let end = |cause: CauseCode| {
        Body::SessionEnd(v2::SessionEnd {
            session_id: S.as_bytes().to_vec(),
            cause: Some(v2::Cause { code: cause as i32, detail: String::new() }),
        })
    };
    let (mut watcher, _) = seated(&t, 1, Rights::VIEW_ONLY).await;
    watcher.say(end(CauseCode::EndedByTechnician)).await;
    watcher.settle().await;
    assert_eq!(t.relay.sessions().len(), 1, "who only watches ends nothing");
    agent.say(end(CauseCode::EndedByUser)).await;
    let mut told = None;
    let code = loop {
        match watcher.next().await {
            Received::Link(Body::SessionEnd(end)) => told = end.cause,
            Received::Closed(code) => break code,
            _ => {}
        }
    };
    assert_eq!((code, told.unwrap().code), (4410, CauseCode::EndedByUser as i32));
    assert!(t.relay.sessions().is_empty());

    let second = TestRelay::session(2);
    t.relay.open_session(open_session(second, TestRelay::machine(1)));
    let (mut technician, _) = t.viewer(second, 2, Rights::CONTROL, 64).await;
    let by_viewer = v2::SessionEnd { session_id: second.as_bytes().to_vec(), cause: None };
    technician.say(Body::SessionEnd(by_viewer)).await;
    assert_eq!(technician.closed().await.1, 4410);

    let third = TestRelay::session(3);
    t.relay.open_session(open_session(third, TestRelay::machine(1)));
    t.relay.end_session(third, CauseCode::Reaped, Some(TestRelay::user(7)));
    let ends: Vec<_> = t
        .log
        .all()
        .iter()
        .filter_map(|event| match event {
            RelayEvent::SessionEnded { cause, by, .. } => Some((*cause, *by)),
            _ => None,
        })
        .collect();
    assert_eq!(
        ends,
        [
            (CauseCode::EndedByUser, None),
            (CauseCode::EndedByTechnician, Some(TestRelay::user(2))),
            (CauseCode::Reaped, Some(TestRelay::user(7))),
        ]
    );
    assert_eq!(t.relay.agents().len(), 1, "a managed machine stays");
}

#[tokio::test(start_paused = true)]
async fn a_one_time_agent_comes_back_or_its_session_ends() {
    let t = TestRelay::default();
    t.relay.open_session(open_session(S, AgentRef::Support(S)));
    let credential = AgentCredential::Resume { session: S };
    let mut agent = t.connect_agent(credential.clone(), 64);
    agent.hello_agent(Vec::new()).await;
    let token = agent
        .body(|body| match body {
            Body::Welcome(welcome) => Some(welcome.resume_token.clone()),
            _ => None,
        })
        .await;
    assert_eq!(token, "resume-me");
    drop(agent);
    t.log.until(|e| matches!(e, RelayEvent::AgentOffline { .. }).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(290)).await;

    let unknown = TestRelay::session(9);
    let mut agent = t.connect_agent(credential, 64);
    agent
        .hello_agent(vec![
            v2::HeldSession { session_id: S.as_bytes().to_vec(), epoch: 6 },
            v2::HeldSession { session_id: unknown.as_bytes().to_vec(), epoch: 1 },
        ])
        .await;
    let mut epoch = 0;
    agent
        .body(|body| match body {
            Body::SessionOffer(offer) => {
                epoch = offer.epoch;
                None
            }
            Body::SessionEnd(end) => (end.session_id == unknown.as_bytes()).then_some(()),
            _ => None,
        })
        .await;
    assert_eq!(epoch, 7, "after what the agent still holds");

    drop(agent);
    let cause = t
        .log
        .until(|event| match event {
            RelayEvent::SessionEnded { cause, .. } => Some(*cause),
            _ => None,
        })
        .await;
    assert_eq!(cause, CauseCode::EndedByAgentExit);
}

#[tokio::test(start_paused = true)]
async fn stored_sessions_are_taken_up_when_their_agent_comes() {
    let t = TestRelay::default();
    t.gate.store_session(open_session(S, TestRelay::machine(1)));
    let mut agent = t.agent(1).await;
    agent.body(|body| matches!(body, Body::SessionOffer(_)).then_some(())).await;
    let (_viewer, _) = seated(&t, 1, Rights::CONTROL).await;
    agent
        .say(Body::AuditReport(v2::AuditReport {
            session_id: S.as_bytes().to_vec(),
            event: "clipboard_set".into(),
            detail: "12 bytes\u{202E}".into(),
        }))
        .await;
    let detail = t
        .log
        .until(|event| match event {
            RelayEvent::Reported { detail, .. } => Some(detail.clone()),
            _ => None,
        })
        .await;
    assert_eq!(detail, "12 bytes");
    let view = t.relay.session(S).unwrap();
    assert!(view.agent_online && view.viewers.len() == 1);
}
