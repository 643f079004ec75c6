//! Files between this computer and the machine, on a thread of their own: disks are slow.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_channel::SequenceCounter;
use gc_filetransfer::{
    ConflictRule, Desk, DeskEvent, Direction, FilePolicy, Outcome, Plan, Progress, Role,
};
use gc_platform::{FileOpener, FileStore, StoreError, StorePath, WaitWaker};
use gc_proto::v2::FileMessage;
use gc_proto::{Channel, Flags, Header, Record};
use gc_transport::LinkSender;
use gc_types::{CauseCode, Clock, Entropy};
use gc_viewer_core::SessionIds;

/// Opens the files of whoever runs the viewer.
pub type FilesOpener = Box<dyn Fn() -> FileOpener + Send>;

/// How often progress is told while bytes move.
const TOLD_EVERY: Duration = Duration::from_millis(250);
/// Messages sent before the next command is looked at.
const TURN: usize = 32;

/// How a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Standing {
    /// Moving, or about to.
    Moves,
    /// Until there is a link again.
    Rests,
    /// All was tried.
    Done,
    /// Over before its time.
    Over(CauseCode),
}

/// A transfer as the panel shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) number: u32,
    pub(crate) direction: Direction,
    /// Of the first of what is moved, and how many there are.
    pub(crate) name: String,
    pub(crate) count: usize,
    pub(crate) progress: Progress,
    /// Files that could not be moved, or may not.
    pub(crate) failed: u64,
    pub(crate) standing: Standing,
}

impl Line {
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Done | Standing::Over(_))
    }
}

enum Work {
    Link(LinkSender, SessionIds),
    Lost,
    Message(FileMessage),
    Move(Direction, Vec<StorePath>),
    Cancel(u32),
    Forget(u32),
    Stop,
}

/// The transfers of one window.
pub(crate) struct Transfers {
    work: Sender<Work>,
    lines: Arc<Mutex<Vec<Line>>>,
    thread: Option<JoinHandle<()>>,
}

impl Transfers {
    pub(crate) fn start(
        opener: FilesOpener,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
        waker: Arc<dyn WaitWaker>,
    ) -> std::io::Result<Self> {
        let (work, waits) = channel();
        let lines = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&lines);
        let thread =
            std::thread::Builder::new().name("viewer-files".to_owned()).spawn(move || {
                let mut worker = Worker {
                    opener,
                    open: None,
                    clock,
                    entropy,
                    waker,
                    shown,
                    link: None,
                    lines: Vec::new(),
                    failed: 0,
                    told: Duration::ZERO,
                };
                worker.run(&waits);
            })?;
        Ok(Self { work, lines, thread: Some(thread) })
    }

    fn give(&self, work: Work) {
        if self.work.send(work).is_err() {
            tracing::error!("the thread of files is gone");
        }
    }

    /// There is a machine at the other end of this link.
    pub(crate) fn linked(&self, sender: LinkSender, ids: SessionIds) {
        self.give(Work::Link(sender, ids));
    }

    /// Not any more.
    pub(crate) fn lost(&self) {
        self.give(Work::Lost);
    }

    /// Something of the machine's.
    pub(crate) fn message(&self, message: FileMessage) {
        self.give(Work::Message(message));
    }

    /// Files and folders of this computer go into the folder there for what is dropped,
    /// or those of the machine into the one here.
    pub(crate) fn begin(&self, direction: Direction, sources: Vec<StorePath>) {
        self.give(Work::Move(direction, sources));
    }

    /// Ends one before its time.
    pub(crate) fn cancel(&self, number: u32) {
        self.give(Work::Cancel(number));
    }

    /// The person has seen what became of it.
    pub(crate) fn forget(&self, number: u32) {
        self.give(Work::Forget(number));
    }

    /// How all of them stand.
    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Transfers {
    fn drop(&mut self) {
        self.give(Work::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of files panicked");
        }
    }
}

/// From the first transfer on; nothing is touched before it.
struct Open {
    desk: Desk,
    store: Box<dyn FileStore>,
}

struct Worker {
    opener: FilesOpener,
    open: Option<Open>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    waker: Arc<dyn WaitWaker>,
    shown: Arc<Mutex<Vec<Line>>>,
    link: Option<(LinkSender, SessionIds, SequenceCounter)>,
    lines: Vec<Line>,
    /// Transfers that did not even begin.
    failed: u32,
    told: Duration,
}

