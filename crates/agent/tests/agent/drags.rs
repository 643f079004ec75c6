//! Files that viewers drop at a point, or drag out of the picture.

use gc_platform::{CopiedFiles, StorePath};
use gc_proto::Channel;
use gc_proto::v2::file_message::Body;
use gc_proto::v2::{self, FileMessage};
use gc_types::{CauseCode, Rights};
use prost::Message as _;

use crate::relay::{Place, Relay};

async fn session(place: Place, upload: bool, download: bool) -> Relay {
    let mut relay = Relay::with_agent(place).await;
    relay.rules = Some(v2::FilePolicy { upload, download, ..Default::default() });
    relay.offer(v2::ConsentMode::Silent, Rights::CONTROL, 1).await;
    relay.join(1, Rights::CONTROL).await;
    relay.join(2, Rights::CONTROL).await;
    relay.wait_for_files(2).await;
    relay.give_control(1).await;
    relay.catch_up().await;
    relay.files.put_at(&StorePath::new("pasted", "one/a.txt"), b"a", 1);
    relay
}

async fn ask(relay: &mut Relay, participant: u16, body: Body) {
    relay.message(Channel::Files, participant, 1, &FileMessage { body: Some(body) }).await;
}

async fn drop_there(relay: &mut Relay, participant: u16, folder: &StorePath) -> v2::FileDropped {
    let drop = v2::FileDrop {
        request: 7,
        folder: Some(folder.to_wire()),
        position: Some(v2::Point { x: 30, y: 40 }),
    };
    ask(relay, participant, Body::Drop(drop)).await;
    loop {
        let record = relay.wait_for_record(Channel::Files).await;
        let message = FileMessage::decode(record.payload()).unwrap();
        if let Some(Body::Dropped(dropped)) = message.body {
            assert_eq!((record.header().participant, dropped.request), (participant, 7));
            return dropped;
        }
    }
}

async fn drag_out(relay: &mut Relay, participant: u16) -> Result<Vec<v2::FilePath>, i32> {
    ask(relay, participant, Body::DragOut(v2::DragOut { request: 8 })).await;
    let mut paths = Vec::new();
    loop {
        let record = relay.wait_for_record(Channel::Files).await;
        let message = FileMessage::decode(record.payload()).unwrap();
        if let Some(Body::DraggedOut(out)) = message.body {
            assert_eq!((record.header().participant, out.request), (participant, 8));
            if let Some(cause) = out.cause {
                return Err(cause.code);
            }
            paths.extend(out.paths);
            if out.last {
                return Ok(paths);
            }
        }
    }
}

fn code(dropped: &v2::FileDropped) -> Option<i32> {
    dropped.cause.as_ref().map(|cause| cause.code)
}

async fn drops(place: Place) {
    let mut relay = session(place, true, true).await;
    let one = StorePath::new("pasted", "one");
    // Who is not in control drops nothing.
    let cause = Some(CauseCode::NotInControl as i32);
    assert_eq!(code(&drop_there(&mut relay, 2, &one).await), cause);
    for (folder, cause) in [
        (StorePath::new("home", "one"), CauseCode::FileNameNotAllowed),
        (StorePath::new("pasted", ""), CauseCode::FileNameNotAllowed),
        (StorePath::new("pasted", "one/a.txt"), CauseCode::FileNameNotAllowed),
        (StorePath::new("pasted", "two"), CauseCode::FileNotFound),
    ] {
        let dropped = drop_there(&mut relay, 1, &folder).await;
        assert_eq!((code(&dropped), dropped.folder), (Some(cause as i32), None), "{folder:?}");
    }
    assert!(relay.drags.drops().is_empty());

    let dropped = drop_there(&mut relay, 1, &one).await;
    assert_eq!((code(&dropped), dropped.folder), (None, None));
    let there = StorePath::new("/", "pasted-folder/one/a.txt").to_wire();
    let files = CopiedFiles::new(vec![there]).unwrap();
    assert_eq!(relay.drags.drops(), [(files, 30, 40)]);
    assert!(relay.files.file("a.txt").is_none());
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_viewer_put_there_is_dropped_at_the_point() {
    drops(Place::Here).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_drops_too() {
    drops(Place::InWorker).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_goes_to_the_folder_for_drops() {
    let mut relay = session(Place::Here, true, true).await;
    relay.files.put_at(&StorePath::new("pasted", "one/b.txt"), b"b", 1);
    relay.files.put("b.txt", b"was here", 1);
    relay.drags.refuse(Some(CauseCode::DropNotTaken));
    let dropped = drop_there(&mut relay, 1, &StorePath::new("pasted", "one")).await;
    assert_eq!(code(&dropped), Some(CauseCode::DropNotTaken as i32));
    assert!(dropped.folder.is_some());
    assert_eq!(relay.files.file("a.txt"), Some((b"a".to_vec(), 1)));
    assert_eq!(relay.files.file("b.txt"), Some((b"was here".to_vec(), 1)), "never replaced");
    assert_eq!(relay.files.file("b (2).txt"), Some((b"b".to_vec(), 1)));
    relay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dragged_out_is_told_and_the_drag_ends() {
    let mut relay = session(Place::Here, true, true).await;
    assert_eq!(drag_out(&mut relay, 1).await, Err(CauseCode::DragNoFiles as i32));
    let long =
        |number: u32| StorePath::new("/", &format!("home/{}/{number}", "x".repeat(200))).to_wire();
    let paths: Vec<_> = (0..900).map(long).collect();
    relay.drags.drag(CopiedFiles::new(paths.clone()));
    assert_eq!(drag_out(&mut relay, 2).await, Err(CauseCode::NotInControl as i32));
    assert_eq!(drag_out(&mut relay, 1).await, Ok(paths), "in several messages");
    let input = relay.stop().await;
    let escape: Vec<_> = input
        .log()
        .into_iter()
        .filter(|event| matches!(event, gc_platform_fake::Injected::Key { scan_code: 1, .. }))
        .collect();
    assert_eq!(escape.len(), 2, "pressed and released once: {escape:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_the_server_hold_for_drags() {
    let mut relay = session(Place::Here, false, false).await;
    let denied = CauseCode::FilesDenied as i32;
    let dropped = drop_there(&mut relay, 1, &StorePath::new("pasted", "one")).await;
    assert_eq!((code(&dropped), dropped.folder), (Some(denied), None));
    relay.drags.drag(CopiedFiles::new(vec![StorePath::new("/", "a").to_wire()]));
    assert_eq!(drag_out(&mut relay, 1).await, Err(denied));
    assert!(relay.drags.drops().is_empty());
    relay.stop().await;
}
