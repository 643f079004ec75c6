//! Files between this computer and the machine, on a thread of their own: disks are slow.

mod asks;
mod jobs;
mod line;
mod offer;
mod walk;
mod worker;

use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use gc_filetransfer::{ConflictRule, Direction};
use gc_platform::{Entry, FileOpener, OfferedFiles, StorePath, WaitWaker};
use gc_proto::v2::FileMessage;
use gc_proto::v2::file_message::Body;
use gc_transport::LinkSender;
use gc_types::{CauseCode, Clock, Entropy};
use gc_viewer_core::SessionIds;

pub(crate) use asks::Step;
pub(crate) use line::{Line, Standing};
use offer::{Offer, Wanted, WantedList};

/// Opens the files of whoever runs the viewer.
pub type FilesOpener = Box<dyn Fn() -> FileOpener + Send>;

/// Which of the two computers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Here,
    There,
}

/// A line of a folder, or a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) entry: Entry,
    /// What paths call it, when it is a place.
    pub(crate) place: String,
}

/// What a step in folders brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    pub(crate) items: Vec<Item>,
    /// There is more than is shown.
    pub(crate) cut: bool,
}

/// Where files of this computer are put on the machine, to be taken by a program there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Its clipboard, by which paste.
    Clipboard(u32),
    /// The window at this point.
    Drop { x: i32, y: i32 },
}

/// For the window.
#[derive(Debug)]
pub(crate) enum FilesEvent {
    /// The answer to [`Transfers::ask`].
    Answer {
        side: Side,
        token: u32,
        result: Result<Found, CauseCode>,
        /// A list was asked for, and not a change.
        listed: bool,
    },
    /// A name is taken.
    Conflict(Conflict),
    /// Files wait in a folder of the machine's, or do not.
    Placed { then: Then, result: Result<(StorePath, Vec<StorePath>), CauseCode> },
    /// A transfer is over.
    Over(u32),
}

/// A name that is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    /// Of the line.
    pub(crate) number: u32,
    pub(crate) index: u32,
    pub(crate) path: String,
    pub(crate) direction: Direction,
    pub(crate) size: u64,
    pub(crate) existing_size: u64,
    pub(crate) existing_modified_ms: i64,
}

/// Files that are to be moved.
#[derive(Debug)]
pub(crate) struct Move {
    pub(crate) direction: Direction,
    pub(crate) sources: Vec<StorePath>,
    /// On the other side; the default is the folder for what is dropped there.
    pub(crate) folder: StorePath,
    pub(crate) rule: ConflictRule,
}

enum Work {
    Open,
    Link(LinkSender, SessionIds),
    Lost,
    Message(FileMessage),
    Say(Body),
    Move(Move),
    Place(Vec<StorePath>, Then),
    /// What was put somewhere last is not there any more.
    Misplaced,
    Cancel(u32),
    Forget(u32),
    Pause(u32, bool),
    Choose {
        number: u32,
        index: u32,
        rule: ConflictRule,
        all: bool,
    },
    Ask(Side, u32, Step),
    Fetch(Wanted),
    List(WantedList),
    /// Nobody waits for it.
    GiveUp(Arc<offer::State>),
    Stop,
}

/// The transfers of one window.
pub(crate) struct Transfers {
    work: Sender<Work>,
    lines: Arc<Mutex<Vec<Line>>>,
    /// The private folder for what is pasted here, once it is known.
    base: Arc<Mutex<Option<StorePath>>>,
    pub(crate) events: Receiver<FilesEvent>,
    opener: Arc<Mutex<FilesOpener>>,
    entropy: Arc<dyn Entropy>,
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
        let (tell, events) = channel();
        let (lines, base) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(None)));
        let opener = Arc::new(Mutex::new(opener));
        let ports = worker::Ports {
            opener: Arc::clone(&opener),
            clock,
            entropy: Arc::clone(&entropy),
            waker,
            lines: Arc::clone(&lines),
            base: Arc::clone(&base),
            tell,
        };
        let thread = std::thread::Builder::new()
            .name("viewer-files".to_owned())
            .spawn(move || worker::Worker::new(ports).run(&waits))?;
        let made = Self { work, lines, base, events, opener, entropy, thread: Some(thread) };
        // Where files would be put is known before somebody drags some.
        made.give(Work::Open);
        Ok(made)
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

    /// Something that is no part of a transfer.
    pub(crate) fn say(&self, body: Body) {
        self.give(Work::Say(body));
    }

    /// Moves files and folders.
    pub(crate) fn begin(&self, wanted: Move) {
        self.give(Work::Move(wanted));
    }

    /// Puts files of this computer where a program of the machine takes them.
    pub(crate) fn place(&self, sources: Vec<StorePath>, then: Then) {
        self.give(Work::Place(sources, then));
    }

    /// The machine did not find what was put there last.
    pub(crate) fn misplaced(&self) {
        self.give(Work::Misplaced);
    }

    /// Ends one before its time.
    pub(crate) fn cancel(&self, number: u32) {
        self.give(Work::Cancel(number));
    }

    /// The person has seen what became of it.
    pub(crate) fn forget(&self, number: u32) {
        self.give(Work::Forget(number));
    }

    /// Lets one rest, or go on.
    pub(crate) fn pause(&self, number: u32, paused: bool) {
        self.give(Work::Pause(number, paused));
    }

    /// What is to be done about a name that is taken.
    pub(crate) fn choose(&self, number: u32, index: u32, rule: ConflictRule, all: bool) {
        self.give(Work::Choose { number, index, rule, all });
    }

    /// Does a step in the folders of one side; an event answers.
    pub(crate) fn ask(&self, side: Side, token: u32, step: Step) {
        self.give(Work::Ask(side, token, step));
    }

    /// An offer of files of the machine. With a gate nothing is fetched while that is set.
    pub(crate) fn offer(
        &self,
        sources: Vec<StorePath>,
        gate: Option<Arc<AtomicBool>>,
    ) -> Option<Arc<dyn OfferedFiles>> {
        let mut noise = [0; 8];
        self.entropy.fill(&mut noise);
        let folder = format!("offer-{:016x}", u64::from_le_bytes(noise));
        let (work, base) = (self.work.clone(), Arc::clone(&self.base));
        let opener = Arc::clone(&self.opener);
        let offer = Offer::new(sources, folder, gate, work, base, opener)?;
        Some(Arc::new(offer))
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
