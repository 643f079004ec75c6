//! Putting a peer's pieces together.

use gc_proto::v2::{ClipboardFormat, ClipboardPart, ClipboardPiece};
use gc_proto::{InvalidMessage, Validate};

use crate::{ClipboardContent, CopiedFiles, PROMPT};

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
    /// No list of files, or one beyond its limits.
    #[error("clipboard list of files cannot be read")]
    Files,
}

/// The content that is being received. Memory grows with the bytes received, never
/// by the announced total alone, and each format stays within its limit; formats that
/// are not known are counted and thrown away.
#[derive(Debug, Default)]
pub struct Assembly {
    last_serial: Option<u32>,
    open: Option<Open>,
    /// The rest of this serial is of no interest.
    given_up: Option<u32>,
}

#[derive(Debug)]
struct Open {
    parts: Vec<ClipboardPart>,
    /// The part that comes now.
    at: usize,
    bytes: Vec<u8>,
    /// Of the part that comes now.
    taken: usize,
    whole: ClipboardContent,
    /// Of all parts.
    received: u32,
    acknowledged: u32,
    /// The peer said what comes, so it wants to know what has come.
    announced: bool,
}

/// What a piece brought about.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// All that is complete, when it is all that comes or when what follows is large.
    pub content: Option<ClipboardContent>,
    /// Bytes received so far, when the peer should be told.
    pub received: Option<u32>,
}

/// The peer is told after so many bytes.
const TOLD_EVERY: u32 = 64 << 10;

impl Assembly {
    /// Takes the next piece. A piece with a newer serial gives up the content before
    /// it.
    pub fn push(&mut self, piece: &ClipboardPiece) -> Result<Taken, PieceError> {
        let result = self.take(piece);
        if result.is_err() {
            self.open = None;
        }
        result
    }

    /// The content under way is of no interest any more: the rest of it is ignored.
    pub fn give_up(&mut self) {
        if self.open.take().is_some() {
            self.given_up = self.last_serial;
        }
    }

    fn take(&mut self, piece: &ClipboardPiece) -> Result<Taken, PieceError> {
        piece.validate()?;
        if self.given_up == Some(piece.serial) && self.last_serial == Some(piece.serial) {
            return Ok(Taken::default());
        }
        if self.last_serial != Some(piece.serial) {
            // Serials wrap, so "newer" is judged by distance.
            let newer = self
                .last_serial
                .is_none_or(|last| (1..1 << 31).contains(&piece.serial.wrapping_sub(last)));
            if !newer {
                return Err(PieceError::Serial(piece.serial));
            }
            let open = Open::new(piece)?;
            self.last_serial = Some(piece.serial);
            self.open = Some(open);
        }
        let open = self.open.as_mut().ok_or(PieceError::Serial(piece.serial))?;
        let taken = open.take(piece)?;
        if open.at == open.parts.len() {
            self.open = None;
        }
        Ok(taken)
    }
}

impl Open {
    fn new(piece: &ClipboardPiece) -> Result<Self, PieceError> {
        let announced = !piece.parts.is_empty();
        let mut parts = piece.parts.clone();
        if !announced {
            if piece.format() != ClipboardFormat::Text {
                return Err(InvalidMessage { field: "format" }.into());
            }
            parts.push(ClipboardPart { format: piece.format, total: piece.total });
        }
        // Empty text, which says that the clipboard is empty, stands alone.
        if parts.len() > 1 && parts.iter().any(|part| part.total == 0) {
            return Err(PieceError::Size);
        }
        Ok(Self {
            parts,
            at: 0,
            bytes: Vec::new(),
            taken: 0,
            whole: ClipboardContent::default(),
            received: 0,
            acknowledged: 0,
            announced,
        })
    }

    fn take(&mut self, piece: &ClipboardPiece) -> Result<Taken, PieceError> {
        let part = self.parts.get(self.at).copied().ok_or(PieceError::Size)?;
        let total = usize::try_from(part.total).map_err(|_| PieceError::Size)?;
        let fits = piece.format == part.format
            && piece.total == part.total
            && piece.data.len() <= total - self.taken;
        if !fits || piece.data.is_empty() && total > 0 {
            return Err(PieceError::Size);
        }
        self.taken += piece.data.len();
        self.received += piece.data.len() as u32;
        if part.format() != ClipboardFormat::Unspecified {
            self.bytes.extend_from_slice(&piece.data);
        }
        let mut content = None;
        if self.taken == total {
            self.keep(part.format())?;
            self.at += 1;
            self.taken = 0;
            // Whoever pastes should not have to wait for a large picture.
            let next = self.parts.get(self.at).map(|part| part.total as usize);
            if next.is_none_or(|next| next > PROMPT) && !self.whole.is_empty() {
                content = Some(self.whole.clone());
            }
        }
        let last = self.at == self.parts.len();
        let due = last || self.received - self.acknowledged >= TOLD_EVERY;
        let received = (self.announced && due).then_some(self.received);
        if due {
            self.acknowledged = self.received;
        }
        Ok(Taken { content, received })
    }

    fn keep(&mut self, format: ClipboardFormat) -> Result<(), PieceError> {
        let bytes = std::mem::take(&mut self.bytes);
        let text = |bytes| String::from_utf8(bytes).map_err(|_| PieceError::Encoding);
        match format {
            ClipboardFormat::Unspecified => {}
            ClipboardFormat::Text => self.whole.text = Some(text(bytes)?.into()),
            ClipboardFormat::Files => {
                let files = CopiedFiles::decode(&bytes).ok_or(PieceError::Files)?;
                self.whole.files = Some(files);
            }
            ClipboardFormat::Html => self.whole.html = Some(text(bytes)?.into()),
            ClipboardFormat::Rtf => self.whole.rtf = Some(bytes.into()),
            ClipboardFormat::Image => self.whole.png = Some(bytes.into()),
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "assembly_tests.rs"]
mod tests;
