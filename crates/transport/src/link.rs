//! A link: packets in, packets out by priority, heartbeats, and the end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use gc_channel::{DropPolicy, Limits, Outbox, PushError};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{Channel, Packet, Record, encode_link};
use gc_session::{Health, LinkHealth};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until, timeout};

use crate::wire::{WireEvent, WireSink, WireSource};

/// Bytes handed to the socket at once.
const BATCH: usize = 32 << 10;
/// Until the welcome says otherwise.
const HEARTBEAT: Duration = Duration::from_secs(12);
const SILENCE: Duration = Duration::from_secs(28);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long a broken writer waits for the reader to find out why.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How a link ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("link closed: {reason}")]
pub struct Closed {
    /// What the relay or this end said; `None` when the connection broke.
    pub code: Option<CloseCode>,
    /// For people and logs.
    pub reason: String,
    /// Do not come back earlier.
    pub retry_after: Option<Duration>,
}

/// Why something was not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The link is over.
    #[error("the link is closed")]
    Closed,
    /// It does not fit.
    #[error(transparent)]
    Full(#[from] PushError),
}

struct State {
    outbox: Outbox,
    /// Handed to the socket and not yet taken by it.
    in_flight: usize,
    health: LinkHealth,
    round_trip: Option<Duration>,
    closing: Option<Closed>,
}

struct Shared {
    state: Mutex<State>,
    start: Instant,
    /// Something waits, or the link closes.
    wake: Notify,
    /// Less waits than before.
    drained: Notify,
    closed: watch::Sender<Option<Closed>>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The first reason stands.
    fn close(&self, closed: Closed) {
        let mut state = self.state();
        if state.closing.is_none() {
            state.closing = Some(closed);
            state.outbox.clear_records();
        }
        drop(state);
        self.wake.notify_one();
    }

    /// The link is over for everyone.
    fn finish(&self, closed: Closed) {
        self.close(closed.clone());
        self.closed.send_if_modified(|now| {
            let first = now.is_none();
            now.get_or_insert(closed);
            first
        });
        self.drained.notify_waiters();
    }
}

/// A link to the relay. Dropping both halves closes it.
pub struct Link {
    receiver: LinkReceiver,
    sender: LinkSender,
}

/// The receiving half.
pub struct LinkReceiver {
    shared: Arc<Shared>,
    source: Box<dyn WireSource>,
    /// The last word of the relay, before its close frame.
    said: Option<v2::Close>,
}

/// The sending half; clones share it.
#[derive(Clone)]
pub struct LinkSender {
    shared: Arc<Shared>,
    alive: Arc<Alive>,
}

/// Closes the link when the last sender is gone.
struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.close(Closed {
            code: Some(CloseCode::Normal),
            reason: "goodbye".into(),
            retry_after: None,
        });
    }
}

impl Link {
    /// Over any socket. Call it within a tokio runtime: the writer is a task.
    pub fn over(source: Box<dyn WireSource>, sink: Box<dyn WireSink>) -> Self {
        let (closed, _) = watch::channel(None);
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                outbox: Outbox::new(Limits::default(), DropPolicy::Refuse),
                in_flight: 0,
                health: LinkHealth::new(HEARTBEAT, SILENCE, Duration::ZERO),
                round_trip: None,
                closing: None,
            }),
            start: Instant::now(),
            wake: Notify::new(),
            drained: Notify::new(),
            closed,
        });
        gc_runtime::spawn("link writer", write(Arc::clone(&shared), sink));
        let alive = Arc::new(Alive(Arc::clone(&shared)));
        Self {
            receiver: LinkReceiver { shared: Arc::clone(&shared), source, said: None },
            sender: LinkSender { shared, alive },
        }
    }

    /// The next packet. Safe to drop and call again.
    pub async fn recv(&mut self) -> Result<Packet, Closed> {
        self.receiver.recv().await
    }

    /// A handle for sending.
    pub fn sender(&self) -> LinkSender {
        self.sender.clone()
    }

    /// Both halves.
    pub fn split(self) -> (LinkReceiver, LinkSender) {
        (self.receiver, self.sender)
    }
}

impl LinkReceiver {
    /// The next packet. Heartbeats are dealt with here; a welcome sets their times
    /// and is passed on. Safe to drop and call again.
    pub async fn recv(&mut self) -> Result<Packet, Closed> {
        let mut over = self.shared.closed.subscribe();
        loop {
            let event = tokio::select! {
                event = self.source.next() => event,
                closed = over.wait_for(Option::is_some) => {
                    return Err(closed.ok().and_then(|it| it.clone()).unwrap_or_else(broken));
                }
            };
            match event {
                WireEvent::Message(bytes) => {
                    if let Some(packet) = self.take(bytes)? {
                        return Ok(packet);
                    }
                }
                WireEvent::Closed(code, reason) => {
                    return Err(self.end(Some(code), reason));
                }
                WireEvent::Gone(reason) => return Err(self.end(None, reason)),
            }
        }
    }

