//! An agent's link, from its hello to its end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{MAX_AGENT_MESSAGE, MAX_NAME, Packet, Record, clean_text};
use gc_session::{Peer, Verdict};
use gc_types::{CauseCode, SessionId, TenantId};

use crate::conduct::{Conduct, unreadable};
use crate::greet::{admit, broken, greeting, welcome};
use crate::link::{Closing, Link};
use crate::ports::{
    AgentCredential, AgentRef, LinkSink, LinkSource, PeerInfo, RelayEvent, SocketEvent,
};
use crate::session::Session;
use crate::shared::{AgentEntry, Shared};
use crate::writer;

/// Runs an agent's link to its end.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    credential: AgentCredential,
    peer: PeerInfo,
    mut source: Box<dyn LinkSource>,
    sink: Box<dyn LinkSink>,
) {
    // Boxed: what the opening needs must not weigh on a link that is idle for days.
    let opened = Box::pin(open(&shared, credential, peer, source.as_mut(), sink)).await;
    let Some((agent, tenant, link)) = opened else { return };
    let mut reader = Reader {
        shared: &shared,
        agent,
        link: &link,
        conduct: Conduct::new(peer, shared.now()),
        current: None,
        last: None,
    };
    loop {
        let event = tokio::select! {
            biased;
            () = link.stopped() => break,
            event = source.next() => event,
        };
        if let Err(closing) = reader.on_event(event) {
            link.close(closing);
            // Nothing more is read: nobody else sees a byte of what follows.
            link.stopped().await;
            break;
        }
    }
    if shared.unregister_agent(agent, &link) {
        shared.events.emit(RelayEvent::AgentOffline { agent, tenant });
    }
}

/// Hello, gate, registration, offers. `None` when the link has ended already.
async fn open(
    shared: &Arc<Shared>,
    credential: AgentCredential,
    peer: PeerInfo,
    source: &mut dyn LinkSource,
    mut sink: Box<dyn LinkSink>,
) -> Option<(AgentRef, TenantId, Arc<Link>)> {
    let began = shared.now();
    let admitted = async {
        // Before the gate: a support code must not be used up for nothing.
        shared.going_away()?;
        let greeting = greeting(shared, Peer::Agent, source).await?;
        let (version, software) = (greeting.version, greeting.software.clone());
        let Some(hello) = greeting.agent() else {
            return Err(Closing::new(CloseCode::ProtocolError, "not an agent's hello"));
        };
        let asked = shared.gate.admit_agent(&credential, &hello, &software, peer);
        let admitted = admit(asked).await?;
        Ok((version, software, hello, admitted))
    }
    .await;
    let (version, software, hello, admitted) = match admitted {
        Ok(admitted) => admitted,
        Err(closing) => {
            writer::say_goodbye(sink.as_mut(), Vec::new(), &closing).await;
            return None;
        }
    };

    let (agent, tenant, key) = (admitted.agent, admitted.tenant, admitted.key);
    let held = hello
        .held_sessions
        .iter()
        .filter_map(|held| Some((SessionId::from_slice(&held.session_id).ok()?, held.epoch)))
        .collect();
    let link = Arc::new(Link::agent(shared.next_link(), shared.now(), held));
    let mut welcome = welcome(shared, version, shared.config.idle_heartbeat);
    if let Some(token) = &admitted.resume_token {
        token.expose().clone_into(&mut welcome.resume_token);
    }
    link.tell(Body::Welcome(welcome));
    let entry = AgentEntry {
        link: Arc::clone(&link),
        key,
        since: shared.clock.now(),
        logged_on_user: clean_text(&hello.logged_on_user, MAX_NAME),
        idle: Duration::ZERO,
        no_picture: None,
        superseded: VecDeque::new(),
    };
    if let Err(closing) = shared.register_agent(agent, entry, began, peer) {
        writer::say_goodbye(sink.as_mut(), Vec::new(), &closing).await;
        return None;
    }
    gc_runtime::spawn(
        "relay writer",
        writer::run(Arc::clone(shared), Arc::clone(&link), None, sink),
    );
    let hello = Box::new(hello);
    shared.events.emit(RelayEvent::AgentOnline { agent, tenant, key, hello, software, peer });
    offer_sessions(shared, &link, agent, admitted.sessions);
    Some((agent, tenant, link))
}

/// Offers what is open, and ends what the agent holds but nobody knows.
fn offer_sessions(
    shared: &Arc<Shared>,
    link: &Arc<Link>,
    agent: AgentRef,
    stored: Vec<crate::ports::OpenSession>,
) {
    for session in stored {
        // A gate may only speak for the agent that it let in.
        if session.agent == agent {
            shared.open(session);
        }
    }
    let known = shared.sessions_of(agent);
    for session in &known {
        session.attach(shared, link);
    }
    for id in link.all_held() {
        if !known.iter().any(|session| session.id == id) {
            link.tell(Body::SessionEnd(v2::SessionEnd {
                session_id: id.as_bytes().to_vec(),
                cause: Some(v2::Cause {
                    code: CauseCode::SessionUnknown as i32,
                    detail: String::new(),
                }),
            }));
        }
    }
}

struct Reader<'a> {
    shared: &'a Arc<Shared>,
    agent: AgentRef,
    link: &'a Arc<Link>,
    conduct: Conduct,
    /// The session of the last record; most agents have one.
    current: Option<Arc<Session>>,
    /// The same, kept when it is over: what became of its files is told afterwards.
    last: Option<Arc<Session>>,
}

