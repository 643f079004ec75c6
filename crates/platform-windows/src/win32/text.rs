//! UTF-16 text that ends with a zero.

use std::ffi::{OsStr, OsString};
use std::os::windows::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use windows::Win32::Foundation::HMODULE;
use windows::Win32::System::LibraryLoader::LoadLibraryW;
use windows::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows::core::{PCWSTR, PWSTR};

use super::{CallError, Called};

/// Text for a call; it ends at the first zero that it holds.
#[derive(Clone)]
pub(crate) struct Wide(Vec<u16>);

impl Wide {
    pub(crate) fn new(text: impl AsRef<OsStr>) -> Self {
        let units = text.as_ref().encode_wide().take_while(|unit| *unit != 0);
        Self(units.chain([0]).collect())
    }

    pub(crate) fn as_ptr(&self) -> PCWSTR {
        PCWSTR(self.0.as_ptr())
    }

    /// For the calls that want to write into it, and for structures that say so and do
    /// not.
    pub(crate) fn as_mut_ptr(&mut self) -> PWSTR {
        PWSTR(self.0.as_mut_ptr())
    }

    /// Bytes with the zero, as the registry wants them.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|unit| unit.to_le_bytes()).collect()
    }
}

/// Copies a text out.
///
/// # Safety
/// Null, or it points to units that end with a zero.
pub(crate) unsafe fn from_pwstr(text: PWSTR) -> OsString {
    if text.is_null() {
        return OsString::new();
    }
    // SAFETY: the caller vouches for the zero.
    OsString::from_wide(unsafe { text.as_wide() })
}

/// Waits for what tells nobody when it is done, as the service manager does before
/// Windows 8.
pub(crate) fn nap() {
    std::thread::sleep(Duration::from_millis(50));
}

/// Loads a library of the system folder, and of no other. It stays loaded.
pub(crate) fn system_library(name: &str) -> Result<HMODULE, CallError> {
    let mut folder = [0_u16; 261];
    // SAFETY: it writes into the slice it is given.
    let length = unsafe { GetSystemDirectoryW(Some(&mut folder)) } as usize;
    if length == 0 || length >= folder.len() {
        return Err(CallError::last("GetSystemDirectoryW"));
    }
    let mut path = OsString::from_wide(&folder[..length]);
    path.push("\\");
    path.push(name);
    // SAFETY: the path ends with a zero and lives longer than the call.
    unsafe { LoadLibraryW(Wide::new(path).as_ptr()) }.called("LoadLibraryW")
}
