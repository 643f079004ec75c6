//! What agents and viewers need from a Linux desktop, through X11. Without an X display
//! everything but [`LinuxInventory`] fails with a typed error and the agent runs on.

mod actions;
mod clipboard;
mod display;
mod door;
mod drag;
mod files;
mod input;
mod inventory;
mod key_store;
mod links;
mod load;
mod local_time;
mod screen;
pub mod vaapi;
mod viewer;
mod waker;
mod window;
mod worker;

pub use actions::X11Actions;
pub use clipboard::X11Clipboard;
pub use display::DisplayError;
pub use door::{ViewerDoor, knock};
pub use drag::X11Drag;
pub use files::{Account, LinuxFiles, files_of_user, own_files, session_account};
pub use input::X11Input;
pub use inventory::LinuxInventory;
pub use key_store::FileKeyStore;
pub use links::{LinkHandler, LinkHandlerError, LinkTarget};
pub use load::processor_time;
pub use local_time::local_time;
pub use screen::X11Screen;
pub use viewer::{X11ViewerWindow, typeface};
pub use window::{X11ConnectedBar, X11Consent, X11Notice};
pub use worker::{ChildWorkerHost, stream_of_worker};
