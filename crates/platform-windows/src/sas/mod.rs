//! Ctrl+Alt+Del: Windows takes it from a service that runs as LocalSystem, where its
//! policy lets services. Our service presses it itself where it may, else the helper
//! service `GuruConnectSas` does, else it is told why not (ADR 14).

#[cfg(windows)]
mod helper;
#[cfg(windows)]
mod library;
mod message;
mod policy;
#[cfg(windows)]
mod sender;

#[cfg(windows)]
pub use helper::{HelperSettings, serve};
#[cfg(windows)]
pub use library::{PassingAttention, press};
pub use message::{ANSWER_BYTES, Answer, REQUEST};
pub use policy::services_may;
#[cfg(windows)]
pub(crate) use policy::{restore_policy, set_policy};
#[cfg(windows)]
pub use sender::WindowsSecureAttention;

/// Name of the helper's service.
pub const HELPER_SERVICE: &str = "GuruConnectSas";
/// Name of the helper's pipe.
pub const HELPER_PIPE: &str = "GuruConnectSas";
