//! The thread of files: the desk, the disk, and who waits for them.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_channel::SequenceCounter;
use gc_filetransfer::{Desk, DeskEvent, FilePolicy, Role};
use gc_platform::{FileStore, PASTE_PLACE, StoreError, StorePath, WaitWaker};
use gc_proto::v2::FileMessage;
use gc_proto::{Channel, Flags, Header, Record};
use gc_transport::LinkSender;
use gc_types::{CauseCode, Clock, Entropy};
use gc_viewer_core::SessionIds;

use super::asks::Pending;
use super::jobs::{Job, Placed};
use super::{Conflict, FilesEvent, FilesOpener, Line, Standing, Work};

/// How often progress is told while bytes move.
const TOLD_EVERY: Duration = Duration::from_millis(250);
/// Messages sent before the next command is looked at.
const TURN: usize = 32;

/// What the thread has from elsewhere.
pub(super) struct Ports {
    pub(super) opener: Arc<Mutex<FilesOpener>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) waker: Arc<dyn WaitWaker>,
    pub(super) lines: Arc<Mutex<Vec<Line>>>,
    pub(super) base: Arc<Mutex<Option<StorePath>>>,
    pub(super) tell: Sender<FilesEvent>,
}

/// From the first use on; nothing is touched before it.
pub(super) struct Open {
    pub(super) desk: Desk,
    pub(super) store: Box<dyn FileStore>,
}

pub(super) struct Worker {
    ports: Ports,
    open: Option<Open>,
    link: Option<(LinkSender, SessionIds, SequenceCounter)>,
    pub(super) jobs: Vec<Job>,
    /// Number of the last line.
    pub(super) last: u32,
    /// What the machine was asked and has not answered.
    pub(super) pending: BTreeMap<u32, Pending>,
    /// Files that were put on the machine last: what they were, where they are.
    pub(super) last_placed: Option<Placed>,
    told: Duration,
}

impl Worker {
    pub(super) fn new(ports: Ports) -> Self {
        Self {
            ports,
            open: None,
            link: None,
            jobs: Vec::new(),
            last: 0,
            pending: BTreeMap::new(),
            last_placed: None,
            told: Duration::ZERO,
        }
    }

