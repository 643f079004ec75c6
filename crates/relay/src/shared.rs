//! What all links of a relay share: the registry of agents and sessions.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_proto::v2::CloseCode;
use gc_session::Now;
use gc_types::{AgentKeyId, CauseCode, Clock, Entropy, SessionId, UnixMillis, UserId};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::link::{Closing, Link};
use crate::ports::{AgentRef, EventSink, Gate, OpenSession, PeerInfo, RelayEvent};
use crate::relay::RelayConfig;
use crate::session::Session;

/// Links of one agent that replaced each other within this count as flapping ...
const FLAPPING_WINDOW: Duration = Duration::from_mins(1);
/// ... from this many on.
const FLAPPING: usize = 3;
/// How long a replaced link is told to stay away: a real duplicate then does not
/// take the place back at once.
const SUPERSEDED_WAIT: Duration = Duration::from_secs(30);
const FLAPPING_WAIT: Duration = Duration::from_mins(5);
/// How long a cut is remembered for admissions that were under way.
const CUT_MEMORY: Duration = Duration::from_mins(1);
/// Sessions that ended a moment ago: their agents may still be sending.
const ENDED_MEMORY: usize = 512;

/// What access was withdrawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    Key(AgentKeyId),
    Agent(AgentRef),
    Login(Uuid),
    User(UserId),
}

/// An agent whose link is up.
pub(crate) struct AgentEntry {
    pub(crate) link: Arc<Link>,
    pub(crate) key: Option<AgentKeyId>,
    pub(crate) since: UnixMillis,
    pub(crate) logged_on_user: String,
    pub(crate) idle: Duration,
    pub(crate) no_picture: Option<CauseCode>,
    /// When links of this agent were replaced lately.
    pub(crate) superseded: VecDeque<Duration>,
}

#[derive(Default)]
pub(crate) struct Registry {
    pub(crate) agents: HashMap<AgentRef, AgentEntry>,
    pub(crate) sessions: HashMap<SessionId, Arc<Session>>,
    by_agent: HashMap<AgentRef, Vec<SessionId>>,
    ended: VecDeque<SessionId>,
    cuts: VecDeque<(Duration, Cut)>,
    going_away: Option<Duration>,
    /// Every link past its hello.
    links: HashMap<u64, Arc<Link>>,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) agents: AtomicU64,
    pub(crate) viewers: AtomicU64,
    pub(crate) records: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) dropped: AtomicU64,
}

impl Counters {
    pub(crate) fn forwarded(&self, records: u64, bytes: usize) {
        self.records.fetch_add(records, Ordering::Relaxed);
        self.bytes.fetch_add(records * bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn dropped(&self, records: u64) {
        self.dropped.fetch_add(records, Ordering::Relaxed);
    }
}

pub(crate) struct Shared {
    pub(crate) config: RelayConfig,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) gate: Arc<dyn Gate>,
    pub(crate) events: Arc<dyn EventSink>,
    pub(crate) counters: Counters,
    start: Instant,
    next_link: AtomicU64,
    registry: Mutex<Registry>,
    /// A link is out of the registry.
    link_ended: Notify,
    /// The shutdown has begun.
    left: Notify,
}

impl Shared {
    pub(crate) fn new(
        config: RelayConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        gate: Arc<dyn Gate>,
        events: Arc<dyn EventSink>,
    ) -> Self {
        Self {
            config,
            clock,
            entropy,
            gate,
            events,
            counters: Counters::default(),
            start: Instant::now(),
            next_link: AtomicU64::new(1),
            registry: Mutex::default(),
            link_ended: Notify::new(),
            left: Notify::new(),
        }
    }

    /// INVARIANT: nobody locks a session while holding this.
    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Monotonic time since the relay's start.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }

    pub(crate) fn both_times(&self) -> Now {
        Now { monotonic: self.now(), wall: self.clock.now() }
    }

