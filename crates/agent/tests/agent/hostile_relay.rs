//! The agent alone against a relay that cannot be trusted: whatever it forwards,
//! nobody types or sees without the user's word.

use gc_platform::{ConsentAnswer, ScreenNotice};
use gc_platform_fake::Injected;
use gc_proto::v2;
use gc_proto::v2::link_message::Body;
use gc_proto::{Channel, Packet};
use gc_types::{CauseCode, Rights};
use tokio::io::AsyncWriteExt;

use crate::relay::{KEY, PATIENCE, Place, Relay, receive, records, welcome};

/// The same with the desktop in this process and in a worker's.
macro_rules! in_both_places {
    ($name:ident) => {
        mod $name {
            use crate::relay::Place;

            #[tokio::test(flavor = "multi_thread")]
            async fn here() {
                super::$name(Place::Here).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn in_a_worker() {
                super::$name(Place::InWorker).await;
            }
        }
    };
}

in_both_places!(a_view_only_participant_cannot_type_even_when_the_relay_forwards_it);
async fn a_view_only_participant_cannot_type_even_when_the_relay_forwards_it(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::VIEW_ONLY).await;
    relay.give_control(1).await;
    relay.key(1, 1, true).await;
    relay.key(1, 1, false).await;
    relay.catch_up().await;
    let input = relay.stop().await;
    assert_eq!(input.log(), [], "a watcher typed");
}

in_both_places!(only_who_is_in_control_types_and_its_keys_go_up_with_it);
async fn only_who_is_in_control_types_and_its_keys_go_up_with_it(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.join(2, Rights::CONTROL).await;
    relay.give_control(2).await;
    // The desktop is there: what is typed before a worker has come goes nowhere.
    relay.wait_for_record(Channel::Video).await;
    relay.key(1, 1, true).await;
    relay.key(2, 1, true).await;
    relay.catch_up().await;
    relay.give_control(1).await;
    relay.catch_up().await;
    let key = |down| Injected::Key { scan_code: KEY, extended: false, down };
    assert!(
        relay.input.wait_until(PATIENCE, |log| log == [key(true), key(false)]),
        "{:?}",
        relay.input.log()
    );
    relay.stop().await;
}

in_both_places!(nothing_leaves_the_machine_before_the_user_says_yes);
async fn nothing_leaves_the_machine_before_the_user_says_yes(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    // The relay claims that consent was given earlier; this program never saw it.
    relay.consent.script(gc_platform_fake::ScriptedConsent::Wait);
    relay.offer(v2::ConsentMode::Ask, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.give_control(1).await;
    relay.key(1, 1, true).await;
    let seen = relay.catch_up().await;
    assert!(relay.consent.wait_for_open(1, PATIENCE), "the user was not asked");
    assert_eq!(records(&seen), 0, "a record left without consent");
    assert_eq!(relay.screen.grabs().0, 0, "the screen was captured without consent");
    let pending = seen.iter().any(|packet| {
        matches!(packet, Packet::Link(Body::SessionAnswer(answer))
            if answer.consent() == v2::ConsentState::Pending)
    });
    assert!(pending, "{seen:?}");

    assert!(relay.consent.answer(ConsentAnswer::ViewOnly));
    // Nobody joins before the relay knows.
    relay.wait_for_consent(v2::ConsentState::Granted).await;
    relay.join(2, Rights::CONTROL).await;
    relay.give_control(2).await;
    relay.wait_for_record(Channel::Video).await;
    relay.key(2, 1, true).await;
    relay.catch_up().await;
    let input = relay.stop().await;
    assert_eq!(input.log(), [], "view only became control");
}

in_both_places!(a_lost_link_releases_keys_and_the_session_is_taken_up_again);
async fn a_lost_link_releases_keys_and_the_session_is_taken_up_again(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.give_control(1).await;
    // A worker that does not serve yet presses nothing.
    relay.wait_for_record(Channel::Video).await;
    relay.key(1, 1, true).await;
    let key = |down| Injected::Key { scan_code: KEY, extended: false, down };
    assert!(relay.input.wait_until(PATIENCE, |log| log == [key(true)]));

    // Cut without a word.
    relay.socket.get_mut().shutdown().await.unwrap();
    relay.socket = welcome(&relay.listener).await;
    assert!(relay.input.wait_until(PATIENCE, |log| log == [key(true), key(false)]));
    assert!(relay.bar.wait_until(PATIENCE, |bar| bar.is_none()), "the bar still shows");

    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 2).await;
    relay.join(1, Rights::CONTROL).await;
    relay.wait_for_record(Channel::Video).await;
    // A record of the old link is refused, one of the new link is not.
    relay.give_control(1).await;
    relay.sequence = 0;
    relay.key(1, 1, true).await;
    relay.sequence = 0;
    relay.key(1, 2, true).await;
    assert!(relay.input.wait_until(PATIENCE, |log| log.len() == 3), "{:?}", relay.input.log());
    relay.stop().await;
}

in_both_places!(the_users_stop_button_ends_the_session);
async fn the_users_stop_button_ends_the_session(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.wait_for_record(Channel::Video).await;
    assert!(relay.bar.wait_until(PATIENCE, |bar| bar.is_some()), "no bar");
    assert!(relay.bar.stop());
    loop {
        if let Packet::Link(Body::SessionEnd(end)) = receive(&mut relay.socket).await {
            let cause = end.cause.map(|cause| cause.code);
            assert_eq!(cause, Some(CauseCode::EndedByUser as i32));
            break;
        }
    }
    relay.stop().await;
}

in_both_places!(viewers_learn_how_the_screen_is_captured_also_when_they_come_later);
async fn viewers_learn_how_the_screen_is_captured_also_when_they_come_later(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.wait_for_record(Channel::Video).await;
    let cause = CauseCode::CaptureFellBack;
    relay.screen.notice(Some(ScreenNotice { cause, detail: "stalled".into() }));
    assert_eq!(relay.wait_for_capture_notice().await, (0, Some(cause as i32)));
    relay.join(2, Rights::CONTROL).await;
    assert_eq!(relay.wait_for_capture_notice().await, (0, Some(cause as i32)));
    relay.screen.notice(None);
    assert_eq!(relay.wait_for_capture_notice().await, (0, None));
    relay.stop().await;
}
