//! The files of one user, reached only from folders that were opened before, one
//! step at a time by the kernel, which follows no link and leaves no folder
//! (`openat2` with `RESOLVE_BENEATH`, `RESOLVE_NO_SYMLINKS`, `RESOLVE_NO_MAGICLINKS`).

mod account;
mod beneath;
mod partial;
mod sweep;

use std::collections::BTreeSet;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use gc_platform::{
    Entry, EntryKind, FileOpener, FileStore, PASTE_PLACE, PartialFile, PartialKey, Place, ReadFile,
    StoreError, StorePath, check_existing,
};
use rustix::fs::{self, AtFlags, FileType, Mode, OFlags, Stat, Timespec, Timestamps};
use rustix::io::Errno;

pub use account::{Account, session_account};
use beneath::{Walked, open_beneath, open_folder};

/// Below the home: where what viewers paste waits.
const PASTED: &str = ".cache/guruconnect/pasted";
/// Left free for the system on each disk, at least ...
const RESERVE: u64 = 64 << 20;
/// ... or this share of it.
const RESERVE_SHARE: u64 = 50;
/// Unfinished files are taken up again within this; then they go.
const KEEP: std::time::Duration = std::time::Duration::from_hours(24);

/// The files of one user.
pub struct LinuxFiles {
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

impl LinuxFiles {
    /// For an account, with the rights that the calling thread has. Sweeps away
    /// unfinished files that nobody came back for.
    pub fn open(account: &Account) -> Result<Self, StoreError> {
        let home = account.home.clone();
        let downloads = account::downloads(&home);
        let mut places = vec![("home".to_owned(), account.name.clone(), home.clone())];
        if downloads.is_dir() {
            places.push(("downloads".into(), "Downloads".into(), downloads.clone()));
        }
        let desktop = home.join("Desktop");
        if desktop.is_dir() {
            places.push(("desktop".into(), "Desktop".into(), desktop));
        }
        places.push(("/".into(), "Computer".into(), PathBuf::from("/")));
        let state = home.join(".local/state/guruconnect/unfinished");
        let pasted = home.join(PASTED);
        let (drop, reserve, remembered) = (downloads, RESERVE, BTreeSet::new());
        let store = Self { places, drop, pasted, state, reserve, remembered };
        store.sweep(KEEP);
        Ok(store)
    }

    /// Of one folder, which is the home and the place for what is dropped: for tests
    /// and for a service account without a home of its own.
    pub fn of_folder(folder: &Path) -> Self {
        Self {
            places: vec![("home".into(), "home".into(), folder.to_owned())],
            drop: folder.to_owned(),
            pasted: folder.join(PASTED),
            state: folder.join(".local/state/guruconnect/unfinished"),
            reserve: 0,
            remembered: BTreeSet::new(),
        }
    }

    /// Removes unfinished files older than this, wherever some were begun, and what was
    /// pasted before that.
    pub fn sweep(&self, older_than: std::time::Duration) {
        sweep::sweep(&self.state, older_than);
        sweep::sweep_pasted(&self.pasted, older_than);
    }

    fn place(&self, id: &str) -> Result<PathBuf, StoreError> {
        if id.is_empty() {
            return Ok(self.drop.clone());
        }
        if id == PASTE_PLACE {
            return Ok(self.pasted.clone());
        }
        let found = self.places.iter().find(|(place, _, _)| place == id);
        found.map(|(_, _, path)| path.clone()).ok_or(StoreError::NotFound)
    }

    /// The place of a path, opened. The folders for what is dropped and pasted are made
    /// when they are missing; what is pasted is for nobody else.
    fn root(&self, path: &StorePath) -> Result<OwnedFd, StoreError> {
        let place = self.place(&path.place)?;
        match open_folder(&place) {
            Err(Errno::NOENT) if path.place.is_empty() || path.place == PASTE_PLACE => {
                let mut builder = std::fs::DirBuilder::new();
                builder.recursive(true);
                if path.place == PASTE_PLACE {
                    builder.mode(0o700);
                }
                builder.create(&place).map_err(|error| from_io(&error))?;
                open_folder(&place).map_err(error_of)
            }
            opened => opened.map_err(error_of),
        }
    }

    fn folder(&self, path: &StorePath) -> Result<OwnedFd, StoreError> {
        let root = self.root(path)?;
        if path.parts.iter().any(|part| check_existing(part).is_err()) {
            return Err(StoreError::Name);
        }
        if path.parts.is_empty() {
            return Ok(root);
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        open_beneath(root.as_fd(), &path.parts, flags, Mode::empty()).map_err(error_of)
    }

    /// The folder that holds it, opened, and its name there.
    fn inside<'a>(&self, path: &'a StorePath) -> Result<Walked<'a>, StoreError> {
        let name = path.name().ok_or(StoreError::Name)?;
        // It goes to calls that know names and ways alike.
        check_existing(name).map_err(|_| StoreError::Name)?;
        let parent = path.parent().ok_or(StoreError::Name)?;
        Ok(Walked { folder: self.folder(&parent)?, name })
    }

