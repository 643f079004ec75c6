//! The threads around the workers: one that keeps time and reads the list of
//! sessions, and two for each worker, which read and write its pipe.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use gc_platform::{
    ActionError, DesktopSession, DesktopSessionId, SecureAttentionError, SessionChange,
    SpawnedWorker, WorkerHostError, WorkerStream,
};
use gc_proto::{Channel, Header, Packet, v2};
use gc_types::{CauseCode, Secret};

use super::queue::Queue;
use super::state::{Connected, Todo, of};
use super::supervisor::{Loss, Supervisor, WorkerNumber};
use super::{FAREWELL, REREAD, Shared};
use crate::outlet::Forwarded;
use crate::worker::frame::{self, Frame, FrameError};
use crate::worker::message::{AttentionDone, FromWorker, Hello, Order, Welcome, Word};
use crate::worker::ticket::Ticket;

/// Does what the state cannot do itself.
pub(super) fn carry_out(shared: &Arc<Shared>, todo: Vec<Todo>) {
    for Todo::Start(number, session) in todo {
        let its = Arc::clone(shared);
        let thread = std::thread::Builder::new()
            .name("worker-reader".into())
            .spawn(move || Life { shared: its, number, session }.run());
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for a worker");
            over(shared, number, Loss::Ended);
        }
    }
    shared.wake();
}

/// A worker is not there any more, or never was.
fn over(shared: &Arc<Shared>, number: WorkerNumber, why: Loss) {
    // What is there now decides what the end means.
    let list = sessions(shared);
    let now = shared.clock.monotonic();
    let todo = shared.state().drive(now, |rules| {
        let mut actions = list.map(|list| rules.sessions(list, now)).unwrap_or_default();
        actions.extend(rules.ended(number, why, now));
        actions
    });
    carry_out(shared, todo);
}

fn sessions(shared: &Shared) -> Option<Vec<DesktopSession>> {
    shared
        .host
        .sessions()
        .inspect_err(|error| tracing::warn!(%error, "the list of sessions is not known"))
        .ok()
}

/// Keeps time until the desktop ends and nothing is left of any worker.
pub(super) fn keep(shared: &Arc<Shared>) {
    let mut reread_at: Option<Duration> = None;
    let mut farewell: Option<Duration> = None;
    loop {
        let now = shared.clock.monotonic();
        let (happened, reread) = {
            let mut changes = shared.changes();
            if changes.stop && farewell.is_none() {
                farewell = Some(now.saturating_add(FAREWELL));
            }
            changes.wake = false;
            let due = reread_at.is_some_and(|at| now >= at);
            let reread = std::mem::take(&mut changes.reread) || due;
            (std::mem::take(&mut changes.happened), reread)
        };
        if let Some(until) = farewell
            && (shared.state().is_over() || now >= until)
        {
            return;
        }
        let mut list = None;
        if (reread || !happened.is_empty()) && farewell.is_none() {
            list = sessions(shared);
            reread_at = list.is_none().then(|| now.saturating_add(REREAD));
        }
        let todo = {
            let mut state = shared.state();
            state.expire(now);
            state.drive(now, |rules| {
                for change in &happened {
                    tracing::info!(?change, "sessions have changed");
                    note(rules, *change);
                }
                let mut actions = list.map(|list| rules.sessions(list, now)).unwrap_or_default();
                actions.extend(rules.tick(now));
                actions
            })
        };
        if !todo.is_empty() {
            carry_out(shared, todo);
        }

        let wake = [shared.state().deadline(), reread_at, farewell].into_iter().flatten().min();
        let changes = shared.changes();
        let quiet = |changes: &mut super::Changes| {
            let news = changes.wake || changes.reread || !changes.happened.is_empty();
            !news && (!changes.stop || farewell.is_some())
        };
        match wake.map(|at| at.saturating_sub(shared.clock.monotonic())) {
            Some(limit) => drop(
                shared
                    .changed
                    .wait_timeout_while(changes, limit, quiet)
                    .unwrap_or_else(PoisonError::into_inner),
            ),
            None => drop(
                shared.changed.wait_while(changes, quiet).unwrap_or_else(PoisonError::into_inner),
            ),
        }
    }
}

fn note(rules: &mut Supervisor, change: SessionChange) {
    match change {
        SessionChange::Logoff(session) => rules.logging_off(session),
        SessionChange::Logon(session) => rules.logged_on(session),
        // The list says the rest.
        _ => {}
    }
}

/// A worker from its start to its end.
struct Life {
    shared: Arc<Shared>,
    number: WorkerNumber,
    session: DesktopSessionId,
}

impl Life {
    fn run(self) {
        let ticket = Ticket::new(self.shared.entropy.as_ref());
        let worker = match self.shared.host.spawn(self.session, &ticket.text()) {
            Ok(worker) => worker,
            Err(error) => {
                tracing::warn!(%error, session = %self.session, "no worker");
                self.shared.state().not_started(self.number);
                let gone = matches!(error, WorkerHostError::SessionGone(_));
                let why = if gone { Loss::Gone } else { Loss::Ended };
                return over(&self.shared, self.number, why);
            }
        };
        let SpawnedWorker { stream, process } = worker;
        let wanted = self.shared.state().started(self.number, Arc::clone(&process));
        let mut in_order = false;
        if wanted {
            match self.talk(stream, &ticket) {
                Ok(()) => in_order = true,
                Err(error) => {
                    tracing::warn!(%error, worker = self.number.0, "worker is not heard any more");
                }
            }
        }
        if !in_order {
            process.kill();
        }
        let exit = process.wait();
        in_order &= exit.code == Some(0);
        tracing::info!(worker = self.number.0, process = process.id(), %exit, "worker has ended");
        self.shared.state().ended(self.number, in_order);
        let why = if exit.hands_over() { Loss::HandedOver } else { Loss::Ended };
        over(&self.shared, self.number, why);
    }

