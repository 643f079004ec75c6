//! Keyboard and pointer rules that hold on every system: which keys a participant
//! holds, how fast input may come, and which key a scan code is.

mod held;
mod queue;
mod scan_codes;

pub use held::{Action, Control, HeldInput, Participant};
pub use queue::{BURST, CAPACITY, InputQueue, Pushed, RATE};
pub use scan_codes::{KEYS, Key, ScanCode};
