//! One WebSocket binary message.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use prost::Message;

use crate::record::RECORD_KIND;
use crate::v2::LinkMessage;
use crate::v2::link_message::Body;
use crate::{InvalidMessage, Record, RecordError, Validate};

const LINK_KIND: u8 = 0x01;

/// What a WebSocket binary message holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Packet {
    /// Between this endpoint and the relay.
    Link(Body),
    /// Between viewer and agent.
    Record(Record),
}

/// Why a message is refused. All of them close the link.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PacketError {
    /// No bytes at all.
    #[error("message is empty")]
    Empty,
    /// A first byte that names neither kind.
    #[error("message kind {0:#04x} does not exist")]
    Kind(u8),
    /// Not protobuf, or no body that this version knows.
    #[error("link message cannot be decoded")]
    Link,
    /// A field out of its limits.
    #[error(transparent)]
    Invalid(#[from] InvalidMessage),
    /// A broken record header.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Packet {
    /// Reads and validates a message. A link message of a kind that this version
    /// does not know is [`PacketError::Link`].
    pub fn decode(mut bytes: Bytes) -> Result<Self, PacketError> {
        match bytes.first() {
            None => Err(PacketError::Empty),
            Some(&LINK_KIND) => {
                bytes.advance(1);
                let body = LinkMessage::decode(bytes)
                    .ok()
                    .and_then(|message| message.body)
                    .ok_or(PacketError::Link)?;
                body.validate()?;
                Ok(Self::Link(body))
            }
            Some(&RECORD_KIND) => Ok(Self::Record(Record::decode(bytes)?)),
            Some(&kind) => Err(PacketError::Kind(kind)),
        }
    }

    /// The bytes to send; a record's are those it came with.
    pub fn encode(&self) -> Bytes {
        match self {
            Self::Link(body) => encode_link(body.clone()),
            Self::Record(record) => record.bytes().clone(),
        }
    }
}

/// The bytes of a link message.
pub fn encode_link(body: Body) -> Bytes {
    let message = LinkMessage { body: Some(body) };
    let mut out = BytesMut::with_capacity(1 + message.encoded_len());
    out.put_u8(LINK_KIND);
    // Encoding into a growing buffer cannot run out of room.
    let _ = message.encode(&mut out);
    out.freeze()
}
