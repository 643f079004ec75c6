//! A relay with scripted surroundings.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_proto::v2::{self, CloseCode};
use gc_relay::ports::{
    AdmittedAgent, AdmittedViewer, AgentCredential, AgentRef, EventSink, Gate, OpenSession,
    PeerInfo, PortFuture, Refusal, RelayEvent, SessionGrant,
};
use gc_relay::{Relay, RelayConfig};
use gc_types::{
    AgentKeyId, AgentMode, ConsentMode, ConsentState, CorrelationId, GrantId, MachineId,
    ManualClock, Rights, Secret, SeededEntropy, SessionId, TenantId, UnixMillis, UserId,
};
use tokio::sync::Notify;
use tokio::time::timeout;
use uuid::Uuid;

use super::peer::Peer;
use super::socket::socket_pair;

/// Everything the relay reported.
#[derive(Default)]
pub struct EventLog {
    events: Mutex<Vec<RelayEvent>>,
    more: Notify,
}

impl EventSink for EventLog {
    fn emit(&self, event: RelayEvent) {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push(event);
        self.more.notify_waiters();
    }
}

impl EventLog {
    /// What was reported so far.
    pub fn all(&self) -> Vec<RelayEvent> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until `pick` takes an event, old or new.
    pub async fn until<T>(&self, mut pick: impl FnMut(&RelayEvent) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let more = self.more.notified();
                tokio::pin!(more);
                more.as_mut().enable();
                if let Some(picked) = self.all().iter().find_map(&mut pick) {
                    return picked;
                }
                more.await;
            }
        };
        let picked = timeout(Duration::from_mins(10), waiting).await.ok();
        picked.unwrap_or_else(|| panic!("no such event among {:?}", self.all()))
    }

    /// Rules that were broken, in order.
    pub fn violations(&self) -> Vec<&'static str> {
        let rule = |event: &RelayEvent| match event {
            RelayEvent::Violation { rule, .. } => Some(*rule),
            _ => None,
        };
        self.all().iter().filter_map(rule).collect()
    }
}

/// Lets in whom the test has put in; a viewer token works once.
#[derive(Default)]
pub struct ScriptedGate {
    viewers: Mutex<HashMap<String, AdmittedViewer>>,
    sessions: Mutex<Vec<OpenSession>>,
    /// While set, admissions wait for it.
    pub hold: Mutex<Option<Arc<Notify>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ScriptedGate {
    /// A viewer that may come in with this token.
    pub fn expect_viewer(&self, token: &str, viewer: AdmittedViewer) {
        locked(&self.viewers).insert(token.to_owned(), viewer);
    }

    /// A session that the database knows.
    pub fn store_session(&self, session: OpenSession) {
        locked(&self.sessions).push(session);
    }

    async fn held(&self) {
        let hold = locked(&self.hold).clone();
        if let Some(hold) = hold {
            hold.notified().await;
        }
    }
}

impl Gate for ScriptedGate {
    fn admit_agent<'a>(
        &'a self,
        credential: &'a AgentCredential,
        _hello: &'a v2::AgentHello,
        _software: &'a str,
        _peer: PeerInfo,
    ) -> PortFuture<'a, Result<AdmittedAgent, Refusal>> {
        Box::pin(async move {
            self.held().await;
            let (agent, mode, key) = match credential {
                AgentCredential::Machine { machine, key, .. } => {
                    (AgentRef::Machine(*machine), AgentMode::Managed, Some(*key))
                }
                AgentCredential::Resume { session } => {
                    (AgentRef::Support(*session), AgentMode::Support, None)
                }
                AgentCredential::SupportCode(_) => {
                    return Err(Refusal {
                        code: CloseCode::Unauthenticated,
                        reason: "the code is not valid".into(),
                    });
                }
            };
            let sessions = locked(&self.sessions);
            Ok(AdmittedAgent {
                agent,
                mode,
                key,
                tenant: TenantId::DEFAULT,
                resume_token: (mode == AgentMode::Support).then(|| Secret::new("resume-me")),
                sessions: sessions.iter().filter(|s| s.agent == agent).cloned().collect(),
            })
        })
    }

    fn admit_viewer<'a>(
        &'a self,
        token: Secret,
        _peer: PeerInfo,
    ) -> PortFuture<'a, Result<AdmittedViewer, Refusal>> {
        Box::pin(async move {
            self.held().await;
            locked(&self.viewers).remove(token.expose()).ok_or_else(|| Refusal {
                code: CloseCode::Unauthenticated,
                reason: "the token is not valid".into(),
            })
        })
    }
}

