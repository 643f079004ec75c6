//! What a machine can be told to do beside keyboard and mouse.

use gc_actions::{Action, Switch};
use gc_types::CauseCode;

use crate::SecureAttentionError;

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ActionError {
    /// What the viewer is told.
    pub cause: CauseCode,
    /// What only this system knows about it: a sentence for the technician, at most
    /// 200 characters.
    pub detail: String,
}

impl ActionError {
    /// With what there is to say.
    pub fn new(cause: CauseCode, detail: impl Into<String>) -> Self {
        Self { cause, detail: detail.into() }
    }
}

impl From<SecureAttentionError> for ActionError {
    fn from(error: SecureAttentionError) -> Self {
        let cause = match error {
            SecureAttentionError::TimedOut | SecureAttentionError::Failed(_) => {
                CauseCode::ActionFailed
            }
            _ => CauseCode::SecureAttentionUnavailable,
        };
        Self::new(cause, error.to_string())
    }
}

/// How Ctrl+Alt+Del comes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attention {
    /// The system took it.
    Sent,
    /// It is three keys like any others: inject them.
    Keys,
}

/// What is on. Dropping it turns it off, and so does the end of the process, however
/// it ends.
pub trait SwitchHandle: Send {
    /// Turns it off and looks whether it is. After an error it is off as far as this
    /// process can see to it.
    fn off(self: Box<Self>) -> Result<(), ActionError>;
}

/// More rights than the program was started with. Dropping it gives them back, and so
/// does the end of the process, however it ends.
pub trait ElevationHandle: Send {}

/// Called at most once, on a thread of the platform's, when something goes off by
/// itself: the user pressed Ctrl+Alt+Del on the machine's own keyboard
/// ([`CauseCode::ActionFreedByUser`]), or the system took it away. The handle is to
/// be dropped then.
pub type Freed = Box<dyn Fn(ActionError) + Send + Sync>;

/// Does it. Calls may take a few seconds: each returns only when what it did was
/// verified, and with an error when nothing came of it.
pub trait MachineActions: Send + Sync {
    /// Whether it can be done here, as far as that is known without doing it.
    fn ability(&self, action: Action) -> Result<(), ActionError>;

    /// Presses Ctrl+Alt+Del.
    fn ctrl_alt_del(&self) -> Result<Attention, ActionError>;

    /// Locks the machine.
    fn lock(&self) -> Result<(), ActionError>;

    /// Turns something on. Injected input goes on to work, and captured pictures go
    /// on to show what would be there.
    fn turn_on(&self, switch: Switch, freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError>;

    /// Asks the user for administrator rights; returns with their answer, which may take
    /// minutes. From then on injected input reaches every window, and pictures show every
    /// desktop, until the handle is dropped or `lost` is called.
    fn elevate(&self, lost: Freed) -> Result<Box<dyn ElevationHandle>, ActionError>;
}

/// A machine that can do nothing of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoActions;

fn unsupported() -> ActionError {
    ActionError::new(CauseCode::ActionUnsupported, "")
}

impl MachineActions for NoActions {
    fn ability(&self, _: Action) -> Result<(), ActionError> {
        Err(unsupported())
    }

    fn ctrl_alt_del(&self) -> Result<Attention, ActionError> {
        Err(unsupported())
    }

    fn lock(&self) -> Result<(), ActionError> {
        Err(unsupported())
    }

    fn turn_on(&self, _: Switch, _: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
        Err(unsupported())
    }

    fn elevate(&self, _: Freed) -> Result<Box<dyn ElevationHandle>, ActionError> {
        Err(unsupported())
    }
}
