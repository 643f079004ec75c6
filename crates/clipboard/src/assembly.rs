//! Putting a peer's pieces together.

use gc_proto::v2::ClipboardPiece;
use gc_proto::{InvalidMessage, Validate};

/// Why a piece was refused. Whatever was being put together is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PieceError {
    /// A field out of its limits.
    #[error(transparent)]
    Invalid(#[from] InvalidMessage),
    /// A serial that is not newer than the last one, or a piece from the middle of
    /// a content whose start was not seen.
    #[error("clipboard serial {0} is not expected")]
    Serial(u32),
    /// An empty piece, a changed total, or more bytes than announced.
    #[error("clipboard piece does not fit the announced size")]
    Size,
    /// Not UTF-8.
    #[error("clipboard text is not UTF-8")]
    Encoding,
}

/// The content that is being received. Memory grows with the bytes received, never
/// by the announced total alone, and is at most
/// [`MAX_CLIPBOARD_TEXT`](gc_proto::MAX_CLIPBOARD_TEXT).
#[derive(Debug, Default)]
pub struct Assembly {
    last_serial: Option<u32>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    total: usize,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Takes the next piece; returns the text when it was the last one. A piece
    /// with a newer serial gives up the content before it.
    pub fn push(&mut self, piece: &ClipboardPiece) -> Result<Option<String>, PieceError> {
        let result = self.take(piece);
        if result.is_err() {
            self.open = None;
        }
        result
    }

    fn take(&mut self, piece: &ClipboardPiece) -> Result<Option<String>, PieceError> {
        piece.validate()?;
        let total = usize::try_from(piece.total).map_err(|_| PieceError::Size)?;
        if self.last_serial != Some(piece.serial) {
            // Serials wrap, so "newer" is judged by distance.
            let newer = self
                .last_serial
                .is_none_or(|last| (1..1 << 31).contains(&piece.serial.wrapping_sub(last)));
            if !newer {
                return Err(PieceError::Serial(piece.serial));
            }
            self.last_serial = Some(piece.serial);
            self.open = Some(Open { total, bytes: Vec::new() });
        }
        let open = self.open.as_mut().ok_or(PieceError::Serial(piece.serial))?;
        let fits = open.total == total && piece.data.len() <= total - open.bytes.len();
        if !fits || piece.data.is_empty() && total > 0 {
            return Err(PieceError::Size);
        }
        open.bytes.extend_from_slice(&piece.data);
        if open.bytes.len() < total {
            return Ok(None);
        }
        let bytes = self.open.take().map(|open| open.bytes).unwrap_or_default();
        String::from_utf8(bytes).map(Some).map_err(|_| PieceError::Encoding)
    }
}

#[cfg(test)]
mod tests {
    use gc_proto::v2::ClipboardFormat;

    use super::*;

    fn piece(serial: u32, total: u32, data: &[u8]) -> ClipboardPiece {
        let format = ClipboardFormat::Text.into();
        ClipboardPiece { serial, format, total, data: data.to_vec() }
    }

    #[test]
    fn pieces_become_the_text() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.push(&piece(1, 5, b"gu")), Ok(None));
        assert_eq!(assembly.push(&piece(1, 5, b"ten")), Ok(Some("guten".to_owned())));
        assert_eq!(assembly.push(&piece(2, 0, b"")), Ok(Some(String::new())));
    }

    #[test]
    fn a_newer_content_gives_up_the_unfinished_one() {
        let mut assembly = Assembly::default();
        assert_eq!(assembly.push(&piece(1, 5, b"gu")), Ok(None));
        assert_eq!(assembly.push(&piece(2, 2, b"ok")), Ok(Some("ok".to_owned())));
        assert_eq!(assembly.push(&piece(1, 5, b"ten")), Err(PieceError::Serial(1)));
    }

    #[test]
    fn serials_wrap() {
        let mut assembly = Assembly::default();
        assert!(assembly.push(&piece(u32::MAX, 1, b"a")).is_ok());
        assert!(assembly.push(&piece(0, 1, b"b")).is_ok());
        assert_eq!(assembly.push(&piece(u32::MAX, 1, b"a")), Err(PieceError::Serial(u32::MAX)));
    }

    #[test]
    fn lies_are_refused() {
        let cases: [(&[ClipboardPiece], PieceError); 6] = [
            (&[piece(1, 2, b"abc")], PieceError::Invalid(InvalidMessage { field: "total" })),
            (&[piece(1, 4, b"abc"), piece(1, 4, b"de")], PieceError::Size),
            (&[piece(1, 4, b"abc"), piece(1, 5, b"d")], PieceError::Size),
            (&[piece(1, 4, b"")], PieceError::Size),
            (&[piece(1, 1, b"a"), piece(1, 1, b"a")], PieceError::Serial(1)),
            (&[piece(1, 2, b"\xC3\x28")], PieceError::Encoding),
        ];
        for (pieces, expected) in cases {
            let mut assembly = Assembly::default();
            let mut last = Ok(None);
            for piece in pieces {
                last = assembly.push(piece);
            }
            assert_eq!(last, Err(expected), "{pieces:?}");
        }
        let large = piece(1, u32::MAX, b"a");
        assert!(matches!(Assembly::default().push(&large), Err(PieceError::Invalid(_))));
    }

    #[test]
    fn after_a_refusal_the_next_content_is_taken() {
        let mut assembly = Assembly::default();
        assert!(assembly.push(&piece(1, 4, b"")).is_err());
        assert_eq!(assembly.push(&piece(1, 4, b"abcd")), Err(PieceError::Serial(1)));
        assert_eq!(assembly.push(&piece(2, 1, b"x")), Ok(Some("x".to_owned())));
    }
}
