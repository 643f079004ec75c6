//! The backend against a real X server. Each test starts its own Xvfb; these must
//! be installed: xvfb, xclip, xterm, openbox, x11-xkb-utils, x11-xserver-utils.

mod capture;
mod client;
mod keyboard;
mod server;
