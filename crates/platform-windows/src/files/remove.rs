//! Removes what is there, and what is in it, without following anything.

use std::os::windows::io::OwnedHandle;

use gc_platform::{EntryKind, StoreError};
use windows::Win32::Storage::FileSystem::{
    DELETE, FILE_ACCESS_RIGHTS, FILE_ATTRIBUTE_NORMAL, FILE_ATTRIBUTE_READONLY, FILE_BASIC_INFO,
    FILE_DISPOSITION_INFO, FILE_LIST_DIRECTORY, FILE_READ_ATTRIBUTES, FILE_TRAVERSE,
    FILE_WRITE_ATTRIBUTES, FileBasicInfo, FileDispositionInfo, SetFileInformationByHandle,
};

use super::list;
use super::open::{Facts, How, from_windows, open_name};
use crate::win32::raw;

/// Folders within folders that are gone into.
const DEEPEST: usize = 256;
/// Entries that are listed before they are removed: what is removed while a folder is
/// listed may hide others.
const AT_ONCE: usize = 512;

/// Removes a file, a link, or a folder with everything in it.
pub(super) fn remove(folder: &OwnedHandle, name: &str, depth: usize) -> Result<(), StoreError> {
    let looked = open_name(folder, name, How::there(FILE_READ_ATTRIBUTES))?.1;
    let mut access = DELETE.0 | FILE_READ_ATTRIBUTES.0;
    if is_read_only(&looked) {
        access |= FILE_WRITE_ATTRIBUTES.0;
    }
    if looked.kind == EntryKind::Folder {
        access |= FILE_LIST_DIRECTORY.0 | FILE_TRAVERSE.0;
    }
    let (opened, facts) = open_name(folder, name, How::there(FILE_ACCESS_RIGHTS(access)))?;
    if facts.identity != looked.identity {
        return Err(StoreError::NotFound);
    }
    if facts.kind == EntryKind::Folder {
        if depth == DEEPEST {
            return Err(StoreError::Name);
        }
        empty(&opened, depth)?;
    }
    if is_read_only(&facts) {
        // Zeros leave the times as they are.
        let basic = FILE_BASIC_INFO {
            FileAttributes: FILE_ATTRIBUTE_NORMAL.0,
            ..FILE_BASIC_INFO::default()
        };
        // SAFETY: it is open for this; the structure is of this class.
        unsafe {
            SetFileInformationByHandle(
                raw(&opened),
                FileBasicInfo,
                (&raw const basic).cast(),
                size_of_val(&basic) as u32,
            )
        }
        .map_err(|error| from_windows(&error))?;
    }
    let gone = FILE_DISPOSITION_INFO { DeleteFile: true };
    // SAFETY: as above. It goes when it is closed.
    unsafe {
        SetFileInformationByHandle(
            raw(&opened),
            FileDispositionInfo,
            (&raw const gone).cast(),
            size_of_val(&gone) as u32,
        )
    }
    .map_err(|error| from_windows(&error))
}

fn empty(folder: &OwnedHandle, depth: usize) -> Result<(), StoreError> {
    loop {
        let mut names = Vec::new();
        let all = list::each(folder, |entry| {
            names.push(entry.name);
            names.len() < AT_ONCE
        })?;
        for name in &names {
            match remove(folder, name, depth + 1) {
                // Somebody else was faster.
                Ok(()) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        if all {
            return Ok(());
        }
    }
}

const fn is_read_only(facts: &Facts) -> bool {
    facts.attributes & FILE_ATTRIBUTE_READONLY.0 != 0
}
