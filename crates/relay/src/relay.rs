//! The relay's handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gc_proto::v2::{self, CloseCode};
use gc_types::{
    AgentKeyId, CauseCode, Clock, ConsentState, Entropy, Rights, SessionId, TenantId, UnixMillis,
    UserId,
};
use uuid::Uuid;

use crate::link::Closing;
use crate::ports::{
    AgentCredential, AgentRef, EventSink, Gate, LinkSink, LinkSource, OpenSession, PeerInfo,
};
use crate::shared::{Cut, Shared};
use crate::{agent, viewer};

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
    /// A one-time agent that stays away for longer has ended its session.
    pub support_grace: Duration,
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
            support_grace: Duration::from_mins(5),
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
    /// Why it has no picture to show; unset when it has.
    pub no_picture: Option<CauseCode>,
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
    shared: Arc<Shared>,
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
        Self { shared: Arc::new(Shared::new(config, clock, entropy, gate, events)) }
    }

    /// Runs an agent's link to its end.
    pub async fn serve_agent(
        &self,
        credential: AgentCredential,
        peer: PeerInfo,
        source: Box<dyn LinkSource>,
        sink: Box<dyn LinkSink>,
    ) {
        agent::serve(Arc::clone(&self.shared), credential, peer, source, sink).await;
    }

    /// Runs a viewer's link to its end.
    pub async fn serve_viewer(
        &self,
        peer: PeerInfo,
        source: Box<dyn LinkSource>,
        sink: Box<dyn LinkSink>,
    ) {
        viewer::serve(Arc::clone(&self.shared), peer, source, sink).await;
    }

    /// Opens a session, or does nothing when it is open. Offered to the agent now
    /// or when its link comes up. Call it within a tokio runtime.
    pub fn open_session(&self, session: OpenSession) {
        self.shared.open(session);
    }

    /// Ends a session: agent and viewers are told, then [`RelayEvent::SessionEnded`]
    /// goes out.
    ///
    /// [`RelayEvent::SessionEnded`]: crate::ports::RelayEvent::SessionEnded
    pub fn end_session(&self, session: SessionId, cause: CauseCode, by: Option<UserId>) {
        if let Some(session) = self.shared.session(session) {
            session.end(&self.shared, cause, by);
        }
    }

    /// What users of a tenant are shown from now on when the first viewer joins. A
    /// session that is watched takes it up when its last viewer has left.
    pub fn set_notice(&self, tenant: TenantId, notice: Option<&v2::ConnectionNotice>) {
        for session in self.shared.all_sessions() {
            if session.tenant == tenant {
                session.set_notice(&self.shared, notice.cloned());
            }
        }
    }

    /// Closes the links opened with a machine key.
    pub fn cut_agent_key(&self, key: AgentKeyId) {
        self.shared.remember_cut(Cut::Key(key));
        for entry in self.shared.registry().agents.values() {
            if entry.key == Some(key) {
                entry.link.close(Closing::new(
                    CloseCode::Unauthenticated,
                    "the key of this machine was revoked",
                ));
            }
        }
    }

    /// Closes an agent's link.
    pub fn cut_agent(&self, agent: AgentRef) {
        self.shared.remember_cut(Cut::Agent(agent));
        if let Some(entry) = self.shared.registry().agents.get(&agent) {
            entry
                .link
                .close(Closing::new(CloseCode::Forbidden, "this machine may not connect any more"));
        }
    }

    /// Closes every viewer link of a login.
    pub fn cut_login(&self, login: Uuid) {
        self.shared.remember_cut(Cut::Login(login));
        let closing = Closing::new(CloseCode::Unauthenticated, "signed out");
        for session in self.shared.all_sessions() {
            session.cut(|_, of| of == login, &closing);
        }
    }

    /// Closes every viewer link of a user.
    pub fn cut_user(&self, user: UserId) {
        self.shared.remember_cut(Cut::User(user));
        let closing = Closing::new(CloseCode::Forbidden, CauseCode::AccessRevoked.name());
        for session in self.shared.all_sessions() {
            session.cut(|of, _| of == user, &closing);
        }
    }

    /// Agents whose links are up.
    pub fn agents(&self) -> Vec<AgentView> {
        let registry = self.shared.registry();
        let agents = registry.agents.iter().map(|(agent, entry)| AgentView {
            agent: *agent,
            since: entry.since,
            logged_on_user: entry.logged_on_user.clone(),
            idle: entry.idle,
            no_picture: entry.no_picture,
        });
        agents.collect()
    }

    /// Sessions that are open.
    pub fn sessions(&self) -> Vec<SessionView> {
        self.shared.all_sessions().iter().map(|session| session.view(&self.shared)).collect()
    }

    /// One session, when it is open.
    pub fn session(&self, session: SessionId) -> Option<SessionView> {
        self.shared.session(session).map(|session| session.view(&self.shared))
    }

    /// Counters.
    pub fn metrics(&self) -> RelayMetrics {
        let counters = &self.shared.counters;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        RelayMetrics {
            agents: read(&counters.agents),
            viewers: read(&counters.viewers),
            sessions: self.shared.registry().sessions.len() as u64,
            records: read(&counters.records),
            bytes: read(&counters.bytes),
            dropped: read(&counters.dropped),
        }
    }

    /// Tells every link that the server goes away and when to come back, and
    /// closes them all.
    pub async fn shutdown(&self, retry_after: Duration) {
        self.shared.shutdown(retry_after).await;
    }
}
