use super::*;

const S: SessionId = SessionId::from_bytes([5; 16]);
const WALL: UnixMillis = UnixMillis(1_000_000);

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn offer(mode: v2::ConsentMode, epoch: u32) -> v2::SessionOffer {
    v2::SessionOffer {
        session_id: S.as_bytes().to_vec(),
        grant: Some(v2::Grant {
            grant_id: vec![1; 16],
            technician: "Ada".into(),
            company: "Example".into(),
            rights: Rights::CONTROL.bits(),
            expires_unix_ms: WALL.0 + 3_600_000,
            ..v2::Grant::default()
        }),
        consent: mode.into(),
        epoch,
        consent_given: false,
        consent_timeout_ms: 60_000,
        connection_notice: None,
        files: Some(v2::FilePolicy { download: true, ..v2::FilePolicy::default() }),
    }
}

fn join(agent: &mut AgentSessions, participant: u32, rights: Rights) {
    agent
        .joined(&v2::ParticipantJoined {
            session_id: S.as_bytes().to_vec(),
            participant,
            name: "Ada".into(),
            rights: rights.bits(),
            capabilities: None,
        })
        .unwrap();
}

fn control(agent: &mut AgentSessions, controller: u32) {
    let changed = v2::ControlChanged { session_id: S.as_bytes().to_vec(), controller };
    agent.control_changed(&changed).unwrap();
}

fn input(participant: u16, epoch: u32, sequence: u32) -> Header {
    let (channel, flags) = (Channel::Input, Flags::NONE);
    Header { channel, flags, participant, epoch, sequence, session: S }
}

fn video(agent: &mut AgentSessions, now: Duration) -> Result<Header, Refused> {
    agent.header(S, Channel::Video, Flags::NONE, 0, now)
}

#[test]
fn consent_claimed_by_the_relay_is_not_believed() {
    let mut agent = AgentSessions::new();
    let claimed = v2::SessionOffer { consent_given: true, ..offer(v2::ConsentMode::Ask, 4) };
    let (offered, answer) = agent.offer(&claimed, true, at(0), WALL);
    assert!(matches!(offered, Offered::Ask(_)));
    assert_eq!(answer.consent(), v2::ConsentState::Pending);
    join(&mut agent, 1, Rights::CONTROL);
    control(&mut agent, 1);
    assert_eq!(video(&mut agent, at(1)), Err(Refused::NoConsent));
    assert_eq!(agent.check_incoming(&input(1, 4, 0), 5, at(1)), Err(Refused::NoConsent));
    assert!(!agent.is_watched(S, at(1)));

    let answer = agent.answered(S, Answer::Allow).unwrap();
    assert_eq!(answer.consent(), v2::ConsentState::Granted);
    assert!(video(&mut agent, at(2)).is_ok());
    assert_eq!(agent.check_incoming(&input(1, 4, 0), 5, at(2)), Ok(Gap(0)));
    assert_eq!(agent.answered(S, Answer::Allow), Err(Refused::NoConsent), "once");
}

#[test]
fn view_only_bounds_what_the_relay_says() {
    let mut agent = AgentSessions::new();
    agent.offer(&offer(v2::ConsentMode::Ask, 1), true, at(0), WALL);
    agent.answered(S, Answer::ViewOnly).unwrap();
    join(&mut agent, 1, Rights::CONTROL);
    control(&mut agent, 1);
    assert_eq!(
        agent.check_incoming(&input(1, 1, 0), 5, at(1)),
        Err(Refused::Rule("input_without_right"))
    );
    assert_eq!(
        agent.header(S, Channel::Clipboard, Flags::NONE, 0, at(1)),
        Err(Refused::Rule("receiver_without_right"))
    );
    assert_eq!(agent.rights_of(S, 1), Rights::VIEW_ONLY);
}

#[test]
fn only_who_is_in_control_types_and_replays_are_refused() {
    let mut agent = AgentSessions::new();
    agent.offer(&offer(v2::ConsentMode::Silent, 1), true, at(0), WALL);
    join(&mut agent, 1, Rights::CONTROL);
    join(&mut agent, 2, Rights::CONTROL);
    control(&mut agent, 1);
    assert_eq!(
        agent.check_incoming(&input(2, 1, 0), 5, at(1)),
        Err(Refused::Rule("not_in_control"))
    );
    assert_eq!(agent.check_incoming(&input(1, 1, 4), 5, at(1)), Ok(Gap(0)));
    assert_eq!(agent.check_incoming(&input(1, 1, 7), 5, at(1)), Ok(Gap(2)));
    assert!(matches!(
        agent.check_incoming(&input(1, 1, 7), 5, at(1)),
        Err(Refused::Stale(StaleRecord::Replayed(7)))
    ));
    assert_eq!(agent.check_incoming(&input(9, 1, 0), 5, at(1)), Err(Refused::UnknownParticipant));
}

