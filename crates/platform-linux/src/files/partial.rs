//! A file that is being received: a hidden name in its final folder, until its hash
//! agrees.

use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::fd::{AsFd, OwnedFd};

use gc_platform::{PartialFile, StoreError, check_existing};
use rustix::fs::{self, AtFlags, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::beneath;
use super::{error_of, from_io, read_at, set_time};

/// Room on the disk is looked at after this many bytes.
const LOOK_EVERY: u64 = 32 << 20;

pub(super) struct Partial {
    folder: OwnedFd,
    name: String,
    file: File,
    length: u64,
    at: u64,
    reserve: u64,
    looked: u64,
}

impl Partial {
    /// Opens or begins it. It is locked: two transfers never write the same one.
    pub(super) fn open(folder: OwnedFd, name: &str, reserve: u64) -> Result<Self, StoreError> {
        let flags =
            OFlags::RDWR | OFlags::CREATE | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file =
            fs::openat(&folder, name, flags, Mode::from_raw_mode(0o600)).map_err(error_of)?;
        let stat = fs::fstat(&file).map_err(error_of)?;
        // A hard link would be written through into something else.
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile || stat.st_nlink > 1 {
            return Err(StoreError::NotRegular);
        }
        match fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                return Err(StoreError::Io("the unfinished file is in use".into()));
            }
            // Some network file systems have no locks.
            Err(error) => tracing::debug!(%error, "an unfinished file is not locked"),
        }
        let length = u64::try_from(stat.st_size).unwrap_or(0);
        Ok(Self {
            folder,
            name: name.to_owned(),
            file: file.into(),
            length,
            at: 0,
            reserve,
            looked: length,
        })
    }

    fn look(&mut self) -> Result<(), StoreError> {
        let (free, _) = beneath::free(self.folder.as_fd()).map_err(error_of)?;
        self.looked = self.length;
        if free < self.reserve { Err(StoreError::Full) } else { Ok(()) }
    }

    /// Whether the name still leads to this very file.
    fn is_mine(&self) -> Result<bool, StoreError> {
        let own = fs::fstat(&self.file).map_err(error_of)?;
        match fs::statat(&self.folder, self.name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(named) => {
                Ok((named.st_dev, named.st_ino) == (own.st_dev, own.st_ino) && own.st_nlink == 1)
            }
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error_of(error)),
        }
    }
}

impl PartialFile for Partial {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        read_at(&mut self.file, &mut self.at, offset, buffer)
    }

    fn append(&mut self, data: &[u8]) -> Result<(), StoreError> {
        if self.reserve > 0 && self.length - self.looked >= LOOK_EVERY {
            self.look()?;
        }
        if self.at != self.length {
            self.at =
                self.file.seek(SeekFrom::Start(self.length)).map_err(|error| from_io(&error))?;
        }
        if let Err(error) = self.file.write_all(data) {
            // Half a piece is no piece: the hash goes on from what is whole.
            self.at = u64::MAX;
            // When this fails as well, the hash of what is there will not agree.
            let _ = self.file.set_len(self.length);
            return Err(from_io(&error));
        }
        self.length += data.len() as u64;
        self.at = self.length;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(|error| from_io(&error))?;
        (self.length, self.looked, self.at) = (0, 0, u64::MAX);
        Ok(())
    }

    fn finish(&mut self, name: &str, replace: bool, modified_ms: i64) -> Result<(), StoreError> {
        check_existing(name).map_err(|_| StoreError::Name)?;
        if !self.is_mine()? {
            return Err(StoreError::NotRegular);
        }
        // The bytes must be on the disk before the name says that they are.
        self.file.sync_data().map_err(|error| from_io(&error))?;
        set_time(&self.file, modified_ms)?;
        let mode = Mode::from_raw_mode(0o666 & !umask());
        fs::fchmod(&self.file, mode).map_err(error_of)?;
        let done = if replace {
            match fs::statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                    return Err(StoreError::Exists);
                }
                _ => fs::renameat(&self.folder, self.name.as_str(), &self.folder, name),
            }
        } else {
            beneath::rename_new(self.folder.as_fd(), &self.name, self.folder.as_fd(), name)
        };
        done.map_err(error_of)?;
        // A name that a power cut takes back is told as not there, not as done.
        match fs::fsync(&self.folder) {
            Ok(()) | Err(Errno::INVAL | Errno::BADF) => Ok(()),
            Err(error) => Err(error_of(error)),
        }
    }

    fn discard(&mut self) -> Result<(), StoreError> {
        if !self.is_mine()? {
            return Ok(());
        }
        fs::unlinkat(&self.folder, self.name.as_str(), AtFlags::empty()).map_err(error_of)
    }
}

/// Rights that new files are not to have. Read from the process's facts: to ask for
/// it by setting it would change it for every thread.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|value| u32::from_str_radix(value.trim(), 8).ok()).unwrap_or(0o077)
}
