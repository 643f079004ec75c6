//! Who may do what with an object, and who this process is.

mod access;
#[cfg(windows)]
mod descriptor;
#[cfg(windows)]
mod shut;
#[cfg(windows)]
mod token;
#[cfg(windows)]
mod ui_access;

pub use access::{ADMINISTRATORS, LOCAL_SYSTEM, TRUSTED_INSTALLER, strangers};
#[cfg(windows)]
pub(crate) use descriptor::SecurityDescriptor;
#[cfg(windows)]
pub(crate) use shut::shut_this_process;
#[cfg(windows)]
pub(crate) use token::Token;
#[cfg(windows)]
pub use token::is_elevated;
