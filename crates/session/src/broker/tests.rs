use gc_proto::{Channel, Flags, Header};

use super::*;
use crate::rules::Verdict;

const S: SessionId = SessionId::from_bytes([5; 16]);

fn now(seconds: u64) -> Now {
    Now { monotonic: Duration::from_secs(seconds), wall: UnixMillis(1_000 * seconds) }
}

fn setup(mode: ConsentMode, consent: ConsentState) -> BrokerSetup {
    BrokerSetup {
        session: S,
        machine_name: "reception".into(),
        grant: v2::Grant {
            grant_id: vec![1; 16],
            rights: Rights::CONTROL.bits(),
            ..v2::Grant::default()
        },
        consent_mode: mode,
        consent,
        rights: Rights::CONTROL,
        consent_timeout: Duration::from_mins(1),
        notice: None,
        files: None,
        agent_grace: Some(Duration::from_mins(5)),
        stall: Duration::from_secs(5),
    }
}

fn online(mode: ConsentMode, consent: ConsentState) -> Broker {
    let mut broker = Broker::new(setup(mode, consent), now(0));
    broker.agent_up(None, now(0), &mut Vec::new());
    broker
}

fn silent() -> Broker {
    online(ConsentMode::Silent, ConsentState::NotRequired)
}

fn join(broker: &mut Broker, rights: Rights) -> u16 {
    let joining = Joining { name: "Ada\u{202E}".into(), rights, capabilities: None };
    broker.join(joining, &mut Vec::new()).unwrap().participant
}

fn header(channel: Channel, participant: u16) -> Header {
    Header { channel, flags: Flags::NONE, participant, epoch: 1, sequence: 0, session: S }
}

fn answer(state: v2::ConsentState, rights: Rights) -> v2::SessionAnswer {
    v2::SessionAnswer {
        session_id: S.as_bytes().to_vec(),
        consent: state.into(),
        rights: rights.bits(),
        cause: None,
    }
}

fn ended(out: &[Effect]) -> Option<CauseCode> {
    out.iter().find_map(|effect| match effect {
        Effect::Event(BrokerEvent::Ended { cause, .. }) => Some(*cause),
        _ => None,
    })
}

#[test]
fn nothing_passes_and_nobody_joins_before_consent() {
    let mut broker = online(ConsentMode::Ask, ConsentState::Pending);
    let joining = || Joining { name: "Ada".into(), rights: Rights::CONTROL, capabilities: None };
    assert_eq!(broker.join(joining(), &mut Vec::new()), Err(JoinRefused::ConsentPending));
    let video = header(Channel::Video, 0);
    assert_eq!(broker.check_from_agent(&video, 10), Verdict::Drop("consent_missing"));

    let mut out = Vec::new();
    let view_only = answer(v2::ConsentState::Granted, Rights::VIEW_ONLY);
    broker.answer(&view_only, now(1), &mut out).unwrap();
    assert!(out.contains(&Effect::Event(BrokerEvent::Consent {
        state: ConsentState::Granted,
        rights: Rights::VIEW_ONLY,
        cause: None,
    })));
    let joined = broker.join(joining(), &mut Vec::new()).unwrap();
    assert_eq!(joined.rights, Rights::VIEW_ONLY, "the user's word bounds the token");
    assert_eq!(broker.check_from_agent(&video, 10), Verdict::Forward);
    let key = header(Channel::Input, joined.participant);
    let verdict = broker.check_from_viewer(joined.participant, &key, 10);
    assert_eq!(verdict, Verdict::Violation("input_without_right"));
    assert_eq!(broker.controller(), None);
}

#[test]
fn a_denial_ends_the_session_and_the_relay_does_not_wait_for_ever() {
    let mut broker = online(ConsentMode::Ask, ConsentState::Pending);
    let mut out = Vec::new();
    broker.answer(&answer(v2::ConsentState::Denied, Rights::CONTROL), now(1), &mut out).unwrap();
    assert_eq!(ended(&out), Some(CauseCode::ConsentDenied));
    let late = answer(v2::ConsentState::Granted, Rights::CONTROL);
    broker.answer(&late, now(2), &mut Vec::new()).unwrap();
    assert_eq!(broker.consent(), ConsentState::Denied, "a denial stands");

    let mut broker = online(ConsentMode::Ask, ConsentState::Pending);
    assert_eq!(broker.deadline(Duration::ZERO), Some(Duration::from_secs(75)));
    let mut out = Vec::new();
    broker.tick(Duration::from_secs(74), now(74), &mut out);
    assert_eq!(ended(&out), None);
    broker.tick(Duration::from_secs(75), now(75), &mut out);
    assert_eq!(ended(&out), Some(CauseCode::ConsentTimedOut));
}