impl Worker {
    fn run(&mut self, waits: &Receiver<Work>) {
        let mut more = false;
        loop {
            let work = if more {
                waits.try_recv().ok()
            } else if let Some(due) = self.due() {
                match waits.recv_timeout(due.saturating_sub(self.clock.monotonic())) {
                    Ok(work) => Some(work),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            } else {
                match waits.recv() {
                    Ok(work) => Some(work),
                    Err(_) => return,
                }
            };
            if let Some(work) = work
                && !self.take(work)
            {
                return;
            }
            more = self.send();
            self.hear();
            self.tell();
        }
    }

    /// When there is something to do without anything happening.
    fn due(&self) -> Option<Duration> {
        let moves = self.lines.iter().any(|line| line.standing == Standing::Moves);
        let told = moves.then_some(self.told + TOLD_EVERY);
        let desk = self.open.as_ref().and_then(|open| open.desk.deadline());
        [desk, told].into_iter().flatten().min()
    }

    /// `false`: the window is gone.
    fn take(&mut self, work: Work) -> bool {
        let now = self.clock.monotonic();
        match work {
            Work::Link(sender, ids) => {
                self.link = Some((sender, ids, SequenceCounter::default()));
                if let Some(open) = &mut self.open {
                    open.desk.relink(now);
                }
                self.stand(Standing::Rests, Standing::Moves);
            }
            Work::Lost => self.lost(),
            Work::Message(message) => {
                // Before the first transfer it is about nothing.
                if let Some(open) = &mut self.open {
                    open.desk.receive(message, open.store.as_mut(), now);
                }
            }
            Work::Move(direction, sources) => self.begin(direction, sources),
            Work::Cancel(number) => {
                if let Some(open) = &mut self.open {
                    open.desk.cancel(number, open.store.as_mut(), now);
                }
            }
            Work::Forget(number) => {
                self.lines.retain(|line| line.number != number || !line.is_over());
                self.publish();
            }
            Work::Stop => {
                self.lost();
                return false;
            }
        }
        true
    }

    fn begin(&mut self, direction: Direction, sources: Vec<StorePath>) {
        let Some(name) = sources.first().and_then(StorePath::name) else { return };
        let (name, count) = (gc_proto::clean_text(name, 80), sources.len());
        tracing::info!(?direction, count, "a transfer begins");
        let (number, standing) = match self.opened() {
            Ok(open) => {
                let linked = open.1;
                let plan = Plan {
                    id: open.2,
                    direction,
                    sources,
                    // On either side that for what is dropped.
                    folder: StorePath::default(),
                    rule: ConflictRule::Rename,
                    again: false,
                };
                let standing = if linked { Standing::Moves } else { Standing::Rests };
                (open.0.desk.begin(plan), standing)
            }
            Err(error) => {
                tracing::warn!(%error, "there are no files here");
                self.failed += 1;
                (u32::MAX - self.failed, Standing::Over(error.cause()))
            }
        };
        let progress = Progress::default();
        self.lines.push(Line { number, direction, name, count, progress, failed: 0, standing });
        self.publish();
    }

    /// What is open, whether there is a link, and a number for a transfer.
    fn opened(&mut self) -> Result<(&mut Open, bool, [u8; 16]), StoreError> {
        let linked = self.link.is_some();
        let mut id = [0; 16];
        self.entropy.fill(&mut id);
        let open = if let Some(open) = self.open.take() {
            open
        } else {
            let mut store = (self.opener)()()?;
            let now = self.clock.monotonic();
            let mut desk = Desk::new(Role::Viewer, FilePolicy::open(), now);
            if !linked {
                desk.link_lost(store.as_mut(), now);
            }
            Open { desk, store }
        };
        Ok((self.open.insert(open), linked, id))
    }

    fn lost(&mut self) {
        self.link = None;
        if let Some(open) = &mut self.open {
            open.desk.link_lost(open.store.as_mut(), self.clock.monotonic());
        }
        self.hear();
        self.stand(Standing::Moves, Standing::Rests);
    }

    fn stand(&mut self, from: Standing, to: Standing) {
        for line in self.lines.iter_mut().filter(|line| line.standing == from) {
            line.standing = to;
        }
        self.publish();
    }

    /// Sends what may be sent; whether there is more.
    fn send(&mut self) -> bool {
        let now = self.clock.monotonic();
        let Some((sender, ids, sequences)) = &mut self.link else { return false };
        let Some(open) = &mut self.open else { return false };
        for _ in 0..TURN {
            let Some(message) = open.desk.next(open.store.as_mut(), now) else { return false };
            let header = Header {
                channel: Channel::Files,
                flags: Flags::NONE,
                participant: ids.participant,
                epoch: ids.epoch,
                sequence: sequences.next(Channel::Files),
                session: ids.session,
            };
            if let Err(error) = sender.send(&Record::new(header, &message)) {
                tracing::debug!(%error, "files wait for another link");
                self.lost();
                return false;
            }
        }
        true
    }

    fn hear(&mut self) {
        while let Some(event) = self.open.as_mut().and_then(|open| open.desk.event()) {
            match event {
                DeskEvent::File { transfer, receipt } => {
                    tracing::debug!(transfer, outcome = ?receipt.outcome, "a file is over");
                    let failed = matches!(receipt.outcome, Outcome::Failed(_) | Outcome::Denied(_));
                    if let Some(line) = self.lines.iter_mut().find(|it| it.number == transfer) {
                        line.failed += u64::from(failed);
                    }
                }
                DeskEvent::Over { transfer, cause } => {
                    tracing::info!(transfer, cause = cause.map(CauseCode::name), "transfer over");
                    if let Some(line) = self.lines.iter_mut().find(|it| it.number == transfer) {
                        line.standing = cause.map_or(Standing::Done, Standing::Over);
                    }
                    self.publish();
                }
                DeskEvent::Trouble(detail) => tracing::warn!(detail, "files"),
                DeskEvent::Conflict { .. }
                | DeskEvent::Paused { .. }
                | DeskEvent::Policy(_)
                | DeskEvent::Reply(_)
                | DeskEvent::Changed { .. } => {}
            }
        }
    }

    fn tell(&mut self) {
        let now = self.clock.monotonic();
        if now < self.told + TOLD_EVERY {
            return;
        }
        let mut changed = false;
        for line in self.lines.iter_mut().filter(|line| line.standing == Standing::Moves) {
            let open = self.open.as_mut();
            if let Some(progress) = open.and_then(|open| open.desk.progress(line.number, now)) {
                line.progress = progress;
                changed = true;
            }
        }
        if changed {
            self.publish();
        }
    }

    fn publish(&mut self) {
        self.told = self.clock.monotonic();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != self.lines {
            shown.clone_from(&self.lines);
            drop(shown);
            self.waker.wake();
        }
    }
}
