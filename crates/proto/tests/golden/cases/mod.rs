//! What the golden vectors hold.

mod from_agent;
mod from_viewer;
mod links;

use bytes::Bytes;
use gc_proto::v2::{ClipboardFiles, ControlChanged, FilePath, Rect, link_message};
use gc_proto::{Channel, Flags, Header, Record, encode_link};
use gc_types::SessionId;
use link_message::Body;
use prost_reflect::prost::Message;

/// One vector.
pub(crate) struct Case {
    /// File name without its ending.
    pub(crate) name: &'static str,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Link(Body),
    Record { header: Header, message: &'static str, payload: Bytes },
    Invalid { bytes: Vec<u8>, error: &'static str },
}

impl Case {
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.content {
            Content::Link(body) => encode_link(body.clone()),
            Content::Record { header, payload, .. } => {
                Record::from_payload(*header, payload).bytes().clone()
            }
            Content::Invalid { bytes, .. } => Bytes::from(bytes.clone()),
        }
    }
}

const SESSION: [u8; 16] = *b"0123456789abcdef";

fn session() -> Vec<u8> {
    SESSION.to_vec()
}

fn copied_files() -> Vec<u8> {
    let path = |place: &str, parts: &[&str]| FilePath {
        place: place.into(),
        parts: parts.iter().map(|part| (*part).into()).collect(),
    };
    let paths = vec![path("/", &["home", "ada", "grüße.txt"]), path("C:", &["Users", "ada"])];
    ClipboardFiles { paths }.encode_to_vec()
}

fn rect(x: u32, y: u32, width: u32, height: u32) -> Rect {
    Rect { x, y, width, height }
}

fn header(channel: Channel, flags: Flags, participant: u16, sequence: u32) -> Header {
    Header {
        channel,
        flags,
        participant,
        epoch: 3,
        sequence,
        session: SessionId::from_bytes(SESSION),
    }
}

fn link(name: &'static str, body: Body) -> Case {
    Case { name, content: Content::Link(body) }
}

fn record(
    name: &'static str,
    header: Header,
    message: &'static str,
    payload: &impl Message,
) -> Case {
    let payload = Bytes::from(payload.encode_to_vec());
    Case { name, content: Content::Record { header, message, payload } }
}

fn invalid(name: &'static str, bytes: Vec<u8>, error: &'static str) -> Case {
    Case { name, content: Content::Invalid { bytes, error } }
}

pub(crate) fn all() -> Vec<Case> {
    let mut cases = links::links();
    cases.extend(from_agent::from_agent());
    cases.extend(from_viewer::from_viewer());
    cases.extend(refused());
    cases
}

fn refused() -> Vec<Case> {
    let good = Record::from_payload(header(Channel::Input, Flags::NONE, 1, 0), b"");
    let with = |at: usize, value: u8| {
        let mut bytes = good.bytes().to_vec();
        bytes[at] = value;
        bytes
    };
    vec![
        invalid("invalid_kind", vec![0x7F, 0x00], "kind"),
        invalid("invalid_link", vec![0x01, 0xFF, 0xFF], "link"),
        invalid("invalid_link_unknown", vec![0x01, 0xFA, 0x3E, 0x00], "link"),
        invalid("invalid_record_short", good.bytes()[..31].to_vec(), "record"),
        invalid("invalid_record_version", with(1, 9), "record"),
        invalid("invalid_record_channel", with(2, 8), "record"),
        invalid("invalid_record_flags", with(3, 0x80), "record"),
        invalid("invalid_record_reserved", with(6, 1), "record"),
        invalid(
            "invalid_session_id",
            encode_link(Body::ControlChanged(ControlChanged {
                session_id: vec![1, 2, 3],
                controller: 1,
            }))
            .to_vec(),
            "invalid",
        ),
    ]
}