    /// Where a folder is, for remembering it.
    fn location(&self, path: &StorePath) -> Result<PathBuf, StoreError> {
        let mut location = self.place(&path.place)?;
        location.extend(&path.parts);
        Ok(location)
    }
}

impl FileStore for LinuxFiles {
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
        let listing = fs::Dir::read_from(&opened).map_err(error_of)?;
        for item in listing {
            let item = item.map_err(error_of)?;
            let raw = item.file_name();
            if matches!(raw.to_bytes(), b"." | b"..") {
                continue;
            }
            if entries.len() == limit {
                return Ok((entries, false));
            }
            let Ok(stat) = fs::statat(&opened, raw, AtFlags::SYMLINK_NOFOLLOW) else {
                // Gone since it was listed, or not to be looked at.
                continue;
            };
            match raw.to_str() {
                Ok(name) if name.starts_with(gc_platform::PARTIAL_PREFIX) => {}
                Ok(name) => entries.push(entry_of(name, &stat)),
                // A name that cannot be said cannot be asked for either.
                Err(_) => entries.push(Entry {
                    kind: EntryKind::Other,
                    ..entry_of(&raw.to_string_lossy(), &stat)
                }),
            }
        }
        Ok((entries, true))
    }

    fn stat(&mut self, path: &StorePath) -> Result<Entry, StoreError> {
        let Some(name) = path.name() else {
            let stat = fs::fstat(self.root(path)?).map_err(error_of)?;
            return Ok(entry_of("", &stat));
        };
        let at = self.inside(path)?;
        let stat = fs::statat(&at.folder, name, AtFlags::SYMLINK_NOFOLLOW).map_err(error_of)?;
        Ok(entry_of(name, &stat))
    }

    fn locate(&mut self, path: &StorePath) -> Result<StorePath, StoreError> {
        if self.stat(path)?.kind == EntryKind::Other {
            return Err(StoreError::NotRegular);
        }
        let location = self.location(path)?;
        let mut found = StorePath { place: "/".into(), parts: Vec::new() };
        for part in location.iter().skip(1) {
            found.parts.push(part.to_str().ok_or(StoreError::Name)?.to_owned());
        }
        Ok(found)
    }

    fn make_folder(&mut self, path: &StorePath) -> Result<(), StoreError> {
        let at = self.inside(path)?;
        fs::mkdirat(&at.folder, at.name, Mode::from_raw_mode(0o777)).map_err(error_of)
    }

    fn rename(&mut self, path: &StorePath, name: &str) -> Result<(), StoreError> {
        check_existing(name).map_err(|_| StoreError::Name)?;
        let at = self.inside(path)?;
        let folder = at.folder.as_fd();
        beneath::rename_new(folder, at.name, folder, name).map_err(error_of)
    }

    fn move_into(
        &mut self,
        path: &StorePath,
        folder: &StorePath,
        name: &str,
    ) -> Result<(), StoreError> {
        check_existing(name).map_err(|_| StoreError::Name)?;
        let (at, to) = (self.inside(path)?, self.folder(folder)?);
        beneath::rename_new(at.folder.as_fd(), at.name, to.as_fd(), name).map_err(error_of)
    }

    fn delete(&mut self, path: &StorePath) -> Result<(), StoreError> {
        let at = self.inside(path)?;
        beneath::remove(at.folder.as_fd(), at.name, 0).map_err(error_of)
    }

    fn set_folder_time(&mut self, path: &StorePath, modified_ms: i64) -> Result<(), StoreError> {
        let folder = self.folder(path)?;
        set_time(folder.as_fd(), modified_ms)
    }

    fn read(&mut self, path: &StorePath) -> Result<Box<dyn ReadFile>, StoreError> {
        let root = self.root(path)?;
        if path.parts.is_empty() {
            return Err(StoreError::NotRegular);
        }
        if path.parts.iter().any(|part| check_existing(part).is_err()) {
            return Err(StoreError::Name);
        }
        // Without blocking: a pipe would wait for ever for its other end.
        let flags =
            OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let file =
            open_beneath(root.as_fd(), &path.parts, flags, Mode::empty()).map_err(error_of)?;
        let stat = fs::fstat(&file).map_err(error_of)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(StoreError::NotRegular);
        }
        // Only a hint.
        let _ = fs::fadvise(&file, 0, None, fs::Advice::Sequential);
        Ok(Box::new(Reading { file: file.into(), at: 0 }))
    }

    fn partial(
        &mut self,
        folder: &StorePath,
        key: &PartialKey,
    ) -> Result<Box<dyn PartialFile>, StoreError> {
        let opened = self.folder(folder)?;
        let location = self.location(folder)?;
        if self.remembered.insert(location.clone()) {
            sweep::remember(&self.state, &location);
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
        match fs::statat(&opened, key.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Ok(u64::try_from(stat.st_size).unwrap_or(0))
            }
            Ok(_) | Err(Errno::NOENT) => Ok(0),
            Err(error) => Err(error_of(error)),
        }
    }

    fn room(&mut self, folder: &StorePath) -> Result<u64, StoreError> {
        let opened = self.folder(folder)?;
        Ok(beneath::free(opened.as_fd())
            .map_err(error_of)?
            .0
            .saturating_sub(self.reserve_of(&opened)?))
    }
}

