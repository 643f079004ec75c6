//! Windows of the agent's own (ADR 20): the pictures of `gc-panel` in windows of Win32,
//! each on a thread of its own.

mod bar;
mod code;
mod consent;
mod controls;
mod look;
mod notice;
mod picture;
mod text;
mod thread;
mod tray;
mod window;

pub use bar::WindowsConnectedBar;
pub use code::WindowsCodeWindow;
pub use consent::WindowsConsent;
pub use notice::WindowsNotice;
pub use tray::WindowsTrayIcon;

pub(crate) use look::{be_sharp, scale};
pub(crate) use text::{GdiFace, dib_section};
