//! Input injection.

use gc_types::CauseCode;

/// A button of the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointerButton {
    /// Main button.
    Left,
    /// Wheel button.
    Middle,
    /// Context button.
    Right,
    /// Side button, back.
    Back,
    /// Side button, forward.
    Forward,
}

/// Why an event was not injected.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct InputError {
    /// What the viewer is told.
    pub cause: CauseCode,
    /// What the log is told.
    pub detail: String,
}

/// Acts as keyboard and pointer of the machine. Calls return without waiting for
/// applications. Knows nothing of who holds which key; see `gc-input`.
pub trait InputInjector: Send {
    /// Presses or releases a key by PS/2 set 1 make code (see `input.proto`),
    /// whatever the layout.
    fn key(&mut self, scan_code: u8, extended: bool, down: bool) -> Result<(), InputError>;

    /// Types characters whatever the layout. Control characters other than
    /// newline and tab are left out.
    fn text(&mut self, text: &str) -> Result<(), InputError>;

    /// Moves the pointer to a position on the virtual desktop.
    fn pointer_move(&mut self, x: i32, y: i32) -> Result<(), InputError>;

    /// Presses or releases a button where the pointer is.
    fn pointer_button(&mut self, button: PointerButton, down: bool) -> Result<(), InputError>;

    /// Turns the wheel, in 1/120 of a notch; positive is right and down. Parts of
    /// a notch are kept until they make a whole one where the system has no finer
    /// unit.
    fn wheel(&mut self, x: i32, y: i32) -> Result<(), InputError>;

    /// Makes the lock keys stand as given.
    fn set_locks(&mut self, caps: bool, num: bool, scroll: bool) -> Result<(), InputError>;

    /// Sends everything queued to the system.
    fn flush(&mut self) -> Result<(), InputError>;
}