#[test]
fn a_resumed_session_asks_nothing_and_an_unclaimed_one_ends() {
    let mut agent = AgentSessions::new();
    agent.offer(&offer(v2::ConsentMode::Ask, 1), true, at(0), WALL);
    agent.answered(S, Answer::Allow).unwrap();
    join(&mut agent, 1, Rights::CONTROL);
    agent.link_lost();
    assert_eq!(agent.held_sessions().len(), 1);
    assert!(!agent.is_watched(S, at(5)));
    agent.link_up(at(10));
    let (offered, answer) = agent.offer(&offer(v2::ConsentMode::Ask, 2), true, at(11), WALL);
    assert_eq!(offered, Offered::Resumed);
    assert_eq!(answer.consent(), v2::ConsentState::Granted);
    assert_eq!(video(&mut agent, at(12)).map(|header| header.epoch), Ok(2));
    let (offered, _) = agent.offer(&offer(v2::ConsentMode::Ask, 2), true, at(13), WALL);
    assert_eq!(offered, Offered::Refused(Refused::OldEpoch));

    agent.link_lost();
    agent.link_up(at(20));
    assert_eq!(agent.deadline(), Some(at(30)));
    assert!(agent.expire(at(29)).is_empty());
    assert_eq!(agent.expire(at(30)), [S]);
    assert_eq!(video(&mut agent, at(31)), Err(Refused::UnknownSession));
}

#[test]
fn another_grant_asks_again() {
    let mut agent = AgentSessions::new();
    agent.offer(&offer(v2::ConsentMode::Ask, 1), true, at(0), WALL);
    agent.answered(S, Answer::Allow).unwrap();
    let mut other = offer(v2::ConsentMode::Ask, 2);
    other.grant.as_mut().unwrap().grant_id = vec![2; 16];
    let (offered, _) = agent.offer(&other, true, at(1), WALL);
    assert!(matches!(offered, Offered::Ask(_)));
    assert_eq!(video(&mut agent, at(1)), Err(Refused::NoConsent));
}

#[test]
fn answers_given_while_the_link_was_down_are_kept() {
    let mut agent = AgentSessions::new();
    agent.offer(&offer(v2::ConsentMode::Ask, 1), true, at(0), WALL);
    agent.link_lost();
    agent.answered(S, Answer::TimedOut).unwrap();
    let (offered, answer) = agent.offer(&offer(v2::ConsentMode::Ask, 2), true, at(9), WALL);
    assert_eq!(offered, Offered::Refused(Refused::NoConsent));
    assert_eq!(answer.consent(), v2::ConsentState::Denied);
    assert_eq!(answer.cause.unwrap().code, CauseCode::ConsentTimedOut as i32);
}

#[test]
fn grants_expire_whatever_the_wall_clock_does() {
    let mut agent = AgentSessions::new();
    agent.offer(&offer(v2::ConsentMode::Silent, 1), true, at(0), WALL);
    assert!(video(&mut agent, at(3_659)).is_ok());
    assert_eq!(video(&mut agent, at(3_660)), Err(Refused::GrantExpired));
    let late = UnixMillis(WALL.0 + 3_660_000);
    let (offered, _) = agent.offer(&offer(v2::ConsentMode::Silent, 2), true, at(0), late);
    assert_eq!(offered, Offered::Refused(Refused::GrantExpired));
}

#[test]
fn who_is_asked_depends_on_the_mode() {
    for (mode, logged_on, asks) in [
        (v2::ConsentMode::Silent, true, false),
        (v2::ConsentMode::Notify, true, false),
        (v2::ConsentMode::Ask, false, true),
        (v2::ConsentMode::AskUnlessAlone, true, true),
        (v2::ConsentMode::AskUnlessAlone, false, false),
        (v2::ConsentMode::Unspecified, true, true),
    ] {
        let mut agent = AgentSessions::new();
        let (offered, _) = agent.offer(&offer(mode, 1), logged_on, at(0), WALL);
        assert_eq!(matches!(offered, Offered::Ask(_)), asks, "{mode:?} {logged_on}");
    }
}
