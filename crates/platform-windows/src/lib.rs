//! What an agent needs from a Windows desktop.
//!
//! What knows no Win32 is public by itself, so that it is built and tested everywhere:
//! [`motion`] drives Media Foundation's encoders, [`changes()`] finds damage,
//! [`cursor_picture`] makes cursors transparent, [`Pace`] says when to look, and the
//! judgements of [`security`], [`process`], [`service`] and [`sas`] are apart from their
//! calls. All the rest exists on Windows only.

#![cfg_attr(windows, expect(unsafe_code, reason = "Win32 and COM are calls into foreign code"))]

mod changes;
mod cursor;
#[cfg(windows)]
mod input;
pub mod keys;
#[cfg(windows)]
mod media_foundation;
pub mod motion;
mod pace;
#[cfg(windows)]
mod pipe;
pub mod process;
pub mod sas;
#[cfg(windows)]
mod screen;
pub mod security;
pub mod service;
#[cfg(windows)]
mod win32;

pub use changes::changes;
pub use cursor::{CursorBitmaps, cursor_picture};
#[cfg(windows)]
pub use input::WindowsInput;
#[cfg(windows)]
pub use media_foundation::{MediaFoundationFactory, Origin};
pub use pace::{Pace, TICK};
#[cfg(windows)]
pub use screen::GdiScreen;
#[cfg(windows)]
pub use win32::CallError;
