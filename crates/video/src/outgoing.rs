//! Frames cut into messages.

use std::time::Duration;

use gc_proto::Flags;
use gc_proto::v2::{Frame, Operation, VideoMessage, operation, video_message};

/// A message is closed before it would grow beyond this, bytes.
pub const SOFT_MESSAGE: usize = 512 << 10;
/// No message is larger than this, bytes.
pub const MAX_MESSAGE: usize = 3_900_000;
/// Bytes that an operation needs beside its data, at most.
const OPERATION_OVERHEAD: usize = 64;
/// Operations per message; half of what a receiver accepts.
const MOST_OPERATIONS: usize = 8192;

/// A message for the link.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The one viewer meant, or 0 for all.
    pub participant: u16,
    /// For the record header.
    pub flags: Flags,
    /// The message.
    pub message: VideoMessage,
    /// When its pixels were captured, on the clock of the calls to the host.
    pub captured_at: Duration,
}

impl Outgoing {
    /// Writes the age of the pixels into a frame; to be called right before the
    /// message goes to the link.
    pub fn stamp(&mut self, now: Duration) {
        if let Some(video_message::Body::Frame(frame)) = &mut self.message.body {
            let age = now.saturating_sub(self.captured_at).as_micros();
            frame.capture_us = u32::try_from(age).unwrap_or(u32::MAX);
        }
    }

    /// Bytes that it will have on the wire, closely and never fewer.
    pub fn size(&self) -> usize {
        match &self.message.body {
            Some(video_message::Body::Frame(frame)) => {
                OPERATION_OVERHEAD + frame.operations.iter().map(size).sum::<usize>()
            }
            _ => 3 * OPERATION_OVERHEAD,
        }
    }
}

/// Bytes of an operation on the wire, at most.
pub(crate) fn size(operation: &Operation) -> usize {
    OPERATION_OVERHEAD
        + match &operation.draw {
            Some(operation::Draw::H264(h264)) => h264.access_unit.len(),
            Some(operation::Draw::Hevc(hevc)) => hevc.access_unit.len(),
            Some(operation::Draw::Tile(tile)) => tile.data.len(),
            Some(operation::Draw::Copy(_) | operation::Draw::Fill(_)) | None => 0,
        }
}

/// Who gets a frame, and what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FrameHead {
    pub(crate) participant: u16,
    pub(crate) generation: u32,
    pub(crate) frame_id: u32,
    pub(crate) key: bool,
    pub(crate) captured_at: Duration,
}

/// Cuts a frame into messages, in order.
pub(crate) fn split(head: FrameHead, operations: Vec<Operation>) -> Vec<Outgoing> {
    let mut parts: Vec<Vec<Operation>> = vec![Vec::new()];
    let mut bytes = OPERATION_OVERHEAD;
    for operation in operations {
        let more = size(&operation);
        if let Some(part) = parts.last_mut()
            && (part.is_empty() || bytes + more <= SOFT_MESSAGE && part.len() < MOST_OPERATIONS)
        {
            bytes += more;
            part.push(operation);
        } else {
            bytes = OPERATION_OVERHEAD + more;
            parts.push(vec![operation]);
        }
    }
    let last = parts.len() - 1;
    parts
        .into_iter()
        .enumerate()
        .map(|(at, operations)| {
            let mut flags = if head.key { Flags::NONE } else { Flags::DROPPABLE };
            if head.key && at == 0 {
                flags = flags.with(Flags::KEY_FRAME);
            }
            if at == last {
                flags = flags.with(Flags::END);
            }
            let frame = Frame {
                generation: head.generation,
                frame_id: head.frame_id,
                operations,
                last: at == last,
                key: head.key,
                capture_us: 0,
                encode_us: 0,
                grab_us: 0,
            };
            Outgoing {
                participant: head.participant,
                flags,
                message: VideoMessage { body: Some(video_message::Body::Frame(frame)) },
                captured_at: head.captured_at,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gc_proto::v2::{Fill, H264, Rect};

    fn unit(bytes: usize) -> Operation {
        let access_unit = vec![0; bytes].into();
        let draw = operation::Draw::H264(H264 { access_unit, key: true, stream: 1, scale: 0 });
        Operation { rect: Some(Rect { x: 0, y: 0, width: 1, height: 1 }), draw: Some(draw) }
    }

    const HEAD: FrameHead = FrameHead {
        participant: 3,
        generation: 1,
        frame_id: 9,
        key: true,
        captured_at: Duration::from_secs(5),
    };

    #[test]
    fn only_the_first_part_starts_and_only_the_last_ends() {
        let parts = split(HEAD, vec![unit(400_000), unit(200_000), unit(900_000), unit(5)]);
        let flags: Vec<_> = parts.iter().map(|part| part.flags).collect();
        assert_eq!(flags, [Flags::KEY_FRAME, Flags::NONE, Flags::NONE, Flags::END]);
        for (at, part) in parts.iter().enumerate() {
            let Some(video_message::Body::Frame(frame)) = &part.message.body else { panic!() };
            assert_eq!((frame.frame_id, frame.key, frame.last), (9, true, at == 3));
        }
        let flags = split(FrameHead { key: false, ..HEAD }, vec![unit(5)])[0].flags;
        assert_eq!(flags, Flags::DROPPABLE.with(Flags::END));
    }

    #[test]
    fn no_message_has_more_operations_than_a_receiver_takes() {
        let fill = Operation { draw: Some(operation::Draw::Fill(Fill { color: 1 })), rect: None };
        let parts = split(HEAD, vec![fill; 20_000]);
        assert!(parts.len() >= 3);
        assert!(parts.iter().all(|part| part.size() <= SOFT_MESSAGE + OPERATION_OVERHEAD));
    }

    #[test]
    fn the_age_is_that_at_the_time_of_sending() {
        let mut part = split(HEAD, vec![unit(5)]).remove(0);
        part.stamp(Duration::from_millis(5007));
        let Some(video_message::Body::Frame(frame)) = &part.message.body else { panic!() };
        assert_eq!(frame.capture_us, 7000);
        assert_eq!(frame.encode_us, 0, "the age is no encoding time");
    }
}
