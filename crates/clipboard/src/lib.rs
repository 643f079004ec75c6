//! Clipboard contents on the wire: cut into pieces, put together again under caps, made
//! harmless, and never sent back to where they came from.

mod assembly;
mod content;
mod files;
mod html;
mod image;
mod prepare;
mod rtf;
mod share;

pub use assembly::{Assembly, PieceError, Taken};
pub use content::ClipboardContent;
pub use files::CopiedFiles;
pub use image::{ImageError, image_size};
pub use prepare::{NothingUsable, Prepared, normalise};
pub use share::{ClipboardShare, Received};

/// Bytes of the largest piece.
pub const MAX_PIECE: usize = gc_proto::MAX_CLIPBOARD_PIECE;
/// Bytes that may be under way to a peer that has not told of their arrival, text
/// apart.
pub const WINDOW: usize = 256 << 10;
/// A format of more bytes than this is not waited for by those before it.
pub const PROMPT: usize = 256 << 10;
