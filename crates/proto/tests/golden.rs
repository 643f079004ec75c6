//! Golden byte vectors: the wire as files, read by Rust here and by the web client.
//!
//! `golden/NAME.hex` holds one WebSocket binary message in hexadecimal;
//! `golden/golden.json` says what is in it, fields in the protobuf JSON mapping
//! as decoded by reflection on the `.proto` files, which the generated code plays
//! no part in. `UPDATE_GOLDEN=1 cargo test -p gc-proto` writes both anew: do that
//! only for an intended change of the wire.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

#[path = "golden/cases/mod.rs"]
mod cases;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use cases::{Case, Content};
use gc_proto::{Flags, HEADER_LEN, Packet, PacketError};
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::{Value, json};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

fn to_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for line in bytes.chunks(32) {
        for byte in line {
            write!(text, "{byte:02x}").unwrap();
        }
        text.push('\n');
    }
    text
}

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn pool() -> DescriptorPool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    let files: Vec<PathBuf> = std::fs::read_dir(root.join("guruconnect/v2"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let set = protox::compile(&files, [&root]).unwrap();
    DescriptorPool::from_file_descriptor_set(set).unwrap()
}

fn fields(pool: &DescriptorPool, message: &str, payload: &[u8]) -> Value {
    let descriptor = pool.get_message_by_name(&format!("guruconnect.v2.{message}")).unwrap();
    let decoded = DynamicMessage::decode(descriptor, payload).unwrap();
    serde_json::to_value(&decoded).unwrap()
}

fn entry(pool: &DescriptorPool, case: &Case) -> Value {
    let bytes = case.bytes();
    match &case.content {
        Content::Link(_) => json!({
            "name": case.name,
            "kind": "link",
            "message": "LinkMessage",
            "fields": fields(pool, "LinkMessage", &bytes[1..]),
        }),
        Content::Record { header, message, .. } => {
            let mut flags = Vec::new();
            for (flag, name) in [
                (Flags::KEY_FRAME, "key_frame"),
                (Flags::DROPPABLE, "droppable"),
                (Flags::END, "end"),
            ] {
                if header.flags.has(flag) {
                    flags.push(name);
                }
            }
            json!({
                "name": case.name,
                "kind": "record",
                "header": {
                    "channel": header.channel as u8,
                    "flags": flags,
                    "participant": header.participant,
                    "epoch": header.epoch,
                    "sequence": header.sequence,
                    "session": header.session.to_string(),
                },
                "message": message,
                "fields": fields(pool, message, &bytes[HEADER_LEN..]),
            })
        }
        Content::Invalid { error, .. } => json!({
            "name": case.name,
            "kind": "invalid",
            "error": error,
        }),
    }
}

#[test]
fn vectors_are_what_this_program_sends() {
    for case in cases::all() {
        let path = folder().join(format!("{}.hex", case.name));
        let bytes = case.bytes();
        if updating() {
            std::fs::write(&path, to_hex(&bytes)).unwrap();
        }
        let stored = from_hex(&std::fs::read_to_string(&path).unwrap());
        assert_eq!(stored, bytes, "{}", case.name);
    }
}

#[test]
fn vectors_decode_to_what_was_meant() {
    for case in cases::all() {
        let bytes = Bytes::from(from_hex(
            &std::fs::read_to_string(folder().join(format!("{}.hex", case.name))).unwrap(),
        ));
        let decoded = Packet::decode(bytes.clone());
        match (&case.content, decoded) {
            (Content::Link(body), Ok(Packet::Link(read))) => assert_eq!(read, *body),
            (Content::Record { header, payload, .. }, Ok(Packet::Record(record))) => {
                assert_eq!(record.header(), header, "{}", case.name);
                assert_eq!(record.payload(), *payload, "{}", case.name);
                assert_eq!(*record.bytes(), bytes, "{}", case.name);
            }
            (Content::Invalid { error, .. }, Err(refusal)) => {
                let name = match refusal {
                    PacketError::Empty => "empty",
                    PacketError::Kind(_) => "kind",
                    PacketError::Link => "link",
                    PacketError::Invalid(_) => "invalid",
                    PacketError::Record(_) => "record",
                };
                assert_eq!(name, *error, "{}", case.name);
            }
            (_, other) => panic!("{}: {other:?}", case.name),
        }
    }
}

#[test]
fn the_manifest_lists_every_vector_and_its_fields() {
    let pool = pool();
    let manifest = json!({ "vectors": cases::all().iter().map(|case| entry(&pool, case)).collect::<Vec<_>>() });
    let path = folder().join("golden.json");
    if updating() {
        std::fs::write(&path, serde_json::to_string_pretty(&manifest).unwrap() + "\n").unwrap();
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(stored, manifest);

    let listed: BTreeSet<String> =
        cases::all().iter().map(|case| format!("{}.hex", case.name)).collect();
    let there: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.to_ascii_lowercase().ends_with(".hex"))
        .collect();
    assert_eq!(listed, there, "every vector has its case and every case its vector");
}
