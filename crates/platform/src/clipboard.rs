//! The system clipboard.

/// Why the clipboard cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("clipboard: {0}")]
pub struct ClipboardError(pub String);

/// Told of each new text on the system clipboard that did not come from
/// [`Clipboard::set_text`], with line ends as LF. Called on a thread of the
/// platform's; must not block.
pub type ClipboardListener = Box<dyn Fn(String) + Send + Sync>;

/// Access to the system clipboard. Content that its owner marks as secret (password
/// managers: `x-kde-passwordManagerHint`) is never reported. Dropping it gives the
/// selection back and ends the listener.
pub trait Clipboard: Send + Sync {
    /// Offers text to local applications. At most 1 MiB.
    fn set_text(&self, text: &str) -> Result<(), ClipboardError>;

    /// Reports the present content, if any, to the listener as if it had just
    /// been copied.
    fn announce(&self) -> Result<(), ClipboardError>;
}
