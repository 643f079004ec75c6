//! Where files come from and go to. The operating system's part stands behind
//! [`FileStore`]; nothing here touches a disk.

use gc_proto::v2;
use gc_types::CauseCode;

use crate::names::{MAX_DEPTH, MAX_PATH, check_existing};

/// The place for what a viewer pastes: a folder of the user that no listing names. What
/// is in it goes after a day.
pub const PASTE_PLACE: &str = "pasted";

/// A place of a store and the way from it. Each part is one name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorePath {
    /// As [`FileStore::places`] calls it; empty for the folder that files are
    /// dropped into.
    pub place: String,
    /// Below it.
    pub parts: Vec<String>,
}

impl StorePath {
    /// Of a place and a way written with `/`.
    pub fn new(place: &str, way: &str) -> Self {
        let parts = way.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        Self { place: place.to_owned(), parts }
    }

    /// From the wire. No part leads up, out, or through a separator.
    pub fn from_wire(path: &v2::FilePath) -> Result<Self, CauseCode> {
        let length: usize = path.parts.iter().map(|part| part.len() + 1).sum();
        if path.parts.len() > MAX_DEPTH || length > 2 * MAX_PATH || path.place.len() > 64 {
            return Err(CauseCode::PathTooDeep);
        }
        if path.parts.iter().any(|part| check_existing(part).is_err()) {
            return Err(CauseCode::FileNameNotAllowed);
        }
        Ok(Self { place: path.place.clone(), parts: path.parts.clone() })
    }

    /// To the wire.
    pub fn to_wire(&self) -> v2::FilePath {
        v2::FilePath { place: self.place.clone(), parts: self.parts.clone() }
    }

    /// One part further.
    #[must_use]
    pub fn join(&self, name: &str) -> Self {
        let mut path = self.clone();
        path.parts.push(name.to_owned());
        path
    }

    /// Several parts further.
    #[must_use]
    pub fn join_all(&self, names: &[String]) -> Self {
        let mut path = self.clone();
        path.parts.extend_from_slice(names);
        path
    }

    /// The folder it is in; `None` for a place itself.
    pub fn parent(&self) -> Option<Self> {
        let (_, before) = self.parts.split_last()?;
        Some(Self { place: self.place.clone(), parts: before.to_vec() })
    }

    /// The last part.
    pub fn name(&self) -> Option<&str> {
        self.parts.last().map(String::as_str)
    }
}

/// What stands under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// Bytes.
    File,
    /// A folder.
    Folder,
    /// A link, a device, a pipe, or a name that cannot be written: never moved.
    Other,
}

impl EntryKind {
    /// To its value on the wire.
    pub const fn to_wire(self) -> v2::FileKind {
        match self {
            Self::File => v2::FileKind::File,
            Self::Folder => v2::FileKind::Folder,
            Self::Other => v2::FileKind::Other,
        }
    }
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its own name, without a way.
    pub name: String,
    /// What it is. Links are never looked through.
    pub kind: EntryKind,
    /// Bytes; 0 for what is no file.
    pub size: u64,
    /// Unix milliseconds.
    pub modified_ms: i64,
}

/// A place where a way may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// As paths call it.
    pub id: String,
    /// For people.
    pub name: String,
}

/// Why a store refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Nothing has this name.
    #[error("there is nothing of this name")]
    NotFound,
    /// The user may not.
    #[error("the user has no right to it")]
    Denied,
    /// The name is taken.
    #[error("the name is taken")]
    Exists,
    /// No room, or less than is held back.
    #[error("the disk is full")]
    Full,
    /// The user has used up what they may have.
    #[error("the user's quota is used up")]
    Quota,
    /// A link, a device, or a file where a folder must be.
    #[error("it is neither a plain file nor a plain folder")]
    NotRegular,
    /// A name that this system does not take.
    #[error("the name is not allowed")]
    Name,
    /// Nobody is logged on whose files these would be.
    #[error("nobody is logged on")]
    NoUser,
    /// Anything else; for the log.
    #[error("{0}")]
    Io(String),
}

impl StoreError {
    /// What a person is told.
    pub const fn cause(&self) -> CauseCode {
        match self {
            Self::NotFound => CauseCode::FileNotFound,
            Self::Denied => CauseCode::FileAccessDenied,
            Self::Exists => CauseCode::FileExists,
            Self::Full => CauseCode::DiskFull,
            Self::Quota => CauseCode::FileQuota,
            Self::NotRegular => CauseCode::FileNotRegular,
            Self::Name => CauseCode::FileNameNotAllowed,
            Self::NoUser => CauseCode::FilesNoUser,
            Self::Io(_) => CauseCode::FileIoFailed,
        }
    }
}

