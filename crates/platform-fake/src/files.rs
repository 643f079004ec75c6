//! Files in memory, with faults that a test asks for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gc_platform::{
    Entry, EntryKind, FileStore, PARTIAL_PREFIX, PartialFile, PartialKey, Place, ReadFile,
    StoreError, StorePath,
};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// Writing fails once this many more bytes were written.
    WriteAfter(u64, StoreError),
    /// Reading fails once this many more bytes were read.
    ReadAfter(u64, StoreError),
    /// Nothing can be made or opened for writing.
    Denied,
}

#[derive(Debug, Clone)]
enum Node {
    File { data: Vec<u8>, modified_ms: i64 },
    Folder { modified_ms: i64 },
    Link,
}

#[derive(Debug, Default)]
struct State {
    /// By place and parts.
    nodes: BTreeMap<(String, Vec<String>), Node>,
    room: Option<u64>,
    fault: Option<FileFault>,
    clock_ms: i64,
}

impl State {
    fn at(&self, path: &StorePath) -> Option<&Node> {
        self.nodes.get(&key(path))
    }

    fn folder(&self, path: &StorePath) -> Result<(), StoreError> {
        if path.parts.is_empty() {
            return Ok(());
        }
        match self.at(path) {
            Some(Node::Folder { .. }) => Ok(()),
            Some(_) => Err(StoreError::NotRegular),
            None => Err(StoreError::NotFound),
        }
    }

    fn used(&self) -> u64 {
        let size =
            |node: &Node| if let Node::File { data, .. } = node { data.len() as u64 } else { 0 };
        self.nodes.values().map(size).sum()
    }

    /// Takes `bytes` off a fault's allowance.
    fn spend(&mut self, write: bool, bytes: u64) -> Result<(), StoreError> {
        match &mut self.fault {
            Some(FileFault::WriteAfter(left, error)) if write => {
                if *left < bytes {
                    return Err(error.clone());
                }
                *left -= bytes;
            }
            Some(FileFault::ReadAfter(left, error)) if !write => {
                if *left < bytes {
                    return Err(error.clone());
                }
                *left -= bytes;
            }
            _ => {}
        }
        Ok(())
    }
}

fn key(path: &StorePath) -> (String, Vec<String>) {
    (path.place.clone(), path.parts.clone())
}

/// A store in memory; clones share it, as two programs share a disk.
#[derive(Debug, Clone, Default)]
pub struct FakeFiles(Arc<Mutex<State>>);

/// The test's side of a [`FakeFiles`].
#[derive(Debug, Clone)]
pub struct FakeFilesControl(Arc<Mutex<State>>);

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeFiles {
    /// Empty.
    pub fn new() -> (Self, FakeFilesControl) {
        let state = Arc::new(Mutex::new(State::default()));
        (Self(Arc::clone(&state)), FakeFilesControl(state))
    }
}

impl FakeFilesControl {
    /// Puts a file there, and the folders that it is in.
    pub fn put(&self, path: &str, data: &[u8], modified_ms: i64) {
        self.put_at(&StorePath::new("", path), data, modified_ms);
    }

    /// The same in any place.
    pub fn put_at(&self, path: &StorePath, data: &[u8], modified_ms: i64) {
        let mut state = lock(&self.0);
        for depth in 1..path.parts.len() {
            state
                .nodes
                .entry((path.place.clone(), path.parts[..depth].to_vec()))
                .or_insert(Node::Folder { modified_ms: 0 });
        }
        state.nodes.insert(key(path), Node::File { data: data.to_vec(), modified_ms });
    }

    /// Puts a folder there.
    pub fn put_folder(&self, path: &str, modified_ms: i64) {
        lock(&self.0).nodes.insert(key(&StorePath::new("", path)), Node::Folder { modified_ms });
    }

    /// Puts a link there.
    pub fn put_link(&self, path: &str) {
        lock(&self.0).nodes.insert(key(&StorePath::new("", path)), Node::Link);
    }

    /// What a file holds, and when it was changed.
    pub fn file(&self, path: &str) -> Option<(Vec<u8>, i64)> {
        match lock(&self.0).at(&StorePath::new("", path)) {
            Some(Node::File { data, modified_ms }) => Some((data.clone(), *modified_ms)),
            _ => None,
        }
    }

    /// When a folder was changed.
    pub fn folder(&self, path: &str) -> Option<i64> {
        match lock(&self.0).at(&StorePath::new("", path)) {
            Some(Node::Folder { modified_ms }) => Some(*modified_ms),
            _ => None,
        }
    }

