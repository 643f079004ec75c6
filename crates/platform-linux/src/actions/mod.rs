//! What an X desktop can be told to do.

mod block;
mod lock;

use std::sync::Arc;

use gc_actions::{Action, Switch};
use gc_platform::{ActionError, Attention, ElevationHandle, Freed, MachineActions, SwitchHandle};
use gc_types::{CauseCode, Clock};

use self::lock::Locker;
use crate::DisplayError;

/// Why there is no blank screen: a window on top, and a dark picture behind it, would
/// be captured as well; a gamma ramp or a monitor switched off is not what the user
/// sees on every monitor, and outlives a killed process.
const NO_BLANK: &str = "An X display shows its user what it shows the technician.";
const NO_ELEVATION: &str = "Start the program as the user who has the rights.";

/// Actions on an X display.
pub struct X11Actions {
    display: Option<String>,
    locker: Locker,
}

impl X11Actions {
    /// `display` is what `DISPLAY` holds, `path` what `PATH` does: there the programs
    /// are found that lock the session.
    pub fn new(display: Option<&str>, path: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        Self { display: display.map(str::to_owned), locker: Locker::new(display, path, clock) }
    }
}

fn no_elevation() -> ActionError {
    ActionError::new(CauseCode::ActionUnsupported, NO_ELEVATION)
}

impl MachineActions for X11Actions {
    fn ability(&self, action: Action) -> Result<(), ActionError> {
        match action {
            Action::CtrlAltDel => Ok(()),
            Action::Lock | Action::LockAtEnd => self.locker.ability(),
            Action::Turn(Switch::BlockInput) => Ok(block::ability(self.display.as_deref())?),
            Action::Turn(Switch::BlankScreen) => {
                Err(ActionError::new(CauseCode::ActionUnsupported, NO_BLANK))
            }
            Action::Elevate => Err(no_elevation()),
        }
    }

    fn ctrl_alt_del(&self) -> Result<Attention, ActionError> {
        Ok(Attention::Keys)
    }

    fn lock(&self) -> Result<(), ActionError> {
        self.locker.lock()
    }

    fn turn_on(&self, switch: Switch, freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
        self.ability(Action::Turn(switch))?;
        block::start(self.display.as_deref(), freed)
    }

    fn elevate(&self, _: Freed) -> Result<Box<dyn ElevationHandle>, ActionError> {
        Err(no_elevation())
    }
}

impl From<DisplayError> for ActionError {
    fn from(error: DisplayError) -> Self {
        let cause = match error {
            DisplayError::Unset | DisplayError::Open { .. } => CauseCode::NoDisplay,
            DisplayError::Extension(_) => CauseCode::ActionUnsupported,
            _ => CauseCode::ActionFailed,
        };
        Self::new(cause, error.to_string())
    }
}