#[test]
fn an_agent_may_not_declare_that_nobody_need_be_asked() {
    let mut broker = online(ConsentMode::Ask, ConsentState::Pending);
    let skipped = answer(v2::ConsentState::NotRequired, Rights::CONTROL);
    assert_eq!(broker.answer(&skipped, now(1), &mut Vec::new()), Err("answer_not_allowed"));
    assert_eq!(broker.consent(), ConsentState::Pending);
    let mut alone = online(ConsentMode::AskUnlessAlone, ConsentState::Pending);
    assert_eq!(alone.answer(&skipped, now(1), &mut Vec::new()), Ok(()));
    assert!(alone.consent().permits());
}

#[test]
fn records_are_judged_by_seat_right_control_and_epoch() {
    let mut broker = silent();
    let first = join(&mut broker, Rights::CONTROL);
    let second = join(&mut broker, Rights::CONTROL);
    let watcher = join(&mut broker, Rights::VIEW_ONLY);
    let check = |seat, header: Header| broker.check_from_viewer(seat, &header, 10);

    assert_eq!(check(first, header(Channel::Input, first)), Verdict::Forward);
    assert_eq!(check(second, header(Channel::Input, second)), Verdict::Drop("not_in_control"));
    assert_eq!(
        check(second, header(Channel::Input, first)),
        Verdict::Violation("foreign_participant")
    );
    assert_eq!(
        check(watcher, header(Channel::Input, watcher)),
        Verdict::Violation("input_without_right")
    );
    assert_eq!(
        check(watcher, header(Channel::Clipboard, watcher)),
        Verdict::Violation("clipboard_without_right")
    );
    assert_eq!(check(watcher, header(Channel::Video, watcher)), Verdict::Forward);
    assert_eq!(check(first, header(Channel::Cursor, first)), Verdict::Violation("wrong_direction"));
    let old = Header { epoch: 0, ..header(Channel::Input, first) };
    assert_eq!(check(first, old), Verdict::Drop("other_epoch"));
    let foreign =
        Header { session: SessionId::from_bytes([9; 16]), ..header(Channel::Input, first) };
    assert_eq!(check(first, foreign), Verdict::Violation("foreign_session"));
    let large = gc_proto::max_payload(Channel::Input, false) + 1;
    let verdict = broker.check_from_viewer(first, &header(Channel::Input, first), large);
    assert_eq!(verdict, Verdict::TooLarge);

    let clipboard = header(Channel::Clipboard, 0);
    assert!(broker.receives(first, &clipboard) && !broker.receives(watcher, &clipboard));
    let for_second = header(Channel::Video, second);
    assert!(broker.receives(second, &for_second) && !broker.receives(first, &for_second));
}

#[test]
fn seats_are_never_given_twice_and_control_is_freed() {
    let mut broker = silent();
    let first = join(&mut broker, Rights::CONTROL);
    let second = join(&mut broker, Rights::CONTROL);
    assert_eq!((first, second, broker.controller()), (1, 2, Some(1)));
    let mut out = Vec::new();
    broker.leave(first, &mut out);
    assert_eq!(broker.controller(), None);
    assert!(out.contains(&Effect::Event(BrokerEvent::Control(None))));
    let ask = v2::ControlAction { verb: v2::ControlVerb::Ask.into(), participant: 0 };
    broker.control(second, &ask, &mut out).unwrap();
    assert_eq!(broker.controller(), Some(second));
    assert_eq!(join(&mut broker, Rights::CONTROL), 3);
    while broker.viewers() < MAX_PARTICIPANTS {
        join(&mut broker, Rights::VIEW_ONLY);
    }
    let extra = Joining { name: String::new(), rights: Rights::CONTROL, capabilities: None };
    assert_eq!(broker.join(extra, &mut out), Err(JoinRefused::Full));
}

#[test]
fn a_returning_agent_gets_the_next_epoch_and_its_viewers_again() {
    let mut broker = silent();
    let seat = join(&mut broker, Rights::CONTROL);
    let mut out = Vec::new();
    broker.agent_down(now(10), &mut out);
    assert_eq!(broker.state().agent(), AgentPresence::Offline);
    out.clear();
    broker.agent_up(Some(7), now(20), &mut out);
    assert_eq!(broker.epoch(), 8);
    let offered = out.iter().any(|effect| {
        matches!(effect, Effect::ToAgent(Body::SessionOffer(offer))
            if offer.epoch == 8 && !offer.consent_given)
    });
    let joined = out.iter().any(|effect| {
        matches!(effect, Effect::ToAgent(Body::ParticipantJoined(j)) if j.participant == u32::from(seat))
    });
    assert!(offered && joined);
    assert_eq!(
        broker.check_from_agent(&header(Channel::Video, 0), 1),
        Verdict::Drop("other_epoch")
    );
}

