//! [`FileStore`] on Windows.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::File;
use std::os::windows::ffi::OsStringExt as _;
use std::os::windows::fs::FileExt as _;
use std::os::windows::io::OwnedHandle;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gc_platform::{
    Entry, EntryKind, FileOpener, FileStore, PARTIAL_PREFIX, PASTE_PLACE, PartialFile, PartialKey,
    Place, ReadFile, StoreError, StorePath,
};
use windows::Wdk::Storage::FileSystem::{FILE_DIRECTORY_FILE, FILE_SEQUENTIAL_ONLY};
use windows::Win32::Storage::FileSystem::{
    DELETE, FILE_GENERIC_READ, FILE_NAME_NORMALIZED, FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES,
    GetDriveTypeW, GetFinalPathNameByHandleW, GetLogicalDrives,
};
use windows::Win32::System::WindowsProgramming::{
    DRIVE_CDROM, DRIVE_NO_ROOT_DIR, DRIVE_REMOTE, DRIVE_REMOVABLE,
};

use super::account::{self, Folders};
use super::disk::free_beside;
use super::open::{
    How, LOOK, SHARE_ALL, When, facts_of, from_io, from_windows, open_folder, open_name,
    open_place, rename,
};
use super::{from_drive, list, partial, remove, sweep};
use crate::win32::{Wide, raw};

/// Left free for the system on each disk, at least ...
const RESERVE: u64 = 64 << 20;
/// ... or this share of it.
const RESERVE_SHARE: u64 = 50;
/// Unfinished files are taken up again within this; then they go.
const KEEP: Duration = Duration::from_hours(24);
/// Longest path that Windows has.
const LONGEST: usize = 32_768;

/// The files of one user.
pub struct WindowsFiles {
    /// What paths call it, for people, where it is.
    places: Vec<(String, String, PathBuf)>,
    drop: PathBuf,
    /// Where what viewers paste waits for the program that takes it.
    pasted: PathBuf,
    /// Where folders with unfinished files are remembered.
    state: PathBuf,
    reserve: u64,
    /// Folders that are remembered already.
    remembered: BTreeSet<PathBuf>,
}

/// Opens the files of whoever is logged on in this program's Windows session, on the
/// thread that will use them.
pub fn files_of_user() -> FileOpener {
    Box::new(|| Ok(Box::new(WindowsFiles::open(&account::become_user()?))))
}

impl WindowsFiles {
    /// Sweeps away unfinished files that nobody came back for.
    fn open(folders: &Folders) -> Self {
        let home = folders.home.clone();
        let user = home
            .file_name()
            .map_or_else(|| "Home".to_owned(), |name| name.to_string_lossy().into_owned());
        let mut places = vec![("home".to_owned(), user, home.clone())];
        for (id, name, folder) in [
            ("downloads", "Downloads", &folders.downloads),
            ("desktop", "Desktop", &folders.desktop),
            ("documents", "Documents", &folders.documents),
        ] {
            if let Some(folder) = folder.as_ref().filter(|folder| folder.is_dir()) {
                places.push((id.into(), name.into(), folder.clone()));
            }
        }
        places.extend(drives());
        let state = folders.local.join("GuruConnect").join("unfinished");
        let store = Self {
            places,
            drop: folders.downloads.clone().unwrap_or(home),
            pasted: folders.local.join("GuruConnect").join("Pasted"),
            state,
            reserve: RESERVE,
            remembered: BTreeSet::new(),
        };
        store.sweep(KEEP);
        store
    }

    /// Of one folder, which is the home and the place for what is dropped: for tests.
    pub fn of_folder(folder: &Path) -> Self {
        Self {
            places: vec![("home".into(), "home".into(), folder.to_owned())],
            drop: folder.to_owned(),
            pasted: folder.join("AppData").join("Pasted"),
            state: folder.join("AppData").join("unfinished"),
            reserve: 0,
            remembered: BTreeSet::new(),
        }
    }

    /// Removes unfinished files older than this, wherever some were begun, and what was
    /// pasted before that.
    pub fn sweep(&self, older_than: Duration) {
        sweep::sweep(&self.state, older_than);
        sweep::sweep_pasted(&self.pasted, older_than);
    }

    fn place(&self, id: &str) -> Result<&Path, StoreError> {
        match id {
            "" => Ok(&self.drop),
            PASTE_PLACE => Ok(&self.pasted),
            id => {
                let found = self.places.iter().find(|(place, _, _)| place == id);
                found.map(|(_, _, path)| path.as_path()).ok_or(StoreError::NotFound)
            }
        }
    }

