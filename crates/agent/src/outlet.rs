//! Where the threads of a session put their records.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;
use gc_proto::v2::link_message::Body;
use gc_proto::{Channel, Flags, HEADER_LEN, Header, Record, v2};
use gc_session::AgentSessions;
use gc_types::{Clock, SessionId};
use prost::Message;

/// The sending side of a link, as far as a session needs it.
pub trait RecordSink: Send + Sync {
    /// Queues a record without waiting. `false`: it was not taken, because the
    /// link is gone or too much waits.
    fn send(&self, record: &Record) -> bool;

    /// Bytes that wait to be written, without files, which wait for everything else.
    fn backlog(&self) -> usize;

    /// Queues a link message, for what the server itself is to know. `false`: it was
    /// not taken.
    fn say(&self, body: Body) -> bool;
}

/// What every session of this agent shares: their rules, and the link of the
/// moment.
pub(crate) struct Uplink {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

struct State {
    sessions: AgentSessions,
    sink: Option<Arc<dyn RecordSink>>,
}

impl Uplink {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { state: Mutex::new(State { sessions: AgentSessions::new(), sink: None }), clock }
    }

    /// Works with the rules. Short: senders of every thread wait for it.
    pub(crate) fn rules<T>(&self, work: impl FnOnce(&mut AgentSessions) -> T) -> T {
        work(&mut self.lock().sessions)
    }

    /// Records go here from now on, or nowhere.
    pub(crate) fn set_sink(&self, sink: Option<Arc<dyn RecordSink>>) {
        self.lock().sink = sink;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the records of a session go: onto the link, or to the process that has it.
pub(crate) trait RecordWay: Send + Sync {
    /// Sends what `record` makes of the header. `false`: it was not taken.
    fn send(
        &self,
        session: SessionId,
        mark: RecordMark,
        record: &mut dyn FnMut(Header) -> Record,
    ) -> bool;

    /// Bytes that wait on the link; 0 without one.
    fn backlog(&self) -> u64;

    /// Tells the server something. `false`: there is no link, or it is full.
    fn report(&self, body: Body) -> bool;

    /// What the server allows of files in the session; `None`: nothing.
    fn files(&self, session: SessionId) -> Option<v2::FilePolicy>;
}

/// What became of a record that another process made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forwarded {
    /// It is on the link.
    Sent,
    /// There is no link, or nobody who may have it.
    Barred,
    /// Too much waits.
    NoRoom,
}

impl Uplink {
    /// Sends a record whose header lacks epoch and sequence; the payload stays as it
    /// is. By the same rules as if it had been made here.
    pub(crate) fn forward(&self, made: &Header, mut bytes: BytesMut) -> Forwarded {
        let payload = bytes.len().saturating_sub(HEADER_LEN);
        if payload > gc_proto::max_payload(made.channel, true) {
            return Forwarded::Barred;
        }
        let mut state = self.lock();
        let Some(sink) = state.sink.clone() else { return Forwarded::Barred };
        let now = self.clock.monotonic();
        let Header { channel, flags, participant, session, .. } = *made;
        let header = match state.sessions.header(session, channel, flags, participant, now) {
            Ok(header) => header,
            Err(refused) => {
                tracing::trace!(%refused, ?channel, participant, "record not sent");
                return Forwarded::Barred;
            }
        };
        let mut head = BytesMut::with_capacity(HEADER_LEN);
        header.encode(&mut head);
        if let Some(place) = bytes.get_mut(..HEADER_LEN) {
            place.copy_from_slice(&head);
        }
        // Under the lock, so that records leave in the order of their numbers.
        match Record::decode(bytes.freeze()) {
            Ok(record) if sink.send(&record) => Forwarded::Sent,
            Ok(_) => Forwarded::NoRoom,
            Err(_) => Forwarded::Barred,
        }
    }
}

/// What the sender of a record decides of its header.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RecordMark {
    pub(crate) channel: Channel,
    /// One viewer, or 0 for all of them.
    pub(crate) participant: u16,
    pub(crate) flags: Flags,
}

impl RecordWay for Uplink {
    fn send(
        &self,
        session: SessionId,
        mark: RecordMark,
        record: &mut dyn FnMut(Header) -> Record,
    ) -> bool {
        let RecordMark { channel, participant, flags } = mark;
        let mut state = self.lock();
        let Some(sink) = state.sink.clone() else { return false };
        let now = self.clock.monotonic();
        match state.sessions.header(session, channel, flags, participant, now) {
            // Under the lock, so that records leave in the order of their numbers.
            Ok(header) => sink.send(&record(header)),
            Err(refused) => {
                tracing::trace!(%refused, ?channel, participant, "record not sent");
                false
            }
        }
    }

    fn backlog(&self) -> u64 {
        let sink = self.lock().sink.clone();
        sink.map_or(0, |sink| u64::try_from(sink.backlog()).unwrap_or(u64::MAX))
    }

    fn report(&self, body: Body) -> bool {
        let sink = self.lock().sink.clone();
        sink.is_some_and(|sink| sink.say(body))
    }

    fn files(&self, session: SessionId) -> Option<v2::FilePolicy> {
        self.rules(|rules| rules.files(session).cloned())
    }
}

/// The sending side of one session; it outlives links.
#[derive(Clone)]
pub(crate) struct Outlet {
    session: SessionId,
    way: Arc<dyn RecordWay>,
}

impl Outlet {
    pub(crate) fn new(session: SessionId, way: Arc<dyn RecordWay>) -> Self {
        Self { session, way }
    }

    /// Sends to one viewer, or to all of them when `participant` is 0. `false`: the
    /// record was not taken, because there is no link, no room, or no right to it.
    pub(crate) fn send(
        &self,
        channel: Channel,
        participant: u16,
        flags: Flags,
        payload: &impl Message,
    ) -> bool {
        let mark = RecordMark { channel, participant, flags };
        self.way.send(self.session, mark, &mut |header| Record::new(header, payload))
    }

    /// Tells the server something. `false`: there is no link, or it is full.
    pub(crate) fn report(&self, body: Body) -> bool {
        self.way.report(body)
    }

    /// What the server allows of files in this session.
    pub(crate) fn files(&self) -> Option<v2::FilePolicy> {
        self.way.files(self.session)
    }

    /// The session.
    pub(crate) const fn session(&self) -> SessionId {
        self.session
    }

    /// Bytes that wait on the link; 0 without one.
    pub(crate) fn backlog(&self) -> u64 {
        self.way.backlog()
    }
}
