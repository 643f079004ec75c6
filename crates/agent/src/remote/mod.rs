//! The desktop in other processes: a worker in each session of the system that is
//! shown. Link, key and consent stay here, and outlive every worker.

mod logs;
mod queue;
mod shown;
mod state;
mod supervisor;
mod threads;

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_platform::{
    Inventory, MachineFacts, PromptError, PromptHandle, SessionChange, SessionWatch, UserActivity,
    WorkerHost, WorkerHostError,
};
use gc_proto::Record;
use gc_proto::v2::{self, PictureNeeded, PictureReason};
use gc_session::{ConsentQuestion, ParticipantInfo};
use gc_types::{Clock, Entropy, SessionId};

use crate::backlog::BacklogWatch;
use crate::desktop::{Desktop, OpenDesktop, Opening};
use crate::events::EventSender;
use crate::outlet::Uplink;
use crate::worker::message::{OfParticipant, Order};
use shown::Shown;
use state::{State, Todo, of};

/// How long the workers may take to end when the service does. The rules kill a worker
/// that takes longer than 3 s.
const FAREWELL: Duration = Duration::from_secs(5);
/// After this the sessions are read again when that failed.
const REREAD: Duration = Duration::from_secs(2);

/// What the threads share.
struct Shared {
    state: Mutex<State>,
    changes: Mutex<Changes>,
    /// Of both: something has happened.
    changed: Condvar,
    host: Arc<dyn WorkerHost>,
    uplink: Arc<Uplink>,
    backlog: Arc<BacklogWatch>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// What the thread that keeps time has not dealt with.
#[derive(Default)]
struct Changes {
    happened: Vec<SessionChange>,
    reread: bool,
    wake: bool,
    stop: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changes(&self) -> MutexGuard<'_, Changes> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread that keeps time looks again.
    fn wake(&self) {
        self.changes().wake = true;
        self.changed.notify_all();
    }
}

/// The desktop that workers show.
pub(crate) struct RemoteDesktop {
    shared: Arc<Shared>,
    inventory: Arc<dyn Inventory>,
    keeper: Option<JoinHandle<()>>,
    watch: Option<Box<dyn SessionWatch>>,
}

impl RemoteDesktop {
    /// Starts the first worker as soon as there is a session for one.
    pub(crate) fn start(
        host: Arc<dyn WorkerHost>,
        inventory: Arc<dyn Inventory>,
        uplink: Arc<Uplink>,
        events: EventSender,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> io::Result<Self> {
        let shared = Arc::new_cyclic(|weak: &std::sync::Weak<Shared>| {
            let weak = weak.clone();
            let backlog = BacklogWatch::new(Box::new(move || {
                if let Some(shared) = weak.upgrade() {
                    shared.state().backlog_changed();
                }
            }));
            Shared {
                state: Mutex::new(State::new(Arc::clone(&uplink), events)),
                changes: Mutex::new(Changes { reread: true, ..Changes::default() }),
                changed: Condvar::new(),
                host: Arc::clone(&host),
                uplink,
                backlog,
                clock,
                entropy,
            }
        });
        let watch = watch(&shared, host.as_ref())
            .inspect_err(|error| tracing::error!(%error, "changes of sessions are not told"))
            .ok();
        let keeper = {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("worker-keeper".into())
                .spawn(move || threads::keep(&shared))?
        };
        Ok(Self { shared, inventory, keeper: Some(keeper), watch })
    }
}

fn watch(
    shared: &Arc<Shared>,
    host: &dyn WorkerHost,
) -> Result<Box<dyn SessionWatch>, WorkerHostError> {
    let shared = Arc::downgrade(shared);
    host.watch(Box::new(move |change| {
        if let Some(shared) = shared.upgrade() {
            shared.changes().happened.push(change);
            shared.changed.notify_all();
        }
    }))
}

impl Drop for RemoteDesktop {
    /// Every worker has released what it held, or is ended, when this returns.
    fn drop(&mut self) {
        self.watch = None;
        let now = self.shared.clock.monotonic();
        let todo = self.shared.state().drive(now, |rules| rules.stop(now));
        debug_assert!(todo.is_empty(), "nothing is started at the end");
        self.shared.changes().stop = true;
        self.shared.changed.notify_all();
        if let Some(keeper) = self.keeper.take()
            && keeper.join().is_err()
        {
            tracing::error!("the thread that keeps the workers panicked");
        }
    }
}

impl Desktop for RemoteDesktop {
    fn ask(&mut self, question: &ConsentQuestion) -> Result<Box<dyn PromptHandle>, PromptError> {
        let now = self.shared.clock.monotonic();
        self.shared.state().ask(question, now);
        self.shared.wake();
        Ok(Box::new(Asked { shared: Arc::clone(&self.shared), session: question.session }))
    }

