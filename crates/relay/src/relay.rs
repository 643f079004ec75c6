//! The relay's handle.

use std::sync::Arc;
use std::time::Duration;

use gc_types::{
    AgentKeyId, CauseCode, Clock, ConsentState, Entropy, Rights, SessionId, UnixMillis, UserId,
};
use uuid::Uuid;

use crate::ports::{
    AgentCredential, AgentRef, EventSink, Gate, LinkSink, LinkSource, OpenSession, PeerInfo,
};

/// Times and sizes of the relay.
#[derive(Debug, Clone)]
pub struct RelayConfig {
    /// A hello must have come within this.
    pub hello_timeout: Duration,
    /// Heartbeat interval of links in no watched session.
    pub idle_heartbeat: Duration,
    /// Heartbeat interval of links in a watched session.
    pub active_heartbeat: Duration,
    /// A link that was silent for this long is given up.
    pub silence: Duration,
    /// Viewers are told that the agent stalled after this.
    pub stall: Duration,
    /// Input events a viewer may send per second.
    pub input_per_second: u32,
    /// Bytes that may wait for one viewer before pictures are skipped.
    pub viewer_queue: usize,
}

impl Default for RelayConfig {
    fn default() -> Self {
        Self {
            hello_timeout: Duration::from_secs(5),
            idle_heartbeat: Duration::from_secs(12),
            active_heartbeat: Duration::from_secs(2),
            silence: Duration::from_secs(28),
            stall: Duration::from_secs(5),
            input_per_second: 200,
            viewer_queue: 4 << 20,
        }
    }
}

/// An agent's link, for lists.
#[derive(Debug, Clone)]
pub struct AgentView {
    /// Which agent.
    pub agent: AgentRef,
    /// Since when its link is up.
    pub since: UnixMillis,
    /// Who is logged on; hostile text, cleaned.
    pub logged_on_user: String,
    /// How long the user has been idle.
    pub idle: Duration,
}

/// A viewer in a session, for lists.
#[derive(Debug, Clone)]
pub struct ViewerView {
    /// Seat number.
    pub participant: u16,
    /// Who.
    pub user: UserId,
    /// Display name.
    pub name: String,
    /// What they may do.
    pub rights: Rights,
    /// Since when.
    pub since: UnixMillis,
    /// Has control at present.
    pub in_control: bool,
}

/// A session in the relay, for lists.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Which session.
    pub session: SessionId,
    /// Whose machine it shows.
    pub agent: AgentRef,
    /// Whether the agent's link is up.
    pub agent_online: bool,
    /// Consent.
    pub consent: ConsentState,
    /// Who watches.
    pub viewers: Vec<ViewerView>,
    /// Payload bits from the agent over the last second.
    pub kbps: u32,
}

/// Counters for `/metrics`.
#[derive(Debug, Clone, Copy, Default)]
pub struct RelayMetrics {
    /// Links of agents.
    pub agents: u64,
    /// Links of viewers.
    pub viewers: u64,
    /// Open sessions.
    pub sessions: u64,
    /// Records forwarded since start.
    pub records: u64,
    /// Bytes of records forwarded since start.
    pub bytes: u64,
    /// Records dropped since start: too slow a viewer, no right, too many events.
    pub dropped: u64,
}

/// Handle to the relay; clones share it.
#[derive(Clone)]
pub struct Relay {
    config: Arc<RelayConfig>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    gate: Arc<dyn Gate>,
    events: Arc<dyn EventSink>,
}

impl Relay {
    /// A relay without links.
    pub fn new(
        config: RelayConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        gate: Arc<dyn Gate>,
        events: Arc<dyn EventSink>,
    ) -> Self {
        Self { config: Arc::new(config), clock, entropy, gate, events }
    }

    /// Runs an agent's link to its end.
    #[expect(clippy::unused_async, reason = "awaits links once they are served")]
    pub async fn serve_agent(
        &self,
        credential: AgentCredential,
        peer: PeerInfo,
        source: Box<dyn LinkSource>,
        sink: Box<dyn LinkSink>,
    ) {
        let _ = (&self.config, &self.clock, &self.entropy, &self.gate, &self.events);
        let _ = (credential, peer, source, sink);
    }

    /// Runs a viewer's link to its end.
    #[expect(clippy::unused_async, reason = "awaits links once they are served")]
    pub async fn serve_viewer(
        &self,
        peer: PeerInfo,
        source: Box<dyn LinkSource>,
        sink: Box<dyn LinkSink>,
    ) {
        let _ = (peer, source, sink);
    }

    /// Opens a session, or does nothing when it is open. Offered to the agent now
    /// or when its link comes up.
    pub fn open_session(&self, session: OpenSession) {
        let _ = session;
    }

    /// Ends a session: agent and viewers are told, then [`RelayEvent::SessionEnded`]
    /// goes out.
    ///
    /// [`RelayEvent::SessionEnded`]: crate::ports::RelayEvent::SessionEnded
    pub fn end_session(&self, session: SessionId, cause: CauseCode, by: Option<UserId>) {
        let _ = (session, cause, by);
    }

    /// Closes the links opened with a machine key.
    pub fn cut_agent_key(&self, key: AgentKeyId) {
        let _ = key;
    }

    /// Closes an agent's link.
    pub fn cut_agent(&self, agent: AgentRef) {
        let _ = agent;
    }

    /// Closes every viewer link of a login.
    pub fn cut_login(&self, login: Uuid) {
        let _ = login;
    }

    /// Closes every viewer link of a user.
    pub fn cut_user(&self, user: UserId) {
        let _ = user;
    }

    /// Agents whose links are up.
    pub fn agents(&self) -> Vec<AgentView> {
        Vec::new()
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> Vec<SessionView> {
        Vec::new()
    }

    /// Counters.
    pub fn metrics(&self) -> RelayMetrics {
        RelayMetrics::default()
    }

    /// Tells every link that the server goes away and when to come back, and
    /// closes them all.
    #[expect(clippy::unused_async, reason = "awaits links once they are served")]
    pub async fn shutdown(&self, retry_after: Duration) {
        let _ = retry_after;
    }
}
