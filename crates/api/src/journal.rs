//! Where decisions are written down: a queue in front of the database, so that
//! nobody who decides waits for it, and a builder for audit events.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use gc_relay::ports::{EventSink, RelayEvent};
use gc_storage::{ActorKind, AuditRow, Outcome};
use gc_types::{
    Clock, CorrelationId, Entropy, EventId, MachineId, SessionId, TenantId, UnixMillis,
};
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};

/// What waits to be written.
pub(crate) enum Entry {
    Audit(Box<AuditRow>),
    Relay(Box<RelayEvent>),
    /// Everything before this has been written.
    Flush(oneshot::Sender<()>),
}

/// Ids of events in the order of their making, even when the clock steps back.
pub(crate) struct EventIds {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    last: Mutex<(u64, u16)>,
}

impl EventIds {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, last: Mutex::default() }
    }

    pub(crate) fn next(&self) -> (EventId, UnixMillis) {
        let now = self.clock.now();
        let (millis, count) = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = match *last {
                (millis, _) if now.0 > millis => (now.0, 0),
                (millis, 0xFFF) => (millis + 1, 0),
                (millis, count) => (millis, count + 1),
            };
            *last
        };
        let mut rest = [0; 10];
        self.entropy.fill(&mut rest);
        rest[..2].copy_from_slice(&count.to_be_bytes());
        (uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid().into(), now)
    }
}

/// The queue.
pub(crate) struct Journal {
    ids: EventIds,
    queue: mpsc::UnboundedSender<Entry>,
}

impl Journal {
    /// The queue and its other end.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> (Self, mpsc::UnboundedReceiver<Entry>) {
        let (queue, entries) = mpsc::unbounded_channel();
        (Self { ids: EventIds::new(clock, entropy), queue }, entries)
    }

    /// An id of its own, in the order of making.
    pub(crate) fn id(&self) -> EventId {
        self.ids.next().0
    }

    /// Begins an event; [`Event::write`] ends it.
    pub(crate) fn event(&self, tenant: TenantId, action: impl Into<String>) -> Event {
        let (id, at) = self.ids.next();
        Event(AuditRow {
            id,
            tenant,
            at,
            action: action.into(),
            actor_kind: ActorKind::System,
            actor_id: None,
            actor_name: "server".into(),
            target_kind: String::new(),
            target_id: String::new(),
            target_name: String::new(),
            session: None,
            machine: None,
            outcome: Outcome::Ok,
            address: String::new(),
            correlation: CorrelationId::from_bytes([0; 16]),
            detail: "{}".into(),
        })
    }

    /// Waits until everything queued before has been written.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        if self.queue.send(Entry::Flush(done)).is_ok() {
            // The writer has gone: there is nothing to wait for.
            let _ = wait.await;
        }
    }

    fn push(&self, entry: Entry) {
        if self.queue.send(entry).is_err() {
            tracing::error!("audit event lost: the writer has stopped");
        }
    }
}

impl EventSink for Journal {
    fn emit(&self, event: RelayEvent) {
        self.push(Entry::Relay(Box::new(event)));
    }
}

/// An audit event in the making.
#[must_use = "an event is written by `write`"]
pub(crate) struct Event(AuditRow);

impl Event {
    pub(crate) fn actor(mut self, kind: ActorKind, id: Option<String>, name: &str) -> Self {
        self.0.actor_kind = kind;
        self.0.actor_id = id;
        name.clone_into(&mut self.0.actor_name);
        self
    }

    pub(crate) fn from(mut self, address: IpAddr, correlation: CorrelationId) -> Self {
        self.0.address = address.to_string();
        self.0.correlation = correlation;
        self
    }

    pub(crate) fn target(mut self, kind: &str, id: impl ToString, name: &str) -> Self {
        kind.clone_into(&mut self.0.target_kind);
        self.0.target_id = id.to_string();
        name.clone_into(&mut self.0.target_name);
        self
    }

    pub(crate) fn session(mut self, session: Option<SessionId>) -> Self {
        self.0.session = session;
        self
    }

    pub(crate) fn machine(mut self, machine: Option<MachineId>) -> Self {
        self.0.machine = machine;
        self
    }

    pub(crate) fn refused(mut self) -> Self {
        self.0.outcome = Outcome::Refused;
        self
    }

    /// A JSON object; no secrets.
    pub(crate) fn detail(mut self, detail: Value) -> Self {
        self.0.detail = detail.to_string();
        self
    }

    pub(crate) fn into_row(self) -> AuditRow {
        self.0
    }

    pub(crate) fn write(self, journal: &Journal) {
        journal.push(Entry::Audit(Box::new(self.0)));
    }
}

#[cfg(test)]
mod tests {
    use gc_types::{ManualClock, SeededEntropy};

    use super::*;

    #[test]
    fn ids_order_by_making_even_within_a_millisecond() {
        let ids = EventIds {
            clock: Arc::new(ManualClock::new(UnixMillis(5))),
            entropy: Arc::new(SeededEntropy::new(1)),
            last: Mutex::default(),
        };
        let made: Vec<String> = (0..5000).map(|_| ids.next().0.to_string()).collect();
        assert!(made.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
