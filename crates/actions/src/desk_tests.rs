use super::*;

const BLOCK: Action = Action::Turn(Switch::BlockInput);
const S: Duration = Duration::from_secs(1);

fn asker(participant: u16) -> Asker {
    Asker { participant, rights: Rights::CONTROL, in_control: true }
}

/// Participant 1 has blocked input and blanked the screen.
fn both_on() -> Desk {
    let mut desk = Desk::new(true, false);
    for (at, switch) in Switch::ALL.into_iter().enumerate() {
        let now = S * u32::try_from(at).unwrap();
        let work = desk.ask(Action::Turn(switch), true, asker(1), now);
        assert_eq!(work, Ok(Work::On(switch)));
        desk.turned_on(switch, 1);
    }
    desk
}

#[test]
fn only_who_is_in_control_is_heard() {
    for action in [Action::CtrlAltDel, Action::Lock, BLOCK, Action::LockAtEnd] {
        let mut desk = Desk::new(true, false);
        let watcher = Asker { rights: Rights::VIEW_ONLY, ..asker(1) };
        assert_eq!(desk.ask(action, true, watcher, S), Err(Refusal::NoRight));
        let other = Asker { in_control: false, ..asker(1) };
        assert_eq!(desk.ask(action, true, other, S), Err(Refusal::NotInControl));
        assert!(desk.ask(action, true, asker(1), S).is_ok(), "refusals cost no turn");
    }
}

#[test]
fn a_one_time_agent_neither_blocks_nor_blanks_and_a_managed_one_needs_no_elevation() {
    let mut attended = Desk::new(false, false);
    for switch in Switch::ALL {
        let asked = attended.ask(Action::Turn(switch), true, asker(1), S);
        assert_eq!(asked, Err(Refusal::ManagedOnly));
    }
    assert_eq!(attended.ask(Action::Elevate, false, asker(1), S), Ok(Work::Do(Action::Elevate)));
    let mut managed = Desk::new(true, false);
    assert_eq!(managed.ask(Action::Elevate, false, asker(1), S), Err(Refusal::AttendedOnly));
}

#[test]
fn the_user_is_asked_for_rights_once_and_again_when_they_are_gone() {
    let mut desk = Desk::new(false, false);
    let mut at = S;
    let mut ask = |desk: &mut Desk| {
        at += S;
        desk.ask(Action::Elevate, false, asker(1), at)
    };
    assert_eq!(ask(&mut desk), Ok(Work::Do(Action::Elevate)));
    assert_eq!(ask(&mut desk), Err(Refusal::BeingAsked));
    assert_eq!(desk.allows(Action::Elevate), Err(Refusal::BeingAsked), "others see it");
    desk.elevated(false);
    assert_eq!(ask(&mut desk), Ok(Work::Do(Action::Elevate)), "they said no before");
    desk.elevated(true);
    assert!(desk.is_on(Action::Elevate));
    assert_eq!(ask(&mut desk), Err(Refusal::Elevated));
    desk.elevated(false);
    let watcher = Asker { rights: Rights::VIEW_ONLY, ..asker(1) };
    assert_eq!(desk.ask(Action::Elevate, false, watcher, S * 99), Err(Refusal::NoRight));
    assert_eq!(ask(&mut desk), Ok(Work::Do(Action::Elevate)), "they were lost");
}

#[test]
fn one_action_a_second_and_turning_off_at_any_time() {
    let mut desk = Desk::new(true, false);
    assert!(desk.ask(Action::Lock, false, asker(1), S).is_ok());
    for after in [0, 1, 999] {
        let now = S + Duration::from_millis(after);
        assert_eq!(desk.ask(Action::CtrlAltDel, false, asker(1), now), Err(Refusal::TooSoon));
    }
    assert_eq!(desk.ask(BLOCK, true, asker(1), S * 2), Ok(Work::On(Switch::BlockInput)));
    desk.turned_on(Switch::BlockInput, 1);
    assert_eq!(desk.ask(BLOCK, true, asker(1), S * 2), Ok(Work::Nothing), "it is on");
    assert_eq!(desk.ask(BLOCK, false, asker(1), S * 2), Ok(Work::Off(Switch::BlockInput)));
    assert_eq!(desk.ask(BLOCK, false, asker(1), S * 2), Ok(Work::Nothing), "it is off");
}

#[test]
fn a_flood_of_refusals_is_told_once_a_second() {
    let mut desk = Desk::new(true, false);
    let told = (0..3000).filter(|ms| desk.tells_refusal(Duration::from_millis(*ms))).count();
    assert_eq!(told, 3);
}

#[test]
fn what_is_on_goes_off_with_its_owner_and_with_nobody_else() {
    let mut desk = both_on();
    assert_eq!(desk.gone(2), []);
    assert_eq!(desk.in_control(1), []);
    assert_eq!(desk.gone(1), Switch::ALL);
    assert!(!desk.is_on(BLOCK));

    let mut desk = both_on();
    assert_eq!(desk.in_control(2), Switch::ALL, "control was given away");
    let mut desk = both_on();
    assert_eq!(desk.in_control(0), Switch::ALL, "control was released");
}

#[test]
fn a_lost_link_has_a_grace_that_only_the_owner_ends() {
    let mut desk = both_on();
    desk.link_lost(S * 100);
    assert_eq!(desk.in_control(0), [], "the link is back, nobody is seen yet");
    desk.link_lost(S * 105);
    assert_eq!(desk.deadline(), Some(S * 110), "a second loss does not make it longer");
    assert_eq!(desk.in_control(1), []);
    assert_eq!(desk.deadline(), None);
    assert!(desk.is_on(BLOCK));

    desk.link_lost(S * 200);
    assert_eq!(desk.expire(S * 209), []);
    assert_eq!(desk.expire(S * 210), Switch::ALL);
    assert_eq!(desk.deadline(), None);

    let mut desk = both_on();
    desk.link_lost(S * 100);
    assert_eq!(desk.in_control(2), Switch::ALL, "somebody else came first");
}

#[test]
fn everything_can_be_given_back_at_once() {
    let mut desk = both_on();
    assert_eq!(desk.release_all(), Switch::ALL);
    assert_eq!(desk.release_all(), []);
}

#[test]
fn the_user_takes_everything_back() {
    let mut desk = both_on();
    assert!(desk.off(Switch::BlockInput));
    assert!(!desk.off(Switch::BlockInput));
    assert!(desk.is_on(Action::Turn(Switch::BlankScreen)));
}

#[test]
fn the_wish_to_lock_at_the_end_outlives_who_wished() {
    let mut desk = Desk::new(true, false);
    assert_eq!(desk.ask(Action::LockAtEnd, true, asker(1), S), Ok(Work::Nothing));
    assert!(desk.is_on(Action::LockAtEnd));
    assert_eq!(desk.gone(1), []);
    assert!(desk.is_on(Action::LockAtEnd), "a technician who hangs up still locks");
    assert_eq!(desk.ask(Action::LockAtEnd, false, asker(2), S * 3), Ok(Work::Nothing));
    assert!(!desk.is_on(Action::LockAtEnd));
}
