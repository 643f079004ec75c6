//! Runs the real product as a person would: server and agents as processes, a real
//! X display with real applications, a real browser. End-to-end tests, the demo and
//! the benchmarks stand on it.

mod agent;
mod browser;
mod cdp;
mod clips;
mod desktop;
mod file_seat;
mod key_log;
mod native_viewer;
mod process;
mod rest;
mod server;
mod stack;
pub mod steps;
mod wine;

pub use agent::Agent;
pub use browser::{Browser, Page};
pub use clips::{noise_picture, picture_pixels};
pub use desktop::Desktop;
pub use file_seat::FileSeat;
pub use key_log::{BOARD, KeyLog};
pub use native_viewer::{NativeViewer, strike};
pub use process::{Process, Programs};
pub use rest::{Rest, RestError};
pub use server::{Server, ServerOptions};
pub use stack::{ADMIN, Stack};
pub use wine::{FileWindow, Keyboard, Wine};