    /// A time below a quarter of `interval`, so that links that came up together do
    /// not beat together.
    pub(crate) fn spread(&self, interval: Duration) -> Duration {
        let mut bytes = [0; 2];
        self.entropy.fill(&mut bytes);
        interval / 4 * u32::from(u16::from_le_bytes(bytes)) / u32::from(u16::MAX)
    }

    /// The refusal of new links while the server shuts down.
    pub(crate) fn going_away(&self) -> Result<(), Closing> {
        self.registry().refuse_when_going_away()
    }

    /// Waits until the server shuts down.
    pub(crate) async fn leaving(&self) -> Closing {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if let Err(closing) = self.going_away() {
                return closing;
            }
            left.await;
        }
    }

    pub(crate) fn next_link(&self) -> u64 {
        self.next_link.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn violation(&self, session: Option<SessionId>, rule: &'static str, peer: PeerInfo) {
        self.events.emit(RelayEvent::Violation { session, rule, peer });
    }

    /// Puts an agent's link in. A link it replaces is closed. The error says how to
    /// close the new one.
    pub(crate) fn register_agent(
        &self,
        agent: AgentRef,
        mut entry: AgentEntry,
        admitted_since: Duration,
        peer: PeerInfo,
    ) -> Result<(), Closing> {
        let now = self.now();
        let mut flapping = false;
        {
            let mut registry = self.registry();
            registry.refuse_when_going_away()?;
            let is_cut = registry.is_cut(admitted_since, |cut| {
                cut == Cut::Agent(agent) || entry.key.is_some_and(|key| cut == Cut::Key(key))
            });
            if is_cut {
                return Err(Closing::new(CloseCode::Unauthenticated, "access was withdrawn"));
            }
            if let Some(old) = registry.agents.remove(&agent) {
                entry.superseded = old.superseded;
                entry.superseded.push_back(now);
                entry.superseded.retain(|at| *at + FLAPPING_WINDOW > now);
                flapping = entry.superseded.len() >= FLAPPING;
                while entry.superseded.len() > FLAPPING {
                    entry.superseded.pop_front();
                }
                let wait = if flapping { FLAPPING_WAIT } else { SUPERSEDED_WAIT };
                old.link.close(
                    Closing::new(
                        CloseCode::Superseded,
                        "a newer connection of this machine took over",
                    )
                    .retry_after(wait),
                );
            }
            registry.links.insert(entry.link.id, Arc::clone(&entry.link));
            registry.agents.insert(agent, entry);
        }
        self.counters.agents.fetch_add(1, Ordering::Relaxed);
        if flapping {
            self.violation(None, "agent_flapping", peer);
        }
        Ok(())
    }

    /// Takes an agent's link out. Sessions are detached; whether no newer link has
    /// its place.
    pub(crate) fn unregister_agent(&self, agent: AgentRef, link: &Link) -> bool {
        link.mark_gone();
        let (last, sessions) = {
            let mut registry = self.registry();
            let last = registry.agents.get(&agent).is_some_and(|entry| entry.link.id == link.id);
            if last {
                registry.agents.remove(&agent);
            }
            (last, registry.sessions_of(agent))
        };
        for session in sessions {
            session.detach(self, link.id);
        }
        self.counters.agents.fetch_sub(1, Ordering::Relaxed);
        self.forget_link(link);
        last
    }

    /// Puts a viewer's link in, before it takes its seat.
    pub(crate) fn register_viewer(&self, link: &Arc<Link>) -> Result<(), Closing> {
        let mut registry = self.registry();
        registry.refuse_when_going_away()?;
        registry.links.insert(link.id, Arc::clone(link));
        self.counters.viewers.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    pub(crate) fn unregister_viewer(&self, link: &Link) {
        self.counters.viewers.fetch_sub(1, Ordering::Relaxed);
        self.forget_link(link);
    }

    fn forget_link(&self, link: &Link) {
        self.registry().links.remove(&link.id);
        self.link_ended.notify_waiters();
    }

    /// Opens a session, or finds it open, and ties it to its agent's link.
    pub(crate) fn open(self: &Arc<Self>, open: OpenSession) {
        let agent = open.agent;
        let (session, link, is_new) = {
            let mut registry = self.registry();
            if registry.ended.contains(&open.session) {
                return;
            }
            let known = registry.sessions.get(&open.session).cloned();
            let is_new = known.is_none();
            let session = known.unwrap_or_else(|| {
                let session = Arc::new(Session::new(open, self));
                registry.sessions.insert(session.id, Arc::clone(&session));
                registry.by_agent.entry(agent).or_default().push(session.id);
                session
            });
            let link = registry.agents.get(&agent).map(|entry| Arc::clone(&entry.link));
            (session, link, is_new)
        };
        if is_new {
            gc_runtime::spawn("relay session", Arc::clone(&session).keep_time(Arc::clone(self)));
        }
        if let Some(link) = link {
            session.attach(self, &link);
        }
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<Arc<Session>> {
        self.registry().sessions.get(&id).cloned()
    }

    pub(crate) fn sessions_of(&self, agent: AgentRef) -> Vec<Arc<Session>> {
        self.registry().sessions_of(agent)
    }

    pub(crate) fn all_sessions(&self) -> Vec<Arc<Session>> {
        self.registry().sessions.values().cloned().collect()
    }

    /// Takes an ended session out. Called with that session locked.
    pub(crate) fn forget_session(&self, session: SessionId, agent: AgentRef) {
        let mut registry = self.registry();
        registry.sessions.remove(&session);
        if let Some(of_agent) = registry.by_agent.get_mut(&agent) {
            of_agent.retain(|id| *id != session);
            if of_agent.is_empty() {
                registry.by_agent.remove(&agent);
            }
        }
        registry.ended.push_back(session);
        while registry.ended.len() > ENDED_MEMORY {
            registry.ended.pop_front();
        }
    }

    /// Whether the session ended a moment ago.
    pub(crate) fn ended_lately(&self, session: SessionId) -> bool {
        self.registry().ended.contains(&session)
    }

    /// Remembers that access was withdrawn, for admissions that are under way.
    pub(crate) fn remember_cut(&self, cut: Cut) {
        let now = self.now();
        let mut registry = self.registry();
        registry.cuts.retain(|(at, _)| *at + CUT_MEMORY > now);
        registry.cuts.push_back((now, cut));
    }

    /// Whether access was withdrawn since an admission began.
    pub(crate) fn is_cut(&self, since: Duration, matches: impl Fn(Cut) -> bool) -> bool {
        self.registry().is_cut(since, matches)
    }

    /// Closes every link, and waits for them for a moment.
    pub(crate) async fn shutdown(&self, retry_after: Duration) {
        {
            let mut registry = self.registry();
            registry.going_away = Some(retry_after);
            for link in registry.links.values() {
                link.close(going_away(retry_after));
            }
        }
        self.left.notify_waiters();
        let all_gone = async {
            loop {
                let ended = self.link_ended.notified();
                tokio::pin!(ended);
                ended.as_mut().enable();
                if self.registry().links.is_empty() {
                    return;
                }
                ended.await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(3), all_gone).await.is_err() {
            tracing::warn!("some links did not close in time");
        }
    }
}

fn going_away(retry_after: Duration) -> Closing {
    Closing::new(CloseCode::GoingAway, "the server is restarting").retry_after(retry_after)
}

impl Registry {
    pub(crate) fn sessions_of(&self, agent: AgentRef) -> Vec<Arc<Session>> {
        let ids = self.by_agent.get(&agent).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|id| self.sessions.get(id).cloned()).collect()
    }

    fn is_cut(&self, since: Duration, matches: impl Fn(Cut) -> bool) -> bool {
        self.cuts.iter().any(|(at, cut)| *at >= since && matches(*cut))
    }

    fn refuse_when_going_away(&self) -> Result<(), Closing> {
        self.going_away.map_or(Ok(()), |wait| Err(going_away(wait)))
    }
}
