//! The sending end of one transfer.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;
use sha2::{Digest, Sha256};

use crate::desk::MAX_AHEAD;
use crate::names::folded_hash;
use crate::out::{DeskEvent, Out};
use crate::policy::{Direction, FilePolicy};
use crate::receipt::{Outcome, Receipt, cause_to_wire};
use crate::sniff::SNIFFED;
use crate::store::{EntryKind, FileStore, ReadFile, StorePath};
use crate::walk::{Found, Walk};

/// Bytes hashed in one step while the start of a file is compared.
const COMPARE_STEP: usize = 1 << 20;
/// Bytes of heads in one message.
const HEADS_BYTES: usize = 24 << 10;

struct Ahead {
    source: StorePath,
    path: String,
    size: u64,
    modified_ms: i64,
    sha256: Option<[u8; 32]>,
    /// It was said that it does not come: whatever is answered, no byte goes out.
    failed: bool,
    moved: u64,
    began: Duration,
}

struct Reading {
    index: u32,
    file: Box<dyn ReadFile>,
    hash: Sha256,
    /// Hashed up to here; sent up to here once the start is compared.
    offset: u64,
    /// The receiver has so many bytes, with this hash.
    compare: Option<(u64, [u8; 32])>,
    restart: bool,
    start: Vec<u8>,
}

struct Wanted {
    index: u32,
    offset: u64,
    prefix: Option<[u8; 32]>,
}

/// The sending end of one transfer. An error stops the transfer.
pub(crate) struct Outgoing {
    pub(crate) number: u32,
    pub(crate) id: [u8; 16],
    pub(crate) direction: Direction,
    walk: Walk,
    /// Found, and not yet told because the message was full.
    found: Option<Found>,
    next: u32,
    told_last: bool,
    ahead: BTreeMap<u32, Ahead>,
    wanted: VecDeque<Wanted>,
    current: Option<Reading>,
    /// What came through on an earlier link.
    done: HashSet<u64>,
    pub(crate) paused: bool,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) total_files: u64,
    pub(crate) total_bytes: u64,
}

/// What a turn of the sender came to.
pub(crate) enum Turn {
    /// Bytes of a file.
    Chunk(v2::FileChunk),
    /// Something else was said or done; ask again.
    Busy,
    /// Nothing until the receiver says more.
    Idle,
}

