//! Sizes that no peer may exceed. The relay enforces them from the header alone,
//! before anyone else sees a byte.

use crate::Channel;
use crate::v2::ClipboardFormat;

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
/// Bytes of a clipboard content as HTML.
pub const MAX_CLIPBOARD_HTML: usize = 2 << 20;
/// Bytes of a clipboard content as Rich Text Format.
pub const MAX_CLIPBOARD_RTF: usize = 4 << 20;
/// Bytes of a clipboard content as PNG.
pub const MAX_CLIPBOARD_IMAGE: usize = 20 << 20;
/// Bytes of a clipboard content as a list of files.
pub const MAX_CLIPBOARD_FILES: usize = 256 << 10;
/// Files and folders of one clipboard content.
pub const MAX_CLIPBOARD_PATHS: usize = 1_000;
/// Width or height of a picture on the clipboard.
pub const MAX_CLIPBOARD_SIDE: u32 = MAX_PICTURE_SIDE;
/// Pixels of a picture on the clipboard: 8K.
pub const MAX_CLIPBOARD_PIXELS: u64 = 1 << 25;
/// Formats of one clipboard content, those of newer peers among them.
pub const MAX_CLIPBOARD_PARTS: usize = 8;
/// Bytes of a piece of a clipboard content.
pub const MAX_CLIPBOARD_PIECE: usize = 32 << 10;
/// Files of one audit message.
pub const MAX_FILE_RECEIPTS: usize = 1_000;
/// Characters of a name, host name or label.
pub const MAX_NAME: usize = 255;
/// Characters of the text of a connection notice.
pub const MAX_NOTICE: usize = 300;

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

/// Bytes that a clipboard content may have in `format`.
pub const fn max_clipboard(format: ClipboardFormat) -> usize {
    match format {
        ClipboardFormat::Text => MAX_CLIPBOARD_TEXT,
        ClipboardFormat::Html => MAX_CLIPBOARD_HTML,
        ClipboardFormat::Rtf => MAX_CLIPBOARD_RTF,
        ClipboardFormat::Files => MAX_CLIPBOARD_FILES,
        // What is skipped because it is not known is bounded as the largest is.
        ClipboardFormat::Image | ClipboardFormat::Unspecified => MAX_CLIPBOARD_IMAGE,
    }
}