impl LinuxFiles {
    fn reserve_of(&self, folder: &OwnedFd) -> Result<u64, StoreError> {
        if self.reserve == 0 {
            return Ok(0);
        }
        let (_, whole) = beneath::free(folder.as_fd()).map_err(error_of)?;
        // A small disk is not all reserve.
        Ok(self.reserve.min(whole / 10).max(whole / RESERVE_SHARE).min(1 << 30))
    }
}

/// Opens the files of whoever is logged on, on the thread that will use them.
/// `display` and `home` are what `DISPLAY` and `HOME` hold for this program.
pub fn files_of_user(display: Option<String>, home: Option<PathBuf>) -> FileOpener {
    Box::new(move || {
        let account = session_account(display.as_deref(), home)?;
        account.become_on_this_thread()?;
        Ok(Box::new(LinuxFiles::open(&account)?))
    })
}

/// Those of whoever runs this program, with the rights it has. `home` is what `HOME` holds.
pub fn own_files(home: Option<PathBuf>) -> FileOpener {
    Box::new(move || Ok(Box::new(LinuxFiles::open(&account::own_account(home)?)?)))
}

struct Reading {
    file: std::fs::File,
    at: u64,
}

impl ReadFile for Reading {
    fn facts(&mut self) -> Result<(u64, i64), StoreError> {
        let stat = fs::fstat(&self.file).map_err(error_of)?;
        Ok((u64::try_from(stat.st_size).unwrap_or(0), modified_ms(&stat)))
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        read_at(&mut self.file, &mut self.at, offset, buffer)
    }
}

/// Reads until the buffer is full or the file ends.
fn read_at(
    file: &mut std::fs::File,
    at: &mut u64,
    offset: u64,
    buffer: &mut [u8],
) -> Result<usize, StoreError> {
    if *at != offset {
        *at = file.seek(SeekFrom::Start(offset)).map_err(|error| from_io(&error))?;
    }
    let mut got = 0;
    while got < buffer.len() {
        match file.read(&mut buffer[got..]) {
            Ok(0) => break,
            Ok(read) => got += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(from_io(&error)),
        }
    }
    *at += got as u64;
    Ok(got)
}

fn entry_of(name: &str, stat: &Stat) -> Entry {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => EntryKind::File,
        FileType::Directory => EntryKind::Folder,
        _ => EntryKind::Other,
    };
    let size = if kind == EntryKind::File { u64::try_from(stat.st_size).unwrap_or(0) } else { 0 };
    Entry { name: name.to_owned(), kind, size, modified_ms: modified_ms(stat) }
}

#[expect(clippy::unnecessary_cast, reason = "the width of these differs between systems")]
fn modified_ms(stat: &Stat) -> i64 {
    (stat.st_mtime as i64)
        .saturating_mul(1_000)
        .saturating_add(stat.st_mtime_nsec as i64 / 1_000_000)
}

/// Sets when it was changed, and read.
fn set_time(file: impl AsFd, modified_ms: i64) -> Result<(), StoreError> {
    let time = Timespec {
        tv_sec: modified_ms.div_euclid(1_000),
        tv_nsec: modified_ms.rem_euclid(1_000) * 1_000_000,
    };
    let times = Timestamps { last_access: time, last_modification: time };
    fs::futimens(file, &times).map_err(error_of)
}

fn error_of(errno: Errno) -> StoreError {
    match errno {
        Errno::NOENT => StoreError::NotFound,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => StoreError::Denied,
        Errno::EXIST | Errno::NOTEMPTY => StoreError::Exists,
        Errno::NOSPC => StoreError::Full,
        Errno::DQUOT => StoreError::Quota,
        // A link on the way, a way out, a file where a folder must be, a device.
        Errno::LOOP | Errno::XDEV | Errno::NOTDIR | Errno::ISDIR | Errno::NXIO | Errno::NODEV => {
            StoreError::NotRegular
        }
        Errno::NAMETOOLONG | Errno::INVAL | Errno::ILSEQ => StoreError::Name,
        other => StoreError::Io(other.to_string()),
    }
}

fn from_io(error: &std::io::Error) -> StoreError {
    Errno::from_io_error(error).map_or_else(|| StoreError::Io(error.to_string()), error_of)
}
