//! The clipboard of a machine with several viewers.

use gc_platform::{ClipboardContent, CopiedFiles, StorePath};
use gc_proto::v2;
use gc_proto::{Channel, Packet};
use gc_types::{CauseCode, Rights};
use prost::Message as _;

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

fn files(paths: &[(&str, &str)]) -> CopiedFiles {
    CopiedFiles::new(
        paths.iter().map(|(place, way)| StorePath::new(place, way).to_wire()).collect(),
    )
    .unwrap()
}

/// A viewer copies files that it has put on the machine.
async fn copy_files(relay: &mut Relay, participant: u16, serial: u32, paths: &CopiedFiles) {
    let data = v2::ClipboardFiles { paths: paths.paths().to_vec() }.encode_to_vec();
    let (format, total) = (v2::ClipboardFormat::Files.into(), data.len() as u32);
    let parts = vec![v2::ClipboardPart { format, total }];
    let piece = v2::ClipboardPiece { serial, format, total, data, parts };
    relay.message(Channel::Clipboard, participant, 1, &piece).await;
}

/// What a viewer hears next of its own content: a cause, or that all of it has come.
async fn heard(relay: &mut Relay, participant: u16) -> Result<u32, i32> {
    loop {
        let record = relay.wait_for_record(Channel::Control).await;
        if record.header().participant != participant {
            continue;
        }
        match v2::AgentControl::decode(record.payload()).unwrap().body {
            Some(v2::agent_control::Body::ClipboardReceived(told)) => return Ok(told.serial),
            Some(v2::agent_control::Body::Notice(notice))
                if notice.topic() == v2::NoticeTopic::Clipboard && notice.cause.is_some() =>
            {
                return Err(notice.cause.unwrap().code);
            }
            _ => {}
        }
    }
}

fn rules(upload: bool, download: bool) -> v2::FilePolicy {
    v2::FilePolicy { upload, download, ..Default::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_the_machine_are_told_to_who_may_fetch_them() {
    let mut relay = Relay::with_agent(Place::Here).await;
    relay.rules = Some(rules(false, true));
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    // Everything but files.
    relay.join(2, Rights::from_bits(Rights::CONTROL.bits() & !8)).await;
    relay.catch_up().await;
    let clipboard = relay.system_clipboard();
    let copied = files(&[("/", "home/ada/a.txt"), ("/", "home/ada/b")]);
    let hostile = v2::FilePath { place: "/".into(), parts: vec!["..".into()] };
    let mut paths = copied.paths().to_vec();
    paths.push(hostile);
    clipboard.copy_content(ClipboardContent {
        files: CopiedFiles::new(paths),
        ..ClipboardContent::text("/home/ada/a.txt")
    });
    let mut formats = Vec::new();
    for _ in 0..3 {
        let (to, piece) = relay.piece().await;
        formats.push((to, piece.format()));
        if piece.format() == v2::ClipboardFormat::Files {
            let list = v2::ClipboardFiles::decode(&piece.data[..]).unwrap();
            assert_eq!(list.paths, copied.paths(), "what nobody could fetch is left out");
        }
    }
    formats.sort();
    let (text, list) = (v2::ClipboardFormat::Text, v2::ClipboardFormat::Files);
    assert_eq!(formats, [(1, text), (1, list), (2, text)]);
    // Files alone are nothing for the second one.
    clipboard.copy_content(ClipboardContent::files(files(&[("/", "x")])));
    clipboard.copy("after");
    let mut got = Vec::new();
    while got.iter().filter(|(_, format)| *format == text).count() < 2 {
        let (to, piece) = relay.piece().await;
        got.push((to, piece.format()));
    }
    assert!(!got.contains(&(2, list)), "{got:?}");
    relay.stop().await;
}

async fn pastes_of_viewers(place: Place) {
    let mut relay = Relay::with_agent(place).await;
    relay.rules = Some(rules(true, true));
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.join(2, Rights::CONTROL).await;
    relay.wait_for_files(2).await;
    relay.catch_up().await;
    relay.files.put_at(&StorePath::new("pasted", "one/a.txt"), b"a", 1);

    for (serial, path, cause) in [
        (1, ("/", "etc/shadow"), CauseCode::FileNameNotAllowed),
        (2, ("pasted", "one/gone.txt"), CauseCode::FileNotFound),
        // Told again, though it was told before: who waits for it must not paste.
        (3, ("pasted", "two/gone.txt"), CauseCode::FileNotFound),
    ] {
        copy_files(&mut relay, 1, serial, &files(&[path])).await;
        assert_eq!(heard(&mut relay, 1).await, Err(cause as i32));
        assert_eq!(heard(&mut relay, 1).await, Ok(serial));
    }
    let clipboard = relay.system_clipboard();
    assert_eq!(clipboard.sets(), 0);

    copy_files(&mut relay, 1, 4, &files(&[("pasted", "one/a.txt")])).await;
    // Told when it is set; the others get it after that.
    assert_eq!(heard(&mut relay, 1).await, Ok(4));
    let (to, piece) = relay.piece().await;
    assert_eq!((to, piece.format()), (2, v2::ClipboardFormat::Files));
    let there = files(&[("/", "pasted-folder/one/a.txt")]);
    assert_eq!(clipboard.paste_content(), ClipboardContent::files(there.clone()));
    // A clipboard manager copies it once more, with a text: no news for who sent it.
    clipboard.copy_content(ClipboardContent {
        files: Some(there),
        ..ClipboardContent::text("/pasted-folder/one/a.txt")
    });
    clipboard.copy("the end");
    loop {
        let (to, piece) = relay.piece().await;
        if to == 1 {
            assert_eq!(piece.data, b"the end");
            break;
        }
    }
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_pastes_what_it_has_put_there_and_nothing_else() {
    pastes_of_viewers(Place::Here).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_pastes_files_by_a_worker() {
    pastes_of_viewers(Place::InWorker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_leave_no_files_are_set() {
    let mut relay = Relay::with_agent(Place::Here).await;
    relay.rules = Some(rules(false, true));
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.catch_up().await;
    let clipboard = relay.system_clipboard();
    relay.files.put_at(&StorePath::new("pasted", "one/a.txt"), b"a", 1);
    copy_files(&mut relay, 1, 1, &files(&[("pasted", "one/a.txt")])).await;
    assert_eq!(heard(&mut relay, 1).await, Err(CauseCode::FilesDenied as i32));
    assert_eq!(heard(&mut relay, 1).await, Ok(1));
    assert_eq!(clipboard.sets(), 0);
    relay.stop().await;
}
