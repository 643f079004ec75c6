//! What the relay needs from its surroundings, and what it tells them.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use gc_proto::v2;
use gc_types::{
    AgentKeyId, AgentMode, CauseCode, ConsentMode, ConsentState, CorrelationId, GrantId, MachineId,
    Rights, SessionId, TenantId, UnixMillis, UserId,
};

/// A future that a port returns.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What came in on a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// A whole binary message.
    Message(Bytes),
    /// A text message; refused with 1003.
    Text,
    /// A message over the size given at the upgrade; refused with 1009. No byte of
    /// it is passed on.
    TooLarge,
    /// A breach of RFC 6455; refused with 1002.
    ProtocolError,
    /// Text that is not UTF-8; refused with 1007.
    InvalidUtf8,
    /// The peer closed, or the connection broke.
    Closed,
}

/// The receiving half of a link.
pub trait LinkSource: Send + 'static {
    /// The next event; [`SocketEvent::Closed`] for ever after the end.
    fn next(&mut self) -> PortFuture<'_, SocketEvent>;
}

/// The sending half of a link.
pub trait LinkSink: Send + 'static {
    /// Hands messages over in order and flushes once. Returns when the kernel has
    /// taken them; an error means that the connection is gone.
    fn send(&mut self, messages: Vec<Bytes>) -> PortFuture<'_, std::io::Result<()>>;

    /// Sends a close frame (RFC 6455 section 5.5.1) and ends the connection.
    /// `reason` is at most 120 bytes. Bounded in time by the caller.
    fn close(&mut self, code: u16, reason: &str) -> PortFuture<'_, ()>;
}

/// How an agent showed who it is at the upgrade. Opaque to the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentCredential {
    /// A machine key; already checked.
    Machine {
        /// The key that was used.
        key: AgentKeyId,
        /// The machine it belongs to.
        machine: MachineId,
        /// The tenant of both.
        tenant: TenantId,
    },
    /// A support code that was valid at the upgrade; used up by
    /// [`Gate::admit_agent`].
    SupportCode(gc_types::SupportCode),
    /// A one-time agent that comes back to its session.
    Resume {
        /// The session whose resume token was shown.
        session: SessionId,
    },
}

/// Names one agent's link for as long as the server runs: a machine, or a one-time
/// agent by its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgentRef {
    /// A managed machine.
    Machine(MachineId),
    /// A one-time agent.
    Support(SessionId),
}

/// An agent that was let in.
#[derive(Debug, Clone)]
pub struct AdmittedAgent {
    /// Which agent.
    pub agent: AgentRef,
    /// Managed or one-time.
    pub mode: AgentMode,
    /// The key to cut it by when it is revoked.
    pub key: Option<AgentKeyId>,
    /// Tenant of everything it does.
    pub tenant: TenantId,
    /// For a one-time agent that has just bound its code: what it comes back with.
    pub resume_token: Option<gc_types::Secret>,
    /// Sessions of this agent that are open now, from the database.
    pub sessions: Vec<OpenSession>,
}

/// A session as the relay needs to know it.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Which session.
    pub session: SessionId,
    /// Whose machine it shows.
    pub agent: AgentRef,
    /// Tenant.
    pub tenant: TenantId,
    /// For people.
    pub machine_name: String,
    /// By whose authority.
    pub grant: SessionGrant,
    /// Whether and how to ask.
    pub consent_mode: ConsentMode,
    /// What was answered earlier.
    pub consent: ConsentState,
    /// What the user allowed earlier, or what the grant holds.
    pub rights: Rights,
    /// How long the user may take.
    pub consent_timeout: Duration,
    /// What the user is shown when the first viewer joins; passed on as it is.
    pub notice: Option<v2::ConnectionNotice>,
    /// What files may be moved; nothing when unset.
    pub files: Option<v2::FilePolicy>,
}

/// The grant sent with a session offer.
#[derive(Debug, Clone)]
pub struct SessionGrant {
    /// Never reused.
    pub id: GrantId,
    /// Display name.
    pub technician: String,
    /// Display name.
    pub company: String,
    /// What the technician may do at most.
    pub rights: Rights,
    /// End of validity.
    pub expires: UnixMillis,
    /// Ticket number, may be empty.
    pub ticket: String,
}

