//! The clipboard of a machine with several viewers.

use gc_platform::ClipboardContent;
use gc_proto::v2;
use gc_proto::{Channel, Packet};
use gc_types::{CauseCode, Rights};

use crate::relay::{PATIENCE, Place, Relay};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_viewer_copies_reaches_the_machine_and_the_others_once() {
    let mut relay = Relay::with_agent(Place::Here).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.join(2, Rights::CONTROL).await;
    relay.join(3, Rights::VIEW_ONLY).await;
    relay.catch_up().await;
    let clipboard = relay.system_clipboard();

    // Both number their contents from one, and who only looks on is not heard.
    relay.copy(3, 1, "from a watcher").await;
    relay.copy(1, 1, "from the first").await;
    let (to, piece) = relay.piece().await;
    assert_eq!((to, &piece.data[..]), (2, &b"from the first"[..]));
    relay.copy(2, 1, "from the second").await;
    let (to, piece) = relay.piece().await;
    assert_eq!((to, &piece.data[..]), (1, &b"from the second"[..]));
    assert!(clipboard.wait_for("from the second", PATIENCE), "{:?}", clipboard.paste());
    assert_eq!(clipboard.sets(), 2);

    // A clipboard manager copies it once more: that is no news to anybody. What the user
    // copies goes to both of those who may have it.
    clipboard.copy("from the second");
    clipboard.copy("from the user");
    let mut got = [relay.piece().await, relay.piece().await];
    got.sort_by_key(|(to, _)| *to);
    let got = got.map(|(to, piece)| (to, String::from_utf8(piece.data).unwrap()));
    assert_eq!(got, [1, 2].map(|to| (to, "from the user".to_owned())));
    let seen = relay.catch_up().await;
    let more = seen.iter().any(|packet| {
        matches!(packet, Packet::Record(record) if record.header().channel == Channel::Clipboard)
    });
    assert!(!more, "something crossed twice");
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_switches_its_own_sharing_and_nobody_elses() {
    let mut relay = Relay::with_agent(Place::Here).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    for participant in 1..=3 {
        let rights = if participant == 3 { Rights::VIEW_ONLY } else { Rights::CONTROL };
        relay.join(participant, rights).await;
    }
    relay.give_control(2).await;
    relay.catch_up().await;
    let clipboard = relay.system_clipboard();
    let sync = |enabled| v2::ViewerControl {
        body: Some(v2::viewer_control::Body::ClipboardSync(v2::ClipboardSync { enabled })),
    };
    relay.message(Channel::Control, 1, 1, &sync(false)).await;
    // Who may not share cannot switch it on.
    relay.message(Channel::Control, 3, 1, &sync(true)).await;
    relay.copy(1, 1, "while off").await;
    relay.copy(2, 1, "from the second").await;
    assert!(clipboard.wait_for("from the second", PATIENCE), "{:?}", clipboard.paste());
    assert_eq!(clipboard.sets(), 1);
    clipboard.copy("one");
    assert_eq!(relay.piece().await.0, 2);
    relay.message(Channel::Control, 1, 1, &sync(true)).await;
    // It begins with what is there.
    let (to, piece) = relay.piece().await;
    assert_eq!((to, &piece.data[..]), (1, &b"one"[..]));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stays_is_told_and_a_large_picture_waits_for_answers() {
    let mut relay = Relay::with_agent(Place::Here).await;
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.catch_up().await;
    let clipboard = relay.system_clipboard();
    clipboard.copy_secret("hunter2");
    assert_eq!(relay.clipboard_notice().await, Some(CauseCode::ClipboardPrivate as i32));
    clipboard.copy_content(ClipboardContent::text("x".repeat((1 << 20) + 1)));
    assert_eq!(relay.clipboard_notice().await, Some(CauseCode::ClipboardTooLarge as i32));

    let rich = |text: &str| ClipboardContent {
        rtf: Some(vec![b'x'; 1 << 20].into()),
        ..ClipboardContent::text(text)
    };
    clipboard.copy_content(rich("fits"));
    let mut sent = 0;
    while sent < 256 << 10 {
        sent += relay.piece().await.1.data.len();
    }
    let seen = relay.catch_up().await;
    let more = seen.iter().any(|packet| {
        matches!(packet, Packet::Record(record) if record.header().channel == Channel::Clipboard)
    });
    assert!(!more, "more than the window");
    let received = v2::ClipboardReceived { serial: 1, bytes: 65_536 };
    let told =
        v2::ViewerControl { body: Some(v2::viewer_control::Body::ClipboardReceived(received)) };
    relay.message(Channel::Control, 1, 1, &told).await;
    assert_eq!(relay.piece().await.1.serial, 1);
    // A newer one goes first and at once.
    clipboard.copy("newer");
    loop {
        let (_, piece) = relay.piece().await;
        if piece.serial == 2 {
            assert_eq!(piece.data, b"newer");
            break;
        }
    }
    relay.stop().await;
}
