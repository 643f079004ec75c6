//! The service's side of its workers, as one value behind a lock: what sessions,
//! questions and workers there are, and what each event means for the others.

mod heard;
mod link;
mod told;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use gc_input::Control;
use gc_platform::{DesktopSessionId, WorkerProcess};
use gc_proto::v2::NoticeTopic;
use gc_proto::v2::link_message::Body;
use gc_session::{Answer, ConsentQuestion};
use gc_types::{CauseCode, SessionId};

use super::logs::WorkerLogs;
use super::queue::Queue;
use super::shown::{Shown, releases};
use super::supervisor::{Action, Supervisor, WorkerNumber};
use crate::events::{AgentEvent, EventSender};
use crate::outlet::Uplink;
use crate::worker::message::{Ask, Goodbye, OfSession, Order, Ping};
use heard::Activity;

/// A prompt closes by itself in time; a worker that does not say so is not waited
/// for longer.
const LATE_ANSWER: Duration = Duration::from_secs(2);

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