/// A viewer whose token was redeemed.
#[derive(Debug, Clone)]
pub struct AdmittedViewer {
    /// The session it may join; no other.
    pub session: SessionId,
    /// Who it is.
    pub user: UserId,
    /// The login it hangs on: cut when that login ends.
    pub login: uuid::Uuid,
    /// Display name.
    pub name: String,
    /// What its token allows.
    pub rights: Rights,
    /// Tenant.
    pub tenant: TenantId,
    /// What it may show instead of a token when it comes back; a browser gets new
    /// tokens elsewhere.
    pub resume_token: Option<gc_types::Secret>,
}

/// A refusal by a gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// Close code for the peer.
    pub code: v2::CloseCode,
    /// Sentence for the peer; names no secret and does not tell apart what an
    /// attacker would like to know.
    pub reason: String,
}

/// Checks credentials. The only port that the relay waits for, and never while
/// records flow.
pub trait Gate: Send + Sync + 'static {
    /// Lets an agent in after its hello. Uses up a support code atomically and
    /// opens its session.
    fn admit_agent<'a>(
        &'a self,
        credential: &'a AgentCredential,
        hello: &'a v2::AgentHello,
        software: &'a str,
        peer: PeerInfo,
    ) -> PortFuture<'a, Result<AdmittedAgent, Refusal>>;

    /// Redeems a viewer token, once.
    fn admit_viewer<'a>(
        &'a self,
        token: gc_types::Secret,
        peer: PeerInfo,
    ) -> PortFuture<'a, Result<AdmittedViewer, Refusal>>;
}

/// Where a link comes from, for the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerInfo {
    /// Client address, behind trusted proxies.
    pub address: IpAddr,
    /// Ties log lines and audit events together.
    pub correlation: CorrelationId,
}

/// Something the surroundings store, audit or show. Sent without waiting: the
/// media path never touches a database.
#[derive(Debug, Clone)]
pub enum RelayEvent {
    /// An agent's link is up.
    AgentOnline {
        /// Which.
        agent: AgentRef,
        /// Tenant.
        tenant: TenantId,
        /// The machine key it came with; none for a one-time agent.
        key: Option<AgentKeyId>,
        /// Its hello.
        hello: Box<v2::AgentHello>,
        /// Its version.
        software: String,
        /// From where.
        peer: PeerInfo,
    },
    /// An agent's link is down and no newer one has taken its place.
    AgentOffline {
        /// Which.
        agent: AgentRef,
        /// Tenant.
        tenant: TenantId,
    },
    /// An agent said something new about itself.
    AgentStatus {
        /// Which.
        agent: AgentRef,
        /// What.
        status: v2::AgentStatus,
    },
    /// The user answered, or nobody did.
    Consent {
        /// Session.
        session: SessionId,
        /// Answer.
        state: ConsentState,
        /// What was allowed.
        rights: Rights,
        /// Why, for denials.
        cause: Option<CauseCode>,
    },
    /// A viewer has its seat.
    ViewerJoined {
        /// Session.
        session: SessionId,
        /// Who.
        user: UserId,
        /// Seat number.
        participant: u16,
        /// What they may do.
        rights: Rights,
        /// From where.
        peer: PeerInfo,
    },
    /// A viewer's link ended.
    ViewerLeft {
        /// Session.
        session: SessionId,
        /// Who.
        user: UserId,
        /// Seat number.
        participant: u16,
    },
    /// Control changed hands.
    Control {
        /// Session.
        session: SessionId,
        /// Who has it now.
        user: Option<UserId>,
    },
    /// A session is over.
    SessionEnded {
        /// Session.
        session: SessionId,
        /// Why.
        cause: CauseCode,
        /// Who ended it, when a viewer did.
        by: Option<UserId>,
    },
    /// An agent's own audit report.
    Reported {
        /// Session.
        session: SessionId,
        /// Name of the event.
        event: String,
        /// Detail.
        detail: String,
    },
    /// What became of files, by the agent's word.
    Files {
        /// Session.
        session: SessionId,
        /// Each with who moved it, when the relay still knows.
        files: Vec<(Option<UserId>, v2::FileReceipt)>,
    },
    /// A peer broke a rule: records dropped, or the link closed.
    Violation {
        /// Session, where known.
        session: Option<SessionId>,
        /// Stable name of the rule.
        rule: &'static str,
        /// From where.
        peer: PeerInfo,
    },
}

/// Takes events. Must return at once and never lose an event of a decision: an
/// implementation queues without limit in memory and writes in its own task.
pub trait EventSink: Send + Sync + 'static {
    /// Takes one event.
    fn emit(&self, event: RelayEvent);
}
