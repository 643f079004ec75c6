//! Which of the machine's sessions is shown, and who chooses.

use gc_platform::{DesktopSessionId, DesktopSessionState, SessionChange};
use gc_proto::v2;
use gc_types::{CauseCode, Rights};

use super::world::{World, in_state, remote};
use crate::relay::{KEY, PATIENCE, console};

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_user_switch_takes_picture_and_input_along() {
    let mut world = World::watched(vec![console(1)]).await;
    let list = world.wait_for_list(|list| list.sessions.len() == 1).await;
    assert_eq!((list.current, list.follows_console), (1, true));
    world.relay.key(1, 1, true).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true)]));

    let away = in_state(remote(1), DesktopSessionState::Disconnected);
    let change = SessionChange::ConsoleDisconnect(DesktopSessionId(1));
    world.host.change(vec![away.clone()], change);
    world.wait_for_notice(Some(CauseCode::NoDisplay)).await;
    assert!(world.pressed.wait_until(|log| log == [(1, KEY, true), (1, KEY, false)]));
    let change = SessionChange::ConsoleConnect(DesktopSessionId(2));
    world.host.change(vec![away, console(2)], change);
    let list = world.wait_for_list(|list| list.sessions.len() == 2).await;
    assert_eq!((list.current, list.follows_console), (2, true));
    world.wait_for_surface(352).await;
    world.type_until(2).await;
    assert!(world.host.started()[0].wait_for_end(PATIENCE), "the first worker is left over");
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_control_chooses_the_session() {
    let mut world = World::watched(vec![console(1), remote(3)]).await;
    world.wait_for_list(|list| list.sessions.len() == 2).await;
    world.relay.join(2, Rights::CONTROL).await;
    world.catch_up().await;
    // Not in control: nothing happens.
    world.select(2, 3).await;
    world.catch_up().await;
    assert_eq!(world.host.started().len(), 1);

    world.select(1, 3).await;
    let list = world.wait_for_list(|list| list.current == 3).await;
    assert!(!list.follows_console);
    let session = &list.sessions[1];
    assert_eq!((session.user.as_str(), session.name.as_str()), ("user3", "RDP-Tcp#1"));
    world.wait_for_surface(368).await;
    world.type_until(3).await;

    world.select(1, 77).await;
    world.wait_for_notice(Some(CauseCode::DesktopSessionUnknown)).await;
    // Its user logs off: back to the machine's own screen.
    world.host.change(vec![console(1)], SessionChange::Logoff(DesktopSessionId(3)));
    world.wait_for_surface(336).await;
    world.type_until(1).await;
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_and_unlock_are_told_and_cost_no_picture() {
    let mut world = World::watched(vec![console(1)]).await;
    for (state, wire, change) in [
        (
            DesktopSessionState::Locked,
            v2::DesktopSessionState::Locked,
            SessionChange::Lock(DesktopSessionId(1)),
        ),
        (
            DesktopSessionState::Active,
            v2::DesktopSessionState::Active,
            SessionChange::Unlock(DesktopSessionId(1)),
        ),
    ] {
        world.host.change(vec![in_state(console(1), state)], change);
        world.wait_for_list(|list| list.sessions[0].state() == wire).await;
    }
    world.type_until(1).await;
    assert_eq!(world.host.started().len(), 1);
    world.relay.stop().await;
}
