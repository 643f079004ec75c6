//! The receiving end of one transfer.

mod closing;
mod hash;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;
use sha2::{Digest, Sha256};

use self::closing::{discard, finish};
use self::hash::{hash_of, hash_of_file};
use crate::conflict::ConflictRule;
use crate::desk::{MAX_AHEAD, ROOM};
use crate::names::{NameFault, folded_hash, portable_path};
use crate::out::{DeskEvent, Out};
use crate::policy::{Direction, FilePolicy};
use crate::receipt::{Outcome, cause_from_wire};
use crate::sniff::SNIFFED;
use crate::store::{EntryKind, FileStore, PartialFile, PartialKey, StoreError, StorePath};

/// Files of one transfer.
pub(crate) const MAX_FILES: u32 = 500_000;

struct Expected {
    path: String,
    parts: Vec<String>,
    size: u64,
    modified_ms: i64,
    /// What has the name is replaced.
    replace: bool,
    /// The name is taken: another is made at the end.
    renamed: bool,
    stage: Stage,
}

enum Stage {
    /// A person is asked.
    Asking,
    /// Bytes may come from this offset on, and hash on from here.
    Ready(u64, Sha256),
    /// The whole file seems to be here under its name already.
    Have,
}

struct Current {
    index: u32,
    file: Box<dyn PartialFile>,
    hash: Sha256,
    offset: u64,
    moved: u64,
    /// The first bytes, until they have been judged.
    start: Vec<u8>,
    judged: bool,
}

/// The receiving end of one transfer. An error stops the transfer.
pub(crate) struct Incoming {
    pub(crate) number: u32,
    pub(crate) id: [u8; 16],
    pub(crate) direction: Direction,
    folder: StorePath,
    rule: ConflictRule,
    resume: bool,
    /// A person at this end decides about conflicts; else the viewer is asked.
    asks_here: bool,
    next: u32,
    last: bool,
    open: BTreeMap<u32, Expected>,
    current: Option<Current>,
    began: Duration,
    /// Names given out, as some system would take them.
    names: HashSet<u64>,
    /// Folders that are there, by their folded way, with the spelling that came first.
    folders: HashMap<u64, String>,
    /// Bytes of files that were given up while they were on their way.
    stray: u64,
    pub(crate) paused: bool,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) total_files: u64,
    pub(crate) total_bytes: u64,
}

/// What every step needs.
pub(crate) struct Step<'a> {
    pub(crate) store: &'a mut dyn FileStore,
    pub(crate) policy: &'a FilePolicy,
    pub(crate) out: &'a mut Out,
    pub(crate) now: Duration,
}

pub(crate) const fn fault_cause(fault: NameFault) -> CauseCode {
    match fault {
        NameFault::TooDeep => CauseCode::PathTooDeep,
        _ => CauseCode::FileNameNotAllowed,
    }
}

impl Incoming {
    pub(crate) fn new(
        (number, id, direction): (u32, [u8; 16], Direction),
        folder: StorePath,
        rule: ConflictRule,
        resume: bool,
        asks_here: bool,
    ) -> Self {
        Self {
            number,
            id,
            direction,
            folder,
            rule,
            resume,
            asks_here,
            next: 0,
            last: false,
            open: BTreeMap::new(),
            current: None,
            began: Duration::ZERO,
            names: HashSet::new(),
            folders: HashMap::new(),
            stray: 0,
            paused: false,
            files: 0,
            bytes: 0,
            total_files: 0,
            total_bytes: 0,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.last && self.open.is_empty() && self.current.is_none()
    }

    pub(crate) fn current_path(&self) -> Option<&str> {
        let index = self.current.as_ref()?.index;
        self.open.get(&index).map(|expected| expected.path.as_str())
    }

    pub(crate) fn heads(
        &mut self,
        heads: v2::FileHeads,
        step: &mut Step<'_>,
    ) -> Result<(), CauseCode> {
        if self.last {
            return Err(CauseCode::FileProtocol);
        }
        self.total_files = heads.total_files;
        self.total_bytes = heads.total_bytes;
        for head in heads.heads {
            if head.index != self.next || self.open.len() >= MAX_AHEAD {
                return Err(CauseCode::FileProtocol);
            }
            if head.index >= MAX_FILES {
                return Err(CauseCode::FilesTooMany);
            }
            self.next += 1;
            self.head(head, step)?;
        }
        self.last = heads.last;
        Ok(())
    }

    fn head(&mut self, head: v2::FileHead, step: &mut Step<'_>) -> Result<(), CauseCode> {
        let (index, size, path) = (head.index, head.size, gc_proto::clean_text(&head.path, 4_096));
        if size > i64::MAX as u64 {
            return Err(CauseCode::FileProtocol);
        }
        let kind = head.kind();
        match self.take_head(head, kind, step) {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.files += 1;
                self.bytes += size;
                self.result(index, Outcome::Done, String::new(), step);
                Ok(())
            }
            Err(cause) => {
                self.bytes += size;
                self.close(index, path, size, None, Outcome::of(cause), 0, step);
                Ok(())
            }
        }
    }

