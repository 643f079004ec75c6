//! Keyboard and pointer rules that hold on every system: which keys a participant
//! holds, how fast input may come, and which key a scan code is.

mod scan_codes;

pub use scan_codes::{KEYS, Key, ScanCode};
