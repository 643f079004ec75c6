//! One socket: what waits to be written to it, and how it ends.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use gc_channel::{DropPolicy, Limits, Outbox, PushError, Pushed};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{Header, encode_link};
use gc_types::SessionId;
use tokio::sync::Notify;

/// Pictures wait this long for a viewer's socket before it is skipped: some frames of
/// video, since the queue of a viewer that keeps up is empty. What stalls a line for
/// a moment, such as one lost segment, must not cost a catch-up.
const PATIENCE: Duration = Duration::from_millis(120);

/// How a link is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Closing {
    /// `None`: the connection is gone, nothing can be said any more.
    pub(crate) code: Option<CloseCode>,
    pub(crate) reason: String,
    pub(crate) retry_after: Duration,
}

impl Closing {
    pub(crate) fn new(code: CloseCode, reason: &str) -> Self {
        Self { code: Some(code), reason: fitted(reason), retry_after: Duration::ZERO }
    }

    pub(crate) fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = wait;
        self
    }

    pub(crate) const fn lost() -> Self {
        Self { code: None, reason: String::new(), retry_after: Duration::ZERO }
    }

    /// The link message that goes before the close frame.
    pub(crate) fn message(&self) -> Option<Bytes> {
        let code = self.code?;
        Some(encode_link(Body::Close(v2::Close {
            code: code.into(),
            reason: self.reason.clone(),
            retry_after_ms: u32::try_from(self.retry_after.as_millis()).unwrap_or(u32::MAX),
        })))
    }
}

/// At most 120 bytes, cut between characters.
fn fitted(reason: &str) -> String {
    let mut end = reason.len().min(120);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    reason[..end].to_owned()
}

/// What the writer does next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Send these.
    Send(Vec<Bytes>),
    /// Send these, then end.
    Close(Vec<Bytes>, Closing),
    /// Nothing waits.
    Idle,
}

struct State {
    outbox: Outbox,
    closing: Option<Closing>,
}

/// Shared by the reader, the writer and the session of one socket.
pub(crate) struct Link {
    /// Rises with each link of this relay.
    pub(crate) id: u64,
    held: Vec<(SessionId, u32)>,
    state: Mutex<State>,
    /// Something waits, or the heartbeat interval changed.
    wake: Notify,
    /// Only for closing: must reach a writer that waits for the kernel.
    close: Notify,
    /// The writer is done.
    stop: Notify,
    stopped: AtomicBool,
    /// The link is out of the registry; nothing may be tied to it any more.
    gone: AtomicBool,
    heard_ms: AtomicU64,
    /// Viewers of the agent behind this link; a viewer's own link counts as one.
    watchers: AtomicU32,
    /// A session told its viewers that this agent stalled.
    pub(crate) stalled: AtomicBool,
}

impl Link {
    /// `held` are the sessions that the agent said it still holds.
    pub(crate) fn agent(id: u64, now: Duration, held: Vec<(SessionId, u32)>) -> Self {
        let limits = Limits { bytes: 1 << 20, count: 2_048, input: 512, ..Limits::default() };
        Self { held, ..Self::new(id, now, Outbox::new(limits, DropPolicy::Refuse), 0) }
    }

    pub(crate) fn viewer(id: u64, now: Duration, queue: usize) -> Self {
        let limits = Limits { bytes: queue, patience: PATIENCE, ..Limits::default() };
        Self::new(id, now, Outbox::new(limits, DropPolicy::SkipToKeyFrame), 1)
    }

