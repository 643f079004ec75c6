//! Puts programs in their place, and takes them away, also while they run.

use std::io;
use std::path::{Path, PathBuf};

use gc_types::Entropy;
use windows::Win32::Storage::FileSystem::{
    MOVE_FILE_FLAGS, MOVEFILE_DELAY_UNTIL_REBOOT, MOVEFILE_REPLACE_EXISTING,
    MOVEFILE_WRITE_THROUGH, MoveFileExW,
};
use windows::core::PCWSTR;

use crate::win32::{CallError, Called, KnownFolder, Wide, file_identity, known_folder, nap};

/// Naps until an empty folder lets itself be removed: about 3 s.
const NAPS: u32 = 60;

/// Naps until a file in use is moved out of the way instead: about 1 s.
const NAPS_FOR_FILES: u32 = 20;

/// A file could not be handled.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", path.display())]
pub struct FileError {
    what: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    pub(super) fn new(what: &'static str, path: &Path, source: impl Into<io::Error>) -> Self {
        Self { what, path: path.to_path_buf(), source: source.into() }
    }
}

/// Eight random bytes as text.
pub(crate) fn suffix(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 8];
    entropy.fill(&mut bytes);
    format!("{:016x}", u64::from_le_bytes(bytes))
}

fn moved(from: &Path, to: &Path, flags: MOVE_FILE_FLAGS) -> Result<(), CallError> {
    // SAFETY: the texts end with a zero.
    unsafe { MoveFileExW(Wide::new(from).as_ptr(), Wide::new(to).as_ptr(), flags) }
        .called("MoveFileExW")
}

/// Lets Windows remove a file, or an empty folder, before anything else at its next
/// start.
pub(super) fn remove_at_restart(path: &Path) -> Result<(), CallError> {
    // SAFETY: the text ends with a zero; no target means removal.
    unsafe { MoveFileExW(Wide::new(path).as_ptr(), PCWSTR::null(), MOVEFILE_DELAY_UNTIL_REBOOT) }
        .called("MoveFileExW(restart)")
}

/// Copies a program to where it belongs: as a whole or not at all. One that is in place
/// already is left; one that runs is moved aside and goes at the next start of Windows.
pub(super) fn place(source: &Path, target: &Path, entropy: &dyn Entropy) -> Result<(), FileError> {
    if let (Ok(from), Ok(to)) = (file_identity(source), file_identity(target))
        && from == to
    {
        return Ok(());
    }
    if let Some(folder) = target.parent() {
        std::fs::create_dir_all(folder).map_err(|error| FileError::new("make", folder, error))?;
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let fresh = target.with_file_name(format!("{name}.new-{}", suffix(entropy)));
    let copied = std::fs::copy(source, &fresh)
        .map_err(|error| FileError::new("copy", source, error))
        .and_then(|_| {
            let replace = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
            if moved(&fresh, target, replace).is_ok() {
                return Ok(());
            }
            // In use: a program that runs may be renamed.
            let aside = target.with_file_name(format!("{name}.old-{}", suffix(entropy)));
            moved(target, &aside, MOVE_FILE_FLAGS(0))
                .and_then(|()| remove_at_restart(&aside))
                .and_then(|()| moved(&fresh, target, MOVEFILE_WRITE_THROUGH))
                .map_err(|error| FileError::new("replace", target, error))
        });
    if copied.is_err()
        && let Err(error) = std::fs::remove_file(&fresh)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(path = %fresh.display(), %error, "a temporary file is left over");
    }
    copied
}

/// Removes a folder of programs with all files in it. Those in use are moved out of the
/// way where that can be, and removed at the next start of Windows; they are told.
pub(super) fn remove_folder(
    folder: &Path,
    entropy: &dyn Entropy,
) -> Result<Vec<PathBuf>, FileError> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|error| FileError::new("read", folder, error))?,
    };
    let mut left = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| FileError::new("read", folder, error))?.path();
        if !removed(&path) {
            left.push(out_of_the_way(&path, entropy)?);
        }
    }
    let mut gone = std::fs::remove_dir(folder);
    for _ in 0..NAPS {
        // A file that was in use a moment ago goes with the last handle to it.
        if gone.is_ok() || !left.is_empty() {
            break;
        }
        nap();
        gone = std::fs::remove_dir(folder);
    }
    if let Err(error) = gone {
        tracing::info!(path = %folder.display(), %error, "folder goes at the next start");
        remove_at_restart(folder).map_err(|error| FileError::new("remove", folder, error))?;
        left.push(folder.to_path_buf());
    }
    Ok(left)
}

/// Removes a file, or a folder with all in it; whether it could. A program that ends at
/// this moment is in use a moment longer: a service counts as stopped before its process
/// has ended.
fn removed(path: &Path) -> bool {
    for _ in 0..NAPS_FOR_FILES {
        let removed = if path.is_dir() && !path.is_symlink() {
            std::fs::remove_dir_all(path)
        } else {
            std::fs::remove_file(path)
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => nap(),
            _ => return true,
        }
    }
    false
}

/// Moves a file in use to the folder of Windows for temporary files, or leaves it; it
/// goes at the next start in any case.
fn out_of_the_way(path: &Path, entropy: &dyn Entropy) -> Result<PathBuf, FileError> {
    let aside = known_folder(KnownFolder::Windows)
        .ok()
        .map(|windows| windows.join("Temp").join(format!("guruconnect-{}.old", suffix(entropy))));
    let now = match aside {
        Some(aside) if moved(path, &aside, MOVE_FILE_FLAGS(0)).is_ok() => aside,
        _ => path.to_path_buf(),
    };
    remove_at_restart(&now).map_err(|error| FileError::new("remove", &now, error))?;
    Ok(now)
}
