//! A viewer that breaks every rule.

use bytes::Bytes;
use gc_filetransfer::{FilePolicy, Outcome};
use gc_netem::Profile;
use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;

use crate::world::{ID, World};

fn message(body: Body) -> v2::FileMessage {
    v2::FileMessage { body: Some(body) }
}

fn open() -> Body {
    Body::Open(v2::TransferOpen {
        transfer: 1,
        id: ID.to_vec(),
        direction: v2::TransferDirection::Upload.into(),
        folder: None,
        sources: Vec::new(),
        conflict: v2::ConflictRule::Rename.into(),
        resume: false,
    })
}

fn head(index: u32, path: &str, size: u64) -> v2::FileHead {
    v2::FileHead {
        index,
        path: path.into(),
        kind: v2::FileKind::File.into(),
        size,
        modified_unix_ms: 0,
    }
}

fn heads(heads: Vec<v2::FileHead>) -> Body {
    Body::Heads(v2::FileHeads { transfer: 1, heads, last: false, total_files: 1, total_bytes: 1 })
}

fn chunk(index: u32, offset: u64, length: usize) -> Body {
    Body::Chunk(v2::FileChunk {
        transfer: 1,
        index,
        offset,
        data: Bytes::from(vec![b'x'; length]),
        restart: false,
    })
}

fn end(index: u32, sha256: Vec<u8>) -> Body {
    Body::End(v2::FileEnd { transfer: 1, index, sha256, cause: None })
}

/// What the agent does about these: the cause with which it stops the transfer.
fn stopped_by(bodies: Vec<Body>) -> (Option<i32>, World) {
    let mut world = World::new(Profile::PERFECT, FilePolicy::open());
    world.tell_agent(message(open()));
    for body in bodies {
        world.tell_agent(message(body));
    }
    let said = world.agent_says();
    let stop = said.into_iter().find_map(|message| match message.body {
        Some(Body::Stop(stop)) => stop.cause.map(|cause| cause.code),
        _ => None,
    });
    (stop, world)
}

#[test]
fn every_breach_stops_the_transfer_and_leaves_nothing() {
    let one = || heads(vec![head(0, "a", 10_000)]);
    let breaches: Vec<(&str, Vec<Body>)> = vec![
        ("more than declared", vec![one(), chunk(0, 0, 10_000), chunk(0, 10_000, 1)]),
        ("less than declared", vec![one(), chunk(0, 0, 10), end(0, vec![0; 32])]),
        ("beyond the size", vec![one(), chunk(0, 9_999, 2)]),
        ("a gap", vec![one(), chunk(0, 0, 10), chunk(0, 20, 10)]),
        ("an overlap", vec![one(), chunk(0, 0, 10), chunk(0, 5, 10)]),
        ("twice", vec![one(), chunk(0, 0, 10), chunk(0, 0, 10)]),
        ("an offset of 2^63", vec![one(), chunk(0, 1 << 63, 10)]),
        ("an offset that overflows", vec![one(), chunk(0, u64::MAX, 10)]),
        ("a size of 2^63", vec![heads(vec![head(0, "a", 1 << 63)])]),
        ("an unknown file", vec![one(), chunk(7, 0, 10)]),
        ("no bytes", vec![one(), chunk(0, 0, 0)]),
        (
            "two at a time",
            vec![heads(vec![head(0, "a", 10), head(1, "b", 10)]), chunk(0, 0, 5), chunk(1, 0, 5)],
        ),
        ("indices with gaps", vec![heads(vec![head(1, "a", 10)])]),
        ("an index twice", vec![heads(vec![head(0, "a", 1), head(0, "b", 1)])]),
        ("a hash of another length", vec![one(), chunk(0, 0, 10_000), end(0, vec![0; 31])]),
        (
            "heads without end",
            vec![heads((0..10_000).map(|index| head(index, &format!("f{index}"), 1)).collect())],
        ),
    ];
    for (what, bodies) in breaches {
        let (stop, world) = stopped_by(bodies);
        assert_eq!(stop, Some(CauseCode::FileProtocol as i32), "{what}");
        assert_eq!(world.there.files(), [""; 0], "{what}");
    }
}