    /// Every file by its way, unfinished ones included.
    pub fn files(&self) -> Vec<String> {
        let state = lock(&self.0);
        let files = state.nodes.iter().filter(|(_, node)| matches!(node, Node::File { .. }));
        files.map(|((_, parts), _)| parts.join("/")).collect()
    }

    /// Unfinished files.
    pub fn partials(&self) -> Vec<String> {
        let unfinished = |path: &String| {
            path.rsplit('/').next().is_some_and(|name| name.starts_with(PARTIAL_PREFIX))
        };
        self.files().into_iter().filter(unfinished).collect()
    }

    /// Bytes that may be there in all.
    pub fn set_room(&self, room: Option<u64>) {
        lock(&self.0).room = room;
    }

    /// From now on.
    pub fn set_fault(&self, fault: Option<FileFault>) {
        lock(&self.0).fault = fault;
    }
}

impl FileStore for FakeFiles {
    fn places(&mut self) -> Result<Vec<Place>, StoreError> {
        Ok(vec![Place { id: "home".into(), name: "home".into() }])
    }

    fn list(&mut self, folder: &StorePath, limit: usize) -> Result<(Vec<Entry>, bool), StoreError> {
        let state = lock(&self.0);
        state.folder(folder)?;
        let depth = folder.parts.len();
        let inside = state.nodes.iter().filter(|((place, parts), _)| {
            *place == folder.place
                && parts.len() == depth + 1
                && parts.starts_with(&folder.parts)
                && !parts[depth].starts_with(PARTIAL_PREFIX)
        });
        let mut entries: Vec<Entry> =
            inside.map(|((_, parts), node)| entry(&parts[depth], node)).collect();
        let all = entries.len() <= limit;
        entries.truncate(limit);
        Ok((entries, all))
    }

    fn stat(&mut self, path: &StorePath) -> Result<Entry, StoreError> {
        let state = lock(&self.0);
        let node = state.at(path).ok_or(StoreError::NotFound)?;
        Ok(entry(path.name().unwrap_or_default(), node))
    }

    fn locate(&mut self, path: &StorePath) -> Result<StorePath, StoreError> {
        if !path.parts.is_empty() && self.stat(path)?.kind == EntryKind::Other {
            return Err(StoreError::NotRegular);
        }
        let place = [format!("{}-folder", path.place)];
        Ok(StorePath::new("/", "").join_all(&place).join_all(&path.parts))
    }

    fn make_folder(&mut self, path: &StorePath) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        if state.fault == Some(FileFault::Denied) {
            return Err(StoreError::Denied);
        }
        state.folder(&path.parent().ok_or(StoreError::Exists)?)?;
        if state.at(path).is_some() {
            return Err(StoreError::Exists);
        }
        let modified_ms = state.clock_ms;
        state.nodes.insert(key(path), Node::Folder { modified_ms });
        Ok(())
    }

    fn rename(&mut self, path: &StorePath, name: &str) -> Result<(), StoreError> {
        self.move_into(path, &path.parent().ok_or(StoreError::Name)?, name)
    }

    fn move_into(
        &mut self,
        path: &StorePath,
        folder: &StorePath,
        name: &str,
    ) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        let to = folder.join(name);
        if state.at(&to).is_some() {
            return Err(StoreError::Exists);
        }
        if state.at(path).is_none() {
            return Err(StoreError::NotFound);
        }
        let depth = path.parts.len();
        let moved: Vec<_> = state
            .nodes
            .keys()
            .filter(|(place, parts)| *place == path.place && parts.starts_with(&path.parts))
            .cloned()
            .collect();
        for from in moved {
            if let Some(node) = state.nodes.remove(&from) {
                let mut parts = to.parts.clone();
                parts.extend_from_slice(&from.1[depth..]);
                state.nodes.insert((to.place.clone(), parts), node);
            }
        }
        Ok(())
    }

    fn delete(&mut self, path: &StorePath) -> Result<(), StoreError> {
        let mut state = lock(&self.0);
        if state.at(path).is_none() {
            return Err(StoreError::NotFound);
        }
        state
            .nodes
            .retain(|(place, parts), _| *place != path.place || !parts.starts_with(&path.parts));
        Ok(())
    }

    fn set_folder_time(&mut self, path: &StorePath, time: i64) -> Result<(), StoreError> {
        match lock(&self.0).nodes.get_mut(&key(path)) {
            Some(Node::Folder { modified_ms }) => {
                *modified_ms = time;
                Ok(())
            }
            Some(_) => Err(StoreError::NotRegular),
            None => Err(StoreError::NotFound),
        }
    }

    fn read(&mut self, path: &StorePath) -> Result<Box<dyn ReadFile>, StoreError> {
        match lock(&self.0).at(path) {
            Some(Node::File { .. }) => {}
            Some(_) => return Err(StoreError::NotRegular),
            None => return Err(StoreError::NotFound),
        }
        Ok(Box::new(Opened { state: Arc::clone(&self.0), key: key(path) }))
    }

    fn partial(
        &mut self,
        folder: &StorePath,
        partial: &PartialKey,
    ) -> Result<Box<dyn PartialFile>, StoreError> {
        let mut state = lock(&self.0);
        if state.fault == Some(FileFault::Denied) {
            return Err(StoreError::Denied);
        }
        state.folder(folder)?;
        let key = key(&folder.join(&partial.file_name()));
        state.nodes.entry(key.clone()).or_insert(Node::File { data: Vec::new(), modified_ms: 0 });
        let Some(Node::File { data, .. }) = state.nodes.get(&key) else {
            return Err(StoreError::NotRegular);
        };
        let length = data.len() as u64;
        Ok(Box::new(Partial { opened: Opened { state: Arc::clone(&self.0), key }, length }))
    }

    fn partial_len(&mut self, folder: &StorePath, partial: &PartialKey) -> Result<u64, StoreError> {
        match lock(&self.0).at(&folder.join(&partial.file_name())) {
            Some(Node::File { data, .. }) => Ok(data.len() as u64),
            _ => Ok(0),
        }
    }

    fn room(&mut self, _: &StorePath) -> Result<u64, StoreError> {
        let state = lock(&self.0);
        Ok(state.room.map_or(u64::MAX / 4, |room| room.saturating_sub(state.used())))
    }
}

