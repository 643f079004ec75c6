//! What agents and viewers need from a Windows desktop.
//!
//! What knows no Win32 is public by itself, so that it is built and tested everywhere:
//! [`motion`] drives Media Foundation's encoders, [`duplication`] duplicates outputs and
//! [`choice`] puts GDI in its place where it fails, [`changes()`] finds damage,
//! [`cursor_picture`] makes cursors transparent, [`Pace`] says when to look,
//! [`clipboard`] reads what programs put there, [`WindowsVersion`] tells what a version is
//! called, [`viewer`] tells keys apart and whether a picture is on the screen, [`files`] judges names and links, and the judgements of [`security`], [`process`], [`service`] and [`sas`] are
//! apart from their calls. All the rest exists on Windows only.

#![cfg_attr(windows, expect(unsafe_code, reason = "Win32 and COM are calls into foreign code"))]
#![cfg_attr(
    windows,
    expect(clippy::inline_always, clippy::ref_as_ptr, reason = "`#[implement]` writes such code")
)]

#[cfg(windows)]
mod actions;
mod changes;
pub mod choice;
pub mod clipboard;
#[cfg(windows)]
pub mod console;
pub mod credentials;
mod cursor;
#[cfg(windows)]
mod door;
#[cfg(windows)]
mod drag;
pub mod duplication;
pub mod elevation;
#[cfg(windows)]
mod ending;
pub mod files;
mod injected;
#[cfg(windows)]
mod input;
mod inventory;
mod keys;
#[cfg(windows)]
mod library;
#[cfg(windows)]
mod local_time;
#[cfg(windows)]
mod media_foundation;
pub mod motion;
#[cfg(windows)]
mod ole;
mod pace;
#[cfg(windows)]
mod pipe;
pub mod process;
#[cfg(windows)]
mod protocol;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
pub mod removal;
pub mod sas;
#[cfg(windows)]
mod screen;
pub mod security;
pub mod service;
#[cfg(windows)]
mod ui;
pub mod viewer;
mod waker;
#[cfg(windows)]
mod win32;

#[cfg(windows)]
pub use actions::WindowsActions;
pub use changes::changes;
#[cfg(windows)]
pub use clipboard::WindowsClipboard;
pub use cursor::{CursorBitmaps, cursor_picture};
#[cfg(windows)]
pub use door::{DoorStream, ViewerDoor, knock};
#[cfg(windows)]
pub use drag::WindowsDrag;
#[cfg(windows)]
pub use ending::EndOfSession;
#[cfg(windows)]
pub use files::{WindowsFiles, files_of_user};
pub use injected::{Listener, announce};
#[cfg(windows)]
pub use input::WindowsInput;
#[cfg(windows)]
pub use inventory::{WindowsInventory, processor_time};
pub use inventory::{WindowsVersion, idle_since};
pub use keys::{KeyForm, fixed_meaning, key_form, normalized, virtual_key};
#[cfg(windows)]
pub use local_time::local_time;
#[cfg(windows)]
pub use media_foundation::{MediaFoundationFactory, Origin};
pub use pace::{BANDS, Look, Pace};
#[cfg(windows)]
pub use protocol::{
    LinkHandlerError, LinkScope, LinkTarget, link_command, link_target, register_links,
    set_link_target, unregister_links,
};
#[cfg(windows)]
pub use screen::{WindowsScreen, open_screen};
#[cfg(windows)]
pub use ui::{
    WindowsCodeWindow, WindowsConnectedBar, WindowsConsent, WindowsNotice, WindowsTrayIcon,
};
#[cfg(windows)]
pub use viewer::{WindowsViewerWindow, typeface};
pub use waker::Waker;
#[cfg(windows)]
pub use win32::CallError;
