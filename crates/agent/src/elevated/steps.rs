//! Keyboard and pointer as steps: what is done with the helper, or once more without it,
//! is the same list.

use gc_platform::{InputError, InputInjector, PointerButton};

use super::message::{Act, Key, Locks, Place, Press};
use super::wire::button_out;

/// Takes steps in their order.
pub(super) trait TakesSteps: Send {
    /// The next one.
    fn step(&mut self, act: Act) -> Result<(), InputError>;

    /// See [`InputInjector::flush`].
    fn flush(&mut self) -> Result<(), InputError>;
}

/// Makes steps of what is done.
pub(super) struct Stepping<T>(pub(super) T);

impl<T: TakesSteps> InputInjector for Stepping<T> {
    fn key(&mut self, scan_code: u8, extended: bool, down: bool) -> Result<(), InputError> {
        self.0.step(Act::Key(Key { code: scan_code.into(), extended, down }))
    }

    fn text(&mut self, text: &str) -> Result<(), InputError> {
        self.0.step(Act::Text(text.to_owned()))
    }

    fn pointer_move(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        self.0.step(Act::Move(Place { x, y }))
    }

    fn pointer_button(&mut self, button: PointerButton, down: bool) -> Result<(), InputError> {
        let button = button_out(button).into();
        self.0.step(Act::Button(Press { button, down }))
    }

    fn wheel(&mut self, x: i32, y: i32) -> Result<(), InputError> {
        self.0.step(Act::Wheel(Place { x, y }))
    }

    fn set_locks(&mut self, caps: bool, num: bool, scroll: bool) -> Result<(), InputError> {
        self.0.step(Act::Locks(Locks { caps, num, scroll }))
    }

    fn flush(&mut self) -> Result<(), InputError> {
        self.0.flush()
    }
}