    pub(super) fn run(&mut self, waits: &Receiver<Work>) {
        let mut more = false;
        loop {
            let work = if more {
                waits.try_recv().ok()
            } else if let Some(due) = self.due() {
                match waits.recv_timeout(due.saturating_sub(self.now())) {
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
            // What follows from it may be something to send.
            more |= self.hear();
            self.tell();
        }
    }

    fn now(&self) -> Duration {
        self.ports.clock.monotonic()
    }

    pub(super) fn noise(&self) -> [u8; 16] {
        let mut noise = [0; 16];
        self.ports.entropy.fill(&mut noise);
        noise
    }

    pub(super) const fn is_linked(&self) -> bool {
        self.link.is_some()
    }

    /// When there is something to do without anything happening.
    fn due(&self) -> Option<Duration> {
        let moves = self.jobs.iter().any(|job| job.line.standing == Standing::Moves);
        let told = moves.then_some(self.told + TOLD_EVERY);
        let desk = self.open.as_ref().and_then(|open| open.desk.deadline());
        [desk, told].into_iter().flatten().min()
    }

    /// `false`: the window is gone.
    fn take(&mut self, work: Work) -> bool {
        let now = self.now();
        match work {
            Work::Open => {
                if let Err(error) = self.opened() {
                    tracing::warn!(%error, "there are no files here");
                }
            }
            Work::Link(sender, ids) => {
                self.link = Some((sender, ids, SequenceCounter::default()));
                if let Some(open) = &mut self.open {
                    open.desk.relink(now);
                }
                self.stand(Standing::Rests, Standing::Moves);
            }
            Work::Lost => self.lost(),
            Work::Message(message) => {
                // Before the first use it is about nothing.
                if let Some(open) = &mut self.open {
                    open.desk.receive(message, open.store.as_mut(), now);
                }
            }
            Work::Say(body) => self.say(&FileMessage { body: Some(body) }),
            Work::Move(wanted) => self.begin(&wanted),
            Work::Place(sources, then) => self.place(sources, then),
            Work::Misplaced => self.last_placed = None,
            Work::Cancel(number) => self.cancel(number),
            Work::Forget(number) => {
                self.jobs.retain(|job| job.line.number != number || !job.line.is_over());
                self.publish();
            }
            Work::Pause(number, paused) => self.pause(number, paused),
            Work::Choose { number, index, rule, all } => {
                let desk = self.desk_of(number);
                if let (Some(open), Some(desk)) = (&mut self.open, desk) {
                    open.desk.choose(desk, index, rule, all, open.store.as_mut(), now);
                }
            }
            Work::Ask(side, token, step) => self.ask(side, token, step),
            Work::Fetch(wanted) => self.fetch(wanted),
            Work::List(wanted) => self.list_offer(wanted),
            Work::GiveUp(offer) => self.give_up(&offer),
            Work::Stop => {
                self.lost();
                return false;
            }
        }
        true
    }

    fn desk_of(&self, number: u32) -> Option<u32> {
        self.jobs.iter().find(|job| job.line.number == number)?.desk
    }

    pub(super) fn cancel(&mut self, number: u32) {
        let now = self.now();
        let desk = self.desk_of(number);
        if let (Some(open), Some(desk)) = (&mut self.open, desk) {
            open.desk.cancel(desk, open.store.as_mut(), now);
        } else if self.jobs.iter().any(|it| it.line.number == number && !it.line.is_over()) {
            self.over(number, CauseCode::FilesCancelled);
        }
    }

    fn pause(&mut self, number: u32, paused: bool) {
        let linked = self.is_linked();
        let Some(job) = self.jobs.iter_mut().find(|job| job.line.number == number) else { return };
        if let (Some(open), Some(desk)) = (&mut self.open, job.desk) {
            open.desk.pause(desk, paused);
            job.line.standing = match (paused, linked) {
                (true, _) => Standing::Paused,
                (false, true) => Standing::Moves,
                (false, false) => Standing::Rests,
            };
        }
        self.publish();
    }

    /// Desk and disk, opened when they are not.
    pub(super) fn opened(&mut self) -> Result<&mut Open, StoreError> {
        let now = self.now();
        let open = if let Some(open) = self.open.take() {
            open
        } else {
            let opener = (self.ports.opener.lock().unwrap_or_else(PoisonError::into_inner))();
            let mut store = opener()?;
            let mut desk = Desk::new(Role::Viewer, FilePolicy::open(), now);
            if !self.is_linked() {
                desk.link_lost(store.as_mut(), now);
            }
            let place = StorePath { place: PASTE_PLACE.to_owned(), parts: Vec::new() };
            match store.locate(&place) {
                Ok(base) => {
                    let mut known = self.ports.base.lock().unwrap_or_else(PoisonError::into_inner);
                    *known = Some(base);
                }
                Err(error) => tracing::warn!(%error, "no place for what is pasted here"),
            }
            Open { desk, store }
        };
        Ok(self.open.insert(open))
    }

    fn lost(&mut self) {
        self.link = None;
        let now = self.now();
        if let Some(open) = &mut self.open {
            open.desk.link_lost(open.store.as_mut(), now);
        }
        self.hear();
        self.unanswered();
        self.stand(Standing::Moves, Standing::Rests);
    }

    fn stand(&mut self, from: Standing, to: Standing) {
        for job in self.jobs.iter_mut().filter(|job| job.line.standing == from) {
            job.line.standing = to;
        }
        self.publish();
    }

    /// Sends what may be sent; whether there is more.
    fn send(&mut self) -> bool {
        let now = self.now();
        for _ in 0..TURN {
            if !self.is_linked() {
                return false;
            }
            let Some(open) = &mut self.open else { return false };
            let Some(message) = open.desk.next(open.store.as_mut(), now) else { return false };
            self.say(&message);
        }
        true
    }

    fn say(&mut self, message: &FileMessage) {
        let Some((sender, ids, sequences)) = &mut self.link else { return };
        let header = Header {
            channel: Channel::Files,
            flags: Flags::NONE,
            participant: ids.participant,
            epoch: ids.epoch,
            sequence: sequences.next(Channel::Files),
            session: ids.session,
        };
        if let Err(error) = sender.send(&Record::new(header, message)) {
            tracing::debug!(%error, "files wait for another link");
            self.lost();
        }
    }

    /// Whether there was anything.
    fn hear(&mut self) -> bool {
        let mut heard = false;
        while let Some(event) = self.open.as_mut().and_then(|open| open.desk.event()) {
            heard = true;
            match event {
                DeskEvent::File { transfer, receipt } => {
                    tracing::debug!(transfer, outcome = ?receipt.outcome, "a file is over");
                    let job = self.jobs.iter_mut().find(|job| job.desk == Some(transfer));
                    if let Some(job) = job {
                        job.file_over(&receipt);
                    }
                }
                DeskEvent::Over { transfer, cause } => self.part_over(transfer, cause),
                DeskEvent::Trouble(detail) => tracing::warn!(detail, "files"),
                DeskEvent::Conflict {
                    transfer,
                    index,
                    path,
                    size,
                    existing_size,
                    existing_modified_ms,
                } => {
                    let job = self.jobs.iter().find(|job| job.desk == Some(transfer));
                    if let Some(Line { number, direction, .. }) = job.map(|job| &job.line) {
                        let (number, direction) = (*number, *direction);
                        self.tell_window(FilesEvent::Conflict(Conflict {
                            number,
                            index,
                            path,
                            direction,
                            size,
                            existing_size,
                            existing_modified_ms,
                        }));
                    }
                }
                DeskEvent::Paused { transfer, paused } => {
                    let standing = if paused { Standing::Paused } else { Standing::Moves };
                    let job = self.jobs.iter_mut().find(|job| job.desk == Some(transfer));
                    if let Some(job) = job {
                        job.line.standing = standing;
                    }
                    self.publish();
                }
                DeskEvent::Reply(reply) => self.replied(reply),
                // The window knows the rules by itself; an agent alone changes folders.
                DeskEvent::Policy(_) | DeskEvent::Changed { .. } => {}
            }
        }
        heard
    }

    fn tell(&mut self) {
        let now = self.now();
        if now < self.told + TOLD_EVERY {
            return;
        }
        let mut changed = false;
        for job in self.jobs.iter_mut().filter(|job| job.line.standing == Standing::Moves) {
            let (Some(open), Some(desk)) = (&mut self.open, job.desk) else { continue };
            if let Some(progress) = open.desk.progress(desk, now) {
                job.progressed(progress);
                changed = true;
            }
        }
        if changed {
            self.publish();
        }
    }

    pub(super) fn tell_window(&self, event: FilesEvent) {
        // Without a window the thread is ending.
        let _ = self.ports.tell.send(event);
        self.ports.waker.wake();
    }

    pub(super) fn publish(&mut self) {
        self.told = self.now();
        let lines: Vec<Line> = self.jobs.iter().map(|job| job.line.clone()).collect();
        let mut shown = self.ports.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != lines {
            *shown = lines;
            drop(shown);
            self.ports.waker.wake();
        }
    }
}

#[cfg(test)]
#[path = "worker_tests.rs"]
mod tests;
