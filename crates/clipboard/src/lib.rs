//! Clipboard text on the wire: cut into pieces, put together again under caps,
//! and never sent back to where it came from.

mod assembly;
mod share;

pub use assembly::{Assembly, PieceError};
pub use share::{ClipboardShare, TooLarge, normalise};

/// Bytes of the largest piece.
pub const MAX_PIECE: usize = 32 << 10;
