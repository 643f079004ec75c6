//! How messages lie in the stream: a length (4 bytes, little-endian, of what follows
//! it), a kind (1 byte), and the body.

use std::io::{self, Read, Write};

use bytes::{BufMut, Bytes, BytesMut};
use gc_proto::{HEADER_LEN, MAX_AGENT_MESSAGE};
use prost::Message;

/// A message of one of the two oneofs.
const MESSAGE: u8 = 1;
/// A record. From a worker, epoch and sequence are the service's to fill in.
const RECORD: u8 = 2;
/// A record of a viewer that may not arrange the session.
const RECORD_BARRED: u8 = 3;
/// A link message that a worker wants the server to have.
const REPORT: u8 = 4;

/// No message is larger; offers and questions are names and numbers.
const MAX_MESSAGE: usize = 64 << 10;
/// Memory that a length alone can claim.
const STEP: usize = 64 << 10;
const LENGTH: usize = 4;

/// What one frame holds.
#[derive(Debug, PartialEq)]
pub(crate) enum Frame<M> {
    Message(M),
    Record {
        /// Header and payload, of at least a header's length.
        bytes: BytesMut,
        may_arrange: bool,
    },
    /// As it is to go onto the link.
    Report(Bytes),
}

/// Why reading ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The other end is gone, or has closed in order.
    #[error("the stream ended")]
    Ended,
    #[error("the stream broke: {0}")]
    Broken(#[from] io::Error),
    #[error("a frame of kind {kind} with {length} bytes is not allowed")]
    NotAllowed { kind: u8, length: usize },
    #[error("a message cannot be read")]
    Message(#[from] prost::DecodeError),
}

/// Reads one frame. Memory grows with what has come, not with what is announced.
pub(crate) fn read<M: Message + Default>(reader: &mut dyn Read) -> Result<Frame<M>, FrameError> {
    let mut head = [0; LENGTH + 1];
    match reader.read(&mut head[..1]) {
        Ok(0) => return Err(FrameError::Ended),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::Interrupted => return read(reader),
        Err(error) => return Err(gone_or_broken(error)),
    }
    reader.read_exact(&mut head[1..]).map_err(gone_or_broken)?;
    let [l0, l1, l2, l3, kind] = head;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    let allowed = match kind {
        MESSAGE => (1..=MAX_MESSAGE + 1).contains(&length),
        RECORD | RECORD_BARRED => (1 + HEADER_LEN..=MAX_AGENT_MESSAGE + 1).contains(&length),
        REPORT => (1..=MAX_AGENT_MESSAGE + 1).contains(&length),
        _ => false,
    };
    if !allowed {
        return Err(FrameError::NotAllowed { kind, length });
    }
    let mut left = length - 1;
    let mut body = BytesMut::new();
    while left > 0 {
        let begin = body.len();
        body.resize(begin + left.min(STEP.max(begin)), 0);
        let part = body.get_mut(begin..).unwrap_or_default();
        left -= part.len();
        reader.read_exact(part).map_err(gone_or_broken)?;
    }
    Ok(match kind {
        MESSAGE => Frame::Message(M::decode(body)?),
        REPORT => Frame::Report(body.freeze()),
        _ => Frame::Record { bytes: body, may_arrange: kind == RECORD },
    })
}

fn gone_or_broken(error: io::Error) -> FrameError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::ConnectionReset => FrameError::Ended,
        _ => FrameError::Broken(error),
    }
}

/// A message as a whole frame.
pub(crate) fn message(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut out = BytesMut::with_capacity(LENGTH + 1 + length);
    put_head(&mut out, MESSAGE, length);
    // Encoding into a growing buffer cannot run out of room.
    let _ = message.encode(&mut out);
    out.freeze()
}

/// A link message as a whole frame.
pub(crate) fn report(link: &[u8]) -> Bytes {
    let mut out = BytesMut::with_capacity(LENGTH + 1 + link.len());
    put_head(&mut out, REPORT, link.len());
    out.put_slice(link);
    out.freeze()
}

/// Writes a record as a frame.
pub(crate) fn write_record(
    writer: &mut dyn Write,
    record: &Bytes,
    may_arrange: bool,
) -> io::Result<()> {
    let mut head = BytesMut::with_capacity(LENGTH + 1);
    put_head(&mut head, if may_arrange { RECORD } else { RECORD_BARRED }, record.len());
    if record.len() <= STEP {
        // One write, one wake-up of the other process.
        head.reserve(record.len());
        head.put_slice(record);
        return writer.write_all(&head);
    }
    writer.write_all(&head)?;
    writer.write_all(record)
}

fn put_head(out: &mut BytesMut, kind: u8, length: usize) {
    // Beyond u32 the other end refuses the length, which is far above its limit.
    out.put_u32_le(u32::try_from(length + 1).unwrap_or(u32::MAX));
    out.put_u8(kind);
}

#[cfg(test)]
#[path = "frame_tests.rs"]
mod tests;
