use gc_types::{Entropy, SeededEntropy};

use super::*;

const CONSOLE: DesktopSessionId = DesktopSessionId(1);
const REMOTE: DesktopSessionId = DesktopSessionId(3);

fn session(id: DesktopSessionId, kind: DesktopSessionKind) -> DesktopSession {
    DesktopSession {
        id,
        user: format!("user{id}"),
        state: DesktopSessionState::Active,
        kind,
        name: String::new(),
    }
}

fn console() -> DesktopSession {
    session(CONSOLE, DesktopSessionKind::Console)
}

fn remote() -> DesktopSession {
    session(REMOTE, DesktopSessionKind::Remote)
}

const fn at(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn started(actions: &[Action]) -> Option<(WorkerNumber, DesktopSessionId)> {
    actions.iter().find_map(|action| match action {
        Action::Start(number, session) => Some((*number, *session)),
        _ => None,
    })
}

/// Rules with a worker that serves the console since time 0.
fn serving(list: Vec<DesktopSession>) -> (Supervisor, WorkerNumber) {
    let mut rules = Supervisor::default();
    let actions = rules.sessions(list, at(0));
    let (number, session) = started(&actions).unwrap();
    assert_eq!(session, CONSOLE);
    assert!(actions.contains(&Action::Tell(Some(CauseCode::DesktopSwitching))));
    let actions = rules.ready(number, at(0));
    assert_eq!(actions, [Action::Serve(number), Action::Tell(None)]);
    (rules, number)
}

#[test]
fn the_machines_own_screen_is_shown_first() {
    let (rules, _) = serving(vec![remote(), console()]);
    assert_eq!(rules.shown(), Some(CONSOLE));
    assert!(rules.follows_console());
    assert_eq!(rules.user(), "user1");
}

#[test]
fn without_a_session_there_is_no_display_and_nothing_is_started() {
    let mut rules = Supervisor::default();
    let actions = rules.sessions(Vec::new(), at(0));
    assert_eq!(actions, [Action::Tell(Some(CauseCode::NoDisplay)), Action::Listed]);
    assert_eq!(rules.deadline(), None);
    assert!(started(&rules.sessions(vec![console()], at(50))).is_some());
}

#[test]
fn a_worker_that_crashed_is_replaced_at_once() {
    let (mut rules, first) = serving(vec![console()]);
    let actions = rules.ended(first, Loss::Ended, at(5_000));
    let (second, session) = started(&actions).unwrap();
    assert_ne!(second, first);
    assert_eq!(session, CONSOLE);
    assert!(actions.contains(&Action::Tell(Some(CauseCode::DesktopSwitching))));
    assert_eq!(rules.ready(second, at(5_100)), [Action::Serve(second), Action::Tell(None)]);
    assert!(rules.ready(first, at(5_200)).is_empty(), "the first one is history");
}

#[test]
fn a_crash_loop_is_slowed_down_told_and_forgotten() {
    let (mut rules, mut worker) = serving(vec![console()]);
    let mut now = at(1_000);
    for _ in 0..PATIENCE {
        worker = started(&rules.ended(worker, Loss::Ended, now)).unwrap().0;
        now += at(100);
    }
    let mut waits = Vec::new();
    for _ in 0..7 {
        let actions = rules.ended(worker, Loss::Ended, now);
        assert_eq!(started(&actions), None);
        let due = rules.deadline().unwrap();
        waits.push(due.saturating_sub(now).as_secs());
        assert_eq!(started(&rules.tick(due.saturating_sub(at(1)))), None);
        rules.deadline();
        now = due;
        worker = started(&rules.tick(now)).unwrap().0;
        assert_eq!(rules.told, Some(CauseCode::DesktopWorkerFailing));
    }
    assert_eq!(waits, [2, 4, 8, 16, 30, 30, 30]);
    rules.ready(worker, now);
    now += MEMORY + at(1);
    assert!(started(&rules.ended(worker, Loss::Ended, now)).is_some(), "a minute without failure");
}

#[test]
fn a_worker_that_does_not_answer_is_ended_and_replaced() {
    let (mut rules, worker) = serving(vec![console()]);
    rules.watched(true, at(0));
    assert_eq!(rules.deadline(), Some(at(0)));
    assert_eq!(rules.tick(at(0)), [Action::Ping(worker)]);
    rules.alive(worker, at(10));
    assert_eq!(rules.deadline(), Some(at(1_010)));
    assert_eq!(rules.tick(at(1_010)), [Action::Ping(worker)]);
    assert_eq!(rules.deadline(), Some(at(5_010)));
    assert_eq!(rules.tick(at(5_000)), [], "not yet");
    rules.deadline();
    let actions = rules.tick(at(5_010));
    assert_eq!(actions[0], Action::Kill(worker));
    let (next, _) = started(&actions).unwrap();
    assert!(rules.ended(worker, Loss::Ended, at(5_020)).is_empty(), "that was counted already");
    assert_eq!(rules.session_of(next), Some(CONSOLE));
}

#[test]
fn with_nobody_connected_signs_of_life_are_asked_for_rarely() {
    let (mut rules, worker) = serving(vec![console()]);
    assert_eq!(rules.tick(at(0)), [Action::Ping(worker)]);
    rules.alive(worker, at(0));
    assert_eq!(rules.deadline(), Some(PING_ALONE));
    rules.watched(true, at(100));
    assert_eq!(rules.deadline(), Some(at(1_100)));
}

#[test]
fn time_that_the_service_itself_slept_is_held_against_nobody() {
    let (mut rules, worker) = serving(vec![console()]);
    assert_eq!(rules.tick(at(0)), [Action::Ping(worker)]);
    rules.deadline();
    let hour = at(3_600_000);
    assert_eq!(rules.tick(hour), []);
    assert_eq!(rules.deadline(), Some(hour + HANG));
    rules.alive(worker, hour + at(5));
    assert!(rules.tick(hour + at(6)).is_empty());
}

#[test]
fn a_worker_that_never_gets_ready_is_ended() {
    let mut rules = Supervisor::default();
    let (worker, _) = started(&rules.sessions(vec![console()], at(0))).unwrap();
    assert_eq!(rules.deadline(), Some(START_LIMIT));
    let actions = rules.tick(START_LIMIT);
    assert_eq!(actions[0], Action::Kill(worker));
    assert!(started(&actions).is_some());
}

#[test]
fn a_fast_user_switch_takes_the_picture_along() {
    let (mut rules, first) = serving(vec![console()]);
    let mut away = session(CONSOLE, DesktopSessionKind::Remote);
    away.state = DesktopSessionState::Disconnected;
    let actions = rules.sessions(vec![away.clone()], at(100));
    assert_eq!(actions[0], Action::Retire(first));
    assert_eq!(rules.told, Some(CauseCode::NoDisplay), "between the two there is none");
    let other = session(DesktopSessionId(2), DesktopSessionKind::Console);
    let actions = rules.sessions(vec![away, other], at(200));
    let (second, session) = started(&actions).unwrap();
    assert_eq!(session, DesktopSessionId(2));
    assert!(actions.contains(&Action::Listed));
    assert!(rules.ended(first, Loss::Ended, at(250)).is_empty(), "it was asked to end");
    assert_eq!(rules.ready(second, at(300))[0], Action::Serve(second));
}

#[test]
fn a_chosen_session_is_shown_until_it_is_gone() {
    let (mut rules, first) = serving(vec![console(), remote()]);
    let actions = rules.select(Some(REMOTE), at(100)).unwrap();
    assert_eq!(actions[0], Action::Retire(first));
    let (second, session) = started(&actions).unwrap();
    assert_eq!(session, REMOTE);
    rules.ready(second, at(200));
    rules.ended(first, Loss::Ended, at(210));
    assert!(!rules.follows_console());

    let actions = rules.sessions(vec![console()], at(300));
    assert_eq!(actions[0], Action::Retire(second));
    assert_eq!(started(&actions).unwrap().1, CONSOLE);
    assert!(rules.follows_console());
}

#[test]
fn an_unknown_session_cannot_be_chosen() {
    let (mut rules, _) = serving(vec![console()]);
    let error = rules.select(Some(REMOTE), at(1)).unwrap_err();
    assert_eq!(error, CauseCode::DesktopSessionUnknown);
    assert_eq!(rules.shown(), Some(CONSOLE));
}

#[test]
fn a_disconnected_session_has_no_worker_and_says_so() {
    let (mut rules, first) = serving(vec![console(), remote()]);
    let mut gone = remote();
    gone.state = DesktopSessionState::Disconnected;
    rules.sessions(vec![console(), gone], at(10));
    let actions = rules.select(Some(REMOTE), at(20)).unwrap();
    assert_eq!(
        actions,
        [
            Action::Retire(first),
            Action::Tell(Some(CauseCode::DesktopSessionDisconnected)),
            Action::Listed
        ]
    );
    assert!(started(&rules.sessions(vec![console(), remote()], at(30))).is_some());
}

#[test]
fn lock_and_unlock_change_the_list_and_not_the_worker() {
    let (mut rules, worker) = serving(vec![console()]);
    let mut locked = console();
    locked.state = DesktopSessionState::Locked;
    assert_eq!(rules.sessions(vec![locked], at(10)), [Action::Listed]);
    assert_eq!(rules.sessions(vec![console()], at(20)), [Action::Listed]);
    assert_eq!(rules.sessions(vec![console()], at(30)), [], "nothing has changed");
    assert_eq!(rules.session_of(worker), Some(CONSOLE));
}

#[test]
fn a_logoff_is_no_failure() {
    let (mut rules, mut worker) = serving(vec![console()]);
    for round in 0..10_u64 {
        let now = at(1_000 * (round + 1));
        rules.logging_off(CONSOLE);
        let actions = rules.ended(worker, Loss::Ended, now);
        assert_eq!(started(&actions), None, "the system says what comes instead");
        let due = rules.deadline().unwrap();
        assert_eq!(due, now + SETTLE);
        worker = started(&rules.tick(due)).unwrap().0;
        assert_eq!(rules.told, Some(CauseCode::DesktopSwitching));
        rules.ready(worker, due);
        rules.logged_on(CONSOLE);
    }
}

#[test]
fn a_worker_that_leaves_its_place_to_another_account_has_not_failed() {
    let (mut rules, mut worker) = serving(vec![console()]);
    let mut now = at(1_000);
    for _ in 0..3 * PATIENCE {
        worker = started(&rules.ended(worker, Loss::HandedOver, now)).unwrap().0;
        rules.ready(worker, now);
        now += at(100);
    }
    assert_eq!(rules.failures, 0);
    assert!(started(&rules.ended(worker, Loss::Ended, now)).is_some(), "the first failure");
}

#[test]
fn workers_that_leave_their_place_before_they_have_it_do_not_take_turns_for_ever() {
    let (mut rules, mut worker) = serving(vec![console()]);
    for _ in 0..PATIENCE {
        rules.ready(worker, at(1_000));
        worker = started(&rules.ended(worker, Loss::HandedOver, at(1_000))).unwrap().0;
        worker = started(&rules.ended(worker, Loss::HandedOver, at(1_000))).unwrap().0;
    }
    assert_eq!(started(&rules.ended(worker, Loss::HandedOver, at(1_000))), None);
    assert_eq!(rules.told, Some(CauseCode::DesktopWorkerFailing));
}

#[test]
fn a_session_that_is_gone_is_not_tried_again_and_again() {
    let mut rules = Supervisor::default();
    let (worker, _) = started(&rules.sessions(vec![console()], at(0))).unwrap();
    let actions = rules.ended(worker, Loss::Gone, at(1));
    assert_eq!(started(&actions), None);
    assert_eq!(rules.deadline(), Some(at(1) + SETTLE));
    assert!(started(&rules.tick(at(1) + SETTLE)).is_some());
}

#[test]
fn at_the_end_workers_are_asked_and_then_ended() {
    let (mut rules, worker) = serving(vec![console()]);
    assert_eq!(rules.stop(at(10)), [Action::Retire(worker)]);
    assert!(!rules.is_over());
    assert_eq!(rules.deadline(), Some(at(10) + RETIRE_LIMIT));
    assert_eq!(rules.tick(at(10) + RETIRE_LIMIT), [Action::Kill(worker)]);
    assert!(rules.is_over());
    assert!(started(&rules.sessions(vec![console()], at(60_000))).is_none());
}

/// Whatever happens in whatever order: at most one worker serves, it is in the session
/// that is shown, what is not needed was told to end, and there is always a way on.
#[test]
fn random_histories_keep_the_rules() {
    let seed = 0x5EED_0017_u64;
    println!("seed {seed:#x}");
    let entropy = SeededEntropy::new(seed);
    let dice = |sides: u8| {
        let mut byte = [0];
        entropy.fill(&mut byte);
        byte[0] % sides
    };
    for _ in 0..300 {
        let mut rules = Supervisor::default();
        let mut now = at(0);
        let mut starting: Vec<WorkerNumber> = Vec::new();
        let mut alive: Vec<WorkerNumber> = Vec::new();
        for _ in 0..200 {
            now += at(u64::from(dice(200)) * 7);
            let pick = |list: &mut Vec<WorkerNumber>, dice: u8| {
                (!list.is_empty()).then(|| list.remove(usize::from(dice) % list.len()))
            };
            let actions = match dice(7) {
                0 => {
                    let mut list = Vec::new();
                    for (id, kind) in [
                        (CONSOLE, DesktopSessionKind::Console),
                        (REMOTE, DesktopSessionKind::Remote),
                    ] {
                        if dice(4) > 0 {
                            let mut one = session(id, kind);
                            if kind == DesktopSessionKind::Remote && dice(3) == 0 {
                                one.state = DesktopSessionState::Disconnected;
                            }
                            list.push(one);
                        }
                    }
                    rules.sessions(list, now)
                }
                1 => rules.select((dice(2) == 0).then_some(REMOTE), now).unwrap_or_default(),
                2 | 3 => match pick(&mut starting, dice(255)) {
                    Some(number) => {
                        alive.push(number);
                        rules.ready(number, now)
                    }
                    None => Vec::new(),
                },
                4 => match pick(&mut alive, dice(255)) {
                    Some(number) => rules.ended(number, Loss::Ended, now),
                    None => Vec::new(),
                },
                5 => {
                    if let Some(number) = alive.last() {
                        rules.alive(*number, now);
                    }
                    Vec::new()
                }
                _ => {
                    rules.deadline();
                    rules.tick(now)
                }
            };
            for action in actions {
                match action {
                    Action::Start(number, session) => {
                        assert_eq!(Some(session), rules.shown());
                        starting.push(number);
                    }
                    Action::Kill(number) => {
                        starting.retain(|one| *one != number);
                        alive.retain(|one| *one != number);
                        rules.ended(number, Loss::Ended, now);
                    }
                    Action::Serve(number) | Action::Retire(number) | Action::Ping(number) => {
                        assert!(alive.contains(&number));
                    }
                    Action::Tell(_) | Action::Listed => {}
                }
            }
            if let Some(current) = &rules.current {
                assert_eq!(Some(current.session), rules.shown());
                assert!(starting.contains(&current.number) || alive.contains(&current.number));
            } else if rules.is_wanted() {
                assert!(rules.deadline().is_some(), "there is a way on");
            }
        }
    }
}
