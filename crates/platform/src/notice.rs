//! Telling the person at the machine that somebody has connected.

use std::time::Duration;

use crate::{PromptError, PromptHandle};

/// Where on the main monitor a notice appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NoticePosition {
    /// Upper left corner.
    TopLeft,
    /// Upper right corner.
    TopRight,
    /// Lower left corner.
    BottomLeft,
    /// Lower right corner, above the task bar.
    #[default]
    BottomRight,
    /// The middle.
    Center,
}

/// A notice, ready to be shown: the template has been filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionNotice {
    /// Plain text; line breaks are kept, control characters are left out.
    pub text: String,
    /// Where it appears.
    pub position: NoticePosition,
    /// After this it closes by itself.
    pub duration: Duration,
    /// A click closes it earlier. Otherwise clicks go to what lies below.
    pub dismissible: bool,
}

/// Shows notices on top of everything, without taking the keyboard away.
pub trait NoticeOverlay: Send + Sync {
    /// Shows a notice, and returns at once. It closes by itself, or with the handle.
    fn show(&self, notice: ConnectionNotice) -> Result<Box<dyn PromptHandle>, PromptError>;
}
