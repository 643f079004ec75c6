//! The thread that moves files: a desk for each viewer that may, one store for all.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use gc_filetransfer::{Desk, DeskEvent, FilePolicy, ROOM, Role};
use gc_platform::{FileStore, StoreError, StorePath};
use gc_proto::v2::FileMessage;
use gc_proto::v2::file_message::Body;
use gc_proto::{Channel, Flags};
use gc_types::{CauseCode, Clock};
use prost::Message as _;

use super::audit::{self, Audit};
use super::drag::{DragDone, DragPorts, Drags};
use super::none::NoFiles;
use crate::outlet::Outlet;
use crate::platform_set::Platform;

/// Bytes of messages that may wait for the thread: what viewers are allowed to have
/// on its way, and as much again for what goes with it.
const MAX_WAITING: usize = 2 * ROOM as usize;
/// Messages of one viewer that go out before the thread looks at what came in.
const TURN: usize = 16;

/// Paths as [`FileStore::locate`] gives them, or why there are none.
pub(crate) type Located = Result<Vec<StorePath>, CauseCode>;
type Answer = Box<dyn FnOnce(Located) + Send>;

enum Command {
    Joined(u16),
    Left(u16),
    Message(u16, Bytes),
    LinkLost,
    /// A viewer sent more than it may have on its way.
    Overrun(u16),
    Locate(Vec<StorePath>, Answer),
    /// What became of a drag.
    Drag(DragDone),
    Stop,
}

/// Asks the thread where files of the user are.
#[derive(Clone)]
pub(crate) struct Locator(Sender<Command>);

impl Locator {
    /// All of the paths, or none. `answer` is called on the thread, in its turn.
    pub(crate) fn locate(&self, paths: Vec<StorePath>, answer: Answer) {
        if let Err(refused) = self.0.send(Command::Locate(paths, answer))
            && let Command::Locate(_, answer) = refused.0
        {
            answer(Err(CauseCode::FilesUnavailable));
        }
    }
}

/// Handle of the thread. Dropping it ends the transfers; what was received stays, to
/// be taken up again.
pub(crate) struct FilesThread {
    commands: Sender<Command>,
    waiting: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl FilesThread {
    /// Starts the thread; it opens the user's files when the first message comes.
    pub(crate) fn start(
        platform: Arc<dyn Platform>,
        clock: Arc<dyn Clock>,
        outlet: Outlet,
        drag: DragPorts,
    ) -> io::Result<Self> {
        let (commands, receiver) = channel();
        let drags = {
            let commands = commands.clone();
            let told = move |done| {
                // Nobody is left to hear of it.
                let _ = commands.send(Command::Drag(done));
            };
            Drags::new(drag, Arc::new(told))
        };
        let waiting = Arc::new(AtomicUsize::new(0));
        let mut worker = Worker {
            waiting: Arc::clone(&waiting),
            platform,
            clock,
            outlet,
            store: None,
            desks: BTreeMap::new(),
            audit: Audit::default(),
            drags,
        };
        let thread = std::thread::Builder::new()
            .name("files".into())
            .spawn(move || worker.run(&receiver))?;
        Ok(Self { commands, waiting, thread: Some(thread) })
    }

    /// For whoever has to know where files are.
    pub(crate) fn locator(&self) -> Locator {
        Locator(self.commands.clone())
    }

    /// A viewer that may move files is here.
    pub(crate) fn joined(&self, participant: u16) {
        self.send(Command::Joined(participant));
    }

    /// A viewer left.
    pub(crate) fn left(&self, participant: u16) {
        self.send(Command::Left(participant));
    }

    /// The link is lost: so is everybody on it.
    pub(crate) fn link_lost(&self) {
        self.send(Command::LinkLost);
    }

    /// A message of a viewer.
    pub(crate) fn message(&self, participant: u16, payload: Bytes) {
        let size = payload.len() + 64;
        if self.waiting.fetch_add(size, Ordering::AcqRel) >= MAX_WAITING {
            self.waiting.fetch_sub(size, Ordering::AcqRel);
            self.send(Command::Overrun(participant));
            return;
        }
        self.send(Command::Message(participant, payload));
    }

    fn send(&self, command: Command) {
        // The thread ends only after this handle is dropped.
        if self.commands.send(command).is_err() {
            tracing::error!("files thread is gone");
        }
    }
}

impl Drop for FilesThread {
    fn drop(&mut self) {
        self.send(Command::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("files thread panicked");
        }
    }
}

pub(super) struct Worker {
    waiting: Arc<AtomicUsize>,
    pub(super) platform: Arc<dyn Platform>,
    clock: Arc<dyn Clock>,
    pub(super) outlet: Outlet,
    pub(super) store: Option<Box<dyn FileStore>>,
    pub(super) desks: BTreeMap<u16, Desk>,
    audit: Audit,
    pub(super) drags: Drags,
}

impl Worker {
    fn run(&mut self, commands: &Receiver<Command>) {
        loop {
            let more = self.work();
            let command = match (more, self.deadline()) {
                (true, _) => match commands.try_recv() {
                    Ok(command) => Some(command),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => break,
                },
                (false, Some(due)) => {
                    let rest = due.saturating_sub(self.clock.monotonic());
                    match commands.recv_timeout(rest) {
                        Ok(command) => Some(command),
                        Err(RecvTimeoutError::Timeout) => None,
                        Err(RecvTimeoutError::Disconnected) => break,
                    }
                }
                (false, None) => match commands.recv() {
                    Ok(command) => Some(command),
                    Err(_) => break,
                },
            };
            match command {
                Some(Command::Stop) => break,
                Some(command) => self.on(command),
                None => {}
            }
        }
        self.lose_all();
        self.work();
        self.tell_audit(Duration::MAX);
    }