    /// The place of a path, opened. The folders for what is dropped and pasted are made
    /// when they are missing.
    fn root(&self, path: &StorePath) -> Result<OwnedHandle, StoreError> {
        let place = self.place(&path.place)?;
        match open_place(place) {
            Err(StoreError::NotFound) if matches!(path.place.as_str(), "" | PASTE_PLACE) => {
                std::fs::create_dir_all(place).map_err(|error| from_io(&error))?;
                open_place(place)
            }
            opened => opened,
        }
    }

    fn folder(&self, path: &StorePath) -> Result<OwnedHandle, StoreError> {
        let mut opened = self.root(path)?;
        for part in &path.parts {
            opened = open_folder(&opened, part)?;
        }
        Ok(opened)
    }

    /// The folder that holds it, opened, and its name there.
    fn inside<'a>(&self, path: &'a StorePath) -> Result<(OwnedHandle, &'a str), StoreError> {
        let name = path.name().ok_or(StoreError::Name)?;
        let parent = path.parent().ok_or(StoreError::Name)?;
        Ok((self.folder(&parent)?, name))
    }

    fn reserve_of(&self, folder: &OwnedHandle) -> Result<u64, StoreError> {
        if self.reserve == 0 {
            return Ok(0);
        }
        let (_, whole) = free_beside(folder)?;
        // A small disk is not all reserve.
        Ok(self.reserve.min(whole / 10).max(whole / RESERVE_SHARE).min(1 << 30))
    }
}

/// Every drive letter that leads somewhere.
fn drives() -> Vec<(String, String, PathBuf)> {
    // SAFETY: takes nothing.
    let letters = unsafe { GetLogicalDrives() };
    let letter = |number: u32| {
        let drive = format!("{}:", char::from(b'A' + number as u8));
        let root = format!("{drive}\\");
        // SAFETY: the text ends with a zero and lives longer than the call.
        let kind = match unsafe { GetDriveTypeW(Wide::new(&root).as_ptr()) } {
            DRIVE_NO_ROOT_DIR => return None,
            DRIVE_REMOVABLE => "Removable disk",
            DRIVE_REMOTE => "Network drive",
            DRIVE_CDROM => "CD or DVD",
            _ => "Disk",
        };
        Some((drive.clone(), format!("{kind} ({drive})"), PathBuf::from(root)))
    };
    (0..26).filter(|number| letters & (1 << number) != 0).filter_map(letter).collect()
}

impl FileStore for WindowsFiles {
    fn places(&mut self) -> Result<Vec<Place>, StoreError> {
        let place = |(id, name, _): &(String, String, PathBuf)| Place {
            id: id.clone(),
            name: name.clone(),
        };
        Ok(self.places.iter().map(place).collect())
    }

    fn list(&mut self, folder: &StorePath, limit: usize) -> Result<(Vec<Entry>, bool), StoreError> {
        let opened = self.folder(folder)?;
        let mut entries = Vec::new();
        let all = list::each(&opened, |entry| {
            if entry.name.starts_with(PARTIAL_PREFIX) {
                return true;
            }
            if entries.len() == limit {
                return false;
            }
            entries.push(entry);
            true
        })?;
        Ok((entries, all))
    }

    fn stat(&mut self, path: &StorePath) -> Result<Entry, StoreError> {
        let (name, facts) = if path.parts.is_empty() {
            ("", facts_of(&self.root(path)?)?)
        } else {
            let (folder, name) = self.inside(path)?;
            (name, open_name(&folder, name, How::there(FILE_READ_ATTRIBUTES))?.1)
        };
        Ok(Entry {
            name: name.to_owned(),
            kind: facts.kind,
            size: facts.size,
            modified_ms: facts.modified_ms,
        })
    }

    fn locate(&mut self, path: &StorePath) -> Result<StorePath, StoreError> {
        if self.stat(path)?.kind == EntryKind::Other {
            return Err(StoreError::NotRegular);
        }
        let mut location = self.place(&path.place)?.to_owned();
        location.extend(&path.parts);
        from_drive(location.to_str().ok_or(StoreError::Name)?).ok_or(StoreError::Name)
    }

    fn make_folder(&mut self, path: &StorePath) -> Result<(), StoreError> {
        let (folder, name) = self.inside(path)?;
        let how =
            How { access: LOOK, share: SHARE_ALL, when: When::New, options: FILE_DIRECTORY_FILE };
        open_name(&folder, name, how).map(|_| ())
    }

