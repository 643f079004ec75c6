//! What an agent needs from a Windows desktop.
//!
//! What knows no Win32 is public by itself, so that it is built and tested everywhere:
//! [`motion`] drives Media Foundation's encoders, [`changes()`] finds damage,
//! [`cursor_picture`] makes cursors transparent, [`Pace`] says when to look. All the
//! rest exists on Windows only.

#![cfg_attr(windows, expect(unsafe_code, reason = "Win32 and COM are calls into foreign code"))]

mod changes;
#[cfg(windows)]
pub mod console;
mod cursor;
#[cfg(windows)]
mod ending;
#[cfg(windows)]
mod input;
#[cfg(windows)]
mod load;
#[cfg(windows)]
mod media_foundation;
pub mod motion;
mod pace;
#[cfg(windows)]
pub mod removal;
#[cfg(windows)]
mod screen;

pub use changes::changes;
pub use cursor::{CursorBitmaps, cursor_picture};
#[cfg(windows)]
pub use ending::EndOfSession;
#[cfg(windows)]
pub use input::WindowsInput;
#[cfg(windows)]
pub use load::processor_time;
#[cfg(windows)]
pub use media_foundation::{MediaFoundationFactory, Origin};
pub use pace::{Pace, TICK};
#[cfg(windows)]
pub use screen::GdiScreen;