    fn take(&mut self, bytes: Bytes) -> Result<Option<Packet>, Closed> {
        let packet = match Packet::decode(bytes) {
            Ok(packet) => packet,
            Err(error) => {
                let closed = Closed {
                    code: Some(CloseCode::InvalidPayload),
                    reason: error.to_string(),
                    retry_after: None,
                };
                self.shared.close(closed.clone());
                return Err(closed);
            }
        };
        let now = self.shared.now();
        let mut state = self.shared.state();
        state.health.heard(now);
        match &packet {
            Packet::Link(Body::Heartbeat(beat)) => {
                let ack = Body::HeartbeatAck(v2::HeartbeatAck { nonce: beat.nonce });
                // A relay that fills the queue with heartbeats gets no answers.
                let _ = state.outbox.push_link(encode_link(ack));
                drop(state);
                self.shared.wake.notify_one();
                return Ok(None);
            }
            Packet::Link(Body::HeartbeatAck(ack)) => {
                if let Some(took) = state.health.acknowledged(ack.nonce, now) {
                    state.round_trip = Some(took);
                }
                return Ok(None);
            }
            Packet::Link(Body::Close(close)) => {
                self.said = Some(close.clone());
                drop(state);
                return Ok(None);
            }
            Packet::Link(Body::Welcome(welcome)) => {
                let millis =
                    |value: u32, least: u64| Duration::from_millis(u64::from(value).max(least));
                let interval = millis(welcome.heartbeat_ms, 500);
                let silence = millis(welcome.silence_ms, 2_000);
                state.health = LinkHealth::new(interval, silence, now);
                drop(state);
                self.shared.wake.notify_one();
            }
            Packet::Link(_) | Packet::Record(_) => {}
        }
        Ok(Some(packet))
    }

    /// The connection ended: what the relay said before counts more than the
    /// close frame, and that more than nothing.
    fn end(&mut self, status: Option<u16>, reason: String) -> Closed {
        let frame = status.and_then(|code| CloseCode::try_from(i32::from(code)).ok());
        let own = self.shared.state().closing.clone();
        let closed = match (self.said.take(), own) {
            (Some(close), _) => Closed {
                code: CloseCode::try_from(close.code).ok().or(frame),
                reason: gc_proto::clean_text(&close.reason, 120),
                retry_after: (close.retry_after_ms > 0)
                    .then(|| Duration::from_millis(close.retry_after_ms.into())),
            },
            (None, Some(own)) => own,
            (None, None) => Closed {
                code: frame,
                reason: gc_proto::clean_text(&reason, 120),
                retry_after: None,
            },
        };
        self.shared.finish(closed.clone());
        closed
    }
}

impl LinkSender {
    /// Queues a link message; it goes before everything but earlier ones.
    pub fn say(&self, body: Body) -> Result<(), SendError> {
        let mut state = self.open()?;
        state.outbox.push_link(encode_link(body))?;
        drop(state);
        self.shared.wake.notify_one();
        Ok(())
    }

    /// Queues a record by its channel's priority. Pictures that do not fit are
    /// refused: pace them by [`LinkSender::queued_bytes`].
    pub fn send(&self, record: &Record) -> Result<(), SendError> {
        let mut state = self.open()?;
        state.outbox.push_record(record.header(), record.bytes().clone())?;
        drop(state);
        self.shared.wake.notify_one();
        Ok(())
    }

    fn open(&self) -> Result<MutexGuard<'_, State>, SendError> {
        let state = self.shared.state();
        if state.closing.is_some() { Err(SendError::Closed) } else { Ok(state) }
    }

    /// Bytes not yet taken by the kernel.
    pub fn queued_bytes(&self) -> usize {
        let state = self.shared.state();
        state.outbox.queued_bytes() + state.in_flight
    }

    /// The same, without files: what a picture queues behind.
    pub fn urgent_bytes(&self) -> usize {
        let state = self.shared.state();
        state.outbox.urgent_bytes() + state.in_flight
    }

    /// Bytes that may be queued on the channel now.
    pub fn credit(&self, channel: Channel) -> usize {
        self.shared.state().outbox.credit(channel)
    }

    /// Waits until at most `bytes` wait, or the link is closed.
    pub async fn drained_to(&self, bytes: usize) -> Result<(), SendError> {
        loop {
            let drained = self.shared.drained.notified();
            tokio::pin!(drained);
            drained.as_mut().enable();
            drop(self.open()?);
            if self.queued_bytes() <= bytes {
                return Ok(());
            }
            drained.await;
        }
    }

    /// Measures the round trip to the relay; [`LinkSender::round_trip`] has it
    /// when the answer is there.
    pub fn ping(&self) -> Result<(), SendError> {
        let now = self.shared.now();
        let mut state = self.open()?;
        let nonce = state.health.beat(now);
        state.outbox.push_link(encode_link(Body::Heartbeat(v2::Heartbeat { nonce })))?;
        drop(state);
        self.shared.wake.notify_one();
        Ok(())
    }

    /// Round trip to the relay by the last answered heartbeat. A link on which the
    /// relay beats first sends none of its own: see [`LinkSender::ping`].
    pub fn round_trip(&self) -> Option<Duration> {
        self.shared.state().round_trip
    }

    /// Ends the link with a reason for the relay. Link messages queued before are
    /// still sent.
    pub fn close(&self, code: CloseCode, reason: &str) {
        let reason = gc_proto::clean_text(reason, 60);
        self.shared.close(Closed { code: Some(code), reason, retry_after: None });
    }

    /// Waits for the end of the link, however it comes. Somebody must be receiving.
    pub async fn closed(&self) -> Closed {
        let mut over = self.shared.closed.subscribe();
        let closed = over.wait_for(Option::is_some).await;
        closed.ok().and_then(|it| it.clone()).unwrap_or_else(broken)
    }

    /// Handles for sending on this link, this one included.
    pub fn handles(&self) -> usize {
        Arc::strong_count(&self.alive)
    }
}