    fn rename(&mut self, path: &StorePath, name: &str) -> Result<(), StoreError> {
        let (folder, old) = self.inside(path)?;
        let (opened, _) = open_name(&folder, old, How::there(DELETE))?;
        rename(&opened, &folder, name, false)
    }

    fn move_into(
        &mut self,
        path: &StorePath,
        folder: &StorePath,
        name: &str,
    ) -> Result<(), StoreError> {
        let (before, old) = self.inside(path)?;
        let (opened, _) = open_name(&before, old, How::there(DELETE))?;
        rename(&opened, &self.folder(folder)?, name, false)
    }

    fn delete(&mut self, path: &StorePath) -> Result<(), StoreError> {
        let (folder, name) = self.inside(path)?;
        remove::remove(&folder, name, 0)
    }

    fn set_folder_time(&mut self, path: &StorePath, modified_ms: i64) -> Result<(), StoreError> {
        let (folder, name) = self.inside(path)?;
        let (opened, facts) = open_name(&folder, name, How::there(FILE_WRITE_ATTRIBUTES))?;
        if facts.kind != EntryKind::Folder {
            return Err(StoreError::NotRegular);
        }
        partial::set_time(&File::from(opened), modified_ms)
    }

    fn read(&mut self, path: &StorePath) -> Result<Box<dyn ReadFile>, StoreError> {
        if path.parts.is_empty() {
            return Err(StoreError::NotRegular);
        }
        let (folder, name) = self.inside(path)?;
        let looked = open_name(&folder, name, How::there(FILE_READ_ATTRIBUTES))?.1;
        if looked.kind != EntryKind::File {
            return Err(StoreError::NotRegular);
        }
        let how = How { options: FILE_SEQUENTIAL_ONLY, ..How::there(FILE_GENERIC_READ) };
        let (opened, facts) = open_name(&folder, name, how)?;
        if facts.kind != EntryKind::File {
            return Err(StoreError::NotRegular);
        }
        Ok(Box::new(Reading(opened.into())))
    }

    fn partial(
        &mut self,
        folder: &StorePath,
        key: &PartialKey,
    ) -> Result<Box<dyn PartialFile>, StoreError> {
        let opened = self.folder(folder)?;
        match location(&opened) {
            Ok(location) => {
                if self.remembered.insert(location.clone()) {
                    sweep::remember(&self.state, &location);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a folder with an unfinished file is not remembered");
            }
        }
        let reserve = self.reserve_of(&opened)?;
        Ok(Box::new(partial::Partial::open(opened, &key.file_name(), reserve)?))
    }

    fn partial_len(&mut self, folder: &StorePath, key: &PartialKey) -> Result<u64, StoreError> {
        let opened = match self.folder(folder) {
            Ok(opened) => opened,
            Err(StoreError::NotFound) => return Ok(0),
            Err(error) => return Err(error),
        };
        match open_name(&opened, &key.file_name(), How::there(FILE_READ_ATTRIBUTES)) {
            Ok((_, facts)) => Ok(facts.size),
            Err(StoreError::NotFound) => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn room(&mut self, folder: &StorePath) -> Result<u64, StoreError> {
        let opened = self.folder(folder)?;
        Ok(free_beside(&opened)?.0.saturating_sub(self.reserve_of(&opened)?))
    }
}

/// Where an open folder is, with the prefix that lifts the limit of 260 characters.
fn location(folder: &OwnedHandle) -> Result<PathBuf, StoreError> {
    let mut path = vec![0_u16; LONGEST];
    // SAFETY: the folder is open; the call writes into the slice it is given.
    let length =
        unsafe { GetFinalPathNameByHandleW(raw(folder), &mut path, FILE_NAME_NORMALIZED) } as usize;
    if length == 0 || length >= path.len() {
        return Err(from_windows(&windows::core::Error::from_thread()));
    }
    Ok(PathBuf::from(OsString::from_wide(&path[..length])))
}

struct Reading(File);

impl ReadFile for Reading {
    fn facts(&mut self) -> Result<(u64, i64), StoreError> {
        let opened = self.0.try_clone().map_err(|error| from_io(&error))?.into();
        let facts = facts_of(&opened)?;
        Ok((facts.size, facts.modified_ms))
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        read_at(&self.0, offset, buffer)
    }
}

/// Reads until the buffer is full or the file ends.
pub(super) fn read_at(file: &File, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
    let mut got = 0;
    while got < buffer.len() {
        match file.seek_read(&mut buffer[got..], offset + got as u64) {
            Ok(0) => break,
            Ok(read) => got += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(from_io(&error)),
        }
    }
    Ok(got)
}
