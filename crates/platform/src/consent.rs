//! Asking the user, and showing that somebody is connected.

use std::time::Duration;

/// What the consent prompt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentRequest {
    /// Who asks; plain text.
    pub technician: String,
    /// For whom they work; plain text, may be empty.
    pub company: String,
    /// Control is asked for; otherwise only looking, and only one kind of yes.
    pub control: bool,
    /// After this the prompt closes by itself as a denial.
    pub timeout: Duration,
}

/// How the prompt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentAnswer {
    /// Yes, with everything asked for.
    Allow,
    /// Yes, but only looking.
    ViewOnly,
    /// No, or the window was closed in any other way.
    Decline,
    /// Nothing within the time.
    TimedOut,
}

/// Why nothing could be shown. The caller treats it as a denial.
#[derive(Debug, thiserror::Error)]
#[error("cannot show a window: {0}")]
pub struct PromptError(pub String);

/// An open prompt; dropping it closes the window without an answer.
pub trait PromptHandle: Send {}

/// Shows consent prompts: topmost, keyboard-usable, with a countdown and the
/// buttons Allow, View only and Decline of equal weight.
pub trait ConsentPrompt: Send + Sync {
    /// Opens a prompt. `answer` is called exactly once, on a thread of the
    /// platform's, unless the handle is dropped before.
    fn ask(
        &self,
        request: ConsentRequest,
        answer: Box<dyn FnOnce(ConsentAnswer) + Send>,
    ) -> Result<Box<dyn PromptHandle>, PromptError>;
}

/// An open bar; dropping it closes the window.
pub trait BarHandle: Send {
    /// Replaces the names shown.
    fn set_viewers(&self, names: &[String]);
}

/// Shows the small bar that stays on the screen while somebody is connected:
/// who, of which company, for how long, and a Stop button.
pub trait ConnectedBar: Send + Sync {
    /// Opens the bar. `stop` is called when the user presses Stop.
    fn show(
        &self,
        names: &[String],
        company: &str,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn BarHandle>, PromptError>;
}
