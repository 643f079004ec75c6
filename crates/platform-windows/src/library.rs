//! Libraries that are loaded when they are needed, by a program that can do without.

use std::mem::transmute_copy;

use windows::Win32::Foundation::{FreeLibrary, HMODULE};
use windows::Win32::System::LibraryLoader::{
    GetProcAddress, LOAD_WITH_ALTERED_SEARCH_PATH, LoadLibraryExW,
};
use windows::Win32::System::SystemInformation::GetSystemDirectoryW;
use windows::core::{Error, PCSTR, PCWSTR, Result};

/// A library of the system folder, and of no other.
pub(crate) struct Library(HMODULE);

impl Library {
    pub(crate) fn load(name: &str) -> Result<Self> {
        let mut folder = [0_u16; 261];
        // SAFETY: it writes into the slice it is given.
        let length = unsafe { GetSystemDirectoryW(Some(&mut folder)) } as usize;
        if length == 0 || length >= folder.len() {
            return Err(Error::from_thread());
        }
        let path: Vec<u16> = folder[..length]
            .iter()
            .copied()
            .chain("\\".encode_utf16())
            .chain(name.encode_utf16())
            .chain([0])
            .collect();
        // What it needs itself is looked for beside it, too, and not beside the program.
        let flags = LOAD_WITH_ALTERED_SEARCH_PATH;
        // SAFETY: the path ends with a zero and lives longer than the call.
        unsafe { LoadLibraryExW(PCWSTR(path.as_ptr()), None, flags) }.map(Self)
    }

    /// The function of this name.
    ///
    /// # Safety
    /// `F` must be the type of a pointer to that function.
    pub(crate) unsafe fn find<F: Copy>(&self, name: PCSTR) -> Result<F> {
        const { assert!(size_of::<F>() == size_of::<usize>()) }
        // SAFETY: the library is loaded, the name ends with a zero; both types are
        // pointers to functions, and the caller vouches for the signature.
        unsafe {
            let found = GetProcAddress(self.0, name).ok_or_else(Error::from_thread)?;
            Ok(transmute_copy(&found))
        }
    }

    /// Keeps it loaded; the handle is for who wants to free it after all.
    pub(crate) fn keep(self) -> HMODULE {
        let handle = self.0;
        std::mem::forget(self);
        handle
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: ours, and nothing of it is in use.
        unsafe {
            let _ = FreeLibrary(self.0);
        }
    }
}