fn broken() -> Closed {
    Closed { code: None, reason: "the connection ended".into(), retry_after: None }
}

fn silent() -> Closed {
    Closed {
        code: Some(CloseCode::TimedOut),
        reason: "nothing was heard from the server for too long".into(),
        retry_after: None,
    }
}

/// What the writer does next.
enum Step {
    Send(Vec<Bytes>),
    Close(Vec<Bytes>, Closed),
    Wait(Duration),
}

fn step(shared: &Shared) -> Step {
    let mut state = shared.state();
    if let Some(closing) = state.closing.clone() {
        return Step::Close(state.outbox.pop_batch(usize::MAX), closing);
    }
    let now = shared.now();
    let due = match state.health.poll(now) {
        Health::Wait(due) => due,
        Health::Beat(nonce) => {
            // A full queue shows that the link is busy; no beat is needed then.
            let _ = state.outbox.push_link(encode_link(Body::Heartbeat(v2::Heartbeat { nonce })));
            now
        }
        Health::Dead => {
            state.closing = Some(silent());
            return Step::Close(Vec::new(), silent());
        }
    };
    let batch = state.outbox.pop_batch(BATCH);
    if batch.is_empty() {
        return Step::Wait(due);
    }
    state.in_flight = batch.iter().map(Bytes::len).sum();
    Step::Send(batch)
}

async fn write(shared: Arc<Shared>, mut sink: Box<dyn WireSink>) {
    let closed = loop {
        match step(&shared) {
            Step::Wait(due) => tokio::select! {
                () = shared.wake.notified() => {}
                () = sleep_until(shared.start + due) => {}
            },
            Step::Send(batch) => {
                let sent = send(&shared, sink.as_mut(), batch).await;
                let closing = after_send(&shared);
                if !sent {
                    // The reader may be about to find the relay's last words.
                    break match closing {
                        Some(closing) => closing,
                        None => last_words(&shared).await,
                    };
                }
            }
            Step::Close(mut last, closed) => {
                if let Some(code) = closed.code {
                    last.push(encode_link(Body::Close(v2::Close {
                        code: code.into(),
                        reason: closed.reason.clone(),
                        retry_after_ms: 0,
                    })));
                    let goodbye = async {
                        if sink.send(last).await.is_ok() {
                            let status = u16::try_from(i32::from(code)).unwrap_or(1011);
                            sink.close(status, &closed.reason).await;
                        }
                    };
                    // A relay that takes no goodbye is left without one.
                    let _ = timeout(GOODBYE, goodbye).await;
                }
                break closed;
            }
        }
    };
    shared.finish(closed);
}

/// Nothing is on its way any more; whether the link is closing.
fn after_send(shared: &Shared) -> Option<Closed> {
    let now = shared.now();
    let mut state = shared.state();
    state.in_flight = 0;
    state.health.sent(now);
    let closing = state.closing.clone();
    drop(state);
    shared.drained.notify_waiters();
    closing
}

async fn last_words(shared: &Shared) -> Closed {
    let mut over = shared.closed.subscribe();
    let heard = timeout(LAST_WORDS, over.wait_for(Option::is_some)).await;
    heard.ok().and_then(Result::ok).and_then(|it| it.clone()).unwrap_or_else(broken)
}

/// Whether the socket took the batch. A link that is silent for too long, or that
/// is closed meanwhile, ends the wait.
async fn send(shared: &Shared, sink: &mut dyn WireSink, batch: Vec<Bytes>) -> bool {
    let mut sending = sink.send(batch);
    loop {
        let due = {
            let mut state = shared.state();
            if state.closing.is_some() {
                break;
            }
            match state.health.poll(shared.now()) {
                Health::Dead => {
                    state.closing = Some(silent());
                    break;
                }
                Health::Beat(_) => continue,
                Health::Wait(due) => due,
            }
        };
        tokio::select! {
            sent = &mut sending => return sent.is_ok(),
            () = shared.wake.notified() => {}
            () = sleep_until(shared.start + due) => {}
        }
    }
    // Half a message cannot be followed by another.
    matches!(timeout(GOODBYE, sending).await, Ok(Ok(())))
}
