//! Folders that Windows names. Not by environment variables: whoever starts a program
//! chooses those.

use std::ffi::c_void;
use std::path::PathBuf;

use windows::Win32::UI::Shell::{
    FOLDERID_ProgramData, FOLDERID_ProgramFiles, FOLDERID_Windows, KF_FLAG_DEFAULT,
    SHGetKnownFolderPath,
};
use windows::core::GUID;

use super::{CallError, Called, from_pwstr};

// `windows` would take it from combase.dll, which Windows 7 lacks.
#[link(name = "ole32")]
unsafe extern "system" {
    fn CoTaskMemFree(memory: *const c_void);
}

/// A folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KnownFolder {
    /// `C:\Program Files`.
    ProgramFiles,
    /// `C:\ProgramData`.
    ProgramData,
    /// `C:\Windows`.
    Windows,
}

impl KnownFolder {
    const fn id(self) -> GUID {
        match self {
            Self::ProgramFiles => FOLDERID_ProgramFiles,
            Self::ProgramData => FOLDERID_ProgramData,
            Self::Windows => FOLDERID_Windows,
        }
    }
}

/// Where it is on this machine.
pub(crate) fn known_folder(folder: KnownFolder) -> Result<PathBuf, CallError> {
    let id = folder.id();
    // SAFETY: the id lives longer than the call; what comes back is freed once, after
    // it was copied.
    unsafe {
        let path = SHGetKnownFolderPath(&raw const id, KF_FLAG_DEFAULT, None)
            .called("SHGetKnownFolderPath")?;
        let copied = from_pwstr(path);
        CoTaskMemFree(path.0.cast());
        Ok(PathBuf::from(copied))
    }
}
