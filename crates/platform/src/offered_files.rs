//! Files of a peer that programs of this computer may have: their names are here, their
//! bytes come when somebody takes them (ADR 22).

use std::sync::Arc;

use gc_clipboard::CopiedFiles;
use gc_types::CauseCode;

use crate::EntryKind;

/// A file or folder of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferedFile {
    /// The way to it, beginning with one of [`OfferedFiles::names`]. Each part is a name
    /// that every system takes.
    pub path: Vec<String>,
    /// A file or a folder, nothing else.
    pub kind: EntryKind,
    /// Bytes; 0 for a folder. As the peer says: the file may have another size by now.
    pub size: u64,
    /// Unix milliseconds.
    pub modified_ms: i64,
}

/// Why files of an offer are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// Nobody can be pasting at this moment: the viewer itself has the keyboard. Who asks
    /// is a program that looks at every clipboard, and gets nothing.
    #[error("nobody is pasting")]
    NotNow,
    /// Somebody cancelled it, or the offer is over.
    #[error("cancelled")]
    Cancelled,
    /// What a person is told in the viewer, too.
    #[error("{}", .0.name())]
    Failed(CauseCode),
}

/// Files and folders of a peer, offered to the programs of this computer.
///
/// Nothing crosses before one of the calls that block. Those may take as long as the
/// files need on the line, are shown in the viewer with their progress, and return with
/// [`OfferError::Cancelled`] soon after a person cancels there, after
/// [`cancel`](Self::cancel), and when the viewer ends. They are for threads of the
/// platform's that may wait, never for that of the window. An offer may be asked again
/// after an error, and answers at once what is here already.
///
/// A platform that gives programs plain files uses [`fetch`](Self::fetch); one whose
/// programs read streams uses [`list`](Self::list) and [`read_at`](Self::read_at).
pub trait OfferedFiles: Send + Sync {
    /// What was copied itself, without what is in it; names that every system takes, each
    /// another one. Never empty.
    fn names(&self) -> &[String];

    /// The paths that [`fetch`](Self::fetch) is going to answer, if nothing is in the way.
    /// Until then nothing stands there. Does not block.
    fn expected(&self) -> Option<CopiedFiles>;

    /// Everything, each folder before what is in it. Blocks for some round trips.
    fn list(&self) -> Result<Arc<[OfferedFile]>, OfferError>;

    /// Fills as much of `buffer` as there is of the `index`th of [`list`](Self::list) from
    /// `offset` on; less only at the end of the file. Blocks until the file is here.
    fn read_at(&self, index: usize, offset: u64, buffer: &mut [u8]) -> Result<usize, OfferError>;

    /// All of it, in a folder of this computer's user that nobody else may read, by the
    /// paths that programs know. What is there goes after a day. Blocks until the last
    /// byte is here; an error when anything is missing.
    fn fetch(&self) -> Result<CopiedFiles, OfferError>;

    /// Whoever took it does not wait any more.
    fn cancel(&self);
}

/// How a drag out of a window ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DragEnd {
    /// A program took the files.
    Taken,
    /// Nobody wanted them, or they did not come.
    Refused,
    /// Somebody gave it up.
    Cancelled,
}
