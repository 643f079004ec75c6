//! Where a worker's records go: a queue like that of a link, in front of the pipe.
//!
//! The pipe and the service's queue behind it are kept short: so many bytes at most
//! are on their way, and the rest waits here, where the more urgent goes first and
//! what does not fit is refused, as on a link.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gc_channel::{DropPolicy, Limits, Outbox};
use gc_proto::v2::link_message::Body;
use gc_proto::{Header, Record, encode_link, v2};
use gc_types::SessionId;

use crate::outlet::{RecordMark, RecordWay};
use crate::worker::frame;
use crate::worker::message::{FromWorker, Log, Progress, Word};

/// Bytes of records that may be on their way: in the pipe and on the service's link.
const WINDOW: u64 = 256 << 10;
/// Words that may wait; a service that reads takes them at once.
const MAX_WORDS: usize = 1_024;
/// Words that wait, beyond which a line of the log is not worth waiting too.
const MAX_LINES: usize = 256;
/// Bytes taken out of the queue at once.
const BATCH: usize = 32 << 10;

struct State {
    words: VecDeque<Bytes>,
    outbox: Outbox,
    /// Bytes of records handed to the pipe so far.
    written: u64,
    progress: Progress,
    /// What the server allows of files.
    files: BTreeMap<SessionId, v2::FilePolicy>,
    closed: bool,
}

impl State {
    fn under_way(&self) -> u64 {
        self.written.saturating_sub(self.progress.received) + self.progress.backlog
    }
}

/// The worker's sending side.
pub(crate) struct PipeWay {
    state: Mutex<State>,
    changed: Condvar,
}

impl PipeWay {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(State {
                words: VecDeque::new(),
                outbox: Outbox::new(Limits::default(), DropPolicy::Refuse),
                written: 0,
                progress: Progress::default(),
                files: BTreeMap::new(),
                closed: false,
            }),
            changed: Condvar::new(),
        })
    }

    /// Queues a message before all records. They are few: what a person does, and
    /// answers to the service.
    pub(crate) fn say(&self, word: Word) {
        let bytes = frame::message(&FromWorker { word: Some(word) });
        self.lock().words.push_back(bytes);
        self.changed.notify_all();
    }

    /// Queues a line for the service's log; it goes lost where too much waits already.
    /// Nothing is logged while the state is locked, or it would end here again.
    pub(crate) fn log(&self, line: String) {
        let bytes = frame::message(&FromWorker { word: Some(Word::Log(Log { line })) });
        let mut state = self.lock();
        if state.closed || state.words.len() >= MAX_LINES {
            return;
        }
        state.words.push_back(bytes);
        drop(state);
        self.changed.notify_all();
    }

    /// The service tells how far the records have come.
    pub(crate) fn progress(&self, progress: Progress) {
        self.lock().progress = progress;
        self.changed.notify_all();
    }

    /// What the server allows of files from here on; `None`: nothing.
    pub(crate) fn set_files(&self, session: SessionId, policy: Option<v2::FilePolicy>) {
        let mut state = self.lock();
        match policy {
            Some(policy) => state.files.insert(session, policy),
            None => state.files.remove(&session),
        };
    }

    /// Ends [`PipeWay::write`] as soon as the words that wait are out.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.outbox.clear_records();
        drop(state);
        self.changed.notify_all();
    }

    /// Writes what waits until the stream breaks or [`PipeWay::close`].
    pub(crate) fn write(&self, writer: &mut dyn Write) {
        loop {
            let (words, records) = self.next();
            if words.is_empty() && records.is_empty() {
                return;
            }
            let written = words.iter().try_for_each(|word| writer.write_all(word)).and_then(|()| {
                records.iter().try_for_each(|it| frame::write_record(writer, it, true))
            });
            if let Err(error) = written {
                tracing::debug!(%error, "the service takes nothing more");
                let mut state = self.lock();
                state.closed = true;
                state.words.clear();
                state.outbox.clear_records();
                return;
            }
        }
    }

    /// What is to be written now; nothing: the end.
    fn next(&self) -> (VecDeque<Bytes>, Vec<Bytes>) {
        let mut state = self.lock();
        loop {
            let words = std::mem::take(&mut state.words);
            if state.closed {
                return (words, Vec::new());
            }
            let mut records = Vec::new();
            if state.under_way() < WINDOW {
                records = state.outbox.pop_batch(BATCH);
                let bytes: usize = records.iter().map(Bytes::len).sum();
                state.written += u64::try_from(bytes).unwrap_or(u64::MAX);
            }
            if !words.is_empty() || !records.is_empty() {
                return (words, records);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordWay for PipeWay {
    fn send(
        &self,
        session: SessionId,
        mark: RecordMark,
        record: &mut dyn FnMut(Header) -> Record,
    ) -> bool {
        let RecordMark { channel, participant, flags } = mark;
        let header = Header { channel, flags, participant, epoch: 0, sequence: 0, session };
        let record = record(header);
        let mut state = self.lock();
        let taken = !state.closed
            && state.outbox.push_record(record.header(), record.bytes().clone()).is_ok();
        drop(state);
        self.changed.notify_all();
        taken
    }

    fn backlog(&self) -> u64 {
        let state = self.lock();
        u64::try_from(state.outbox.queued_bytes()).unwrap_or(u64::MAX) + state.under_way()
    }

    /// The service keeps it until there is a link.
    fn report(&self, body: Body) -> bool {
        let mut state = self.lock();
        if state.closed || state.words.len() >= MAX_WORDS {
            return false;
        }
        state.words.push_back(frame::report(&encode_link(body)));
        drop(state);
        self.changed.notify_all();
        true
    }

    fn files(&self, session: SessionId) -> Option<v2::FilePolicy> {
        self.lock().files.get(&session).cloned()
    }
}

#[cfg(test)]
#[path = "way_tests.rs"]
mod tests;
