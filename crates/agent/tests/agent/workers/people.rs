//! What the user in front of the machine sees, is asked and may do.

use std::sync::Arc;

use gc_platform::{ConsentAnswer, SecureAttentionError};
use gc_platform_fake::{FakeConsent, FakeSecureAttention, FakeWorkerHost, ScriptedConsent};
use gc_proto::v2::agent_control;
use gc_proto::v2::link_message::Body;
use gc_proto::{Packet, v2};
use gc_types::{CauseCode, Rights};

use super::world::{Desk, World, honest};
use crate::relay::{PATIENCE, console, receive};

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_alt_del_is_pressed_by_the_service_and_its_failure_is_told() {
    let attention = Arc::new(FakeSecureAttention::default());
    let with = Arc::clone(&attention);
    let furnish = move |host: FakeWorkerHost| host.with_attention(with);
    let list = vec![console(1)];
    let mut world = World::on(list, furnish, |_, desk, launched| honest(desk, launched)).await;
    world.join().await;
    world.wait_for_surface(336).await;
    let able = world
        .wait_for_control(|body| match body {
            agent_control::Body::MachineActions(state) => Some(state),
            _ => None,
        })
        .await;
    let keys = v2::MachineAction::CtrlAltDel;
    let ability = able.abilities.iter().find(|it| it.action() == keys).unwrap();
    assert_eq!(ability.unavailable, None, "this worker's machine could not by itself");
    assert_eq!(world.ctrl_alt_del(1).await, None);
    assert_eq!(attention.asked(), 1);

    attention.fail(Some(SecureAttentionError::PolicyForbids));
    let cause = world.ctrl_alt_del(2).await.expect("a cause");
    assert_eq!(cause.code, CauseCode::SecureAttentionUnavailable as i32);
    assert!(cause.detail.contains("policy"), "{}", cause.detail);
    assert_eq!(attention.asked(), 2);
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_worker_does_not_tell_the_user_again_of_who_is_there() {
    let mut world = World::with(vec![console(1)]).await;
    world.relay.notice = Some(v2::ConnectionNotice {
        template: "{{technician_name}} is here".into(),
        duration_s: 60,
        ..Default::default()
    });
    world.join().await;
    world.wait_for_surface(336).await;
    let of = |world: &World, worker: usize| world.notices.lock().unwrap()[worker].all().len();
    assert_eq!(of(&world, 0), 1);
    world.newest().kill();
    world.wait_for_surface(336).await;
    assert_eq!(of(&world, 1), 0);
    // Somebody else, after all had left, is news.
    world.relay.leave(1).await;
    world.relay.join(2, Rights::CONTROL).await;
    let second = world.notices.lock().unwrap()[1].clone();
    assert!(second.wait_for_open(1, PATIENCE));
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_survives_the_worker_that_asked_it() {
    let mut world = World::with(vec![console(1)]).await;
    world.relay.offer(v2::ConsentMode::Ask, Rights::CONTROL, 1).await;
    world.catch_up().await;
    let user = |world: &World, index: usize| world.users.lock().unwrap()[index].0.clone();
    assert!(world.host.wait_for_started(1, PATIENCE));
    // A worker that has started is not there yet.
    while world.users.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(user(&world, 0).wait_for_open(1, PATIENCE), "nobody was asked");
    world.newest().kill();
    assert!(world.host.wait_for_started(2, PATIENCE));
    // Its thread has put the user there before it says hello.
    while world.users.lock().unwrap().len() < 2 {
        tokio::task::yield_now().await;
    }
    assert!(user(&world, 1).wait_for_open(1, PATIENCE), "nobody was asked again");
    assert!(user(&world, 1).answer(ConsentAnswer::Allow));
    world.relay.wait_for_consent(v2::ConsentState::Granted).await;
    // And consent survives the next one: nobody is asked a third time.
    world.relay.join(1, Rights::CONTROL).await;
    world.relay.give_control(1).await;
    world.wait_for_surface(336).await;
    world.newest().kill();
    world.wait_for_surface(336).await;
    world.type_until(1).await;
    assert_eq!(user(&world, 2).requests(), [], "consent was asked for twice");
    world.relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_question_and_a_failing_window_deny() {
    for script in [ScriptedConsent::Answer(ConsentAnswer::Decline), ScriptedConsent::Fail] {
        let mut world = World::launching(vec![console(1)], move |_, desk, launched| {
            let (consent, control) = FakeConsent::new();
            control.script(script.clone());
            honest(Desk { consent, ..desk }, launched);
        })
        .await;
        world.relay.offer(v2::ConsentMode::Ask, Rights::CONTROL, 1).await;
        world.relay.wait_for_consent(v2::ConsentState::Denied).await;
        world.relay.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_stop_button_in_a_worker_ends_the_session() {
    let mut world = World::watched(vec![console(1)]).await;
    let bar = world.users.lock().unwrap()[0].1.clone();
    assert!(bar.wait_until(PATIENCE, |bar| bar.is_some()), "no bar");
    assert!(bar.stop());
    loop {
        if let Packet::Link(Body::SessionEnd(end)) = receive(&mut world.relay.socket).await {
            assert_eq!(end.cause.map(|cause| cause.code), Some(CauseCode::EndedByUser as i32));
            break;
        }
    }
    assert!(bar.wait_until(PATIENCE, |bar| bar.is_none()), "the bar still shows");
    world.relay.stop().await;
}
