//! What a machine can be told to do, where its user may give the program more rights.

use std::sync::Arc;

use gc_actions::{Action, Switch};
use gc_platform::{
    ActionError, Attention, ElevationHandle, Freed, MachineActions, SwitchHandle, WorkerStream,
};
use gc_types::{CauseCode, Secret};

use super::desk::Desk;
use super::screen::DeskScreen;
use super::switch::Elevation;

/// A helper that the user has let in.
#[derive(Debug)]
pub struct Granted {
    /// Speaks with the helper's service.
    pub stream: WorkerStream,
    /// What the service knows this program by.
    pub secret: Secret,
}

/// Asks the user.
pub trait AskForRights: Send + Sync {
    /// Returns with the answer of the user, which may take minutes, and with a service
    /// that waits for this program. Blocks.
    fn ask(&self) -> Result<Granted, ActionError>;
}

/// The actions of a program that can ask for more rights.
pub struct ElevatingActions<A> {
    inner: A,
    elevation: Elevation,
    user: Arc<dyn AskForRights>,
}

impl<A: MachineActions> ElevatingActions<A> {
    /// `inner` is what the program can do without them.
    pub fn new(inner: A, elevation: Elevation, user: Arc<dyn AskForRights>) -> Self {
        Self { inner, elevation, user }
    }
}

/// Dropping it ends the helper.
struct Rights {
    elevation: Elevation,
    desk: Arc<Desk>,
}

impl ElevationHandle for Rights {}

impl Drop for Rights {
    fn drop(&mut self) {
        self.elevation.set(None);
        self.desk.close();
    }
}

impl<A: MachineActions> MachineActions for ElevatingActions<A> {
    fn ability(&self, action: Action) -> Result<(), ActionError> {
        match action {
            Action::Elevate => Ok(()),
            Action::CtrlAltDel if self.elevation.is_on() => Ok(()),
            action => self.inner.ability(action),
        }
    }

    fn ctrl_alt_del(&self) -> Result<Attention, ActionError> {
        match self.elevation.attention() {
            Some(pressed) => pressed.map(|()| Attention::Sent),
            None => self.inner.ctrl_alt_del(),
        }
    }

    fn lock(&self) -> Result<(), ActionError> {
        self.inner.lock()
    }

    fn turn_on(&self, switch: Switch, freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
        self.inner.turn_on(switch, freed)
    }

    fn elevate(&self, lost: Freed) -> Result<Box<dyn ElevationHandle>, ActionError> {
        if self.elevation.is_on() {
            return Err(ActionError::new(CauseCode::ElevationActive, ""));
        }
        let Granted { stream, secret } = self.user.ask()?;
        let elevation = self.elevation.clone();
        let gone = Box::new(move |error| {
            elevation.set(None);
            lost(error);
        });
        let desk = Desk::connect(stream, &secret, gone)?;
        // Rights that show no screen are of no use, and are not said to be there.
        if let Err(error) = DeskScreen::open(&desk) {
            desk.close();
            return Err(ActionError::new(CauseCode::ActionNotVerified, error.to_string()));
        }
        self.elevation.set(Some(Arc::clone(&desk)));
        Ok(Box::new(Rights { elevation: self.elevation.clone(), desk }))
    }
}
