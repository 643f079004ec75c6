//! What a Windows desktop can be told to do.
//!
//! What is on belongs to a thread of this process: its hooks and windows go with it,
//! however it ends, so nothing has to be put right afterwards.

mod blank;
#[expect(clippy::missing_const_for_thread_local, reason = "they are const already")]
mod block;
#[expect(clippy::missing_const_for_thread_local, reason = "it is const already")]
mod desktop_switch;
mod held;
mod lock;
mod version;

use std::sync::Arc;

use gc_actions::{Action, Switch};
use gc_platform::{
    ActionError, Attention, ElevationHandle, Freed, MachineActions, SecureAttention, SwitchHandle,
};
use gc_types::{CauseCode, Clock};

/// Actions on the desktop that the calling threads are on.
pub struct WindowsActions {
    attention: Arc<dyn SecureAttention>,
    clock: Arc<dyn Clock>,
}

impl WindowsActions {
    /// `attention` presses Ctrl+Alt+Del.
    pub fn new(attention: Arc<dyn SecureAttention>, clock: Arc<dyn Clock>) -> Self {
        Self { attention, clock }
    }
}

fn no_elevation() -> ActionError {
    ActionError::new(
        CauseCode::ActionUnsupported,
        "The user can start the program again as administrator instead.",
    )
}

impl MachineActions for WindowsActions {
    fn ability(&self, action: Action) -> Result<(), ActionError> {
        match action {
            // What stands in the way of these is known when they are tried.
            Action::CtrlAltDel
            | Action::Lock
            | Action::LockAtEnd
            | Action::Turn(Switch::BlockInput) => Ok(()),
            Action::Turn(Switch::BlankScreen) => blank::ability(),
            Action::Elevate => Err(no_elevation()),
        }
    }

    fn ctrl_alt_del(&self) -> Result<Attention, ActionError> {
        self.attention.send()?;
        Ok(Attention::Sent)
    }

    fn lock(&self) -> Result<(), ActionError> {
        lock::lock(self.clock.as_ref())
    }

    fn turn_on(&self, switch: Switch, freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
        match switch {
            Switch::BlockInput => block::start(freed),
            Switch::BlankScreen => blank::start(freed),
        }
    }

    fn elevate(&self, _: Freed) -> Result<Box<dyn ElevationHandle>, ActionError> {
        Err(no_elevation())
    }
}

/// A call of the system that failed.
fn failed(call: &str, error: &windows::core::Error) -> ActionError {
    ActionError::new(CauseCode::ActionFailed, format!("{call}: {error}"))
}
