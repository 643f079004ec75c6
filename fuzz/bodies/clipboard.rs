//! A clipboard content of a peer, to what would be put on the system's clipboard.

use gc_clipboard::ClipboardShare;
use gc_proto::v2::{ClipboardFormat, ClipboardPart, ClipboardPiece};
use prost::Message;

/// The first byte chooses: a format, of which the rest is all, or pieces as they are on
/// the wire, each behind a byte with its length.
pub(crate) fn run(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    let mut share = ClipboardShare::default();
    let format = i32::from(first % 6);
    if format == 0 {
        let mut rest = rest;
        while let Some((length, more)) = rest.split_first() {
            let (piece, more) = more.split_at(more.len().min(usize::from(*length)));
            rest = more;
            if let Ok(piece) = ClipboardPiece::decode(piece) {
                let _ = share.remote(&piece);
            }
        }
        return;
    }
    let total = rest.len() as u32;
    let parts = vec![ClipboardPart { format, total }];
    let mut content = None;
    for (index, data) in rest.chunks(gc_clipboard::MAX_PIECE).enumerate() {
        let parts = if index == 0 { parts.clone() } else { Vec::new() };
        let piece = ClipboardPiece { serial: 1, format, total, data: data.to_vec(), parts };
        let Ok(received) = share.remote(&piece) else { return };
        content = received.content;
    }
    let Some(content) = content else { return };
    if let Some(html) = content.bytes(ClipboardFormat::Html) {
        let html = String::from_utf8_lossy(html).to_ascii_lowercase();
        for never in ["<script", "<iframe", "<svg", "<style", "<object", "<!--", "\0"] {
            assert!(!html.contains(never), "{never} in {html}");
        }
    }
    // What came out passes once more as it is.
    let mut again = ClipboardShare::default();
    let (bytes, format) =
        content.formats().find_map(|f| Some((content.bytes(f)?, f))).unwrap_or_default();
    let total = bytes.len() as u32;
    for (index, data) in bytes.chunks(gc_clipboard::MAX_PIECE).enumerate() {
        let part = ClipboardPart { format: format.into(), total };
        let parts = if index == 0 { vec![part] } else { Vec::new() };
        let piece =
            ClipboardPiece { serial: 1, format: format.into(), total, data: data.to_vec(), parts };
        let received = again.remote(&piece).unwrap_or_default();
        if let Some(second) = received.content {
            assert_eq!(second.bytes(format), Some(bytes), "not the same once more");
        }
    }
}