impl Outgoing {
    pub(crate) fn new(
        (number, id, direction): (u32, [u8; 16], Direction),
        sources: Vec<StorePath>,
        done: HashSet<u64>,
    ) -> Self {
        Self {
            number,
            id,
            direction,
            walk: Walk::new(sources),
            found: None,
            next: 0,
            told_last: false,
            ahead: BTreeMap::new(),
            wanted: VecDeque::new(),
            current: None,
            done,
            paused: false,
            files: 0,
            bytes: 0,
            total_files: 0,
            total_bytes: 0,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.told_last && self.ahead.is_empty()
    }

    pub(crate) fn current_path(&self) -> Option<&str> {
        let index = self.current.as_ref()?.index;
        self.ahead.get(&index).map(|ahead| ahead.path.as_str())
    }

    /// Says what is to come, ahead of the bytes. `true` when something was said.
    fn tell_heads(
        &mut self,
        store: &mut dyn FileStore,
        policy: &FilePolicy,
        out: &mut Out,
        now: Duration,
    ) -> bool {
        // In whole messages, so that answers do not trickle heads out one by one.
        if self.told_last || self.paused || self.ahead.len() > MAX_AHEAD / 2 {
            return false;
        }
        let mut heads = Vec::new();
        let mut refused = Vec::new();
        let mut size = 0;
        while self.ahead.len() < MAX_AHEAD && size < HEADS_BYTES {
            let Some(found) = self.found.take().or_else(|| self.walk.next(store)) else {
                self.told_last = true;
                break;
            };
            let way: Vec<String> = found.path.split('/').map(str::to_owned).collect();
            let is_file = found.entry.kind == EntryKind::File;
            self.total_files += 1;
            self.total_bytes += if is_file { found.entry.size } else { 0 };
            if found.fault.is_none() && self.done.contains(&folded_hash(&way)) {
                self.files += 1;
                self.bytes += if is_file { found.entry.size } else { 0 };
                continue;
            }
            let index = self.next;
            self.next += 1;
            let fault = found.fault.or_else(|| {
                let name = way.last().map_or("", String::as_str);
                is_file.then(|| policy.check_file(name, found.entry.size).err()).flatten()
            });
            if let Some(cause) = fault {
                refused.push((index, cause));
            }
            size += found.path.len() + 32;
            heads.push(v2::FileHead {
                index,
                path: found.path.clone(),
                kind: found.entry.kind.to_wire().into(),
                size: if is_file { found.entry.size } else { 0 },
                modified_unix_ms: found.entry.modified_ms,
            });
            self.ahead.insert(
                index,
                Ahead {
                    source: found.source,
                    path: found.path,
                    size: if is_file { found.entry.size } else { 0 },
                    modified_ms: found.entry.modified_ms,
                    sha256: None,
                    failed: false,
                    moved: 0,
                    began: now,
                },
            );
        }
        out.say(Body::Heads(v2::FileHeads {
            transfer: self.number,
            heads,
            last: self.told_last,
            total_files: self.total_files,
            total_bytes: self.total_bytes,
        }));
        for (index, cause) in refused {
            self.fail(index, cause, out);
        }
        true
    }

    /// The next thing to do; `chunk` is how many bytes may be sent, 0 for none.
    pub(crate) fn turn(
        &mut self,
        store: &mut dyn FileStore,
        policy: &FilePolicy,
        chunk: usize,
        out: &mut Out,
        now: Duration,
    ) -> Turn {
        if self.paused {
            return Turn::Idle;
        }
        if self.tell_heads(store, policy, out, now) {
            return Turn::Busy;
        }
        if self.current.is_none() {
            let Some(wanted) = self.wanted.pop_front() else { return Turn::Idle };
            self.begin(wanted, store, out, now);
            return Turn::Busy;
        }
        match self.read(policy, chunk, out) {
            Ok(turn) => turn,
            Err((index, cause)) => {
                self.current = None;
                self.fail(index, cause, out);
                Turn::Busy
            }
        }
    }

    fn begin(&mut self, wanted: Wanted, store: &mut dyn FileStore, out: &mut Out, now: Duration) {
        let Some(ahead) = self.ahead.get_mut(&wanted.index) else { return };
        ahead.began = now;
        let opened = store.read(&ahead.source).and_then(|mut file| Ok((file.facts()?, file)));
        match opened {
            Ok((facts, file)) if facts == (ahead.size, ahead.modified_ms) => {
                self.current = Some(Reading {
                    index: wanted.index,
                    file,
                    hash: Sha256::new(),
                    offset: 0,
                    compare: wanted.prefix.map(|hash| (wanted.offset, hash)),
                    restart: false,
                    start: Vec::new(),
                });
            }
            Ok(_) => self.fail(wanted.index, CauseCode::FileChanged, out),
            Err(error) => {
                let cause = out.failed(&error);
                self.fail(wanted.index, cause, out);
            }
        }
    }

    fn read(
        &mut self,
        policy: &FilePolicy,
        chunk: usize,
        out: &mut Out,
    ) -> Result<Turn, (u32, CauseCode)> {
        let Some(current) = self.current.as_mut() else { return Ok(Turn::Idle) };
        let index = current.index;
        let Some(ahead) = self.ahead.get_mut(&index) else {
            self.current = None;
            return Ok(Turn::Busy);
        };
        let fault = |cause| (index, cause);
        if let Some((length, told)) = current.compare {
            let want =
                usize::try_from(length - current.offset).unwrap_or(usize::MAX).min(COMPARE_STEP);
            let mut buffer = vec![0; want];
            let got = current
                .file
                .read_at(current.offset, &mut buffer)
                .map_err(|error| fault(out.failed(&error)))?;
            if got < want {
                return Err(fault(CauseCode::FileChanged));
            }
            if current.offset == 0 {
                policy.check_content(&buffer[..buffer.len().min(SNIFFED)]).map_err(fault)?;
            }
            current.hash.update(&buffer);
            current.offset += got as u64;
            if current.offset == length {
                current.compare = None;
                let same = current.hash.clone().finalize().as_slice() == told;
                if same {
                    self.bytes += length;
                } else {
                    current.hash = Sha256::new();
                    current.offset = 0;
                    current.restart = true;
                }
            }
            return Ok(Turn::Busy);
        }
        if current.offset == ahead.size {
            // It must be, at its end, what it was at its start.
            let facts = current.file.facts().map_err(|error| fault(out.failed(&error)))?;
            if facts != (ahead.size, ahead.modified_ms) {
                return Err(fault(CauseCode::FileChanged));
            }
            let sha256: [u8; 32] = std::mem::take(&mut current.hash).finalize().into();
            ahead.sha256 = Some(sha256);
            out.say(Body::End(v2::FileEnd {
                transfer: self.number,
                index,
                sha256: sha256.to_vec(),
                cause: None,
            }));
            self.current = None;
            return Ok(Turn::Busy);
        }
        if chunk == 0 {
            return Ok(Turn::Idle);
        }
        let want = usize::try_from(ahead.size - current.offset).unwrap_or(usize::MAX).min(chunk);
        let mut buffer = vec![0; want];
        let got = current
            .file
            .read_at(current.offset, &mut buffer)
            .map_err(|error| fault(out.failed(&error)))?;
        if got < want {
            return Err(fault(CauseCode::FileChanged));
        }
        if current.start.len() < SNIFFED && current.start.len() as u64 == current.offset {
            let room = SNIFFED - current.start.len();
            current.start.extend_from_slice(&buffer[..buffer.len().min(room)]);
            policy.check_content(&current.start).map_err(fault)?;
        }
        current.hash.update(&buffer);
        let offset = current.offset;
        current.offset += got as u64;
        ahead.moved += got as u64;
        self.bytes += got as u64;
        let restart = std::mem::take(&mut current.restart);
        Ok(Turn::Chunk(v2::FileChunk {
            transfer: self.number,
            index,
            offset,
            data: Bytes::from(buffer),
            restart,
        }))
    }

    /// Tells the receiver that a file does not come.
    fn fail(&mut self, index: u32, cause: CauseCode, out: &mut Out) {
        if let Some(ahead) = self.ahead.get_mut(&index) {
            ahead.failed = true;
        }
        out.say(Body::End(v2::FileEnd {
            transfer: self.number,
            index,
            sha256: Vec::new(),
            cause: Some(cause_to_wire(cause)),
        }));
    }

    pub(crate) fn answer(
        &mut self,
        answer: v2::FileAnswer,
        out: &mut Out,
    ) -> Result<(), CauseCode> {
        let Some(ahead) = self.ahead.get(&answer.index) else {
            // It failed here while this was on its way.
            return if answer.index < self.next { Ok(()) } else { Err(CauseCode::FileProtocol) };
        };
        if ahead.failed {
            return Ok(());
        }
        match answer.action() {
            v2::FileAction::Send => {
                let known = self.wanted.iter().any(|wanted| wanted.index == answer.index)
                    || self.current.as_ref().is_some_and(|current| current.index == answer.index);
                if answer.offset > ahead.size || known || ahead.sha256.is_some() {
                    return Err(CauseCode::FileProtocol);
                }
                let prefix = if answer.offset > 0 {
                    let hash = answer.prefix_sha256.as_slice().try_into();
                    Some(hash.map_err(|_| CauseCode::FileProtocol)?)
                } else {
                    None
                };
                self.wanted.push_back(Wanted {
                    index: answer.index,
                    offset: answer.offset,
                    prefix,
                });
            }
            v2::FileAction::Skip => {}
            v2::FileAction::Ask => out.event(DeskEvent::Conflict {
                transfer: self.number,
                index: answer.index,
                path: ahead.path.clone(),
                size: ahead.size,
                existing_size: answer.existing_size,
                existing_modified_ms: answer.existing_modified_unix_ms,
            }),
            v2::FileAction::Unspecified => return Err(CauseCode::FileProtocol),
        }
        Ok(())
    }

    pub(crate) fn result(
        &mut self,
        result: &v2::FileResult,
        out: &mut Out,
        now: Duration,
    ) -> Result<(), CauseCode> {
        let Some(ahead) = self.ahead.remove(&result.index) else {
            return Err(CauseCode::FileProtocol);
        };
        let mut outcome = Outcome::from_wire(result.outcome(), result.cause.as_ref());
        let folder_or_done = ahead.sha256.is_some() || ahead.size == 0;
        if outcome == Outcome::Done && !folder_or_done {
            return Err(CauseCode::FileProtocol);
        }
        if self.current.take_if(|current| current.index == result.index).is_some() {
            let read = ahead.moved;
            self.bytes = self.bytes.saturating_sub(read) + ahead.size;
            if outcome == Outcome::Done {
                outcome = Outcome::Failed(CauseCode::FileProtocol);
            }
        } else if ahead.sha256.is_none() {
            self.bytes += ahead.size;
        }
        self.wanted.retain(|wanted| wanted.index != result.index);
        self.files += 1;
        if matches!(outcome, Outcome::Done | Outcome::Skipped) {
            let way: Vec<String> = ahead.path.split('/').map(str::to_owned).collect();
            out.done(self.number, folded_hash(&way));
        }
        if ahead.sha256.is_some() || outcome != Outcome::Done {
            out.receipt(self.number, self.receipt(ahead, outcome, now));
        }
        Ok(())
    }

    fn receipt(&self, ahead: Ahead, outcome: Outcome, now: Duration) -> Receipt {
        Receipt {
            transfer: self.id,
            direction: self.direction,
            path: ahead.path,
            size: ahead.size,
            sha256: ahead.sha256.filter(|_| outcome == Outcome::Done),
            outcome,
            moved: ahead.moved,
            duration: if ahead.moved > 0 {
                now.saturating_sub(ahead.began)
            } else {
                Duration::ZERO
            },
        }
    }

    /// The transfer is over before its time.
    pub(crate) fn stop(&mut self, cause: CauseCode, out: &mut Out, now: Duration) {
        let current = self.current.take().map(|current| current.index);
        for (index, ahead) in std::mem::take(&mut self.ahead) {
            if current == Some(index) || ahead.sha256.is_some() {
                let receipt = self.receipt(ahead, Outcome::of(cause), now);
                out.receipt(self.number, receipt);
            }
        }
        self.wanted.clear();
    }
}