    /// `false`: nothing is to come for it.
    fn take_head(
        &mut self,
        head: v2::FileHead,
        kind: v2::FileKind,
        step: &mut Step<'_>,
    ) -> Result<bool, CauseCode> {
        let mut parts = portable_path(&head.path).map_err(fault_cause)?;
        match kind {
            v2::FileKind::File => {}
            v2::FileKind::Folder => {
                self.make_folders(&mut parts, step)?;
                let path = self.folder.join_all(&parts);
                if let Err(error) = step.store.set_folder_time(&path, head.modified_unix_ms) {
                    step.out.note(&error, "time of a folder");
                }
                return Ok(false);
            }
            v2::FileKind::Other | v2::FileKind::Unspecified => {
                return Err(CauseCode::FileNotRegular);
            }
        }
        let Some((name, folders)) = parts.split_last_mut() else {
            return Err(CauseCode::FileNameNotAllowed);
        };
        step.policy.check_file(name, head.size)?;
        self.make_folders(folders, step)?;

        let mut expected = Expected {
            path: head.path,
            size: head.size,
            modified_ms: head.modified_unix_ms,
            replace: false,
            renamed: !self.names.insert(folded_hash(&parts)),
            stage: Stage::Asking,
            parts,
        };
        let there = match step.store.stat(&self.folder.join_all(&expected.parts)) {
            Ok(entry) => Some(entry),
            Err(StoreError::NotFound) => None,
            Err(error) => return Err(step.out.failed(&error)),
        };
        if let Some(entry) = there {
            let same = entry.kind == EntryKind::File
                && entry.size == expected.size
                && entry.modified_ms / 1_000 == expected.modified_ms / 1_000;
            if self.resume && same && !expected.renamed {
                let hash =
                    hash_of_file(step.store, &self.folder.join_all(&expected.parts), entry.size)
                        .map_err(|error| step.out.failed(&error))?;
                expected.stage = Stage::Have;
                self.answer(head.index, v2::FileAction::Send, entry.size, &hash, step);
                self.open.insert(head.index, expected);
                return Ok(true);
            }
            if entry.kind == EntryKind::Folder {
                expected.renamed = true;
            } else if self.rule == ConflictRule::Ask {
                let answer = v2::FileAnswer {
                    transfer: self.number,
                    index: head.index,
                    action: v2::FileAction::Ask.into(),
                    existing_size: entry.size,
                    existing_modified_unix_ms: entry.modified_ms,
                    ..Default::default()
                };
                if self.asks_here {
                    step.out.event(DeskEvent::Conflict {
                        transfer: self.number,
                        index: head.index,
                        path: gc_proto::clean_text(&expected.path, 4_096),
                        size: expected.size,
                        existing_size: entry.size,
                        existing_modified_ms: entry.modified_ms,
                    });
                } else {
                    step.out.say(Body::Answer(answer));
                }
                self.open.insert(head.index, expected);
                return Ok(true);
            } else {
                return self.settle(head.index, expected, self.rule, step);
            }
        }
        self.ready(head.index, expected, step)
    }

    /// A conflict is decided.
    fn settle(
        &mut self,
        index: u32,
        mut expected: Expected,
        rule: ConflictRule,
        step: &mut Step<'_>,
    ) -> Result<bool, CauseCode> {
        match rule {
            ConflictRule::Rename | ConflictRule::Ask => expected.renamed = true,
            ConflictRule::Overwrite => expected.replace = true,
            ConflictRule::Skip => {
                self.bytes += expected.size;
                self.answer(index, v2::FileAction::Skip, 0, &[], step);
                self.close(index, expected.path, expected.size, None, Outcome::Skipped, 0, step);
                return Ok(true);
            }
        }
        self.ready(index, expected, step)
    }

