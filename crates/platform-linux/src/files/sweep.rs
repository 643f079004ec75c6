//! Unfinished files that nobody came back for, and what was pasted long ago. The folders in which some were begun
//! are remembered in the user's state folder.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gc_platform::PARTIAL_PREFIX;

use super::beneath::{open_folder, remove};

/// Folders that are remembered.
const MOST: usize = 1_000;

/// Remembers a folder. Without it nothing is swept there; the transfer goes on.
pub(super) fn remember(state: &Path, folder: &Path) {
    let known = read(state);
    if known.contains(folder)
        || known.len() >= MOST
        || folder.as_os_str().as_bytes().contains(&b'\n')
    {
        return;
    }
    let written = state.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(state)?;
        let mut line = folder.as_os_str().as_bytes().to_vec();
        line.push(b'\n');
        file.write_all(&line)
    });
    if let Err(error) = written {
        tracing::warn!(%error, "a folder with an unfinished file is not remembered");
    }
}

fn read(state: &Path) -> BTreeSet<PathBuf> {
    let bytes = fs::read(state).unwrap_or_default();
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| PathBuf::from(std::ffi::OsStr::from_bytes(line))).collect()
}

/// Removes unfinished files older than this from every folder that is remembered,
/// and forgets folders that have none left.
pub(super) fn sweep(state: &Path, older_than: Duration) {
    let mut left = Vec::new();
    for folder in read(state) {
        match sweep_folder(&folder, older_than) {
            Ok(0) => {}
            Ok(_) => left.push(folder),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                tracing::debug!(%error, "a folder could not be swept");
                left.push(folder);
            }
        }
    }
    let mut lines = Vec::new();
    for folder in left {
        lines.extend_from_slice(folder.as_os_str().as_bytes());
        lines.push(b'\n');
    }
    if state.exists()
        && let Err(error) = fs::write(state, lines)
    {
        tracing::warn!(%error, "folders with unfinished files are not remembered");
    }
}

/// How many stay.
fn sweep_folder(folder: &Path, older_than: Duration) -> std::io::Result<usize> {
    let mut stay = 0;
    for item in fs::read_dir(folder)? {
        let item = item?;
        let name = item.file_name();
        if !name.as_bytes().starts_with(PARTIAL_PREFIX.as_bytes()) {
            continue;
        }
        // Of the name itself, never of what a link leads to.
        let facts = item.metadata()?;
        let age = facts.modified()?.elapsed().unwrap_or_default();
        if facts.is_file() && age >= older_than {
            fs::remove_file(item.path())?;
        } else {
            stay += 1;
        }
    }
    Ok(stay)
}

/// Removes what was pasted before this.
pub(super) fn sweep_pasted(folder: &Path, older_than: Duration) {
    let (Ok(opened), Ok(items)) = (open_folder(folder), fs::read_dir(folder)) else { return };
    for item in items.flatten() {
        let age = item.metadata().and_then(|facts| facts.modified());
        let age = age.ok().and_then(|modified| modified.elapsed().ok()).unwrap_or_default();
        let name = item.file_name();
        let Some(name) = name.to_str().filter(|_| age >= older_than) else { continue };
        if let Err(error) = remove(opened.as_fd(), name, 0) {
            tracing::debug!(%error, "what was pasted could not be removed");
        }
    }
}
