//! Which program a process runs.

use std::ffi::OsString;
use std::fs::File;
use std::os::windows::ffi::OsStringExt;
use std::os::windows::io::OwnedHandle;
use std::path::{Path, PathBuf};

use windows::Win32::Foundation::HANDLE;
use windows::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};
use windows::Win32::System::Threading::{
    GetCurrentProcess, INFINITE, OpenProcess, PROCESS_NAME_WIN32,
    PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE, QueryFullProcessImageNameW,
    WaitForSingleObject,
};
use windows::core::PWSTR;

use super::{CallError, Called, owned, raw};

/// Longest path that Windows has.
const LONGEST: usize = 32_768;

/// Path of the program that a process runs. The handle needs
/// `PROCESS_QUERY_LIMITED_INFORMATION`.
pub(crate) fn image_of(process: HANDLE) -> Result<PathBuf, CallError> {
    let mut path = vec![0_u16; LONGEST];
    let mut length = LONGEST as u32;
    // SAFETY: it writes at most `length` units.
    unsafe {
        QueryFullProcessImageNameW(
            process,
            PROCESS_NAME_WIN32,
            PWSTR(path.as_mut_ptr()),
            &raw mut length,
        )
    }
    .called("QueryFullProcessImageNameW")?;
    Ok(PathBuf::from(OsString::from_wide(&path[..length as usize])))
}

/// Opens a process to be looked at and waited for. While it is open its number is not
/// used again.
pub(crate) fn open_process(id: u32) -> Result<OwnedHandle, CallError> {
    // SAFETY: takes numbers; the handle is ours.
    unsafe {
        OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE, false, id)
            .called("OpenProcess")
            .map(|handle| owned(handle))
    }
}

/// Blocks until a process has ended.
pub(crate) fn wait_for_end(process: &OwnedHandle) {
    // SAFETY: the handle is open.
    unsafe {
        WaitForSingleObject(raw(process), INFINITE);
    }
}

/// Path of the program that runs.
pub(crate) fn program_of_this_process() -> Result<PathBuf, CallError> {
    // SAFETY: takes nothing and gives a handle that needs no closing.
    image_of(unsafe { GetCurrentProcess() })
}

/// What two paths of one file have in common: its volume and its number there.
pub(crate) fn file_identity(path: &Path) -> std::io::Result<(u32, u64)> {
    let file = File::open(path)?;
    let mut information = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the file is open; it writes into the live structure.
    unsafe { GetFileInformationByHandle(raw(&file), &raw mut information) }?;
    let index =
        (u64::from(information.nFileIndexHigh) << 32) | u64::from(information.nFileIndexLow);
    Ok((information.dwVolumeSerialNumber, index))
}