    /// Says from where on the bytes are wanted.
    fn ready(
        &mut self,
        index: u32,
        mut expected: Expected,
        step: &mut Step<'_>,
    ) -> Result<bool, CauseCode> {
        let (folder, key) = (self.folder_of(&expected), self.key(&expected));
        let have =
            step.store.partial_len(&folder, &key).map_err(|error| step.out.failed(&error))?;
        let mut hash = Sha256::new();
        let mut offset = 0;
        if have > 0 {
            let mut file =
                step.store.partial(&folder, &key).map_err(|error| step.out.failed(&error))?;
            if have > expected.size {
                file.restart().map_err(|error| step.out.failed(&error))?;
            } else {
                offset = have;
                hash = hash_of(|at, buffer| file.read_at(at, buffer), have)
                    .map_err(|error| step.out.failed(&error))?;
            }
        }
        let promised: u64 = self.open.values().map(Expected::wanted).sum();
        let room = step.store.room(&folder).map_err(|error| step.out.failed(&error))?;
        if room < promised.saturating_add(expected.size - offset) {
            return Err(CauseCode::DiskFull);
        }
        let so_far: [u8; 32] = hash.clone().finalize().into();
        self.answer(
            index,
            v2::FileAction::Send,
            offset,
            if offset > 0 { &so_far } else { &[] },
            step,
        );
        expected.stage = Stage::Ready(offset, hash);
        self.open.insert(index, expected);
        Ok(true)
    }

    fn answer(
        &self,
        index: u32,
        action: v2::FileAction,
        offset: u64,
        hash: &[u8],
        step: &mut Step<'_>,
    ) {
        step.out.say(Body::Answer(v2::FileAnswer {
            transfer: self.number,
            index,
            action: action.into(),
            offset,
            prefix_sha256: hash.to_vec(),
            ..Default::default()
        }));
    }

    /// A person has decided.
    pub(crate) fn choose(
        &mut self,
        index: u32,
        rule: ConflictRule,
        all: bool,
        step: &mut Step<'_>,
    ) {
        if all {
            self.rule = rule;
        }
        let asking: Vec<u32> = self
            .open
            .iter()
            .filter(|(at, it)| matches!(it.stage, Stage::Asking) && (all || **at == index))
            .map(|(at, _)| *at)
            .collect();
        for index in asking {
            let Some(expected) = self.open.remove(&index) else { continue };
            let (path, size) = (expected.path.clone(), expected.size);
            if let Err(cause) = self.settle(index, expected, rule, step) {
                self.bytes += size;
                self.close(index, path, size, None, Outcome::of(cause), 0, step);
            }
        }
    }

    pub(crate) fn chunk(
        &mut self,
        chunk: v2::FileChunk,
        step: &mut Step<'_>,
    ) -> Result<(), CauseCode> {
        let length = chunk.data.len() as u64;
        if chunk.index >= self.next || length == 0 {
            return Err(CauseCode::FileProtocol);
        }
        if self.current.as_ref().is_none_or(|current| current.index != chunk.index) {
            if self.current.is_some() {
                return Err(CauseCode::FileProtocol);
            }
            if !self.open.contains_key(&chunk.index) {
                // Given up here while this was on its way.
                self.stray += length;
                return if self.stray > 2 * ROOM { Err(CauseCode::FileProtocol) } else { Ok(()) };
            }
            if !self.begin(chunk.index, chunk.restart, step)? {
                return Ok(());
            }
        } else if chunk.restart {
            return Err(CauseCode::FileProtocol);
        }
        let (Some(current), Some(expected)) = (self.current.as_mut(), self.open.get(&chunk.index))
        else {
            return Err(CauseCode::FileProtocol);
        };
        let end = chunk.offset.checked_add(length).ok_or(CauseCode::FileProtocol)?;
        if chunk.offset != current.offset || end > expected.size {
            return Err(CauseCode::FileProtocol);
        }
        if !current.judged {
            let room = SNIFFED - current.start.len();
            current.start.extend_from_slice(&chunk.data[..chunk.data.len().min(room)]);
            current.judged = current.start.len() == SNIFFED;
            if let Err(cause) = step.policy.check_content(&current.start) {
                self.abandon(chunk.index, cause, step);
                return Ok(());
            }
        }
        if let Err(error) = current.file.append(&chunk.data) {
            let cause = step.out.failed(&error);
            self.abandon(chunk.index, cause, step);
            // Nothing else would fit either.
            return if cause == CauseCode::DiskFull { Err(cause) } else { Ok(()) };
        }
        current.hash.update(&chunk.data);
        current.offset = end;
        current.moved += length;
        self.bytes += length;
        Ok(())
    }

    /// Opens the file that is to be received now. `false`: it failed.
    fn begin(&mut self, index: u32, restart: bool, step: &mut Step<'_>) -> Result<bool, CauseCode> {
        let Some(expected) = self.open.get_mut(&index) else { return Err(CauseCode::FileProtocol) };
        let (offset, hash) = match &mut expected.stage {
            Stage::Ready(offset, hash) if !restart => (*offset, std::mem::take(hash)),
            Stage::Ready(..) => (0, Sha256::new()),
            // What is here is another file of the same size and time.
            Stage::Have if restart => {
                expected.renamed = true;
                (0, Sha256::new())
            }
            Stage::Asking | Stage::Have => return Err(CauseCode::FileProtocol),
        };
        let expected = &self.open[&index];
        let (folder, key) = (self.folder_of(expected), self.key(expected));
        let opened = step.store.partial(&folder, &key).and_then(|mut file| {
            if offset == 0 && !file.is_empty() {
                file.restart()?;
            }
            Ok(file)
        });
        match opened {
            Ok(file) if file.len() == offset => {
                self.began = step.now;
                self.bytes += offset;
                let (start, judged) = (Vec::new(), offset > 0);
                self.current = Some(Current { index, file, hash, offset, moved: 0, start, judged });
                Ok(true)
            }
            // Somebody else wrote to it.
            Ok(_) => {
                self.abandon(index, CauseCode::FileChanged, step);
                Ok(false)
            }
            Err(error) => {
                let cause = step.out.failed(&error);
                self.abandon(index, cause, step);
                Ok(false)
            }
        }
    }

