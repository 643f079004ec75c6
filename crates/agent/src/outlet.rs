//! Where the threads of a session put their records.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gc_proto::v2::link_message::Body;
use gc_proto::{Channel, Flags, Record};
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

/// The sending side of one session; it outlives links.
#[derive(Clone)]
pub(crate) struct Outlet {
    session: SessionId,
    uplink: Arc<Uplink>,
}

impl Outlet {
    pub(crate) fn new(session: SessionId, uplink: Arc<Uplink>) -> Self {
        Self { session, uplink }
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
        let mut state = self.uplink.lock();
        let Some(sink) = state.sink.clone() else { return false };
        let now = self.uplink.clock.monotonic();
        match state.sessions.header(self.session, channel, flags, participant, now) {
            // Under the lock, so that records leave in the order of their numbers.
            Ok(header) => sink.send(&Record::new(header, payload)),
            Err(refused) => {
                tracing::trace!(%refused, ?channel, participant, "record not sent");
                false
            }
        }
    }

    /// Tells the server something. `false`: there is no link, or it is full.
    pub(crate) fn report(&self, body: Body) -> bool {
        let sink = self.uplink.lock().sink.clone();
        sink.is_some_and(|sink| sink.say(body))
    }

    /// The rules of the session, as they are now.
    pub(crate) fn rules<T>(&self, work: impl FnOnce(&mut AgentSessions) -> T) -> T {
        self.uplink.rules(work)
    }

    /// The session.
    pub(crate) const fn session(&self) -> SessionId {
        self.session
    }

    /// Bytes that wait on the link; 0 without one.
    pub(crate) fn backlog(&self) -> u64 {
        let sink = self.uplink.lock().sink.clone();
        sink.map_or(0, |sink| u64::try_from(sink.backlog()).unwrap_or(u64::MAX))
    }
}
