//! What a sender has, in the order in which it is sent: files as they come, each
//! folder after what is in it.

use std::collections::VecDeque;

use gc_types::CauseCode;

use crate::names::{MAX_DEPTH, MAX_PATH};
use crate::store::{Entry, EntryKind, FileStore, StorePath};

/// Entries of one folder.
const MAX_ENTRIES: usize = 200_000;

/// One thing to be sent.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) source: StorePath,
    /// Relative, from the chosen file or folder on.
    pub(crate) path: String,
    pub(crate) entry: Entry,
    /// It cannot be sent, and why.
    pub(crate) fault: Option<CauseCode>,
}

struct Level {
    source: StorePath,
    path: String,
    entry: Entry,
    left: VecDeque<Entry>,
}

/// Goes through the chosen files and folders, a step at a time.
pub(crate) struct Walk {
    sources: VecDeque<StorePath>,
    levels: Vec<Level>,
}

impl Walk {
    pub(crate) fn new(sources: Vec<StorePath>) -> Self {
        Self { sources: sources.into(), levels: Vec::new() }
    }

    /// The next thing; `None` when all has been told.
    pub(crate) fn next(&mut self, store: &mut dyn FileStore) -> Option<Found> {
        loop {
            let Some(level) = self.levels.last_mut() else {
                let source = self.sources.pop_front()?;
                let name = source.name().unwrap_or_default().to_owned();
                let found = match store.stat(&source) {
                    Ok(entry) => Found { source, path: name, entry, fault: None },
                    Err(error) => {
                        let entry = Entry {
                            name: name.clone(),
                            kind: EntryKind::File,
                            size: 0,
                            modified_ms: 0,
                        };
                        return Some(Found {
                            source,
                            path: name,
                            entry,
                            fault: Some(error.cause()),
                        });
                    }
                };
                match self.enter(found, store) {
                    Some(found) => return Some(found),
                    None => continue,
                }
            };
            if let Some(entry) = level.left.pop_front() {
                let path = format!("{}/{}", level.path, entry.name);
                let found =
                    Found { source: level.source.join(&entry.name), path, entry, fault: None };
                match self.enter(found, store) {
                    Some(found) => return Some(found),
                    None => continue,
                }
            }
            let level = self.levels.pop()?;
            return Some(Found {
                source: level.source,
                path: level.path,
                entry: level.entry,
                fault: None,
            });
        }
    }

    /// Goes into a folder (`None`), or gives back what is none.
    fn enter(&mut self, mut found: Found, store: &mut dyn FileStore) -> Option<Found> {
        if found.path.len() > MAX_PATH || found.source.parts.len() > 2 * MAX_DEPTH {
            found.fault = Some(CauseCode::PathTooDeep);
            found.path = found.path.chars().take(MAX_PATH / 4).collect();
            return Some(found);
        }
        if found.path.is_empty() {
            // A place itself has no name under which it could arrive.
            found.fault = Some(CauseCode::FileNameNotAllowed);
        }
        if found.entry.kind != EntryKind::Folder || found.fault.is_some() {
            return Some(found);
        }
        if self.levels.len() >= MAX_DEPTH - 1 {
            found.fault = Some(CauseCode::PathTooDeep);
            return Some(found);
        }
        match store.list(&found.source, MAX_ENTRIES) {
            Ok((mut left, true)) => {
                left.sort_by(|a, b| a.name.cmp(&b.name));
                self.levels.push(Level {
                    source: found.source,
                    path: found.path,
                    entry: found.entry,
                    left: left.into(),
                });
                None
            }
            Ok((_, false)) => {
                found.fault = Some(CauseCode::FilesTooMany);
                Some(found)
            }
            Err(error) => {
                found.fault = Some(error.cause());
                Some(found)
            }
        }
    }
}
