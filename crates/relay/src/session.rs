//! One session: its broker, its agent's link and its viewers' links.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_channel::{PushError, Pushed, SequenceCheck};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, AgentPresence, CloseCode};
use gc_proto::{Record, clean_text, encode_link};
use gc_session::{Broker, BrokerEvent, BrokerSetup, Effect, JoinRefused, Joined, Joining, Verdict};
use gc_types::{CauseCode, Rights, SessionId, TenantId, UnixMillis, UserId};
use tokio::sync::Notify;
use tokio::time::sleep_until;
use uuid::Uuid;

use crate::link::{Closing, Link};
use crate::ports::{AdmittedViewer, AgentRef, OpenSession, PeerInfo, RelayEvent, SessionGrant};
use crate::relay::{SessionView, ViewerView};
use crate::shared::Shared;

/// Seats whose users are remembered.
const SEATS_KNOWN: usize = 256;

struct Viewer {
    participant: u16,
    user: UserId,
    login: Uuid,
    name: String,
    since: UnixMillis,
    link: Arc<Link>,
}

struct Inner {
    broker: Broker,
    agent: Option<Arc<Link>>,
    agent_sequence: SequenceCheck,
    viewers: Vec<Viewer>,
    /// Viewers that the agent's link was told of.
    watching: u32,
    meter: Meter,
    /// Who had which seat: an agent's report may come after its viewer has left.
    seats: VecDeque<(u16, UserId)>,
    /// The user of the console who ended it: the broker knows seats only.
    ended_by: Option<UserId>,
}

/// Payload bits of the last whole second.
#[derive(Default)]
struct Meter {
    second: u64,
    bits: u64,
    last: u64,
}

impl Meter {
    fn turn(&mut self, now: Duration) {
        let second = now.as_secs();
        if second != self.second {
            self.last = if second == self.second + 1 { self.bits } else { 0 };
            self.bits = 0;
            self.second = second;
        }
    }

    fn add(&mut self, bytes: usize, now: Duration) {
        self.turn(now);
        self.bits += bytes as u64 * 8;
    }

    fn kbps(&mut self, now: Duration) -> u32 {
        self.turn(now);
        u32::try_from(self.last / 1_000).unwrap_or(u32::MAX)
    }
}

/// A session in the relay.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) agent: AgentRef,
    pub(crate) tenant: TenantId,
    inner: Mutex<Inner>,
    /// A deadline may have moved.
    changed: Notify,
}

