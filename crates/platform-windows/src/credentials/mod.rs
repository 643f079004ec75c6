//! The machine key at rest: encrypted for this machine (DPAPI), in a folder for SYSTEM
//! and administrators alone (ADR 14).

#[cfg(windows)]
mod dpapi;
#[cfg(any(windows, test))]
mod file_format;
#[cfg(windows)]
mod folder;
#[cfg(windows)]
mod store;

#[cfg(windows)]
pub(crate) use folder::SafeFolder;
#[cfg(windows)]
pub use store::DpapiKeyStore;