    fn on(&mut self, command: Command) {
        let now = self.clock.monotonic();
        match command {
            Command::Joined(participant) => {
                let policy = self.policy();
                self.desks.insert(participant, Desk::new(Role::Agent, policy, now));
                self.share_room();
            }
            Command::Left(participant) => self.lose(participant),
            Command::LinkLost => self.lose_all(),
            Command::Overrun(participant) => {
                tracing::warn!(participant, "a viewer sends more than it may");
                self.lose(participant);
            }
            Command::Locate(paths, answer) => {
                let store = open(&mut self.store, self.platform.as_ref());
                let located: Result<Vec<_>, _> =
                    paths.iter().map(|path| store.locate(path)).collect();
                answer(located.map_err(|error| {
                    tracing::info!(%error, "files to be pasted are not there");
                    error.cause()
                }));
            }
            Command::Drag(done) => self.dragged(done),
            // Ends the loop.
            Command::Stop => {}
            Command::Message(participant, payload) => {
                self.waiting.fetch_sub(payload.len() + 64, Ordering::AcqRel);
                let Some(desk) = self.desks.get_mut(&participant) else { return };
                match FileMessage::decode(payload) {
                    Ok(FileMessage { body: Some(Body::Drop(drop)) }) => {
                        self.drop_files(participant, &drop);
                    }
                    Ok(FileMessage { body: Some(Body::DragOut(drag)) }) => {
                        self.drag_out(participant, drag.request);
                    }
                    Ok(message) => {
                        let store = open(&mut self.store, self.platform.as_ref());
                        desk.receive(message, store, now);
                    }
                    Err(error) => tracing::debug!(%error, "a message about files cannot be read"),
                }
            }
        }
    }

    /// All viewers together may have no more on its way than the relay keeps for one
    /// agent.
    fn share_room(&mut self) {
        let count = self.desks.len().max(1) as u64;
        for desk in self.desks.values_mut() {
            desk.set_room(ROOM / count);
        }
    }

