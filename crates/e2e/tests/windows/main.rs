//! The Windows program under Wine, with the real server and a real browser. Run by
//! `cargo xtask windows`, which builds it.

mod actions;
mod clipboard;
mod consent;
mod elevation;
mod faults;
mod hands;
mod keyboard;
mod life;
mod office;
mod program;
mod service;