impl Reader<'_> {
    fn on_event(&mut self, event: SocketEvent) -> Result<(), Closing> {
        let bytes = match event {
            SocketEvent::Message(bytes) if bytes.len() <= MAX_AGENT_MESSAGE => bytes,
            SocketEvent::Message(_) => return Err(broken(&SocketEvent::TooLarge)),
            SocketEvent::Closed => return Err(Closing::lost()),
            other => return Err(broken(&other)),
        };
        self.link.hear(self.shared.now());
        if self.link.stalled.swap(false, Ordering::Relaxed) {
            for session in self.shared.sessions_of(self.agent) {
                session.heard_again();
            }
        }
        match Packet::decode(bytes) {
            Ok(Packet::Record(record)) => self.on_record(&record),
            Ok(Packet::Link(body)) => self.on_link_message(body),
            Err(error) => Err(unreadable(&error)),
        }
    }

    fn on_record(&mut self, record: &Record) -> Result<(), Closing> {
        let header = record.header();
        let limit = gc_proto::max_payload(header.channel, true);
        if record.payload_len() > limit {
            return Err(broken(&SocketEvent::TooLarge));
        }
        let Some(session) = self.find(header.session) else {
            self.shared.counters.dropped(1);
            if self.shared.ended_lately(header.session) {
                return Ok(());
            }
            return self.conduct.breach(self.shared, Some(header.session), "unknown_session");
        };
        match session.forward_from_agent(self.shared, self.link.id, record) {
            Verdict::Forward => Ok(()),
            Verdict::Drop(rule) => {
                self.shared.counters.dropped(1);
                self.conduct.left_out(self.shared, header.session, rule);
                Ok(())
            }
            Verdict::Violation(rule) => {
                self.shared.counters.dropped(1);
                self.conduct.breach(self.shared, Some(header.session), rule)
            }
            Verdict::TooLarge => Err(broken(&SocketEvent::TooLarge)),
        }
    }

    /// The session, when it is one of this agent's.
    fn find(&mut self, id: SessionId) -> Option<Arc<Session>> {
        if let Some(current) = self.current.as_ref().filter(|known| known.id == id)
            && !current.is_over()
        {
            return Some(Arc::clone(current));
        }
        self.current = None;
        let session = self.shared.session(id).filter(|found| found.agent == self.agent)?;
        self.current = Some(Arc::clone(&session));
        self.last = Some(Arc::clone(&session));
        Some(session)
    }

    fn on_link_message(&mut self, body: Body) -> Result<(), Closing> {
        if !self.conduct.takes_link_message(self.shared) {
            return self.conduct.breach(self.shared, None, "link_message_rate");
        }
        match body {
            Body::Heartbeat(beat) => {
                self.link.tell(Body::HeartbeatAck(v2::HeartbeatAck { nonce: beat.nonce }));
                Ok(())
            }
            Body::HeartbeatAck(_) => Ok(()),
            Body::Close(_) => Err(Closing::new(CloseCode::Normal, "goodbye")),
            Body::SessionAnswer(answer) => {
                let Some(session) = self.named(&answer.session_id) else {
                    return self.foreign(&answer.session_id);
                };
                let id = session.id;
                session
                    .answer(self.shared, self.link.id, &answer)
                    .or_else(|rule| self.conduct.breach(self.shared, Some(id), rule))
            }
            Body::SessionEnd(end) => {
                let Some(session) = self.named(&end.session_id) else {
                    return self.foreign(&end.session_id);
                };
                session.end_by_agent(self.shared, self.link.id, &end);
                Ok(())
            }
            Body::AuditReport(report) => {
                let Some(session) = self.named(&report.session_id) else {
                    return self.foreign(&report.session_id);
                };
                self.shared.events.emit(RelayEvent::Reported {
                    session: session.id,
                    event: report.event,
                    detail: clean_text(&report.detail, 500),
                });
                Ok(())
            }
            Body::FileAudit(audit) => {
                let over = self.last.clone();
                let over = over.filter(|it| it.id.as_bytes()[..] == audit.session_id[..]);
                let Some(session) = self.named(&audit.session_id).or(over) else {
                    return self.foreign(&audit.session_id);
                };
                session.files(self.shared, self.link.id, audit.files);
                Ok(())
            }
            Body::AgentStatus(status) => {
                self.on_status(status);
                Ok(())
            }
            _ => self.conduct.breach(self.shared, None, "wrong_direction"),
        }
    }

    fn on_status(&mut self, mut status: v2::AgentStatus) {
        status.logged_on_user = clean_text(&status.logged_on_user, MAX_NAME);
        if let Some(entry) = self.shared.registry().agents.get_mut(&self.agent)
            && entry.link.id == self.link.id
        {
            entry.logged_on_user.clone_from(&status.logged_on_user);
            entry.idle = Duration::from_secs(status.idle_seconds.into());
            entry.no_picture =
                status.no_picture.as_ref().and_then(|cause| CauseCode::from_number(cause.code));
        }
        self.shared.events.emit(RelayEvent::AgentStatus { agent: self.agent, status });
    }

    fn named(&mut self, id: &[u8]) -> Option<Arc<Session>> {
        SessionId::from_slice(id).ok().and_then(|id| self.find(id))
    }

    /// A message about a session that is not this agent's.
    fn foreign(&mut self, id: &[u8]) -> Result<(), Closing> {
        let id = SessionId::from_slice(id).ok();
        if id.is_some_and(|id| self.shared.ended_lately(id)) {
            return Ok(());
        }
        self.conduct.breach(self.shared, id, "unknown_session")
    }
}
