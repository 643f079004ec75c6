//! Unfinished files that nobody came back for, and what was pasted long ago. The folders in which some were begun
//! are remembered in the user's own folder for programs.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gc_platform::{EntryKind, PARTIAL_PREFIX, StoreError};
use windows::Win32::Storage::FileSystem::FILE_READ_ATTRIBUTES;

use super::open::{How, open_name, open_place};
use super::{list, remove};

/// Folders that are remembered.
const MOST: usize = 1_000;

/// Remembers a folder. Without it nothing is swept there; the transfer goes on.
pub(super) fn remember(state: &Path, folder: &Path) {
    let known = read(state);
    // No name that can be written as text has a line break.
    let Some(text) = folder.to_str() else { return };
    if known.contains(folder) || known.len() >= MOST {
        return;
    }
    let written = state.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut file = fs::OpenOptions::new().create(true).append(true).open(state)?;
        file.write_all(format!("{text}\n").as_bytes())
    });
    if let Err(error) = written {
        tracing::warn!(%error, "a folder with an unfinished file is not remembered");
    }
}

fn read(state: &Path) -> BTreeSet<PathBuf> {
    let text = fs::read_to_string(state).unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).map(PathBuf::from).collect()
}

/// Removes unfinished files older than this from every folder that is remembered, and
/// forgets folders that have none left.
pub(super) fn sweep(state: &Path, older_than: Duration) {
    let known = read(state);
    if known.is_empty() {
        return;
    }
    let mut left = String::new();
    for folder in known {
        match sweep_folder(&folder, older_than) {
            Ok(0) | Err(StoreError::NotFound) => continue,
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "a folder could not be swept"),
        }
        if let Some(folder) = folder.to_str() {
            left.push_str(folder);
            left.push('\n');
        }
    }
    if let Err(error) = fs::write(state, left) {
        tracing::warn!(%error, "folders with unfinished files are not remembered");
    }
}

/// How many stay.
fn sweep_folder(folder: &Path, older_than: Duration) -> Result<usize, StoreError> {
    let opened = open_place(folder)?;
    let mut names = Vec::new();
    list::each(&opened, |entry| {
        if entry.name.starts_with(PARTIAL_PREFIX) {
            names.push(entry.name);
        }
        true
    })?;
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let mut stay = 0;
    for name in names {
        let (_, facts) = open_name(&opened, &name, How::there(FILE_READ_ATTRIBUTES))?;
        let written = Duration::from_millis(facts.modified_ms.max(0).unsigned_abs());
        if facts.kind != EntryKind::File || now.saturating_sub(written) < older_than {
            stay += 1;
            continue;
        }
        match remove::remove(&opened, &name, 0) {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => {
                tracing::debug!(%error, "an unfinished file could not be removed");
                stay += 1;
            }
        }
    }
    Ok(stay)
}

/// Removes what was pasted before this.
pub(super) fn sweep_pasted(folder: &Path, older_than: Duration) {
    let Ok(opened) = open_place(folder) else { return };
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default();
    let mut old = Vec::new();
    let listed = list::each(&opened, |entry| {
        let written = Duration::from_millis(entry.modified_ms.max(0).unsigned_abs());
        if now.saturating_sub(written) >= older_than {
            old.push(entry.name);
        }
        true
    });
    let removed = old.iter().try_for_each(|name| remove::remove(&opened, name, 0));
    if let Err(error) = listed.and(removed) {
        tracing::debug!(%error, "what was pasted could not be removed");
    }
}