/// The files of one user. Every call acts with that user's rights and no more,
/// follows no link anywhere on the way, and opens nothing but plain files and
/// folders. Calls may block; they are made on a thread of their own.
pub trait FileStore: Send {
    /// Where a way may begin.
    fn places(&mut self) -> Result<Vec<Place>, StoreError>;

    /// What is in a folder, unsorted; at most `limit` entries, and whether that was
    /// all. Unfinished files are left out.
    fn list(&mut self, folder: &StorePath, limit: usize) -> Result<(Vec<Entry>, bool), StoreError>;

    /// What stands under a name. A link is [`EntryKind::Other`].
    fn stat(&mut self, path: &StorePath) -> Result<Entry, StoreError>;

    /// The same path from where every program of this machine would begin: the root, or
    /// a drive. For what is there, and is a file or a folder.
    fn locate(&mut self, path: &StorePath) -> Result<StorePath, StoreError>;

    /// Makes one folder; its parent must be there.
    fn make_folder(&mut self, path: &StorePath) -> Result<(), StoreError>;

    /// Gives it another name in its folder; never replaces anything.
    fn rename(&mut self, path: &StorePath, name: &str) -> Result<(), StoreError>;

    /// Moves a file or a folder into another folder of the same disk, under a name; never
    /// replaces anything.
    fn move_into(
        &mut self,
        path: &StorePath,
        folder: &StorePath,
        name: &str,
    ) -> Result<(), StoreError>;

    /// Removes a file, a link (not what it leads to), or a folder with everything in
    /// it.
    fn delete(&mut self, path: &StorePath) -> Result<(), StoreError>;

    /// Sets when a folder was changed.
    fn set_folder_time(&mut self, path: &StorePath, modified_ms: i64) -> Result<(), StoreError>;

    /// Opens a plain file for reading.
    fn read(&mut self, path: &StorePath) -> Result<Box<dyn ReadFile>, StoreError>;

    /// Opens the unfinished file of `key` in a folder, with what was received
    /// before, or begins one. Nobody else sees it under a name that they would open.
    fn partial(
        &mut self,
        folder: &StorePath,
        key: &PartialKey,
    ) -> Result<Box<dyn PartialFile>, StoreError>;

    /// Bytes that the unfinished file of `key` has; 0 when there is none.
    fn partial_len(&mut self, folder: &StorePath, key: &PartialKey) -> Result<u64, StoreError>;

    /// Bytes that may be written in this folder, less what is held back for the
    /// system.
    fn room(&mut self, folder: &StorePath) -> Result<u64, StoreError>;
}

/// A file that is being read.
pub trait ReadFile: Send {
    /// Its size and time now.
    fn facts(&mut self) -> Result<(u64, i64), StoreError>;

    /// Fills as much of `buffer` as there is from `offset` on; less only at the end
    /// of the file.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError>;
}

/// A file that is being received. Dropping it keeps what was written, to be taken up
/// again.
pub trait PartialFile: Send {
    /// Bytes that are there.
    fn len(&self) -> u64;

    /// Whether nothing is there.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads what is there, for its hash.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError>;

    /// Adds to the end.
    fn append(&mut self, data: &[u8]) -> Result<(), StoreError>;

    /// Throws away what is there.
    fn restart(&mut self) -> Result<(), StoreError>;

    /// Makes it a file of this name in its folder, with its time set. Without
    /// `replace` [`StoreError::Exists`] when the name is taken, and it may be tried
    /// again with another; with it, what has the name is replaced, but never a
    /// folder.
    fn finish(&mut self, name: &str, replace: bool, modified_ms: i64) -> Result<(), StoreError>;

    /// Removes it.
    fn discard(&mut self) -> Result<(), StoreError>;
}

/// Names one file of one transfer, the same after a lost link and the death of a
/// program: a file that was changed meanwhile has another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialKey(String);

impl PartialKey {
    /// From what must be the same.
    pub fn new(transfer: &[u8; 16], path: &[String], size: u64, modified_ms: i64) -> Self {
        use std::fmt::Write as _;

        use sha2::Digest;
        let mut hash = sha2::Sha256::new();
        hash.update(transfer);
        for part in path {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(size.to_le_bytes());
        hash.update(modified_ms.to_le_bytes());
        let mut name = String::with_capacity(32);
        for byte in hash.finalize().iter().take(16) {
            // Writing to a string cannot fail.
            let _ = write!(name, "{byte:02x}");
        }
        Self(name)
    }

    /// Name of the unfinished file.
    pub fn file_name(&self) -> String {
        format!("{}{}", crate::names::PARTIAL_PREFIX, self.0)
    }
}