impl Session {
    pub(crate) fn new(open: OpenSession, shared: &Shared) -> Self {
        let setup = BrokerSetup {
            session: open.session,
            machine_name: clean_text(&open.machine_name, gc_proto::MAX_NAME),
            grant: grant_to_wire(&open.grant),
            consent_mode: open.consent_mode,
            consent: open.consent,
            rights: open.rights,
            consent_timeout: open.consent_timeout,
            notice: open.notice,
            files: open.files,
            agent_grace: matches!(open.agent, AgentRef::Support(_))
                .then_some(shared.config.support_grace),
            stall: shared.config.stall,
        };
        Self {
            id: open.session,
            agent: open.agent,
            tenant: open.tenant,
            inner: Mutex::new(Inner {
                broker: Broker::new(setup, shared.both_times()),
                agent: None,
                agent_sequence: SequenceCheck::new(0),
                viewers: Vec::new(),
                watching: 0,
                meter: Meter::default(),
                seats: VecDeque::new(),
                ended_by: None,
            }),
            changed: Notify::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does one step and what follows from it.
    fn step<T>(&self, shared: &Shared, step: impl FnOnce(&mut Inner, &mut Vec<Effect>) -> T) -> T {
        let mut inner = self.inner();
        let mut effects = Vec::new();
        let epoch = inner.broker.epoch();
        let result = step(&mut inner, &mut effects);
        if inner.broker.epoch() != epoch {
            inner.agent_sequence = SequenceCheck::new(inner.broker.epoch());
        }
        for effect in effects {
            self.carry_out(shared, &mut inner, effect);
        }
        Self::sync_watch(&mut inner);
        drop(inner);
        self.changed.notify_one();
        result
    }

    fn carry_out(&self, shared: &Shared, inner: &mut Inner, effect: Effect) {
        match effect {
            Effect::ToAgent(body) => {
                if let Some(agent) = &inner.agent {
                    agent.tell(body);
                }
            }
            Effect::ToViewer(participant, body) => {
                if let Some(viewer) = inner.viewers.iter().find(|v| v.participant == participant) {
                    viewer.link.tell(body);
                }
            }
            Effect::ToViewers(body) => {
                let message = encode_link(body);
                for viewer in &inner.viewers {
                    viewer.link.tell_bytes(message.clone());
                }
            }
            Effect::Event(event) => self.report(shared, inner, event),
        }
    }

    fn report(&self, shared: &Shared, inner: &mut Inner, event: BrokerEvent) {
        let session = self.id;
        let user_of = |inner: &Inner, participant: Option<u16>| {
            let viewer = inner.viewers.iter().find(|v| Some(v.participant) == participant);
            viewer.map(|viewer| viewer.user)
        };
        let event = match event {
            BrokerEvent::Consent { state, rights, cause } => {
                RelayEvent::Consent { session, state, rights, cause }
            }
            BrokerEvent::Control(holder) => {
                RelayEvent::Control { session, user: user_of(inner, holder) }
            }
            BrokerEvent::Ended { cause, by } => {
                let by = user_of(inner, by).or(inner.ended_by);
                for viewer in &inner.viewers {
                    viewer.link.close(Closing::new(CloseCode::SessionEnded, cause.name()));
                }
                if let (AgentRef::Support(_), Some(agent)) = (self.agent, &inner.agent) {
                    agent.close(Closing::new(CloseCode::SessionEnded, cause.name()));
                }
                shared.forget_session(session, self.agent);
                RelayEvent::SessionEnded { session, cause, by }
            }
        };
        shared.events.emit(event);
    }

    /// Tells the agent's link how many watch: it beats faster then.
    fn sync_watch(inner: &mut Inner) {
        let after = if inner.broker.ended().is_some() { 0 } else { inner.viewers.len() as u32 };
        if let Some(agent) = &inner.agent {
            agent.watch(inner.watching, after);
            inner.watching = after;
        }
    }

    /// Ties the agent's link to the session, once; a newer one replaces an older.
    pub(crate) fn attach(&self, shared: &Shared, link: &Arc<Link>) {
        self.step(shared, |inner, out| {
            let newer = inner.agent.as_ref().is_none_or(|known| known.id < link.id);
            if !newer || link.is_gone() || inner.broker.ended().is_some() {
                return;
            }
            if let Some(old) = inner.agent.replace(Arc::clone(link)) {
                old.watch(inner.watching, 0);
            }
            inner.watching = 0;
            inner.broker.agent_up(link.held(self.id), shared.both_times(), out);
        });
    }

    /// The agent's link is gone.
    pub(crate) fn detach(&self, shared: &Shared, link: u64) {
        self.step(shared, |inner, out| {
            if inner.agent.as_ref().is_some_and(|known| known.id == link) {
                inner.agent = None;
                inner.watching = 0;
                inner.broker.agent_down(shared.both_times(), out);
            }
        });
    }

    /// What the user is shown from now on.
    pub(crate) fn set_notice(&self, shared: &Shared, notice: Option<v2::ConnectionNotice>) {
        self.step(shared, |inner, out| inner.broker.set_notice(notice, out));
    }

    /// Gives a viewer its seat. `welcome` makes the message that goes out before
    /// anything else.
    pub(crate) fn join(
        &self,
        shared: &Shared,
        viewer: &AdmittedViewer,
        capabilities: Option<v2::ViewerCapabilities>,
        link: &Arc<Link>,
        peer: PeerInfo,
        welcome: impl FnOnce(Joined) -> Body,
    ) -> Result<Joined, JoinRefused> {
        self.step(shared, |inner, out| {
            let joining =
                Joining { name: viewer.name.clone(), rights: viewer.rights, capabilities };
            let joined = inner.broker.join(joining, out)?;
            link.tell(welcome(joined));
            if inner.seats.len() == SEATS_KNOWN {
                inner.seats.pop_front();
            }
            inner.seats.push_back((joined.participant, viewer.user));
            inner.viewers.push(Viewer {
                participant: joined.participant,
                user: viewer.user,
                login: viewer.login,
                name: clean_text(&viewer.name, gc_proto::MAX_NAME),
                since: shared.clock.now(),
                link: Arc::clone(link),
            });
            shared.events.emit(RelayEvent::ViewerJoined {
                session: self.id,
                user: viewer.user,
                participant: joined.participant,
                rights: joined.rights,
                peer,
            });
            Ok(joined)
        })
    }

    /// A viewer's link ended.
    pub(crate) fn leave(&self, shared: &Shared, participant: u16) {
        self.step(shared, |inner, out| {
            let Some(at) = inner.viewers.iter().position(|v| v.participant == participant) else {
                return;
            };
            let viewer = inner.viewers.remove(at);
            shared.events.emit(RelayEvent::ViewerLeft {
                session: self.id,
                user: viewer.user,
                participant,
            });
            inner.broker.leave(participant, out);
        });
    }

    /// Passes an agent's record on to every viewer that may have it.
    pub(crate) fn forward_from_agent(
        &self,
        shared: &Shared,
        link: u64,
        record: &Record,
    ) -> Verdict {
        let mut inner = self.inner();
        let inner = &mut *inner;
        if inner.agent.as_ref().is_none_or(|agent| agent.id != link) {
            return Verdict::Drop("superseded");
        }
        let header = record.header();
        let verdict = inner.broker.check_from_agent(header, record.payload_len());
        if verdict != Verdict::Forward {
            return verdict;
        }
        if inner.agent_sequence.accept(header).is_err() {
            return Verdict::Violation("replayed_record");
        }
        inner.meter.add(record.payload_len(), shared.now());
        let mut forwarded = 0;
        for viewer in &inner.viewers {
            if !inner.broker.receives(viewer.participant, header) {
                continue;
            }
            match viewer.link.forward(header, record.bytes().clone(), shared.now()) {
                Ok(Pushed::Queued) => forwarded += 1,
                Ok(Pushed::Skipped(count)) => shared.counters.dropped(count as u64),
                Err(PushError::NoCredit | PushError::InputOverrun) => shared.counters.dropped(1),
                // Without this record the viewer would show what is not so.
                Err(PushError::Full) => viewer
                    .link
                    .close(Closing::new(CloseCode::Overloaded, CauseCode::ViewerTooSlow.name())),
            }
        }
        shared.counters.forwarded(forwarded, record.bytes().len());
        Verdict::Forward
    }

    /// Passes a viewer's record on to the agent.
    pub(crate) fn forward_from_viewer(
        &self,
        shared: &Shared,
        seat: u16,
        sequence: &mut SequenceCheck,
        record: &Record,
    ) -> Verdict {
        let inner = self.inner();
        let header = record.header();
        let verdict = inner.broker.check_from_viewer(seat, header, record.payload_len());
        if verdict != Verdict::Forward {
            return verdict;
        }
        sequence.begin_epoch(inner.broker.epoch());
        if sequence.accept(header).is_err() {
            return Verdict::Violation("replayed_record");
        }
        let Some(agent) = &inner.agent else { return Verdict::Drop("agent_offline") };
        match agent.forward(header, record.bytes().clone(), shared.now()) {
            Ok(_) => {
                shared.counters.forwarded(1, record.bytes().len());
                Verdict::Forward
            }
            Err(_) => Verdict::Drop("agent_too_slow"),
        }
    }

    pub(crate) fn picture_needed(&self, shared: &Shared, participant: u16) {
        self.step(shared, |inner, out| inner.broker.picture_needed(participant, out));
    }

    pub(crate) fn answer(
        &self,
        shared: &Shared,
        link: u64,
        answer: &v2::SessionAnswer,
    ) -> Result<(), &'static str> {
        self.step(shared, |inner, out| {
            if inner.agent.as_ref().is_none_or(|agent| agent.id != link) {
                return Ok(());
            }
            inner.broker.answer(answer, shared.both_times(), out)
        })
    }

    pub(crate) fn control(
        &self,
        shared: &Shared,
        seat: u16,
        action: v2::ControlAction,
    ) -> Result<(), &'static str> {
        self.step(shared, |inner, out| inner.broker.control(seat, &action, out))
    }

