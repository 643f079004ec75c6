//! What an agent needs from a Windows desktop.
//!
//! What knows no Win32 is public by itself, so that it is built and tested everywhere:
//! [`motion`] drives Media Foundation's encoders, [`changes()`] finds damage,
//! [`cursor_picture`] makes cursors transparent, [`Pace`] says when to look, [`WindowsVersion`]
//! what a version is called. All the
//! rest exists on Windows only.

#![cfg_attr(windows, expect(unsafe_code, reason = "Win32 and COM are calls into foreign code"))]

mod changes;
mod cursor;
#[cfg(windows)]
mod input;
mod inventory;
#[cfg(windows)]
mod media_foundation;
pub mod motion;
mod pace;
#[cfg(windows)]
mod protocol;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
mod screen;
#[cfg(windows)]
mod ui;

pub use changes::changes;
pub use cursor::{CursorBitmaps, cursor_picture};
#[cfg(windows)]
pub use input::WindowsInput;
#[cfg(windows)]
pub use inventory::{WindowsInventory, processor_time};
pub use inventory::{WindowsVersion, idle_since};
#[cfg(windows)]
pub use media_foundation::{MediaFoundationFactory, Origin};
pub use pace::{Pace, TICK};
#[cfg(windows)]
pub use protocol::{LinkHandlerError, LinkScope, link_command, register_links, unregister_links};
#[cfg(windows)]
pub use screen::GdiScreen;
#[cfg(windows)]
pub use ui::{
    WindowsCodeWindow, WindowsConnectedBar, WindowsConsent, WindowsNotice, WindowsTrayIcon,
};