    /// `Ok`: the stream ended.
    fn talk(&self, stream: WorkerStream, ticket: &Ticket) -> Result<(), TalkError> {
        let WorkerStream { mut reader, mut writer } = stream;
        let Frame::Message(FromWorker { word: Some(Word::Hello(hello)) }) =
            frame::read::<FromWorker>(reader.as_mut())?
        else {
            return Err(TalkError::Stranger);
        };
        greet(hello, ticket, |user, idle_ms| {
            self.shared.state().active(user, idle_ms, self.shared.clock.monotonic());
        })?;
        let queue = Queue::new();
        queue.order(Order::Welcome(Welcome {
            proof: ticket.of_service().expose().to_owned(),
            attention: self.shared.host.attention().is_some(),
        }));
        {
            let (queue, uplink) = (Arc::clone(&queue), Arc::clone(&self.shared.uplink));
            std::thread::Builder::new()
                .name("worker-writer".into())
                .spawn(move || {
                    use crate::outlet::RecordWay;
                    queue.write(writer.as_mut(), &|| uplink.backlog());
                })
                .map_err(TalkError::Thread)?;
        }
        let outcome = self.serve(reader.as_mut(), &queue);
        queue.close();
        outcome
    }

    fn serve(&self, reader: &mut dyn std::io::Read, queue: &Arc<Queue>) -> Result<(), TalkError> {
        let now = self.shared.clock.monotonic();
        let todo = {
            let mut state = self.shared.state();
            let connected = Connected { queue: Arc::clone(queue), session: self.session };
            state.connected(self.number, connected);
            state.drive(now, |rules| rules.ready(self.number, now))
        };
        carry_out(&self.shared, todo);
        loop {
            match frame::read::<FromWorker>(reader) {
                Ok(Frame::Message(FromWorker { word: Some(Word::Attention(asked)) })) => {
                    self.attention(asked.request, queue)?;
                }
                Ok(Frame::Message(FromWorker { word: Some(word) })) => {
                    let now = self.shared.clock.monotonic();
                    let fine = self.shared.state().heard(self.number, word, now);
                    fine.ok_or(TalkError::NotAllowed)?;
                }
                Ok(Frame::Message(FromWorker { word: None })) => return Err(TalkError::NotAllowed),
                Ok(Frame::Record { bytes, .. }) => {
                    let length = bytes.len();
                    let header = Header::decode(&bytes).map_err(|_| TalkError::NotAllowed)?;
                    if self.shared.state().may_send(self.number, &header) {
                        let sent = self.shared.uplink.forward(&header, bytes);
                        if sent == Forwarded::NoRoom && header.channel == Channel::Video {
                            queue.order(Order::Missed(of(header.session)));
                        }
                    }
                    queue.received(length);
                    self.shared.backlog.queued();
                }
                Ok(Frame::Report(link)) => {
                    let Ok(Packet::Link(body)) = Packet::decode(link) else {
                        return Err(TalkError::NotAllowed);
                    };
                    let fine = self.shared.state().reported(body);
                    fine.ok_or(TalkError::NotAllowed)?;
                }
                Err(FrameError::Ended) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Life {
    /// Presses Ctrl+Alt+Del for the worker, on a thread of its own: that may take
    /// seconds.
    fn attention(&self, request: u64, queue: &Arc<Queue>) -> Result<(), TalkError> {
        let now = self.shared.clock.monotonic();
        if !self.shared.state().may_press(self.number, now) {
            queue.order(done(request, Err(ActionError::new(CauseCode::ActionTooSoon, ""))));
            return Ok(());
        }
        let (host, queue) = (Arc::clone(&self.shared.host), Arc::clone(queue));
        std::thread::Builder::new()
            .name("attention".into())
            .spawn(move || {
                let pressed = host
                    .attention()
                    .ok_or(SecureAttentionError::NotSupported)
                    .and_then(|attention| attention.send());
                queue.order(done(request, pressed.map_err(ActionError::from)));
            })
            .map(drop)
            .map_err(TalkError::Thread)
    }
}

fn done(request: u64, pressed: Result<(), ActionError>) -> Order {
    let failure = pressed.err().map(|error| v2::Cause {
        code: error.cause as i32,
        detail: gc_proto::clean_text(&error.detail, 200),
    });
    Order::Attention(AttentionDone { request, failure })
}

/// Why a worker is not listened to.
#[derive(Debug, thiserror::Error)]
enum TalkError {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("who connected is not the worker")]
    Stranger,
    #[error("the worker is of version {0}, this is {version}", version = gc_types::VERSION)]
    Version(String),
    #[error("the worker said what is not for it to say")]
    NotAllowed,
    #[error("no thread: {0}")]
    Thread(std::io::Error),
}

fn greet(hello: Hello, ticket: &Ticket, active: impl FnOnce(String, u64)) -> Result<(), TalkError> {
    if Secret::new(hello.proof) != *ticket.of_worker() {
        return Err(TalkError::Stranger);
    }
    if hello.software != gc_types::VERSION {
        let software = gc_proto::clean_text(&hello.software, 64);
        return Err(TalkError::Version(software));
    }
    active(hello.user, hello.idle_ms);
    Ok(())
}
