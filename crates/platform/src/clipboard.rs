//! The system clipboard.

use std::sync::Arc;

pub use gc_clipboard::{ClipboardContent, CopiedFiles};

use crate::OfferedFiles;

/// Why the clipboard cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("clipboard: {0}")]
pub struct ClipboardError(pub String);

/// What happened on the system clipboard, other than by [`Clipboard::set`].
#[derive(Debug)]
pub enum ClipboardEvent {
    /// Somebody copied this. Text has LF line ends and is neither empty nor ended by
    /// NUL; HTML is the fragment without what the system wraps it in; pictures are PNG
    /// whatever the application offered. Files are those of this machine, by the place `/`
    /// or a drive (`C:`), cut ones too; what is elsewhere is left out. Formats beyond the limits of
    /// [`ClipboardContent`] are left out.
    Copied(ClipboardContent),
    /// Somebody copied something of which every usable format is beyond the limits.
    TooLarge,
    /// Somebody copied what its program marks as secret: it was not read.
    Private,
    /// What was given to [`Clipboard::set`] could not be put there, or what was copied
    /// could not be read, for as long as it was tried.
    Failed(ClipboardError),
}

/// Told of everything that happens on the system clipboard. Called on a thread of the
/// platform's; must not block.
pub type ClipboardListener = Box<dyn Fn(ClipboardEvent) + Send + Sync>;

/// Access to the system clipboard. Content that its owner marks as secret (password
/// managers) is never read: `x-kde-passwordManagerHint` on X11,
/// `ExcludeClipboardContentFromMonitorProcessing`, `CanIncludeInClipboardHistory` of 0
/// and `Clipboard Viewer Ignore` on Windows. Dropping it gives the clipboard back and
/// ends the listener.
///
/// Files of [`set`](Clipboard::set) are names: those of this machine, that a person can
/// paste here at once. The bytes of a peer's files were put there before (ADR 18). With
/// [`offer`](Clipboard::offer) they come when somebody pastes (ADR 22).
pub trait Clipboard: Send + Sync {
    /// Offers a content to local applications in place of what was there. It is
    /// converted to the forms of the system when an application asks for one, where
    /// the system can. Returns without waiting; failures come as an event.
    fn set(&self, content: &ClipboardContent) -> Result<(), ClipboardError>;

    /// The same with files of a peer, whose bytes come when an application takes them.
    /// `content` has none of its own. An error where the system cannot; then nothing has
    /// changed.
    fn offer(
        &self,
        content: &ClipboardContent,
        files: Arc<dyn OfferedFiles>,
    ) -> Result<(), ClipboardError> {
        drop((content, files));
        Err(ClipboardError("files of a peer cannot be offered here".to_owned()))
    }

    /// Reports the present content, if any, as if it had just been copied. What
    /// [`set`](Self::set) and [`offer`](Self::offer) have put there is reported too, without
    /// the files of a peer.
    fn announce(&self) -> Result<(), ClipboardError>;
}
