//! What an agent needs from a Linux desktop, through X11. Without an X display
//! everything but [`LinuxInventory`] fails with a typed error and the agent runs on.

mod clipboard;
mod display;
mod input;
mod screen;
mod waker;

pub use clipboard::X11Clipboard;
pub use display::DisplayError;
pub use input::X11Input;
pub use screen::X11Screen;