    /// Sends what may be sent; whether there is more.
    fn work(&mut self) -> bool {
        let now = self.clock.monotonic();
        let mut more = false;
        let mut broken = Vec::new();
        // A desk without transfers touches no file: the user's are not opened for it.
        let mut none = NoFiles(StoreError::NoUser);
        for (participant, desk) in &mut self.desks {
            let store: &mut dyn FileStore = match &mut self.store {
                Some(store) => store.as_mut(),
                None => &mut none,
            };
            let mut left = TURN;
            while let Some(message) = desk.next(store, now) {
                if !self.outlet.send(Channel::Files, *participant, Flags::NONE, &message) {
                    broken.push(*participant);
                    break;
                }
                left -= 1;
                if left == 0 {
                    more = true;
                    break;
                }
            }
        }
        for participant in broken {
            // Without a link or a right; a piece that is missing cannot be made good.
            self.lose(participant);
        }
        let seats: Vec<u16> = self.desks.keys().copied().collect();
        for participant in seats {
            self.hear(participant);
        }
        self.tell_audit(now);
        more
    }

    fn hear(&mut self, participant: u16) {
        let session = self.outlet.session();
        let (wall, now) = (self.clock.now(), self.clock.monotonic());
        let Some(desk) = self.desks.get_mut(&participant) else { return };
        while let Some(event) = desk.event() {
            match event {
                DeskEvent::File { receipt, .. } => self.audit.add(participant, receipt, wall, now),
                DeskEvent::Changed { what, path } => {
                    let detail = format!("{}:{}", path.place, path.parts.join("/"));
                    if !self.outlet.report(audit::changed(session, what, &detail)) {
                        tracing::warn!(what, detail, "not reported to the audit");
                    }
                }
                DeskEvent::Trouble(detail) => tracing::warn!(detail, "files"),
                DeskEvent::Over { transfer, cause } => {
                    let cause = cause.map(gc_types::CauseCode::name);
                    tracing::info!(participant, transfer, cause, "transfer over");
                }
                // For viewers.
                DeskEvent::Conflict { .. }
                | DeskEvent::Paused { .. }
                | DeskEvent::Policy(_)
                | DeskEvent::Reply(_) => {}
            }
        }
    }

    /// What the server's rules and this machine allow.
    pub(super) fn policy(&self) -> FilePolicy {
        if self.platform.files().is_none() {
            return FilePolicy::default();
        }
        let mut policy = FilePolicy::from_wire(self.outlet.files().as_ref());
        policy.drags = self.platform.drag().is_some();
        policy
    }

    fn lose(&mut self, participant: u16) {
        let now = self.clock.monotonic();
        if let Some(desk) = self.desks.get_mut(&participant) {
            if desk.is_busy() {
                desk.link_lost(open(&mut self.store, self.platform.as_ref()), now);
            }
            self.hear(participant);
        }
        self.desks.remove(&participant);
        self.share_room();
    }

    fn lose_all(&mut self) {
        let seats: Vec<u16> = self.desks.keys().copied().collect();
        for participant in seats {
            self.lose(participant);
        }
    }

    fn tell_audit(&mut self, now: Duration) {
        let session = self.outlet.session();
        while let Some((message, count)) = self.audit.message(session, now) {
            if !self.outlet.report(message) {
                self.audit.refused(now.min(self.clock.monotonic()));
                return;
            }
            self.audit.taken(count, now);
            let lost = self.audit.take_lost();
            if lost > 0 {
                self.audit.add(1, audit::lost(lost), self.clock.now(), now);
            }
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.desks.values().filter_map(Desk::deadline).chain(self.audit.due()).min()
    }
}

/// The store, opened when it is first needed. When it cannot be, every step is told
/// why.
pub(super) fn open<'a>(
    store: &'a mut Option<Box<dyn FileStore>>,
    platform: &dyn Platform,
) -> &'a mut dyn FileStore {
    store
        .get_or_insert_with(|| {
            let opened = platform.files().map_or_else(
                || Err(StoreError::Io("this machine has no files to share".into())),
                |open| open(),
            );
            opened.unwrap_or_else(|error| {
                tracing::warn!(%error, "the user's files cannot be opened");
                Box::new(NoFiles(error))
            })
        })
        .as_mut()
}
