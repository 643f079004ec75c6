//! The wire: generated messages, the record header, size limits and validation.
//!
//! A WebSocket binary message is either a link message or a record; see
//! [`Packet`]. `docs/protocol.md` describes both.

mod debug;
mod limits;
mod packet;
mod record;
mod validate;
mod version;

/// Code generated from `proto/guruconnect/v2`.
#[expect(
    missing_docs,
    clippy::pedantic,
    clippy::all,
    reason = "generated; the documentation stands in the .proto files"
)]
pub mod v2 {
    include!("gen/guruconnect.v2.rs");
}

pub use limits::{
    MAX_AGENT_MESSAGE, MAX_BULK_PAYLOAD, MAX_CLIPBOARD_FILES, MAX_CLIPBOARD_HTML,
    MAX_CLIPBOARD_IMAGE, MAX_CLIPBOARD_PARTS, MAX_CLIPBOARD_PATHS, MAX_CLIPBOARD_PIECE,
    MAX_CLIPBOARD_PIXELS, MAX_CLIPBOARD_RTF, MAX_CLIPBOARD_SIDE, MAX_CLIPBOARD_TEXT,
    MAX_CURSOR_SIDE, MAX_FILE_RECEIPTS, MAX_INPUT_EVENTS, MAX_NAME, MAX_NOTICE, MAX_PICTURE_PIXELS,
    MAX_PICTURE_SIDE, MAX_TYPED_TEXT, MAX_VIEWER_MESSAGE, max_clipboard, max_payload,
};
pub use packet::{Packet, PacketError, encode_link};
pub use record::{Channel, Flags, HEADER_LEN, Header, Record, RecordError};
pub use validate::{InvalidMessage, Validate, clean_text};
pub use version::{PROTOCOL_VERSION, SUPPORTED_VERSIONS, negotiate};
