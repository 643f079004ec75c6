//! The window in which an end user types a support code, and sees what became of it.

use std::sync::mpsc::{Receiver, channel};

use gc_types::SupportCode;

use crate::PromptError;

/// What the window shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeStatus {
    /// The field, to be filled in.
    Enter,
    /// The code is being asked about at the server.
    Checking,
    /// The field again, and why the code was of no use: plain text for the user.
    Refused(String),
    /// The code was right; a technician has still to connect.
    Waiting,
    /// The session runs: "{technician} of {company} is connected".
    Connected {
        /// Who; plain text.
        technician: String,
        /// Of which company; plain text, may be empty.
        company: String,
    },
    /// The session is over.
    Ended {
        /// Why, for the user; may be empty.
        reason: String,
        /// The program has removed itself from disk.
        removed: bool,
    },
}

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeEvent {
    /// Entered a code that can be one, and pressed Connect.
    Entered(SupportCode),
    /// Closed the window. Nothing comes after it.
    Closed,
}

/// An open code window; dropping it closes the window, without an event.
pub trait CodeHandle: Send {
    /// Replaces what is shown.
    fn set_status(&self, status: CodeStatus);
}

/// Opens code windows.
pub trait CodeWindow: Send + Sync {
    /// Opens one that shows [`CodeStatus::Enter`]. `event` is called on a thread of
    /// the platform's.
    fn open(
        &self,
        event: Box<dyn Fn(CodeEvent) + Send + Sync>,
    ) -> Result<Box<dyn CodeHandle>, PromptError>;
}

/// A code window to wait on.
pub struct CodeDialog {
    handle: Box<dyn CodeHandle>,
    events: Receiver<CodeEvent>,
}

impl CodeDialog {
    /// Opens the window.
    pub fn open(windows: &dyn CodeWindow) -> Result<Self, PromptError> {
        let (sender, events) = channel();
        // Fails when the dialog is gone, and with it whom the event is for.
        let handle = windows.open(Box::new(move |event| {
            let _ = sender.send(event);
        }))?;
        Ok(Self { handle, events })
    }

    /// Waits for a code; `None` when the window was closed. Called again after
    /// [`CodeStatus::Refused`].
    pub fn ask_for_code(&self) -> Option<SupportCode> {
        match self.events.recv() {
            Ok(CodeEvent::Entered(code)) => Some(code),
            Ok(CodeEvent::Closed) | Err(_) => None,
        }
    }

    /// Waits until the user closes the window.
    pub fn wait_until_closed(&self) {
        while self.ask_for_code().is_some() {}
    }

    /// Replaces what is shown.
    pub fn set_status(&self, status: CodeStatus) {
        self.handle.set_status(status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scripted(Vec<CodeEvent>);

    struct Silent;

    impl CodeHandle for Silent {
        fn set_status(&self, _: CodeStatus) {}
    }

    impl CodeWindow for Scripted {
        fn open(
            &self,
            event: Box<dyn Fn(CodeEvent) + Send + Sync>,
        ) -> Result<Box<dyn CodeHandle>, PromptError> {
            for what in &self.0 {
                event(*what);
            }
            Ok(Box::new(Silent))
        }
    }

    #[test]
    fn codes_come_one_by_one_until_the_window_is_closed() {
        let code: SupportCode = "ABC-DEF-GH2".parse().unwrap();
        let events = vec![CodeEvent::Entered(code), CodeEvent::Entered(code), CodeEvent::Closed];
        let dialog = CodeDialog::open(&Scripted(events)).unwrap();
        assert_eq!(dialog.ask_for_code(), Some(code));
        dialog.set_status(CodeStatus::Refused("This code is not known.".to_owned()));
        assert_eq!(dialog.ask_for_code(), Some(code));
        assert_eq!(dialog.ask_for_code(), None);
        dialog.wait_until_closed();
    }
}
