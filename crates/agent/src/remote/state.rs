//! The service's side of its workers, as one value behind a lock: what sessions,
//! questions and workers there are, and what each event means for the others.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use gc_actions::MIN_INTERVAL;
use gc_input::Control;
use gc_platform::{
    DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState, WorkerProcess,
};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, AgentControl, NoticeTopic, ViewerControl, agent_control, viewer_control};
use gc_proto::{Channel, Flags, Header, Record};
use gc_session::{Answer, ConsentQuestion};
use gc_types::{CauseCode, SessionId};
use prost::Message;

use super::logs::WorkerLogs;
use super::queue::Queue;
use super::shown::{Shown, releases};
use super::supervisor::{Action, Supervisor, WorkerNumber};
use crate::events::{AgentEvent, EventSender};
use crate::input_thread::notice;
use crate::outlet::{Outlet, RecordWay, Uplink};
use crate::worker::message::{AnswerKind, Ask, Files, Goodbye, OfSession, Order, Ping, Word};

/// A prompt closes by itself in time; a worker that does not say so is not waited
/// for longer.
const LATE_ANSWER: Duration = Duration::from_secs(2);

/// A screen or an encoder that has not returned for so long does not return.
const STALL_MS: u64 = 8_000;

/// Reports that wait for a link.
const MAX_UNREPORTED: usize = 256;
/// Sessions that are remembered after their end.
const MAX_CLOSED: usize = 64;

/// Of the list of sessions; the channel's messages have 16 KiB.
const LIST_BYTES: usize = 12 << 10;

/// A worker that has shown its ticket.
pub(super) struct Connected {
    pub(super) queue: Arc<Queue>,
    pub(super) session: DesktopSessionId,
}

struct Question {
    question: ConsentQuestion,
    deadline: Duration,
}

/// What a driver has to do after a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Start a worker on a thread of its own.
    Start(WorkerNumber, DesktopSessionId),
}

/// Who is at the machine, as last told.
#[derive(Default)]
struct Activity {
    user: String,
    idle: Duration,
    at: Duration,
}

pub(super) struct State {
    supervisor: Supervisor,
    uplink: Arc<Uplink>,
    events: EventSender,
    /// Started and not ended.
    processes: BTreeMap<WorkerNumber, Arc<dyn WorkerProcess>>,
    /// To be ended as soon as there is a process.
    doomed: BTreeSet<WorkerNumber>,
    workers: BTreeMap<WorkerNumber, Connected>,
    serving: Option<WorkerNumber>,
    sessions: BTreeMap<SessionId, Shown>,
    questions: BTreeMap<SessionId, Question>,
    /// Left down by workers that were ended at once.
    left_down: BTreeMap<DesktopSessionId, Vec<Control>>,
    /// What retiring workers are to bring up.
    retiring: BTreeMap<WorkerNumber, (DesktopSessionId, Vec<Control>)>,
    activity: Activity,
    trouble: Option<CauseCode>,
    nonce: u64,
    /// When Ctrl+Alt+Del was last asked for.
    pressed: Option<Duration>,
    /// Reports that wait for a link.
    unreported: VecDeque<Body>,
    /// Sessions that have ended; what came of them may still be reported.
    closed: VecDeque<SessionId>,
    logs: WorkerLogs,
}

impl State {
    pub(super) fn new(uplink: Arc<Uplink>, events: EventSender) -> Self {
        Self {
            supervisor: Supervisor::default(),
            uplink,
            events,
            processes: BTreeMap::new(),
            doomed: BTreeSet::new(),
            workers: BTreeMap::new(),
            serving: None,
            sessions: BTreeMap::new(),
            questions: BTreeMap::new(),
            left_down: BTreeMap::new(),
            retiring: BTreeMap::new(),
            activity: Activity::default(),
            trouble: None,
            nonce: 0,
            pressed: None,
            unreported: VecDeque::new(),
            closed: VecDeque::new(),
            logs: WorkerLogs::default(),
        }
    }

    /// Lets the rules work and does what they say.
    pub(super) fn drive(
        &mut self,
        now: Duration,
        work: impl FnOnce(&mut Supervisor) -> Vec<Action>,
    ) -> Vec<Todo> {
        let actions = work(&mut self.supervisor);
        actions.into_iter().filter_map(|action| self.act(action, now)).collect()
    }

