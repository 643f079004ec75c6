//! Whose files they are. A program of a user serves that user's. One of LocalSystem
//! serves those of who is logged on in its Windows session: the thread that touches
//! files takes that user's rights first.

use std::ffi::c_void;
use std::path::PathBuf;

use gc_platform::StoreError;
use windows::Win32::Foundation::{ERROR_NO_TOKEN, HANDLE};
use windows::Win32::Security::ImpersonateLoggedOnUser;
use windows::Win32::UI::Shell::{
    FOLDERID_Desktop, FOLDERID_Documents, FOLDERID_Downloads, FOLDERID_LocalAppData,
    FOLDERID_Profile, KF_FLAG_DEFAULT, KNOWN_FOLDER_FLAG, SHGetKnownFolderPath,
};
use windows::core::GUID;

use super::open::from_windows;
use crate::security::Token;
use crate::win32::{CallError, from_pwstr};

// `windows` would take it from combase.dll, which Windows 7 lacks.
#[link(name = "ole32")]
unsafe extern "system" {
    fn CoTaskMemFree(memory: *const c_void);
}

/// Folders of a user.
pub(super) struct Folders {
    pub(super) home: PathBuf,
    pub(super) downloads: Option<PathBuf>,
    pub(super) desktop: Option<PathBuf>,
    pub(super) documents: Option<PathBuf>,
    /// Where programs keep what is of this machine.
    pub(super) local: PathBuf,
}

/// Gives the calling thread the rights of who is logged on, where this program is
/// LocalSystem's, and finds that user's folders.
pub(super) fn become_user() -> Result<Folders, StoreError> {
    let own = Token::of_this_process().map_err(failed)?;
    if !own.is_local_system().map_err(failed)? {
        return Folders::of(None);
    }
    let session = own.session().map_err(failed)?;
    let user = match Token::of_user(session) {
        Ok(user) => user,
        Err(error) if error.is(ERROR_NO_TOKEN) => return Err(StoreError::NoUser),
        Err(error) => return Err(failed(error)),
    };
    // Looked for with the token, before the thread is the user: a profile that is not
    // loaded is found all the same.
    let folders = Folders::of(Some(user.raw()))?;
    // SAFETY: the token is open. The thread keeps the user's rights after it is closed.
    unsafe { ImpersonateLoggedOnUser(user.raw()) }.map_err(|error| from_windows(&error))?;
    Ok(folders)
}

fn failed(error: CallError) -> StoreError {
    StoreError::Io(error.to_string())
}

impl Folders {
    fn of(user: Option<HANDLE>) -> Result<Self, StoreError> {
        let optional = |id: &GUID| folder(id, user).ok();
        Ok(Self {
            home: folder(&FOLDERID_Profile, user)?,
            downloads: optional(&FOLDERID_Downloads),
            desktop: optional(&FOLDERID_Desktop),
            documents: optional(&FOLDERID_Documents),
            local: folder(&FOLDERID_LocalAppData, user)?,
        })
    }
}

fn folder(id: &GUID, user: Option<HANDLE>) -> Result<PathBuf, StoreError> {
    const FLAGS: KNOWN_FOLDER_FLAG = KF_FLAG_DEFAULT;
    // SAFETY: the id lives longer than the call; what comes back is freed once, after
    // it was copied.
    unsafe {
        let path = SHGetKnownFolderPath(id, FLAGS, user).map_err(|error| from_windows(&error))?;
        let copied = from_pwstr(path);
        CoTaskMemFree(path.0.cast());
        Ok(PathBuf::from(copied))
    }
}
