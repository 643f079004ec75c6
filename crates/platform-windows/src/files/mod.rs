//! The files of one user, reached only from folders that were opened before, one name
//! at a time, where links are opened themselves and never followed. `facts` and
//! `way` know no Win32 and are built and tested everywhere.

#[cfg(windows)]
mod account;
#[cfg(windows)]
mod disk;
mod facts;
#[cfg(windows)]
mod list;
#[cfg(windows)]
mod open;
#[cfg(windows)]
mod partial;
#[cfg(windows)]
mod remove;
#[cfg(windows)]
mod store;
#[cfg(windows)]
mod sweep;
mod way;

pub use facts::{
    check_name, entry_kind, filetime, is_reparse_point, leads_elsewhere, store_error, unix_ms,
};
#[cfg(windows)]
pub use store::{WindowsFiles, files_of_user};
pub use way::{from_drive, on_drive};