    /// When there is something to do, if nothing happens before.
    pub(super) fn deadline(&mut self) -> Option<Duration> {
        let questions = self.questions.values().map(|it| it.deadline.saturating_add(LATE_ANSWER));
        let asked = questions.min();
        self.supervisor.deadline().into_iter().chain(asked).min()
    }

    /// Questions that nobody has answered.
    pub(super) fn expire(&mut self, now: Duration) {
        let over: Vec<SessionId> = self
            .questions
            .iter()
            .filter(|(_, it)| now >= it.deadline.saturating_add(LATE_ANSWER))
            .map(|(session, _)| *session)
            .collect();
        for session in over {
            self.questions.remove(&session);
            self.events.send(AgentEvent::Answered(session, Answer::TimedOut));
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.supervisor.is_over() && self.processes.is_empty()
    }

    fn act(&mut self, action: Action, now: Duration) -> Option<Todo> {
        match action {
            Action::Start(worker, session) => {
                tracing::info!(worker = worker.0, %session, "starting a worker");
                return Some(Todo::Start(worker, session));
            }
            Action::Serve(worker) => self.serve(worker, now),
            Action::Retire(worker) => {
                if let Some(connected) = self.workers.get(&worker) {
                    tracing::info!(worker = worker.0, "worker is not needed any more");
                    connected.queue.order(Order::Goodbye(Goodbye {}));
                    let place = connected.session;
                    let held = self.unserve(worker);
                    self.retiring.insert(worker, (place, held));
                }
            }
            Action::Kill(worker) => self.kill(worker),
            Action::Ping(worker) => {
                self.nonce += 1;
                if let Some(connected) = self.workers.get(&worker) {
                    connected.queue.order(Order::Ping(Ping { nonce: self.nonce }));
                }
            }
            Action::Tell(trouble) => {
                if let Some(cause) = trouble {
                    tracing::info!(cause = cause.name(), "no desktop is shown");
                }
                self.trouble = trouble;
                self.tell_all(NoticeTopic::DesktopSession, trouble);
                self.events.send(AgentEvent::Picture(trouble));
            }
            Action::Listed => {
                for session in self.sessions.keys().copied().collect::<Vec<_>>() {
                    self.send_list(session, 0);
                }
            }
        }
        None
    }

    /// A worker has connected and shown its ticket.
    pub(super) fn connected(&mut self, number: WorkerNumber, connected: Connected) {
        self.workers.insert(number, connected);
    }

    /// A process was started. `false`: it is not wanted any more.
    pub(super) fn started(
        &mut self,
        number: WorkerNumber,
        process: Arc<dyn WorkerProcess>,
    ) -> bool {
        let wanted = !self.doomed.remove(&number);
        if wanted {
            self.processes.insert(number, process);
        }
        wanted
    }

    /// No process came of it.
    pub(super) fn not_started(&mut self, number: WorkerNumber) {
        self.doomed.remove(&number);
    }

    /// A process has ended. What its sessions held down stays so until there is
    /// another worker in its place.
    pub(super) fn ended(&mut self, number: WorkerNumber, in_order: bool) {
        self.processes.remove(&number);
        let retired = self.retiring.remove(&number);
        let Some(connected) = self.workers.remove(&number) else { return };
        connected.queue.close();
        // Who kills a process chooses its exit code: only one that was asked to go has
        // released what it held.
        let released = in_order && retired.is_some();
        let (place, held) = retired.unwrap_or_else(|| (connected.session, self.unserve(number)));
        if !released && !held.is_empty() {
            self.left_down.entry(place).or_default().extend(held);
        }
    }

    fn kill(&mut self, number: WorkerNumber) {
        // Now, not when it has ended: the next one may be faster.
        let place = self.workers.get(&number).map(|connected| connected.session);
        let serving = place.map(|place| (place, self.unserve(number)));
        if let Some((place, held)) = self.retiring.remove(&number).or(serving)
            && !held.is_empty()
        {
            self.left_down.entry(place).or_default().extend(held);
        }
        if let Some(process) = self.processes.get(&number) {
            tracing::warn!(
                worker = number.0,
                process = process.id(),
                "ending the worker's process"
            );
            process.kill();
        } else {
            self.doomed.insert(number);
        }
    }

    /// Nobody serves until the next one does. Returns what is down.
    fn unserve(&mut self, number: WorkerNumber) -> Vec<Control> {
        if self.serving != Some(number) {
            return Vec::new();
        }
        self.serving = None;
        self.sessions.values_mut().flat_map(Shown::release_all).collect()
    }

    fn serve(&mut self, number: WorkerNumber, now: Duration) {
        let Some(connected) = self.workers.get(&number) else { return };
        let (queue, place) = (Arc::clone(&connected.queue), connected.session);
        tracing::info!(worker = number.0, session = %place, "worker serves");
        self.serving = Some(number);
        if let Some(held) = self.left_down.remove(&place) {
            queue.order(Order::ReleaseHeld(releases(&held)));
        }
        for shown in self.sessions.values() {
            let (open, wishes, joined) = shown.take_up(place);
            queue.order(open);
            queue.order(self.files(shown.session()));
            for wish in &wishes {
                queue.record(wish, true);
            }
            for joined in joined {
                queue.order(joined);
            }
        }
        self.sessions.values_mut().for_each(Shown::told);
        for question in self.questions.values() {
            queue.order(Order::Ask(ask(&question.question, question.deadline, now)));
        }
        // What the worker before has said of these holds no longer.
        for topic in
            [NoticeTopic::Picture, NoticeTopic::Input, NoticeTopic::Clipboard, NoticeTopic::Encoder]
        {
            self.tell_all(topic, None);
        }
    }

    // What the link says.

    pub(super) fn ask(&mut self, question: &ConsentQuestion, now: Duration) {
        let deadline = now.saturating_add(question.timeout);
        self.order(Order::Ask(ask(question, deadline, now)));
        let question = Question { question: question.clone(), deadline };
        self.questions.insert(question.question.session, question);
    }

    pub(super) fn cancel_ask(&mut self, session: SessionId) {
        if self.questions.remove(&session).is_some() {
            self.order(Order::CancelAsk(of(session)));
        }
    }

    pub(super) fn open(&mut self, session: SessionId, shown: Shown) {
        let place = self.serving.and_then(|worker| self.workers.get(&worker));
        if let Some(connected) = place {
            let (open, _, _) = shown.take_up(connected.session);
            connected.queue.order(open);
        }
        self.sessions.insert(session, shown);
    }

    pub(super) fn close(&mut self, session: SessionId, now: Duration) -> Vec<Todo> {
        if self.sessions.remove(&session).is_some() {
            self.closed.push_back(session);
            if self.closed.len() > MAX_CLOSED {
                self.closed.pop_front();
            }
        }
        self.order(Order::Close(of(session)));
        self.watched(now);
        if self.sessions.is_empty() {
            // Whoever comes next has chosen nothing.
            return self.drive(now, |rules| rules.select(None, now).unwrap_or_default());
        }
        Vec::new()
    }

    /// Changes what is known of a session and tells the worker.
    pub(super) fn change(
        &mut self,
        session: SessionId,
        now: Duration,
        change: impl FnOnce(&mut Shown) -> Order,
    ) {
        let Some(shown) = self.sessions.get_mut(&session) else { return };
        let order = change(shown);
        if self.serving.is_some() {
            shown.told();
        }
        self.order(order);
        self.watched(now);
    }

    /// What the server allows of files in a session by its last offer.
    pub(super) fn files(&self, session: SessionId) -> Order {
        let policy = self.uplink.rules(|rules| rules.files(session).cloned());
        Order::Files(Files { session: session.as_bytes().to_vec(), policy })
    }

    /// Tells somebody who has just come what the worker does not know.
    pub(super) fn greet(&mut self, session: SessionId, participant: u16) {
        // Who comes shows that there is a link.
        self.report_all();
        self.send_list(session, participant);
        if self.trouble.is_some() {
            let message = notice(NoticeTopic::DesktopSession, self.trouble, "");
            self.outlet(session).send(Channel::Control, participant, Flags::END, &message);
        }
    }

    fn watched(&mut self, now: Duration) {
        let watched = self.sessions.values().any(Shown::is_watched);
        self.supervisor.watched(watched, now);
    }

    /// A record from a viewer, which the rules let through.
    pub(super) fn receive(
        &mut self,
        record: &Record,
        may_arrange: bool,
        now: Duration,
    ) -> Vec<Todo> {
        let header = record.header();
        let control = (header.channel == Channel::Control)
            .then(|| ViewerControl::decode(record.payload()).ok())
            .flatten();
        if let Some(viewer_control::Body::SelectDesktopSession(select)) =
            control.as_ref().and_then(|control| control.body.as_ref())
        {
            if !may_arrange {
                tracing::debug!("a viewer that is not in control may not choose the session");
                return Vec::new();
            }
            return self.select(header, select.id, now);
        }
        let Some(worker) = self.serving else { return Vec::new() };
        let Some(connected) = self.workers.get(&worker) else { return Vec::new() };
        let queue = Arc::clone(&connected.queue);
        if let Some(shown) = self.sessions.get_mut(&header.session)
            && (may_arrange || header.channel != Channel::Control)
        {
            shown.remember(record, control.as_ref(), Some(connected.session));
        }
        if !queue.record(record, may_arrange) {
            tracing::warn!(worker = worker.0, "worker does not read what it is sent");
            self.kill(worker);
        }
        Vec::new()
    }

    fn select(&mut self, header: &Header, id: u32, now: Duration) -> Vec<Todo> {
        let choice = (id != 0).then_some(DesktopSessionId(id));
        match self.supervisor.select(choice, now) {
            Ok(actions) => {
                tracing::info!(session = id, "another Windows session was chosen");
                let todo = actions.into_iter().filter_map(|action| self.act(action, now)).collect();
                self.tell_one(header, self.trouble);
                self.send_list(header.session, 0);
                todo
            }
            Err(cause) => {
                self.tell_one(header, Some(cause));
                self.send_list(header.session, header.participant);
                Vec::new()
            }
        }
    }

    /// To the worker that serves, if there is one.
    pub(super) fn order(&self, order: Order) {
        if let Some(connected) = self.serving.and_then(|worker| self.workers.get(&worker)) {
            connected.queue.order(order);
        }
    }

    pub(super) fn backlog_changed(&self) {
        if let Some(connected) = self.serving.and_then(|worker| self.workers.get(&worker)) {
            connected.queue.backlog_changed();
        }
    }

    // What a worker says.

    /// Whether a record of this worker may go out; counts it.
    pub(super) fn may_send(&mut self, number: WorkerNumber, header: &Header) -> bool {
        if self.serving != Some(number) {
            return false;
        }
        match self.sessions.get_mut(&header.session) {
            Some(shown) => {
                shown.sent(header);
                true
            }
            None => false,
        }
    }

    /// `None`: this is not for a worker to say.
    pub(super) fn heard(&mut self, number: WorkerNumber, word: Word, now: Duration) -> Option<()> {
        match word {
            Word::Hello(_) | Word::Attention(_) => return None,
            Word::Pong(pong) => {
                // An old one proves nothing of now.
                // What a thread of it hangs in, it does not come out of by itself.
                let stalled = pong.stalled_ms > STALL_MS;
                if pong.nonce == self.nonce && !stalled {
                    self.supervisor.alive(number, now);
                }
                if self.serving == Some(number) {
                    self.active(pong.user, pong.idle_ms, now);
                }
                return Some(());
            }
            Word::Log(log) => {
                self.logs.line(number, &log.line, now);
                return Some(());
            }
            _ if self.serving != Some(number) => return Some(()),
            Word::Answered(answered) => {
                let session = SessionId::from_slice(&answered.session).ok()?;
                // Only what was asked can be answered, and once.
                if self.questions.remove(&session).is_some() {
                    let answer = match answered.answer() {
                        AnswerKind::Allow => Answer::Allow,
                        AnswerKind::ViewOnly => Answer::ViewOnly,
                        AnswerKind::TimedOut => Answer::TimedOut,
                        AnswerKind::Decline => Answer::Decline,
                    };
                    self.events.send(AgentEvent::Answered(session, answer));
                }
            }
            Word::StopPressed(which) => {
                let session = SessionId::from_slice(&which.session).ok()?;
                if self.sessions.contains_key(&session) {
                    self.events.send(AgentEvent::StopPressed(session));
                }
            }
            Word::Failed(which) => {
                let session = SessionId::from_slice(&which.session).ok()?;
                if self.sessions.contains_key(&session) {
                    self.events.send(AgentEvent::Failed(session));
                }
            }
            Word::LockAtEnd(wish) => {
                let session = SessionId::from_slice(&wish.session).ok()?;
                if let Some(shown) = self.sessions.get_mut(&session) {
                    shown.lock_at_end(wish.on);
                }
            }
            Word::Picture(picture) => {
                self.events.send(AgentEvent::Picture(CauseCode::from_number(picture.cause)));
            }
        }
        Some(())
    }

    /// Whether this worker may have Ctrl+Alt+Del pressed now; counts it.
    pub(super) fn may_press(&mut self, number: WorkerNumber, now: Duration) -> bool {
        let soon = self.pressed.is_some_and(|last| now < last.saturating_add(MIN_INTERVAL));
        let may = self.serving == Some(number) && !self.sessions.is_empty() && !soon;
        if may {
            self.pressed = Some(now);
        }
        may
    }

    /// A report for the server, about a session that was or is open here. `None`: this
    /// is not for a worker to say.
    pub(super) fn reported(&mut self, body: Body) -> Option<()> {
        let session = match &body {
            Body::FileAudit(audit) => &audit.session_id,
            Body::AuditReport(report) => &report.session_id,
            _ => return None,
        };
        let session = SessionId::from_slice(session).ok()?;
        if !self.sessions.contains_key(&session) && !self.closed.contains(&session) {
            return None;
        }
        if self.unreported.len() >= MAX_UNREPORTED {
            tracing::error!(%session, "a report of a worker is lost: there is no link for too long");
            self.unreported.pop_front();
        }
        self.unreported.push_back(body);
        self.report_all();
        Some(())
    }

    fn report_all(&mut self) {
        while let Some(body) = self.unreported.front() {
            if !self.uplink.report(body.clone()) {
                return;
            }
            self.unreported.pop_front();
        }
    }

    /// The user of the worker's session, and since when nothing was pressed.
    pub(super) fn active(&mut self, user: String, idle_ms: u64, now: Duration) {
        self.activity = Activity { user, idle: Duration::from_millis(idle_ms), at: now };
    }

    /// Who is logged on: in the session that is shown, else anywhere. Whoever could be
    /// seen is somebody to be asked.
    pub(super) fn activity(&self, now: Duration) -> gc_platform::UserActivity {
        let rules = &self.supervisor;
        let elsewhere = rules.list().iter().map(|session| session.user.as_str());
        let own = [rules.user(), self.activity.user.as_str()];
        let user = own.into_iter().chain(elsewhere).find(|user| !user.is_empty());
        let idle = self.activity.idle.saturating_add(now.saturating_sub(self.activity.at));
        gc_platform::UserActivity { user: user.unwrap_or_default().to_owned(), idle }
    }

    // What viewers hear from the service itself.

    fn tell_all(&self, topic: NoticeTopic, cause: Option<CauseCode>) {
        let message = notice(topic, cause, "");
        for session in self.sessions.keys() {
            self.outlet(*session).send(Channel::Control, 0, Flags::END, &message);
        }
    }

    /// Answers the viewer that a record came from.
    fn tell_one(&self, header: &Header, cause: Option<CauseCode>) {
        let message = notice(NoticeTopic::DesktopSession, cause, "");
        let outlet = self.outlet(header.session);
        outlet.send(Channel::Control, header.participant, Flags::END, &message);
    }

    fn send_list(&self, session: SessionId, participant: u16) {
        let shown = self.supervisor.shown();
        let list = v2::DesktopSessionList {
            sessions: listed(self.supervisor.list(), shown),
            current: shown.map_or(0, |session| session.0),
            follows_console: self.supervisor.follows_console(),
        };
        let message = AgentControl { body: Some(agent_control::Body::DesktopSessions(list)) };
        self.outlet(session).send(Channel::Control, participant, Flags::END, &message);
    }

    fn outlet(&self, session: SessionId) -> Outlet {
        Outlet::new(session, Arc::clone(&self.uplink) as Arc<dyn RecordWay>)
    }
}

pub(super) fn of(session: SessionId) -> OfSession {
    OfSession { session: session.as_bytes().to_vec() }
}

fn ask(question: &ConsentQuestion, deadline: Duration, now: Duration) -> Ask {
    let left = deadline.saturating_sub(now);
    Ask {
        session: question.session.as_bytes().to_vec(),
        technician: question.technician.clone(),
        company: question.company.clone(),
        rights: question.rights.bits(),
        timeout_ms: u64::try_from(left.as_millis()).unwrap_or(u64::MAX),
    }
}

/// As many as fit a message, in any case the one that is shown.
fn listed(list: &[DesktopSession], shown: Option<DesktopSessionId>) -> Vec<v2::DesktopSession> {
    let mut left = LIST_BYTES;
    let mut fitting = Vec::new();
    let (current, others): (Vec<_>, Vec<_>) =
        list.iter().partition(|session| Some(session.id) == shown);
    for session in current.into_iter().chain(others) {
        let session = on_wire(session);
        let Some(rest) = left.checked_sub(session.encoded_len() + 4) else { break };
        left = rest;
        fitting.push(session);
    }
    fitting.sort_by_key(|session| session.id);
    fitting
}

fn on_wire(session: &DesktopSession) -> v2::DesktopSession {
    let state = match session.state {
        DesktopSessionState::Active => v2::DesktopSessionState::Active,
        DesktopSessionState::Locked => v2::DesktopSessionState::Locked,
        DesktopSessionState::LogonScreen => v2::DesktopSessionState::LogonScreen,
        DesktopSessionState::Disconnected => v2::DesktopSessionState::Disconnected,
    };
    let kind = match session.kind {
        DesktopSessionKind::Console => v2::DesktopSessionKind::Console,
        DesktopSessionKind::Remote => v2::DesktopSessionKind::Remote,
    };
    v2::DesktopSession {
        id: session.id.0,
        user: gc_proto::clean_text(&session.user, gc_proto::MAX_NAME),
        state: state.into(),
        kind: kind.into(),
        name: gc_proto::clean_text(&session.name, 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_fits_its_message_and_keeps_what_is_shown() {
        let session = |id| DesktopSession {
            id: DesktopSessionId(id),
            user: "ж".repeat(400),
            state: DesktopSessionState::Active,
            kind: DesktopSessionKind::Remote,
            name: "RDP-Tcp#1".repeat(20),
        };
        let list: Vec<_> = (1..=256).map(session).collect();
        let told = listed(&list, Some(DesktopSessionId(256)));
        assert!(told.len() > 10, "{}", told.len());
        assert_eq!(told.last().map(|session| session.id), Some(256));
        let list = v2::DesktopSessionList { sessions: told, current: 256, follows_console: false };
        let message = AgentControl { body: Some(agent_control::Body::DesktopSessions(list)) };
        assert!(message.encoded_len() <= gc_proto::max_payload(Channel::Control, true));

        let few = listed(&[session(3), session(1)], None);
        assert_eq!(few.iter().map(|session| session.id).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn a_worker_reports_of_its_sessions_and_of_nothing_else() {
        let clock = Arc::new(gc_types::ManualClock::default());
        let uplink = Arc::new(Uplink::new(clock));
        let mut state = State::new(uplink, EventSender::new().0);
        let session = SessionId::from_bytes([5; 16]);
        let audit = |session: SessionId| {
            let session_id = session.as_bytes().to_vec();
            Body::FileAudit(v2::FileAudit { session_id, files: Vec::new() })
        };
        assert_eq!(state.reported(audit(session)), None, "not open here");
        assert_eq!(state.reported(Body::Heartbeat(v2::Heartbeat::default())), None);
        let opening = crate::desktop::Opening {
            session,
            offer: v2::SessionOffer::default(),
            managed: true,
            lock_at_end: false,
            told_of: Vec::new(),
            frames_before: 0,
        };
        state.open(session, Shown::new(opening));
        assert_eq!(state.reported(audit(session)), Some(()));
        drop(state.close(session, Duration::ZERO));
        assert_eq!(state.reported(audit(session)), Some(()), "what ended with it");
        assert_eq!(state.unreported.len(), 2, "kept until there is a link");
        for _ in 0..2 * MAX_UNREPORTED {
            assert_eq!(state.reported(audit(session)), Some(()));
        }
        assert_eq!(state.unreported.len(), MAX_UNREPORTED);
    }
}