    fn open(&mut self, opening: &Opening) -> io::Result<Box<dyn OpenDesktop>> {
        self.shared.state().open(opening.session, Shown::new(opening.clone()));
        Ok(Box::new(RemoteSession { shared: Arc::clone(&self.shared), session: opening.session }))
    }

    fn facts(&self) -> MachineFacts {
        self.inventory.facts()
    }

    fn activity(&self) -> UserActivity {
        self.shared.state().activity(self.shared.clock.monotonic())
    }

    fn backlog_watch(&self) -> Option<Arc<BacklogWatch>> {
        Some(Arc::clone(&self.shared.backlog))
    }
}

/// A prompt in a worker.
struct Asked {
    shared: Arc<Shared>,
    session: SessionId,
}

impl PromptHandle for Asked {}

impl Drop for Asked {
    fn drop(&mut self) {
        self.shared.state().cancel_ask(self.session);
    }
}

/// A session whose desktop is in a worker.
struct RemoteSession {
    shared: Arc<Shared>,
    session: SessionId,
}

impl RemoteSession {
    fn change(&self, change: impl FnOnce(&mut Shown) -> Order) {
        let now = self.shared.clock.monotonic();
        self.shared.state().change(self.session, now, change);
    }

    fn of_participant(&self, participant: u16) -> OfParticipant {
        OfParticipant { session: self.session.as_bytes().to_vec(), participant: participant.into() }
    }
}

impl OpenDesktop for RemoteSession {
    fn joined(&mut self, participant: u16, info: &ParticipantInfo) {
        {
            let state = self.shared.state();
            state.order(state.files(self.session));
        }
        self.change(|shown| shown.joined(participant, info));
        self.shared.state().greet(self.session, participant);
        self.shared.wake();
    }

    fn left(&mut self, participant: u16) {
        self.change(|shown| {
            shown.left(participant);
            Order::Left(self.of_participant(participant))
        });
    }

    fn control_lost(&self, participant: u16) {
        self.change(|shown| {
            shown.released(participant);
            Order::ControlLost(self.of_participant(participant))
        });
    }

    fn in_control(&self, participant: u16) {
        self.change(|shown| {
            shown.in_control(participant);
            Order::InControl(self.of_participant(participant))
        });
    }

    fn offered_again(&mut self, offer: &v2::SessionOffer) {
        self.change(|shown| {
            shown.offered_again(offer);
            Order::OfferedAgain(offer.clone())
        });
    }

    fn release_keys(&self) {
        self.change(|shown| {
            drop(shown.release_all());
            Order::ReleaseKeys(of(self.session))
        });
    }

    fn link_lost(&mut self) {
        self.change(|shown| {
            shown.everybody_left();
            Order::LinkLost(of(self.session))
        });
    }

    fn needs_picture(&self, participant: u16, reason: PictureReason) {
        self.shared.state().order(Order::PictureNeeded(PictureNeeded {
            session_id: self.session.as_bytes().to_vec(),
            participant: participant.into(),
            reason: reason.into(),
        }));
    }

    fn receive(&self, record: &Record, may_arrange: bool) {
        let now = self.shared.clock.monotonic();
        let todo = self.shared.state().receive(record, may_arrange, now);
        threads::carry_out(&self.shared, todo);
    }

    fn input_gap(&self, participant: u16) {
        self.change(|shown| {
            shown.released(participant);
            Order::InputGap(self.of_participant(participant))
        });
    }

    fn records_missed(&self) {
        self.shared.state().order(Order::Missed(of(self.session)));
    }
}

impl Drop for RemoteSession {
    fn drop(&mut self) {
        let now = self.shared.clock.monotonic();
        let todo: Vec<Todo> = self.shared.state().close(self.session, now);
        threads::carry_out(&self.shared, todo);
    }
}
