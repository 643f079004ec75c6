//! The icon in the notification area.

use crate::PromptError;

/// What an icon offers; stays as long as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrayMenu {
    /// Name and version of the program, in the tool tip and in "About".
    pub product: String,
    /// More for "About": which server, for whom. Lines of plain text, may be empty.
    pub about: String,
    /// Offer to end the session while somebody is connected.
    pub end_session: bool,
    /// Offer to end the program.
    pub exit: bool,
}

/// What an icon shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrayStatus {
    /// One sentence for people: "Connected to support.example.com".
    pub text: String,
    /// Technicians in the session.
    pub technicians: usize,
}

/// What the user has chosen in the menu. "About" is answered by the icon itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrayCommand {
    /// End the session; the program goes on.
    EndSession,
    /// End the program, and with it the session.
    Exit,
}

/// An icon that is shown; dropping it takes it away.
pub trait TrayHandle: Send {
    /// Replaces what is shown.
    fn set_status(&self, status: TrayStatus);

    /// Says something beside the icon, for some seconds; the system may be set to
    /// keep such things quiet.
    fn announce(&self, title: &str, text: &str);
}

/// Shows an icon in the notification area, and brings it back when the shell has
/// started anew.
pub trait TrayIcon: Send + Sync {
    /// Shows it. `command` is called on a thread of the platform's.
    fn show(
        &self,
        menu: TrayMenu,
        status: TrayStatus,
        command: Box<dyn Fn(TrayCommand) + Send + Sync>,
    ) -> Result<Box<dyn TrayHandle>, PromptError>;
}
