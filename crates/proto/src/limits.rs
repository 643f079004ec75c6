//! Sizes that no peer may exceed. The relay enforces them from the header alone,
//! before anyone else sees a byte.

use crate::Channel;

/// Bytes of one WebSocket message from an agent.
pub const MAX_AGENT_MESSAGE: usize = 4 << 20;
/// Bytes of one WebSocket message from a viewer.
pub const MAX_VIEWER_MESSAGE: usize = 64 << 10;
/// Payload bytes of a record on a bulk channel (clipboard, files).
pub const MAX_BULK_PAYLOAD: usize = 64 << 10;
/// Width or height of a picture, pixels.
pub const MAX_PICTURE_SIDE: u32 = 16_384;
/// Pixels of a picture.
pub const MAX_PICTURE_PIXELS: u64 = 1 << 26;
/// Width or height of a cursor, pixels.
pub const MAX_CURSOR_SIDE: u32 = 256;
/// Events of one input message.
pub const MAX_INPUT_EVENTS: usize = 64;
/// Characters of one text event.
pub const MAX_TYPED_TEXT: usize = 512;
/// Bytes of clipboard text.
pub const MAX_CLIPBOARD_TEXT: usize = 1 << 20;
/// Files of one audit message.
pub const MAX_FILE_RECEIPTS: usize = 1_000;
/// Characters of a name, host name or label.
pub const MAX_NAME: usize = 255;

/// Payload bytes that a record may have on `channel`; `from_agent` says which end
/// sent it.
pub const fn max_payload(channel: Channel, from_agent: bool) -> usize {
    let whole = if from_agent { MAX_AGENT_MESSAGE } else { MAX_VIEWER_MESSAGE };
    let room = whole - crate::HEADER_LEN;
    match channel {
        Channel::Video if from_agent => room,
        Channel::Cursor if from_agent => 512 << 10,
        Channel::Control | Channel::Chat | Channel::Input | Channel::Video | Channel::Cursor => {
            16 << 10
        }
        Channel::Clipboard | Channel::Files | Channel::Terminal => {
            if MAX_BULK_PAYLOAD < room {
                MAX_BULK_PAYLOAD
            } else {
                room
            }
        }
    }
}
