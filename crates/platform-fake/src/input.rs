//! A keyboard and pointer that write down what they are told.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{InputError, InputInjector, PointerButton};
use gc_types::CauseCode;

use crate::watched::Watched;

/// An injected event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Injected {
    /// A key.
    Key {
        /// PS/2 set 1.
        scan_code: u8,
        /// With prefix.
        extended: bool,
        /// Pressed or released.
        down: bool,
    },
    /// Typed text.
    Text(String),
    /// The pointer went here on the virtual desktop.
    PointerMove(i32, i32),
    /// A button, pressed or released.
    PointerButton(PointerButton, bool),
    /// The wheel, right and down, in 1/120 of a notch.
    Wheel(i32, i32),
    /// Caps, num, scroll.
    Locks(bool, bool, bool),
}

#[derive(Debug, Default)]
struct State {
    log: Vec<Injected>,
    queued: Vec<Injected>,
    failure: Option<CauseCode>,
}

/// Writes down what it is told; events count from the next flush on.
#[derive(Debug)]
pub struct FakeInput(Arc<Watched<State>>);

/// What the test reads.
#[derive(Debug, Clone)]
pub struct FakeInputControl(Arc<Watched<State>>);

impl FakeInput {
    /// A keyboard and a pointer with nothing down.
    pub fn new() -> (Self, FakeInputControl) {
        let state = Arc::new(Watched::new(State::default()));
        (Self(Arc::clone(&state)), FakeInputControl(state))
    }

    fn push(&self, event: Injected) -> Result<(), InputError> {
        let mut state = self.0.read();
        if let Some(cause) = state.failure {
            return Err(InputError { cause, detail: "as scripted".to_owned() });
        }
        state.queued.push(event);
        Ok(())
    }
}

impl FakeInputControl {
    /// Everything flushed since the last call.
    pub fn take(&self) -> Vec<Injected> {
        std::mem::take(&mut self.0.read().log)
    }

    /// Everything flushed and not taken.
    pub fn log(&self) -> Vec<Injected> {
        self.0.read().log.clone()
    }

    /// Blocks until so many events are flushed and not taken; `false` when the time
    /// is over.
    pub fn wait_for(&self, count: usize, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |state| state.log.len() >= count)
    }

    /// Blocks until the flushed and not taken events are as wished.
    pub fn wait_until(&self, timeout: Duration, wish: impl Fn(&[Injected]) -> bool) -> bool {
        self.0.wait(Some(timeout), |state| wish(&state.log))
    }

    /// From now on every call fails with this cause; `None`: works again.
    pub fn fail(&self, cause: Option<CauseCode>) {
        self.0.update(|state| state.failure = cause);
    }
}

impl InputInjector for FakeInput {
    fn key(&mut self, scan_code: u8, extended: bool, down: bool) -> Result<(), InputError> {
        self.push(Injected::Key { scan_code, extended, down })
    }

    fn text(&mut self, text: &str) -> Result<(), InputError> {
        self.push(Injected::Text(text.to_owned()))
    }

    fn pointer_move(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        self.push(Injected::PointerMove(x, y))
    }

    fn pointer_button(&mut self, button: PointerButton, down: bool) -> Result<(), InputError> {
        self.push(Injected::PointerButton(button, down))
    }

    fn wheel(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        self.push(Injected::Wheel(x, y))
    }

    fn set_locks(&mut self, caps: bool, num: bool, scroll: bool) -> Result<(), InputError> {
        self.push(Injected::Locks(caps, num, scroll))
    }

    fn flush(&mut self) -> Result<(), InputError> {
        self.0.update(|state| {
            let queued = std::mem::take(&mut state.queued);
            state.log.extend(queued);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_count_from_the_flush_on() {
        let (mut input, control) = FakeInput::new();
        input.key(0x1E, false, true).unwrap();
        input.text("ä").unwrap();
        assert_eq!(control.take(), []);
        input.flush().unwrap();
        assert!(control.wait_for(2, Duration::ZERO));
        let key = Injected::Key { scan_code: 0x1E, extended: false, down: true };
        assert_eq!(control.take(), [key, Injected::Text("ä".to_owned())]);
        assert!(!control.wait_for(1, Duration::ZERO));
        control.fail(Some(CauseCode::SecureDesktop));
        assert_eq!(input.wheel(0, 120).unwrap_err().cause, CauseCode::SecureDesktop);
        control.fail(None);
        assert!(input.wheel(0, 120).is_ok());
    }
}
