//! Which way of capturing is used, decided at run time and again after each failure;
//! without Win32, so that it is tested wherever Rust runs.

mod backend;
mod policy;
mod screen;
mod watchdog;

pub use backend::{Area, Backend, Backends, Desktop, Layout};
pub use policy::Policy;
pub use screen::Screen;
pub use watchdog::Watchdog;