#[test]
fn what_has_another_hash_never_appears() {
    let (stop, world) =
        stopped_by(vec![heads(vec![head(0, "a", 10)]), chunk(0, 0, 10), end(0, vec![0; 32])]);
    assert_eq!(stop, None, "the others go on");
    assert_eq!(world.there.files(), [""; 0]);
    assert_eq!(world.receipts[0].outcome, Outcome::Failed(CauseCode::FileHashMismatch));
}

#[test]
fn hostile_names_go_nowhere() {
    for (name, cause) in [
        ("../a", CauseCode::FileNameNotAllowed),
        ("/etc/passwd", CauseCode::FileNameNotAllowed),
        ("a/../../b", CauseCode::FileNameNotAllowed),
        ("C:\\a", CauseCode::FileNameNotAllowed),
        ("\\\\server\\share\\a", CauseCode::FileNameNotAllowed),
        ("a\0b", CauseCode::FileNameNotAllowed),
        (".gc-part-00", CauseCode::FileNameNotAllowed),
    ] {
        let (stop, world) = stopped_by(vec![heads(vec![head(0, name, 10)]), chunk(0, 0, 10)]);
        assert_eq!(stop, None, "{name:?}");
        assert_eq!(world.there.files(), [""; 0], "{name:?}");
        assert_eq!(world.receipts[0].outcome, Outcome::Failed(cause), "{name:?}");
    }
    let (_, world) = stopped_by(vec![heads(vec![head(0, &["d"; 65].join("/"), 10)])]);
    assert_eq!(world.receipts[0].outcome, Outcome::Failed(CauseCode::PathTooDeep));
}

#[test]
fn a_folder_request_leads_nowhere_it_should_not() {
    let request = |step| message(Body::Request(v2::FolderRequest { request: 5, step: Some(step) }));
    let path = |parts: &[&str]| v2::FilePath {
        place: "home".into(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    };
    let steps = vec![
        v2::folder_request::Step::List(path(&[".."])),
        v2::folder_request::Step::List(path(&["a/../.."])),
        v2::folder_request::Step::Delete(path(&[])),
        v2::folder_request::Step::Make(path(&["x", "..", "y"])),
        v2::folder_request::Step::Rename(v2::FolderRename {
            path: Some(path(&["a"])),
            name: "../b".into(),
        }),
    ];
    for step in steps {
        let mut world = World::new(Profile::PERFECT, FilePolicy::open());
        world.there.put("a", b"x", 0);
        world.tell_agent(request(step.clone()));
        let replies: Vec<_> = world
            .agent_says()
            .into_iter()
            .filter_map(|message| match message.body {
                Some(Body::Reply(reply)) => Some(reply),
                _ => None,
            })
            .collect();
        assert_eq!(replies.len(), 1);
        let cause = replies[0].cause.as_ref().map(|cause| cause.code);
        assert_eq!(cause, Some(CauseCode::FileNameNotAllowed as i32), "{step:?}");
    }
    // Who may only fetch changes nothing.
    let policy = FilePolicy { download: true, ..FilePolicy::default() };
    let mut world = World::new(Profile::PERFECT, policy);
    world.tell_agent(request(v2::folder_request::Step::Make(path(&["new"]))));
    let said = world.agent_says();
    assert!(said.iter().any(|message| matches!(&message.body, Some(Body::Reply(reply))
        if reply.cause.as_ref().is_some_and(|cause| cause.code == CauseCode::FilesDenied as i32))));
}

#[test]
fn whoever_acknowledges_what_was_not_sent_gets_nothing_more() {
    let mut world = World::new(Profile::PERFECT, FilePolicy::open());
    world.there.put("a", &crate::world::noise(1_000_000, 1), 0);
    world.tell_agent(message(Body::Open(v2::TransferOpen {
        transfer: 1,
        id: ID.to_vec(),
        direction: v2::TransferDirection::Download.into(),
        folder: None,
        sources: vec![v2::FilePath { place: String::new(), parts: vec!["a".into()] }],
        conflict: 0,
        resume: false,
    })));
    world.agent_says();
    world.tell_agent(message(Body::Ack(v2::FileAck { received: 1, room: u64::MAX })));
    let said = world.agent_says();
    assert!(said.iter().any(|message| matches!(message.body, Some(Body::Stop(_)))));
}
