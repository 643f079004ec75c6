//! On a real desktop with real programs; `cargo xtask windows` provides both by Wine.
#![cfg(windows)]
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::panic, reason = "these are tests")]
#![expect(unsafe_code, reason = "windows of other programs are reached by Win32 only")]
#![expect(clippy::inline_always, clippy::ref_as_ptr, reason = "`#[implement]` writes such code")]

mod actions;
mod card;
mod clerk;
mod clipboard;
mod code;
mod consent;
mod door;
mod drag;
mod input;
mod keyboard;
mod offer;
mod overlays;
mod person;
mod screen;
mod second;
mod system;
mod viewer;
mod window;
