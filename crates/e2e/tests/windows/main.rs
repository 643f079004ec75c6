//! The Windows program under Wine, with the real server and a real browser. Run by
//! `cargo xtask windows`, which builds it.

mod actions;
mod consent;
mod keyboard;
mod life;
mod office;
mod program;
mod service;