    pub(crate) fn end_by_viewer(&self, shared: &Shared, seat: u16) -> Result<(), &'static str> {
        self.step(shared, |inner, out| inner.broker.end_by_viewer(seat, out))
    }

    pub(crate) fn end_by_agent(&self, shared: &Shared, link: u64, end: &v2::SessionEnd) {
        self.step(shared, |inner, out| {
            if inner.agent.as_ref().is_some_and(|agent| agent.id == link) {
                inner.broker.end_by_agent(end, out);
            }
        });
    }

    /// What became of files, by the word of this session's agent.
    pub(crate) fn files(&self, shared: &Shared, link: u64, files: Vec<v2::FileReceipt>) {
        let inner = self.inner();
        if inner.agent.as_ref().is_none_or(|agent| agent.id != link) {
            return;
        }
        let user = |file: &v2::FileReceipt| {
            let found =
                inner.seats.iter().rev().find(|(seat, _)| u32::from(*seat) == file.participant);
            found.map(|(_, user)| *user)
        };
        let files = files.into_iter().map(|file| (user(&file), file)).collect();
        shared.events.emit(RelayEvent::Files { session: self.id, files });
    }

    /// Ended from outside, by a user of the console or by a rule of the server.
    pub(crate) fn end(&self, shared: &Shared, cause: CauseCode, by: Option<UserId>) {
        self.step(shared, |inner, out| {
            inner.ended_by = by;
            inner.broker.end(cause, None, out);
        });
    }

    /// Closes the links of the viewers that match.
    pub(crate) fn cut(&self, matches: impl Fn(UserId, Uuid) -> bool, closing: &Closing) {
        for viewer in &self.inner().viewers {
            if matches(viewer.user, viewer.login) {
                viewer.link.close(closing.clone());
            }
        }
    }

    /// The agent, which was said to have stalled, was heard again.
    pub(crate) fn heard_again(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.inner().broker.ended().is_some()
    }

    pub(crate) fn view(&self, shared: &Shared) -> SessionView {
        let mut inner = self.inner();
        let kbps = inner.meter.kbps(shared.now());
        let controller = inner.broker.controller();
        let viewers = inner.viewers.iter().map(|viewer| ViewerView {
            participant: viewer.participant,
            user: viewer.user,
            name: viewer.name.clone(),
            rights: inner.broker.rights_of(viewer.participant),
            since: viewer.since,
            in_control: controller == Some(viewer.participant),
        });
        SessionView {
            session: self.id,
            agent: self.agent,
            agent_online: inner.agent.is_some(),
            consent: inner.broker.consent(),
            viewers: viewers.collect(),
            kbps,
        }
    }

    /// Keeps the session's deadlines until it ends.
    pub(crate) async fn keep_time(self: Arc<Self>, shared: Arc<Shared>) {
        loop {
            let due = {
                let inner = self.inner();
                if inner.broker.ended().is_some() {
                    return;
                }
                inner.broker.deadline(heard(&inner))
            };
            match due {
                None => self.changed.notified().await,
                Some(due) => tokio::select! {
                    () = self.changed.notified() => {}
                    () = sleep_until(shared.instant(due)) => {}
                },
            }
            self.tick(&shared);
        }
    }

    fn tick(&self, shared: &Shared) {
        let mut inner = self.inner();
        let mut effects = Vec::new();
        let last = heard(&inner);
        inner.broker.tick(last, shared.both_times(), &mut effects);
        if inner.broker.presence() == AgentPresence::Stalled
            && let Some(agent) = &inner.agent
        {
            agent.stalled.store(true, Ordering::Relaxed);
        }
        for effect in effects {
            self.carry_out(shared, &mut inner, effect);
        }
        Self::sync_watch(&mut inner);
    }
}

