//! The backend against a real X server. Each test starts its own Xvfb; these must
//! be installed: xvfb, xclip, xterm, openbox, x11-xkb-utils, x11-xserver-utils, libegl1,
//! libgl1-mesa-dri.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod actions;
mod capture;
mod card;
mod client;
mod clipboard;
mod clipboard_offers;
mod drag;
mod inventory;
mod keyboard;
mod notice;
mod server;
mod viewer;
mod windows;
