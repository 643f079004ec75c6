//! A file that is being received.

use std::fs::{File, FileTimes};
use std::os::windows::fs::FileExt as _;
use std::os::windows::io::OwnedHandle;
use std::time::{Duration, SystemTime};

use gc_platform::{EntryKind, PartialFile, StoreError};
use windows::Wdk::Storage::FileSystem::{FILE_NON_DIRECTORY_FILE, FILE_SEQUENTIAL_ONLY};
use windows::Win32::Storage::FileSystem::{
    DELETE, FILE_ACCESS_RIGHTS, FILE_DISPOSITION_INFO, FILE_GENERIC_READ, FILE_GENERIC_WRITE,
    FILE_READ_ATTRIBUTES, FILE_SHARE_READ, FileDispositionInfo, SetFileInformationByHandle,
};

use super::disk::free_beside;
use super::open::{How, When, facts_of, from_io, from_windows, open_name, rename};
use super::store::read_at;
use crate::win32::raw;

/// Room on the disk is looked at after this many bytes.
const LOOK_EVERY: u64 = 32 << 20;

pub(super) struct Partial {
    folder: OwnedHandle,
    file: File,
    length: u64,
    reserve: u64,
    looked: u64,
}

impl Partial {
    /// Opens or begins it. Nobody else may write, rename or remove it meanwhile, so
    /// that what is renamed in the end is what was written.
    pub(super) fn open(folder: OwnedHandle, name: &str, reserve: u64) -> Result<Self, StoreError> {
        let how = How {
            access: FILE_ACCESS_RIGHTS(FILE_GENERIC_READ.0 | FILE_GENERIC_WRITE.0 | DELETE.0),
            share: FILE_SHARE_READ,
            when: When::Either,
            options: windows::Wdk::Storage::FileSystem::NTCREATEFILE_CREATE_OPTIONS(
                FILE_NON_DIRECTORY_FILE.0 | FILE_SEQUENTIAL_ONLY.0,
            ),
        };
        let (opened, facts) = open_name(&folder, name, how)?;
        // A hard link would be written through into something else.
        if facts.kind != EntryKind::File || facts.names > 1 {
            return Err(StoreError::NotRegular);
        }
        Ok(Self { folder, file: opened.into(), length: facts.size, reserve, looked: facts.size })
    }

    fn look(&mut self) -> Result<(), StoreError> {
        self.looked = self.length;
        let (free, _) = free_beside(&self.folder)?;
        if free < self.reserve { Err(StoreError::Full) } else { Ok(()) }
    }
}

impl PartialFile for Partial {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        read_at(&self.file, offset, buffer)
    }

    fn append(&mut self, data: &[u8]) -> Result<(), StoreError> {
        if self.reserve > 0 && self.length - self.looked >= LOOK_EVERY {
            self.look()?;
        }
        let mut left = data;
        let mut at = self.length;
        while !left.is_empty() {
            match self.file.seek_write(left, at) {
                Ok(0) => return self.undo(StoreError::Full),
                Ok(written) => {
                    at += written as u64;
                    left = &left[written..];
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return self.undo(from_io(&error)),
            }
        }
        self.length = at;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(|error| from_io(&error))?;
        (self.length, self.looked) = (0, 0);
        Ok(())
    }

    fn finish(&mut self, name: &str, replace: bool, modified_ms: i64) -> Result<(), StoreError> {
        if replace {
            match open_name(&self.folder, name, How::there(FILE_READ_ATTRIBUTES)) {
                Ok((_, facts)) if facts.kind == EntryKind::Folder => {
                    return Err(StoreError::Exists);
                }
                Ok(_) | Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        // The bytes must be on the disk before the name says that they are.
        self.file.sync_all().map_err(|error| from_io(&error))?;
        set_time(&self.file, modified_ms)?;
        let opened = self.file.try_clone().map_err(|error| from_io(&error))?.into();
        // Another name for it since it was opened: a way into something else.
        if facts_of(&opened)?.names > 1 {
            return Err(StoreError::NotRegular);
        }
        rename(&opened, &self.folder, name, replace)?;
        // A name that a power cut takes back is told as not there, not as done.
        self.file.sync_all().map_err(|error| from_io(&error))
    }

    fn discard(&mut self) -> Result<(), StoreError> {
        let gone = FILE_DISPOSITION_INFO { DeleteFile: true };
        // SAFETY: it is open with the right to; it goes when it is closed.
        unsafe {
            SetFileInformationByHandle(
                raw(&self.file),
                FileDispositionInfo,
                (&raw const gone).cast(),
                size_of_val(&gone) as u32,
            )
        }
        .map_err(|error| from_windows(&error))
    }
}

impl Partial {
    /// Half a piece is no piece: the hash goes on from what is whole.
    fn undo(&mut self, error: StoreError) -> Result<(), StoreError> {
        // When this fails as well, the hash of what is there will not agree.
        let _ = self.file.set_len(self.length);
        Err(error)
    }
}

/// Sets when it was changed, and read. The file is open for writing attributes.
pub(super) fn set_time(file: &File, modified_ms: i64) -> Result<(), StoreError> {
    // Times of before 1601 become the first one that there is.
    let ms = super::facts::unix_ms(super::facts::filetime(modified_ms));
    let apart = Duration::from_millis(ms.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    let time = if ms < 0 { epoch.checked_sub(apart) } else { epoch.checked_add(apart) };
    let time = time.ok_or_else(|| StoreError::Io("no such time".into()))?;
    file.set_times(FileTimes::new().set_modified(time).set_accessed(time))
        .map_err(|error| from_io(&error))
}
