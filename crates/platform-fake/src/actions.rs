//! A machine that does what it is told, or fails as scripted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gc_actions::{Action, Switch};
use gc_platform::{ActionError, Attention, ElevationHandle, Freed, MachineActions, SwitchHandle};
use gc_types::CauseCode;

use crate::watched::Watched;

#[derive(Default)]
struct State {
    done: Vec<Action>,
    on: BTreeMap<Switch, Arc<Freed>>,
    failures: BTreeMap<Action, CauseCode>,
    keys: bool,
    /// Rights that somebody has, and whom to tell when they are gone.
    rights: Option<Arc<Freed>>,
    /// The user has not answered yet.
    thinking: bool,
}

/// Does what it is told.
pub struct FakeActions(Arc<Watched<State>>);

/// What the test reads and scripts.
#[derive(Clone)]
pub struct FakeActionsControl(Arc<Watched<State>>);

impl FakeActions {
    /// Nothing is on, nothing fails; Ctrl+Alt+Del is the system's.
    pub fn new() -> (Self, FakeActionsControl) {
        let state = Arc::new(Watched::new(State::default()));
        (Self(Arc::clone(&state)), FakeActionsControl(state))
    }

    fn act(&self, action: Action) -> Result<(), ActionError> {
        self.ability(action)?;
        self.0.update(|state| state.done.push(action));
        Ok(())
    }
}

impl FakeActionsControl {
    /// Everything done since the last call.
    pub fn take(&self) -> Vec<Action> {
        self.0.update(|state| std::mem::take(&mut state.done))
    }

    /// Whether it is on now.
    pub fn is_on(&self, switch: Switch) -> bool {
        self.0.read().on.contains_key(&switch)
    }

    /// Blocks until it is on, or off; `false` when the time is over.
    pub fn wait_for(&self, switch: Switch, on: bool, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |state| state.on.contains_key(&switch) == on)
    }

    /// Blocks until this was done; `false` when the time is over.
    pub fn wait_for_done(&self, action: Action, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |state| state.done.contains(&action))
    }

    /// From now on this fails with a cause; `None`: works again.
    pub fn fail(&self, action: Action, cause: Option<CauseCode>) {
        self.0.update(|state| match cause {
            Some(cause) => state.failures.insert(action, cause),
            None => state.failures.remove(&action),
        });
    }

    /// The user takes their time with the question for rights, or answers.
    pub fn think(&self, thinking: bool) {
        self.0.update(|state| state.thinking = thinking);
    }

    /// Blocks until somebody has the rights, or nobody has; `false` when the time is over.
    pub fn wait_for_rights(&self, there: bool, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |state| state.rights.is_some() == there)
    }

    /// The rights are gone by themselves; `false` when nobody had them.
    pub fn take_rights(&self) -> bool {
        let lost = self.0.update(|state| state.rights.take());
        lost.is_some_and(|lost| {
            (*lost)(ActionError::new(CauseCode::ElevationLost, "as scripted"));
            true
        })
    }

    /// Ctrl+Alt+Del is three keys from now on.
    pub fn attention_by_keys(&self) {
        self.0.update(|state| state.keys = true);
    }

    /// The user presses Ctrl+Alt+Del on the machine's own keyboard; `false` when this
    /// is off.
    pub fn free(&self, switch: Switch) -> bool {
        let freed = self.0.update(|state| state.on.remove(&switch));
        freed.is_some_and(|freed| {
            (*freed)(ActionError::new(CauseCode::ActionFreedByUser, ""));
            true
        })
    }
}

struct Rights(Arc<Watched<State>>);

impl ElevationHandle for Rights {}

impl Drop for Rights {
    fn drop(&mut self) {
        self.0.update(|state| state.rights = None);
    }
}

struct On {
    switch: Switch,
    state: Arc<Watched<State>>,
}

impl SwitchHandle for On {
    fn off(self: Box<Self>) -> Result<(), ActionError> {
        Ok(())
    }
}

impl Drop for On {
    fn drop(&mut self) {
        self.state.update(|state| state.on.remove(&self.switch));
    }
}

impl MachineActions for FakeActions {
    fn ability(&self, action: Action) -> Result<(), ActionError> {
        match self.0.read().failures.get(&action) {
            Some(cause) => Err(ActionError::new(*cause, "as scripted")),
            None => Ok(()),
        }
    }

    fn ctrl_alt_del(&self) -> Result<Attention, ActionError> {
        self.act(Action::CtrlAltDel)?;
        Ok(if self.0.read().keys { Attention::Keys } else { Attention::Sent })
    }

    fn lock(&self) -> Result<(), ActionError> {
        self.act(Action::Lock)
    }

    fn turn_on(&self, switch: Switch, freed: Freed) -> Result<Box<dyn SwitchHandle>, ActionError> {
        self.act(Action::Turn(switch))?;
        self.0.update(|state| state.on.insert(switch, Arc::new(freed)));
        Ok(Box::new(On { switch, state: Arc::clone(&self.0) }))
    }

    fn elevate(&self, lost: Freed) -> Result<Box<dyn ElevationHandle>, ActionError> {
        self.0.wait(None, |state| !state.thinking);
        self.act(Action::Elevate)?;
        self.0.update(|state| state.rights = Some(Arc::new(lost)));
        Ok(Box::new(Rights(Arc::clone(&self.0))))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn what_is_on_goes_off_with_its_handle_or_by_the_user() {
        let (actions, control) = FakeActions::new();
        let (send, freed) = mpsc::channel();
        let turn_on = || {
            let send = send.clone();
            let freed: Freed = Box::new(move |error| send.send(error.cause).unwrap());
            actions.turn_on(Switch::BlockInput, freed)
        };
        drop(turn_on().unwrap());
        assert!(!control.is_on(Switch::BlockInput));
        let handle = turn_on().unwrap();
        assert!(control.wait_for(Switch::BlockInput, true, Duration::ZERO));
        assert!(control.free(Switch::BlockInput));
        assert_eq!(freed.recv().unwrap(), CauseCode::ActionFreedByUser);
        assert_eq!(handle.off(), Ok(()));
        assert!(!control.free(Switch::BlockInput));
        let block = Action::Turn(Switch::BlockInput);
        assert_eq!(control.take(), [block, block]);
        control.fail(block, Some(CauseCode::ActionFailed));
        assert_eq!(turn_on().err().unwrap().cause, CauseCode::ActionFailed);
        assert_eq!(control.take(), []);
    }
}