fn entry(name: &str, node: &Node) -> Entry {
    let (kind, size, modified_ms) = match node {
        Node::File { data, modified_ms } => (EntryKind::File, data.len() as u64, *modified_ms),
        Node::Folder { modified_ms } => (EntryKind::Folder, 0, *modified_ms),
        Node::Link => (EntryKind::Other, 0, 0),
    };
    Entry { name: name.to_owned(), kind, size, modified_ms }
}

struct Opened {
    state: Arc<Mutex<State>>,
    key: (String, Vec<String>),
}

impl ReadFile for Opened {
    fn facts(&mut self) -> Result<(u64, i64), StoreError> {
        match lock(&self.state).nodes.get(&self.key) {
            Some(Node::File { data, modified_ms }) => Ok((data.len() as u64, *modified_ms)),
            _ => Err(StoreError::NotFound),
        }
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        let mut state = lock(&self.state);
        state.spend(false, buffer.len() as u64)?;
        let Some(Node::File { data, .. }) = state.nodes.get(&self.key) else {
            return Err(StoreError::NotFound);
        };
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(data.len());
        let got = buffer.len().min(data.len() - from);
        buffer[..got].copy_from_slice(&data[from..from + got]);
        Ok(got)
    }
}

struct Partial {
    opened: Opened,
    length: u64,
}

impl PartialFile for Partial {
    fn len(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, StoreError> {
        self.opened.read_at(offset, buffer)
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let mut state = lock(&self.opened.state);
        state.spend(true, bytes.len() as u64)?;
        if state.room.is_some_and(|room| state.used() + bytes.len() as u64 > room) {
            return Err(StoreError::Full);
        }
        let Some(Node::File { data, .. }) = state.nodes.get_mut(&self.opened.key) else {
            return Err(StoreError::NotFound);
        };
        data.extend_from_slice(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn restart(&mut self) -> Result<(), StoreError> {
        if let Some(Node::File { data, .. }) =
            lock(&self.opened.state).nodes.get_mut(&self.opened.key)
        {
            data.clear();
        }
        self.length = 0;
        Ok(())
    }

    fn finish(&mut self, name: &str, replace: bool, time: i64) -> Result<(), StoreError> {
        let mut state = lock(&self.opened.state);
        let (place, mut parts) = self.opened.key.clone();
        if let Some(last) = parts.last_mut() {
            name.clone_into(last);
        }
        match state.nodes.get(&(place.clone(), parts.clone())) {
            Some(Node::Folder { .. }) => return Err(StoreError::Exists),
            Some(_) if !replace => return Err(StoreError::Exists),
            _ => {}
        }
        let Some(Node::File { data, .. }) = state.nodes.remove(&self.opened.key) else {
            return Err(StoreError::NotFound);
        };
        state.nodes.insert((place, parts), Node::File { data, modified_ms: time });
        Ok(())
    }

    fn discard(&mut self) -> Result<(), StoreError> {
        lock(&self.opened.state).nodes.remove(&self.opened.key);
        Ok(())
    }
}