    pub(crate) fn end(&mut self, end: &v2::FileEnd, step: &mut Step<'_>) -> Result<(), CauseCode> {
        let index = end.index;
        if index >= self.next {
            return Err(CauseCode::FileProtocol);
        }
        let Some(expected) = self.open.get(&index) else { return Ok(()) };
        if let Some(cause) = cause_from_wire(end.cause.as_ref()) {
            self.abandon(index, cause, step);
            return Ok(());
        }
        let told: [u8; 32] =
            end.sha256.as_slice().try_into().map_err(|_| CauseCode::FileProtocol)?;
        if matches!(expected.stage, Stage::Have) {
            // The sender found its own file to have the hash that it was told.
            let (path, size) = (expected.path.clone(), expected.size);
            self.open.remove(&index);
            self.bytes += size;
            self.close(index, path, size, Some(told), Outcome::Done, 0, step);
            return Ok(());
        }
        if self.current.is_none() && !self.begin(index, false, step)? {
            return Ok(());
        }
        let Some(mut current) = self.current.take_if(|current| current.index == index) else {
            return Err(CauseCode::FileProtocol);
        };
        let Some(expected) = self.open.remove(&index) else { return Err(CauseCode::FileProtocol) };
        let (path, size, moved) = (expected.path.clone(), expected.size, current.moved);
        let got: [u8; 32] = std::mem::take(&mut current.hash).finalize().into();
        if current.offset != size || got != told {
            discard(current.file.as_mut(), step.out);
            let cause = if current.offset == size {
                CauseCode::FileHashMismatch
            } else {
                CauseCode::FileProtocol
            };
            self.close(index, path, size, None, Outcome::of(cause), moved, step);
            return if current.offset == size { Ok(()) } else { Err(cause) };
        }
        match finish(current.file.as_mut(), &expected) {
            Ok(name) => {
                let sent = expected.parts.last();
                let given =
                    if sent.is_some_and(|sent| *sent == name) && path.ends_with(name.as_str()) {
                        String::new()
                    } else {
                        name
                    };
                self.record(path, size, Some(told), Outcome::Done, moved, step);
                self.result(index, Outcome::Done, given, step);
                self.files += 1;
            }
            Err(error) => {
                discard(current.file.as_mut(), step.out);
                let outcome = Outcome::of(step.out.failed(&error));
                self.close(index, path, size, None, outcome, moved, step);
            }
        }
        Ok(())
    }

    /// Makes the folders that are missing. Two spellings that some system takes for
    /// one folder become one, that of the first.
    fn make_folders(&mut self, parts: &mut [String], step: &mut Step<'_>) -> Result<(), CauseCode> {
        for depth in 1..=parts.len() {
            let key = folded_hash(&parts[..depth]);
            if let Some(known) = self.folders.get(&key) {
                parts[depth - 1].clone_from(known);
                continue;
            }
            let path = self.folder.join_all(&parts[..depth]);
            match step.store.make_folder(&path) {
                Ok(()) => {}
                Err(StoreError::Exists) => match step.store.stat(&path) {
                    Ok(entry) if entry.kind == EntryKind::Folder => {}
                    Ok(_) => return Err(CauseCode::FileExists),
                    Err(error) => return Err(step.out.failed(&error)),
                },
                Err(error) => return Err(step.out.failed(&error)),
            }
            self.folders.insert(key, parts[depth - 1].clone());
        }
        Ok(())
    }

    fn folder_of(&self, expected: &Expected) -> StorePath {
        let folders = expected.parts.split_last().map_or(&[][..], |(_, folders)| folders);
        self.folder.join_all(folders)
    }

    fn key(&self, expected: &Expected) -> PartialKey {
        PartialKey::new(&self.id, &expected.parts, expected.size, expected.modified_ms)
    }
}

impl Expected {
    /// Bytes that are still to be written.
    fn wanted(&self) -> u64 {
        match self.stage {
            Stage::Ready(offset, _) => self.size - offset,
            Stage::Asking | Stage::Have => 0,
        }
    }
}