#[test]
fn stall_is_told_and_taken_back_and_a_lost_one_time_agent_ends_the_session() {
    let mut broker = silent();
    join(&mut broker, Rights::VIEW_ONLY);
    let heard = Duration::from_secs(1);
    assert_eq!(broker.deadline(heard), Some(Duration::from_secs(6)));
    let mut out = Vec::new();
    broker.tick(heard, now(6), &mut out);
    assert_eq!(broker.presence(), AgentPresence::Stalled);
    broker.tick(Duration::from_secs(7), now(7), &mut out);
    assert_eq!(broker.presence(), AgentPresence::Online);
    broker.agent_down(now(10), &mut out);
    broker.tick(heard, now(309), &mut out);
    assert_eq!(ended(&out), None);
    broker.tick(heard, now(310), &mut out);
    assert_eq!(ended(&out), Some(CauseCode::EndedByAgentExit));
}

#[test]
fn a_user_who_is_asked_again_blocks_the_session_again() {
    let mut broker = online(ConsentMode::Ask, ConsentState::Granted);
    let seat = join(&mut broker, Rights::CONTROL);
    let again = answer(v2::ConsentState::Pending, Rights::NONE);
    broker.answer(&again, now(5), &mut Vec::new()).unwrap();
    assert_eq!(
        broker.check_from_viewer(seat, &header(Channel::Video, seat), 1),
        Verdict::Drop("consent_missing")
    );
    let mut out = Vec::new();
    let yes = answer(v2::ConsentState::Granted, Rights::CONTROL);
    broker.answer(&yes, now(6), &mut out).unwrap();
    assert!(out.iter().any(|e| matches!(e, Effect::ToAgent(Body::PictureNeeded(_)))));
}

#[test]
fn only_who_may_control_ends_a_session() {
    let mut broker = silent();
    let watcher = join(&mut broker, Rights::VIEW_ONLY);
    let mut out = Vec::new();
    assert_eq!(broker.end_by_viewer(watcher, &mut out), Err("end_without_right"));
    let technician = join(&mut broker, Rights::CONTROL);
    broker.end_by_viewer(technician, &mut out).unwrap();
    assert_eq!(ended(&out), Some(CauseCode::EndedByTechnician));
    assert!(!broker.state().participants[0].name.contains('\u{202E}'));
}

fn offers(out: &[Effect]) -> Vec<&v2::SessionOffer> {
    out.iter()
        .filter_map(|effect| match effect {
            Effect::ToAgent(Body::SessionOffer(offer)) => Some(offer),
            _ => None,
        })
        .collect()
}

#[test]
fn a_changed_notice_reaches_the_agent_when_nobody_is_disturbed() {
    let notice = |seconds| {
        Some(v2::ConnectionNotice { duration_s: seconds, ..v2::ConnectionNotice::default() })
    };
    let mut broker = silent();
    let mut out = Vec::new();
    broker.set_notice(notice(10), &mut out);
    assert_eq!(offers(&out)[0].connection_notice.as_deref().cloned(), notice(10));
    assert_eq!((offers(&out)[0].epoch, broker.epoch()), (2, 2));

    out.clear();
    broker.set_notice(notice(10), &mut out);
    assert_eq!(offers(&out), [] as [&v2::SessionOffer; 0], "it is the same");

    let seat = join(&mut broker, Rights::CONTROL);
    broker.set_notice(notice(20), &mut out);
    assert_eq!(offers(&out), [] as [&v2::SessionOffer; 0], "somebody watches");
    let watching = Header { epoch: 2, ..header(Channel::Input, seat) };
    assert_eq!(broker.check_from_viewer(seat, &watching, 10), Verdict::Forward);
    broker.leave(seat, &mut out);
    assert_eq!(offers(&out)[0].connection_notice.as_deref().cloned(), notice(20));
    assert_eq!(broker.epoch(), 3);

    out.clear();
    broker.agent_down(now(1), &mut out);
    broker.set_notice(None, &mut out);
    assert_eq!(offers(&out), [] as [&v2::SessionOffer; 0], "nobody would hear it");
    broker.agent_up(Some(3), now(2), &mut out);
    assert_eq!(offers(&out).len(), 1);
    assert_eq!(offers(&out)[0].connection_notice, None);
}
