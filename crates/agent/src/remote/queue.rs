//! What waits to be written to one worker.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use gc_proto::Record;

use crate::worker::frame;
use crate::worker::message::{Order, Progress, ToWorker};

/// More than this waits for no worker that lives: what people do is little, and bulk
/// comes in windows.
const MAX_BYTES: usize = 16 << 20;

enum Item {
    Order(Bytes),
    Record(Bytes, bool),
}

impl Item {
    const fn len(&self) -> usize {
        match self {
            Self::Order(bytes) | Self::Record(bytes, _) => bytes.len(),
        }
    }
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    bytes: usize,
    received: u64,
    tell_progress: bool,
    closed: bool,
}

/// The sending side towards a worker. Reports of progress do not queue: the newest
/// is made when it is written.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

impl Queue {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn order(&self, order: Order) {
        self.push(Item::Order(frame::message(&ToWorker { order: Some(order) })));
    }

    /// `false`: so much waits that the worker does not read any more.
    pub(crate) fn record(&self, record: &Record, may_arrange: bool) -> bool {
        self.push(Item::Record(record.bytes().clone(), may_arrange))
    }

    fn push(&self, item: Item) -> bool {
        let mut state = self.lock();
        if state.closed || state.bytes + item.len() > MAX_BYTES {
            return state.closed;
        }
        state.bytes += item.len();
        state.items.push_back(item);
        drop(state);
        self.changed.notify_all();
        true
    }

    /// A record of the worker has been read and dealt with.
    pub(crate) fn received(&self, bytes: usize) {
        let mut state = self.lock();
        state.received += u64::try_from(bytes).unwrap_or(u64::MAX);
        state.tell_progress = true;
        drop(state);
        self.changed.notify_all();
    }

    /// What waits on the link has changed.
    pub(crate) fn backlog_changed(&self) {
        self.lock().tell_progress = true;
        self.changed.notify_all();
    }

    /// Ends [`Queue::write`]; what waits is thrown away.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.items.clear();
        drop(state);
        self.changed.notify_all();
    }

    /// Writes what waits until the stream breaks or [`Queue::close`]. `backlog` tells
    /// the bytes that wait on the link.
    pub(crate) fn write(&self, writer: &mut dyn Write, backlog: &dyn Fn() -> u64) {
        while let Some((items, received)) = self.next() {
            let mut written = Ok(());
            if let Some(received) = received {
                let progress = Progress { received, backlog: backlog() };
                let order = Some(Order::Progress(progress));
                written = writer.write_all(&frame::message(&ToWorker { order }));
            }
            for item in &items {
                written = written.and_then(|()| match item {
                    Item::Order(bytes) => writer.write_all(bytes),
                    Item::Record(bytes, may) => frame::write_record(writer, bytes, *may),
                });
            }
            if let Err(error) = written {
                // The thread that reads finds the end, too, and says what it means.
                tracing::debug!(%error, "the worker takes nothing more");
                return;
            }
        }
    }

    fn next(&self) -> Option<(VecDeque<Item>, Option<u64>)> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if state.tell_progress || !state.items.is_empty() {
                let received = state.tell_progress.then_some(state.received);
                state.tell_progress = false;
                state.bytes = 0;
                return Some((std::mem::take(&mut state.items), received));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