/// A session as the server would open it: silent, everything allowed.
pub fn open_session(session: SessionId, agent: AgentRef) -> OpenSession {
    OpenSession {
        session,
        agent,
        tenant: TenantId::DEFAULT,
        machine_name: "reception".into(),
        grant: SessionGrant {
            id: GrantId::from_bytes(*session.as_bytes()),
            technician: "Ada".into(),
            company: "Example".into(),
            rights: Rights::CONTROL,
            expires: UnixMillis(u64::MAX / 2),
            ticket: String::new(),
        },
        consent_mode: ConsentMode::Silent,
        consent: ConsentState::NotRequired,
        rights: Rights::CONTROL,
        consent_timeout: Duration::from_mins(1),
        notice: None,
        files: Some(gc_proto::v2::FilePolicy {
            upload: true,
            download: true,
            ..Default::default()
        }),
    }
}

/// A relay, what it reported, and the ids that tests use.
pub struct TestRelay {
    /// The relay itself.
    pub relay: Relay,
    /// Its gate.
    pub gate: Arc<ScriptedGate>,
    /// Its events.
    pub log: Arc<EventLog>,
}

impl Default for TestRelay {
    fn default() -> Self {
        Self::new(RelayConfig::default())
    }
}

impl TestRelay {
    /// With these times and sizes. Call it within a tokio runtime.
    pub fn new(config: RelayConfig) -> Self {
        let gate = Arc::new(ScriptedGate::default());
        let log = Arc::new(EventLog::default());
        let clock = Arc::new(ManualClock::new(UnixMillis(1_767_225_600_000)));
        let entropy = Arc::new(SeededEntropy::new(1));
        let relay = Relay::new(
            config,
            clock,
            entropy,
            Arc::clone(&gate) as Arc<dyn Gate>,
            Arc::clone(&log) as Arc<dyn EventSink>,
        );
        Self { relay, gate, log }
    }

    /// Session number `n`.
    pub const fn session(n: u8) -> SessionId {
        SessionId::from_bytes([n; 16])
    }

    /// Machine number `n`.
    pub const fn machine(n: u8) -> AgentRef {
        AgentRef::Machine(MachineId::from_bytes([n; 16]))
    }

    /// The key of machine number `n`.
    pub const fn key(n: u8) -> AgentKeyId {
        AgentKeyId::from_bytes([n; 16])
    }

    /// User number `n`; also the bytes of its login.
    pub const fn user(n: u8) -> UserId {
        UserId::from_bytes([n; 16])
    }

    /// The login of user number `n`.
    pub const fn login(n: u8) -> Uuid {
        Uuid::from_bytes([n; 16])
    }

    /// Where every test link comes from.
    pub const fn peer_info() -> PeerInfo {
        PeerInfo {
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            correlation: CorrelationId::from_bytes([9; 16]),
        }
    }

    /// Connects an agent that has said nothing yet.
    pub fn connect_agent(&self, credential: AgentCredential, buffer: usize) -> Peer {
        let (source, sink, peer) = socket_pair(buffer);
        let relay = self.relay.clone();
        gc_runtime::spawn("test agent link", async move {
            relay.serve_agent(credential, Self::peer_info(), source, sink).await;
        });
        Peer::new(peer)
    }

    /// Connects a viewer that has said nothing yet.
    pub fn connect_viewer(&self, buffer: usize) -> Peer {
        let (source, sink, peer) = socket_pair(buffer);
        let relay = self.relay.clone();
        gc_runtime::spawn("test viewer link", async move {
            relay.serve_viewer(Self::peer_info(), source, sink).await;
        });
        Peer::new(peer)
    }

    /// Connects machine number `n` and waits for its welcome.
    pub async fn agent(&self, n: u8) -> Peer {
        let credential = AgentCredential::Machine {
            key: Self::key(n),
            machine: MachineId::from_bytes([n; 16]),
            tenant: TenantId::DEFAULT,
        };
        let mut peer = self.connect_agent(credential, 4_096);
        peer.hello_agent(Vec::new()).await;
        peer.body(|body| matches!(body, v2::link_message::Body::Welcome(_)).then_some(())).await;
        peer
    }

    /// Makes a token with which user number `n` may join a session.
    pub fn token(&self, session: SessionId, n: u8, rights: Rights) -> String {
        let token = format!("token-{n}-{session}");
        self.gate.expect_viewer(
            &token,
            AdmittedViewer {
                session,
                user: Self::user(n),
                login: Self::login(n),
                name: format!("user {n}"),
                rights,
                tenant: TenantId::DEFAULT,
                resume_token: None,
            },
        );
        token
    }

    /// Connects user number `n` to a session and waits for its seat.
    pub async fn viewer(
        &self,
        session: SessionId,
        n: u8,
        rights: Rights,
        buffer: usize,
    ) -> (Peer, v2::ViewerSeat) {
        let token = self.token(session, n, rights);
        let mut peer = self.connect_viewer(buffer);
        peer.hello_viewer(&token).await;
        let seat = peer
            .body(|body| match body {
                v2::link_message::Body::Welcome(welcome) => welcome.seat.clone(),
                _ => None,
            })
            .await;
        (peer, seat)
    }
}
