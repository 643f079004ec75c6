//! What a Windows machine says of itself.

mod name;
#[cfg(windows)]
mod system;

pub use name::{WindowsVersion, idle_since};
#[cfg(windows)]
pub use system::{WindowsInventory, processor_time};
