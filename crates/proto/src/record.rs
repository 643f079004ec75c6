//! Records: what viewer and agent say to each other, with the outer header that
//! is all the relay ever reads.

use bytes::{BufMut, Bytes, BytesMut};
use gc_types::{Right, SessionId};

/// First byte of a record on the wire.
pub(crate) const RECORD_KIND: u8 = 0x02;
const RECORD_VERSION: u8 = 1;

/// Bytes of the header.
///
/// | offset | bytes | field |
/// |---|---|---|
/// | 0 | 1 | kind, 0x02 |
/// | 1 | 1 | header version, 1 |
/// | 2 | 1 | channel |
/// | 3 | 1 | flags |
/// | 4 | 2 | participant, little-endian |
/// | 6 | 2 | zero |
/// | 8 | 4 | epoch, little-endian |
/// | 12 | 4 | sequence, little-endian |
/// | 16 | 16 | session id |
pub const HEADER_LEN: usize = 32;

/// A logical stream of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Channel {
    /// Displays, quality, notices.
    Control = 0,
    /// Keyboard and pointer.
    Input = 1,
    /// Cursor shapes.
    Cursor = 2,
    /// Picture, and its acknowledgements the other way.
    Video = 3,
    /// Clipboard contents.
    Clipboard = 4,
    /// Files in pieces.
    Files = 5,
    /// Chat (reserved).
    Chat = 6,
    /// Terminals (reserved).
    Terminal = 7,
}

impl Channel {
    /// All of them, by number.
    pub const ALL: [Self; 8] = [
        Self::Control,
        Self::Input,
        Self::Cursor,
        Self::Video,
        Self::Clipboard,
        Self::Files,
        Self::Chat,
        Self::Terminal,
    ];

    /// From its number on the wire.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The right that a viewer needs in order to send on this channel.
    pub const fn right_to_send(self) -> Right {
        match self {
            Self::Input | Self::Terminal => Right::Control,
            Self::Clipboard => Right::Clipboard,
            Self::Files => Right::Files,
            Self::Control | Self::Cursor | Self::Video | Self::Chat => Right::View,
        }
    }

    /// The right that a viewer needs in order to receive on this channel.
    pub const fn right_to_receive(self) -> Right {
        match self {
            Self::Clipboard => Right::Clipboard,
            Self::Files => Right::Files,
            Self::Terminal => Right::Control,
            Self::Control | Self::Input | Self::Cursor | Self::Video | Self::Chat => Right::View,
        }
    }

    /// Sending order when several wait: lower goes first.
    pub const fn priority(self) -> u8 {
        match self {
            Self::Input => 0,
            Self::Control | Self::Cursor | Self::Chat => 1,
            Self::Video | Self::Terminal => 2,
            Self::Clipboard => 3,
            Self::Files => 4,
        }
    }
}

/// Flags of a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// None.
    pub const NONE: Self = Self(0);
    /// First record of a picture that needs nothing before it.
    pub const KEY_FRAME: Self = Self(1);
    /// May be dropped, with all that follow it up to the next key frame.
    pub const DROPPABLE: Self = Self(2);
    /// Last record of its unit (frame, clipboard content, file).
    pub const END: Self = Self(4);

    const KNOWN: u8 = 7;

    /// Whether every flag of `other` is set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The outer header of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The stream it belongs to.
    pub channel: Channel,
    /// Drop and unit marks.
    pub flags: Flags,
    /// From a viewer: its own number. From the agent: the one viewer meant, or 0
    /// for all of them.
    pub participant: u16,
    /// Number of the agent's link in this session; a record of an earlier link is
    /// refused.
    pub epoch: u32,
    /// Rises by one with each record of this sender on this channel; wraps.
    pub sequence: u32,
    /// The session.
    pub session: SessionId,
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Shorter than the header.
    #[error("record is shorter than its header")]
    Truncated,
    /// Header version this program does not know.
    #[error("record header version {0} is not supported")]
    Version(u8),
    /// No such channel.
    #[error("channel {0} does not exist")]
    Channel(u8),
    /// Bits that must be zero are not.
    #[error("reserved bits are set")]
    Reserved,
}

