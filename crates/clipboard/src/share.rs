//! One end of a clipboard shared with one peer.

use gc_proto::MAX_CLIPBOARD_TEXT;
use gc_proto::v2::{ClipboardFormat, ClipboardPiece};
use sha2::{Digest, Sha256};

use crate::{Assembly, MAX_PIECE, PieceError};

/// The text has more bytes than may be sent; see
/// [`MAX_CLIPBOARD_TEXT`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("clipboard text of {0} bytes is too large")]
pub struct TooLarge(pub usize);

/// The text with every line ended by LF, as it is sent.
pub fn normalise(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// What this end knows of the clipboard it shares with a peer. The agent has one
/// for each viewer.
///
/// INVARIANT: content that both ends are known to have is neither sent nor
/// reported, so a content crosses once and the answer to it, if a clipboard
/// program copies it again, does not cross: two hops at most.
#[derive(Debug, Default)]
pub struct ClipboardShare {
    serial: u32,
    shared: Option<[u8; 32]>,
    assembly: Assembly,
}

impl ClipboardShare {
    /// The local clipboard has this text now. Returns what to send, in order;
    /// nothing if the peer has the text already.
    pub fn local(&mut self, text: &str) -> Result<Vec<ClipboardPiece>, TooLarge> {
        let text = normalise(text);
        if text.len() > MAX_CLIPBOARD_TEXT {
            return Err(TooLarge(text.len()));
        }
        let digest = digest(&text);
        if self.shared == Some(digest) {
            return Ok(Vec::new());
        }
        self.shared = Some(digest);
        self.serial = self.serial.wrapping_add(1);
        let piece = |data: &[u8]| ClipboardPiece {
            serial: self.serial,
            format: ClipboardFormat::Text.into(),
            total: text.len() as u32,
            data: data.to_vec(),
        };
        if text.is_empty() {
            return Ok(vec![piece(&[])]);
        }
        Ok(text.as_bytes().chunks(MAX_PIECE).map(piece).collect())
    }

    /// A piece came from the peer. Returns the text to put on the local clipboard
    /// when it is complete and not there already.
    pub fn remote(&mut self, piece: &ClipboardPiece) -> Result<Option<String>, PieceError> {
        let Some(text) = self.assembly.push(piece)? else { return Ok(None) };
        // A peer should have sent LF; what reaches applications is LF in any case.
        let text = normalise(&text);
        let digest = digest(&text);
        let known = self.shared.replace(digest) == Some(digest);
        Ok((!known).then_some(text))
    }

    /// The pieces of a content were not all sent (link loss, sharing switched off):
    /// it may be sent again.
    pub fn forget(&mut self) {
        self.shared = None;
    }
}

// The digest and not the text is kept: a copied password should not stay in memory
// for as long as a session.
fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross(from: &mut ClipboardShare, to: &mut ClipboardShare, text: &str) -> Option<String> {
        let mut received = None;
        for piece in from.local(text).unwrap() {
            assert!(received.is_none(), "pieces after the last one");
            received = to.remote(&piece).unwrap();
        }
        received
    }

    #[test]
    fn text_crosses_with_lf() {
        let (mut a, mut b) = (ClipboardShare::default(), ClipboardShare::default());
        let got = cross(&mut a, &mut b, "one\r\ntwo\rthree\n");
        assert_eq!(got.as_deref(), Some("one\ntwo\nthree\n"));
    }

    #[test]
    fn an_echo_stops_at_once_on_both_sides() {
        let (mut a, mut b) = (ClipboardShare::default(), ClipboardShare::default());
        let got = cross(&mut a, &mut b, "a\r\nb").unwrap();
        // The other system reports what was just put there, with its own line ends.
        assert_eq!(b.local(&got), Ok(vec![]));
        assert_eq!(b.local("a\r\nb"), Ok(vec![]));
        assert_eq!(a.local("a\nb"), Ok(vec![]));
        // Another content and back again is not an echo.
        assert_eq!(cross(&mut b, &mut a, "c").as_deref(), Some("c"));
        assert_eq!(cross(&mut a, &mut b, "a\nb").as_deref(), Some("a\nb"));
    }

    #[test]
    fn both_copying_at_once_does_not_ping_pong() {
        let (mut a, mut b) = (ClipboardShare::default(), ClipboardShare::default());
        let from_a = a.local("from a").unwrap();
        let from_b = b.local("from b").unwrap();
        let at_b = b.remote(&from_a[0]).unwrap().unwrap();
        let at_a = a.remote(&from_b[0]).unwrap().unwrap();
        assert_eq!((a.local(&at_a), b.local(&at_b)), (Ok(vec![]), Ok(vec![])));
    }

    #[test]
    fn the_largest_text_crosses_and_one_more_byte_does_not() {
        let (mut a, mut b) = (ClipboardShare::default(), ClipboardShare::default());
        // A character of three bytes falls across the edges of pieces.
        let mut text = "€".repeat(MAX_CLIPBOARD_TEXT / 3);
        text.push_str(&"x".repeat(MAX_CLIPBOARD_TEXT - text.len()));
        let pieces = a.local(&text).unwrap();
        assert_eq!(pieces.len(), MAX_CLIPBOARD_TEXT / MAX_PIECE);
        let received: Vec<_> = pieces.iter().filter_map(|piece| b.remote(piece).unwrap()).collect();
        assert!(received == [text.as_str()], "another text arrived");
        text.push('x');
        assert_eq!(a.local(&text), Err(TooLarge(MAX_CLIPBOARD_TEXT + 1)));
    }

    #[test]
    fn emptying_the_clipboard_crosses() {
        let (mut a, mut b) = (ClipboardShare::default(), ClipboardShare::default());
        assert_eq!(cross(&mut a, &mut b, "x").as_deref(), Some("x"));
        assert_eq!(cross(&mut a, &mut b, "").as_deref(), Some(""));
    }

    #[test]
    fn forgotten_content_is_sent_again() {
        let mut share = ClipboardShare::default();
        assert_eq!(share.local("x").unwrap().len(), 1);
        assert_eq!(share.local("x"), Ok(vec![]));
        share.forget();
        assert_eq!(share.local("x").unwrap()[0].serial, 2);
    }
}