fn heard(inner: &Inner) -> Duration {
    inner.agent.as_ref().map_or(Duration::ZERO, |agent| agent.heard())
}

fn grant_to_wire(grant: &SessionGrant) -> v2::Grant {
    v2::Grant {
        grant_id: grant.id.as_bytes().to_vec(),
        technician: clean_text(&grant.technician, gc_proto::MAX_NAME),
        company: clean_text(&grant.company, gc_proto::MAX_NAME),
        rights: grant.rights.bits(),
        expires_unix_ms: grant.expires.0,
        ticket: clean_text(&grant.ticket, gc_proto::MAX_NAME),
        signature: Vec::new(),
    }
}

/// How a refused viewer is closed.
pub(crate) fn refusal(refused: JoinRefused) -> Closing {
    let code = match refused {
        JoinRefused::ConsentPending | JoinRefused::NoRights => CloseCode::Forbidden,
        JoinRefused::ConsentDenied | JoinRefused::Ended => CloseCode::SessionEnded,
        JoinRefused::Full => CloseCode::Overloaded,
    };
    Closing::new(code, &refused.to_string())
}

/// The rights in a welcome.
pub(crate) fn seat_to_wire(session: SessionId, joined: Joined) -> v2::ViewerSeat {
    let rights: Rights = joined.rights;
    v2::ViewerSeat {
        session_id: session.as_bytes().to_vec(),
        participant: joined.participant.into(),
        rights: rights.bits(),
        epoch: joined.epoch,
    }
}
