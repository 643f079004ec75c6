//! What is in a folder (`GetFileInformationByHandleEx`, `FileIdBothDirectoryInfo`).

use std::os::windows::io::OwnedHandle;

use gc_platform::{Entry, EntryKind, StoreError};
use windows::Win32::Foundation::ERROR_NO_MORE_FILES;
use windows::Win32::Storage::FileSystem::{
    FILE_ID_BOTH_DIR_INFO, FileIdBothDirectoryInfo, FileIdBothDirectoryRestartInfo,
    GetFileInformationByHandleEx,
};
use windows::core::HRESULT;

use super::facts::{check_name, entry_kind, unix_ms};
use super::open::from_windows;
use crate::win32::raw;

/// Words of one answer; a name has at most 510 bytes.
const ANSWER: usize = 8 * 1_024;

/// Calls `tell` for every entry but `.` and `..`, until it says that it has enough.
/// Whether all were told.
pub(super) fn each(
    folder: &OwnedHandle,
    mut tell: impl FnMut(Entry) -> bool,
) -> Result<bool, StoreError> {
    let mut answer = vec![0_u64; ANSWER];
    let mut class = FileIdBothDirectoryRestartInfo;
    loop {
        // SAFETY: the folder is open; the call writes at most the size of the buffer.
        let said = unsafe {
            GetFileInformationByHandleEx(
                raw(folder),
                class,
                answer.as_mut_ptr().cast(),
                (answer.len() * 8) as u32,
            )
        };
        match said {
            Ok(()) => {}
            Err(end) if end.code() == HRESULT::from(ERROR_NO_MORE_FILES) => return Ok(true),
            Err(error) => return Err(from_windows(&error)),
        }
        class = FileIdBothDirectoryInfo;
        let mut at = 0;
        loop {
            let (entry, next) = read(&answer, at);
            if let Some(entry) = entry
                && !tell(entry)
            {
                return Ok(false);
            }
            if next == 0 {
                break;
            }
            at += next;
        }
    }
}

/// The entry at this byte, and how far the next one is; 0 when it is the last.
fn read(answer: &[u64], at: usize) -> (Option<Entry>, usize) {
    const NAME_AT: usize = std::mem::offset_of!(FILE_ID_BOTH_DIR_INFO, FileName);
    let size = size_of_val(answer);
    if at + size_of::<FILE_ID_BOTH_DIR_INFO>() > size || !at.is_multiple_of(8) {
        return (None, 0);
    }
    // SAFETY: inside of the buffer, aligned, and plain numbers, whatever was written.
    let info = unsafe { answer.as_ptr().byte_add(at).cast::<FILE_ID_BOTH_DIR_INFO>().read() };
    let length = (info.FileNameLength as usize).min(size - at - NAME_AT) / 2;
    // SAFETY: the name lies behind its head, and ends in the buffer.
    let units = unsafe {
        std::slice::from_raw_parts(answer.as_ptr().byte_add(at + NAME_AT).cast::<u16>(), length)
    };
    let next = info.NextEntryOffset as usize;
    let (name, whole) = match String::from_utf16(units) {
        Ok(name) => (name, true),
        Err(_) => (String::from_utf16_lossy(units), false),
    };
    if matches!(name.as_str(), "." | "..") {
        return (None, next);
    }
    // For reparse points this field has the tag ([MS-FSCC] 2.4.17).
    let mut kind = entry_kind(info.FileAttributes, info.EaSize);
    if !whole || check_name(&name).is_err() {
        // A name that cannot be said cannot be asked for either.
        kind = EntryKind::Other;
    }
    let size = if kind == EntryKind::File { info.EndOfFile.max(0) as u64 } else { 0 };
    (Some(Entry { name, kind, size, modified_ms: unix_ms(info.LastWriteTime) }), next)
}