    fn new(id: u64, now: Duration, outbox: Outbox, watchers: u32) -> Self {
        Self {
            id,
            held: Vec::new(),
            state: Mutex::new(State { outbox, closing: None }),
            wake: Notify::new(),
            close: Notify::new(),
            stop: Notify::new(),
            stopped: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            heard_ms: AtomicU64::new(millis(now)),
            watchers: AtomicU32::new(watchers),
            stalled: AtomicBool::new(false),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a link message. One that does not fit ends the link: its peer would
    /// believe something that is no longer so.
    pub(crate) fn tell(&self, body: Body) {
        self.tell_bytes(encode_link(body));
    }

    pub(crate) fn tell_bytes(&self, message: Bytes) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        let pushed = state.outbox.push_link(message);
        drop(state);
        if pushed.is_err() {
            self.close(Closing::new(CloseCode::Overloaded, "too much waits for this endpoint"));
        } else {
            self.wake.notify_one();
        }
    }

    /// Queues a record; never waits.
    pub(crate) fn forward(
        &self,
        header: &Header,
        record: Bytes,
        now: Duration,
    ) -> Result<Pushed, PushError> {
        let mut state = self.state();
        if state.closing.is_some() {
            return Ok(Pushed::Skipped(1));
        }
        let pushed = state.outbox.at(now).push_record(header, record);
        drop(state);
        if pushed == Ok(Pushed::Queued) {
            self.wake.notify_one();
        }
        pushed
    }

    /// Ends the link; the first reason stands. Records that wait are thrown away.
    pub(crate) fn close(&self, closing: Closing) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        state.closing = Some(closing);
        state.outbox.clear_records();
        drop(state);
        self.wake.notify_one();
        self.close.notify_one();
    }

    /// The connection is gone.
    pub(crate) fn lost(&self) {
        self.close(Closing::lost());
    }

    /// What the writer does next, and whether a whole picture must be asked for.
    pub(crate) fn step(&self, budget: usize) -> (Step, bool) {
        let mut state = self.state();
        if let Some(closing) = state.closing.clone() {
            return (Step::Close(state.outbox.pop_batch(usize::MAX), closing), false);
        }
        let picture = state.outbox.take_picture_needed();
        let batch = state.outbox.pop_batch(budget);
        (if batch.is_empty() { Step::Idle } else { Step::Send(batch) }, picture)
    }

    /// Bytes that wait.
    #[cfg(test)]
    pub(crate) fn queued(&self) -> usize {
        self.state().outbox.queued_bytes()
    }

    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(crate) async fn close_asked(&self) {
        self.close.notified().await;
    }

    /// The writer is done: nothing will be sent any more.
    pub(crate) fn stop(&self) {
        self.lost();
        self.stopped.store(true, Ordering::Release);
        self.stop.notify_one();
    }

    /// Waits for [`Link::stop`]. For one waiter: the reader.
    pub(crate) async fn stopped(&self) {
        if !self.stopped.load(Ordering::Acquire) {
            self.stop.notified().await;
        }
    }

    pub(crate) fn mark_gone(&self) {
        self.gone.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    /// The epoch at which the agent still holds the session.
    pub(crate) fn held(&self, session: SessionId) -> Option<u32> {
        self.held.iter().find(|(held, _)| *held == session).map(|(_, epoch)| *epoch)
    }

    /// The sessions that the agent said it still holds.
    pub(crate) fn all_held(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.held.iter().map(|(session, _)| *session)
    }

    pub(crate) fn hear(&self, now: Duration) {
        self.heard_ms.store(millis(now), Ordering::Relaxed);
    }

    pub(crate) fn heard(&self) -> Duration {
        Duration::from_millis(self.heard_ms.load(Ordering::Relaxed))
    }

    /// Viewers came or went.
    pub(crate) fn watch(&self, before: u32, after: u32) {
        if before == after {
            return;
        }
        self.watchers.fetch_add(after.wrapping_sub(before), Ordering::Relaxed);
        self.wake.notify_one();
    }

    pub(crate) fn is_watched(&self) -> bool {
        self.watchers.load(Ordering::Relaxed) > 0
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_fit_the_close_frame() {
        assert_eq!(fitted(&"ä".repeat(100)).len(), 120);
        assert_eq!(fitted(&format!("a{}", "ä".repeat(100))).len(), 119);
        assert_eq!(fitted("short"), "short");
    }

    #[test]
    fn the_first_reason_stands_and_records_are_not_sent_after_it() {
        let link = Link::viewer(1, Duration::ZERO, 1_000);
        link.tell(Body::Heartbeat(v2::Heartbeat { nonce: 1 }));
        link.close(Closing::new(CloseCode::Unauthenticated, "signed out"));
        link.close(Closing::new(CloseCode::Normal, ""));
        link.tell(Body::Heartbeat(v2::Heartbeat { nonce: 2 }));
        let (Step::Close(left, closing), _) = link.step(10) else { panic!("not closing") };
        assert_eq!((left.len(), closing.code), (1, Some(CloseCode::Unauthenticated)));
        assert_eq!(link.queued(), 0);
    }
}