impl Header {
    /// Reads the header of a message whose first byte has been seen to be that of
    /// a record.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let header: &[u8; HEADER_LEN] = bytes.first_chunk().ok_or(RecordError::Truncated)?;
        let [_, version, channel, flags, p0, p1, r0, r1, rest @ ..] = *header;
        if version != RECORD_VERSION {
            return Err(RecordError::Version(version));
        }
        let channel = Channel::from_number(channel).ok_or(RecordError::Channel(channel))?;
        if flags & !Flags::KNOWN != 0 || r0 != 0 || r1 != 0 {
            return Err(RecordError::Reserved);
        }
        let [e0, e1, e2, e3, s0, s1, s2, s3, session @ ..] = rest;
        Ok(Self {
            channel,
            flags: Flags(flags),
            participant: u16::from_le_bytes([p0, p1]),
            epoch: u32::from_le_bytes([e0, e1, e2, e3]),
            sequence: u32::from_le_bytes([s0, s1, s2, s3]),
            session: SessionId::from_bytes(session),
        })
    }

    /// Appends the header.
    pub fn encode(&self, out: &mut BytesMut) {
        out.reserve(HEADER_LEN);
        out.put_u8(RECORD_KIND);
        out.put_u8(RECORD_VERSION);
        out.put_u8(self.channel as u8);
        out.put_u8(self.flags.0);
        out.put_u16_le(self.participant);
        out.put_u16_le(0);
        out.put_u32_le(self.epoch);
        out.put_u32_le(self.sequence);
        out.put_slice(self.session.as_bytes());
    }
}

/// A record: the bytes as received, and its header read once. Cloning shares the
/// bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    header: Header,
    bytes: Bytes,
}

impl Record {
    /// Header and protobuf payload in one allocation.
    pub fn new(header: Header, payload: &impl prost::Message) -> Self {
        let mut out = BytesMut::with_capacity(HEADER_LEN + payload.encoded_len());
        header.encode(&mut out);
        // Encoding into a growing buffer cannot run out of room.
        let _ = payload.encode(&mut out);
        Self { header, bytes: out.freeze() }
    }

    /// Header and payload bytes, for what is not protobuf.
    pub fn from_payload(header: Header, payload: &[u8]) -> Self {
        let mut out = BytesMut::with_capacity(HEADER_LEN + payload.len());
        header.encode(&mut out);
        out.put_slice(payload);
        Self { header, bytes: out.freeze() }
    }

    /// Reads the header of a whole message; the payload is not looked at.
    pub fn decode(bytes: Bytes) -> Result<Self, RecordError> {
        Ok(Self { header: Header::decode(&bytes)?, bytes })
    }

    /// The outer header.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What only viewer and agent read.
    pub fn payload(&self) -> Bytes {
        self.bytes.slice(HEADER_LEN..)
    }

    /// Payload bytes.
    pub fn payload_len(&self) -> usize {
        self.bytes.len() - HEADER_LEN
    }

    /// Header and payload, byte for byte as received.
    pub const fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            channel: Channel::Video,
            flags: Flags::KEY_FRAME.with(Flags::END),
            participant: 0x0102,
            epoch: 3,
            sequence: 0xFFFF_FFFE,
            session: SessionId::from_bytes(*b"0123456789abcdef"),
        }
    }

    #[test]
    fn header_survives_the_wire() {
        let record = Record::from_payload(header(), b"payload");
        let again = Record::decode(record.bytes().clone()).unwrap();
        assert_eq!(*again.header(), header());
        assert_eq!(&again.payload()[..], b"payload");
    }

    #[test]
    fn malformed_headers_are_told_apart() {
        let good = Record::from_payload(header(), b"").bytes().to_vec();
        let broken = |at: usize, value: u8| {
            let mut bytes = good.clone();
            bytes[at] = value;
            Header::decode(&bytes)
        };
        assert_eq!(Header::decode(&good[..31]), Err(RecordError::Truncated));
        assert_eq!(broken(1, 9), Err(RecordError::Version(9)));
        assert_eq!(broken(2, 8), Err(RecordError::Channel(8)));
        assert_eq!(broken(3, 0x80), Err(RecordError::Reserved));
        assert_eq!(broken(6, 1), Err(RecordError::Reserved));
    }
}
