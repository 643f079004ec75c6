//! Files that are dragged: dropped at a point of the desktop, or taken off it.

use gc_clipboard::CopiedFiles;
use gc_types::CauseCode;

/// Why files were not dropped, or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct DragError {
    /// What the viewer is told.
    pub cause: CauseCode,
    /// What the log is told.
    pub detail: String,
}

impl DragError {
    /// Of a cause and what is known of it.
    pub fn new(cause: CauseCode, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }
}

/// Acts as a program from which files are dragged, and as one onto which they are. Both
/// calls wait for other programs, for some seconds at most.
pub trait FileDrag {
    /// Drops files on the window at a position of the virtual desktop, to be copied from
    /// where they are. They are paths of this machine, as [`CopiedFiles`] has them on a
    /// clipboard. After an error no program reads them any more, and they may be moved:
    /// [`CauseCode::DropNotTaken`] where the window takes no files,
    /// [`CauseCode::DropNoAnswer`] where its program is silent.
    fn drop_files(&mut self, files: &CopiedFiles, x: i32, y: i32) -> Result<(), DragError>;

    /// The files that are being dragged at this moment with a button held down. The drag
    /// goes on: who asks ends it, with Escape. [`CauseCode::DragNoFiles`] when nothing is
    /// dragged, or something else.
    fn dragged_files(&mut self) -> Result<CopiedFiles, DragError>;
}

/// Opens it on the thread that uses it.
pub type DragOpener = Box<dyn FnOnce() -> Result<Box<dyn FileDrag>, DragError> + Send>;
