//! Files that the window moves beside its picture: over the same link, and on a thread
//! of their own, as the product's viewer does it.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use gc_channel::SequenceCounter;
use gc_filetransfer::{
    ConflictRule, Desk, DeskEvent, Direction, FilePolicy, Plan, Role, StorePath,
};
use gc_platform_linux::LinuxFiles;
use gc_proto::v2::FileMessage;
use gc_proto::{Channel, Flags, Header, Record};
use gc_transport::LinkSender;
use gc_types::CauseCode;
use gc_viewer_core::SessionIds;
use prost::Message as _;
use serde::{Deserialize, Serialize};

use crate::clock::monotonic;

/// Messages sent before the next order is looked at.
const TURN: usize = 32;

/// A file that is moved over and over, each time replacing what is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Errand {
    /// From here to the machine, or the other way.
    pub(crate) upload: bool,
    /// Folder of the viewer's.
    pub(crate) here: PathBuf,
    /// Folder of the machine's.
    pub(crate) there: PathBuf,
    /// Of the file.
    pub(crate) name: String,
}

impl Errand {
    fn plan(&self, count: u64) -> Plan {
        let there = |name: &str| StorePath::new("/", &format!("{}/{name}", self.there.display()));
        let here = |name: &str| StorePath::new("home", name);
        let (direction, source, folder) = if self.upload {
            (Direction::Upload, here(&self.name), there(""))
        } else {
            (Direction::Download, there(&self.name), here(""))
        };
        Plan {
            id: u128::from(count).to_le_bytes(),
            direction,
            sources: vec![source],
            folder,
            rule: ConflictRule::Overwrite,
            again: false,
        }
    }
}

/// How far it is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moved {
    /// By all errands.
    pub(super) bytes: u64,
    /// A file is on its way.
    pub(super) busy: bool,
    /// Why no more is moved.
    failed: Option<CauseCode>,
}

enum Work {
    Begin(Errand),
    Rest,
    Message(FileMessage),
}

/// The thread, which ends when this is dropped.
pub(super) struct Moving {
    work: Sender<Work>,
    moved: Arc<Mutex<Moved>>,
}

impl Moving {
    /// Has nothing to do yet.
    pub(super) fn start(sender: LinkSender, ids: SessionIds, first: Errand) -> Result<Self> {
        let (work, waits) = channel();
        let moved = Arc::new(Mutex::default());
        let mut mover = Mover {
            sender,
            ids,
            sequences: SequenceCounter::default(),
            desk: Desk::new(Role::Viewer, FilePolicy::open(), monotonic()),
            store: LinuxFiles::of_folder(&first.here),
            errand: None,
            number: None,
            count: 0,
            before: 0,
            last: (0, 0),
            moved: Arc::clone(&moved),
        };
        std::thread::Builder::new().name("files".to_owned()).spawn(move || mover.run(&waits))?;
        let made = Self { work, moved };
        made.give(Work::Begin(first))?;
        Ok(made)
    }

    fn give(&self, work: Work) -> Result<()> {
        if self.work.send(work).is_err() {
            bail!("the thread of files is gone");
        }
        Ok(())
    }

    /// Another errand, when the one before is over.
    pub(super) fn begin(&self, errand: Errand) -> Result<()> {
        self.give(Work::Begin(errand))
    }

    /// Gives up what is on its way.
    pub(super) fn rest(&self) -> Result<()> {
        self.give(Work::Rest)
    }

    /// Something of the machine's.
    pub(super) fn heard(&self, record: &Record) -> Result<()> {
        self.give(Work::Message(FileMessage::decode(record.payload())?))
    }

    /// How far it is; fails once a file could not be moved.
    pub(super) fn moved(&self) -> Result<Moved> {
        let moved = *self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        match moved.failed {
            None => Ok(moved),
            Some(cause) => bail!("a file could not be moved: {}", cause.name()),
        }
    }
}

struct Mover {
    sender: LinkSender,
    ids: SessionIds,
    sequences: SequenceCounter,
    desk: Desk,
    store: LinuxFiles,
    errand: Option<Errand>,
    /// Of the transfer on the desk.
    number: Option<u32>,
    /// Transfers so far.
    count: u64,
    /// Bytes of those that are over.
    before: u64,
    /// Bytes moved of this one, and of how many.
    last: (u64, u64),
    moved: Arc<Mutex<Moved>>,
}

impl Mover {
    fn run(&mut self, waits: &Receiver<Work>) {
        let mut more = false;
        loop {
            let due = if more { Some(Duration::ZERO) } else { self.desk.deadline() };
            let heard = match due {
                Some(due) if due.is_zero() => waits.try_recv().map_err(|error| match error {
                    TryRecvError::Empty => RecvTimeoutError::Timeout,
                    TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
                }),
                Some(due) => waits.recv_timeout(due.saturating_sub(monotonic())),
                None => waits.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match heard {
                Ok(work) => self.take(work),
                Err(RecvTimeoutError::Timeout) => {}
                // The window is gone.
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let Some(all) = self.send() else { return };
            // What is heard may have begun another transfer.
            more = self.hear() || !all;
            self.tell();
        }
    }

    fn take(&mut self, work: Work) {
        let now = monotonic();
        match work {
            Work::Begin(errand) => {
                self.errand = Some(errand);
                if self.number.is_none() {
                    self.begin();
                }
            }
            Work::Rest => {
                self.errand = None;
                if let Some(number) = self.number {
                    self.desk.cancel(number, &mut self.store, now);
                }
            }
            Work::Message(message) => self.desk.receive(message, &mut self.store, now),
        }
    }

    fn begin(&mut self) {
        let Some(errand) = &self.errand else { return };
        self.count += 1;
        self.number = Some(self.desk.begin(errand.plan(self.count)));
        self.last = (0, 0);
    }

    /// Sends what may be sent; whether that was all, `None` without a link.
    fn send(&mut self) -> Option<bool> {
        let now = monotonic();
        for _ in 0..TURN {
            let Some(message) = self.desk.next(&mut self.store, now) else { return Some(true) };
            let header = Header {
                channel: Channel::Files,
                flags: Flags::NONE,
                participant: self.ids.participant,
                epoch: self.ids.epoch,
                sequence: self.sequences.next(Channel::Files),
                session: self.ids.session,
            };
            // Why the link is gone, the window hears.
            self.sender.send(&Record::new(header, &message)).ok()?;
        }
        Some(false)
    }

    /// Whether there was anything.
    fn hear(&mut self) -> bool {
        let mut heard = false;
        while let Some(event) = self.desk.event() {
            heard = true;
            match event {
                DeskEvent::File { receipt, .. } if self.errand.is_some() => {
                    self.fail(receipt.outcome.cause());
                }
                DeskEvent::Over { transfer, cause } if self.number == Some(transfer) => {
                    self.number = None;
                    let (bytes, all) = self.last;
                    self.before += if cause.is_none() { all } else { bytes };
                    if self.errand.is_some() {
                        self.fail(cause);
                        if cause.is_none() {
                            self.begin();
                        }
                    }
                }
                _ => {}
            }
        }
        heard
    }

    fn fail(&self, cause: Option<CauseCode>) {
        if let Some(cause) = cause {
            let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
            moved.failed = moved.failed.or(Some(cause));
        }
    }

    fn tell(&mut self) {
        let now = monotonic();
        let progress = self.number.and_then(|number| self.desk.progress(number, now));
        if let Some(progress) = progress {
            self.last = (progress.bytes, progress.total_bytes);
        }
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        moved.busy = self.number.is_some();
        moved.bytes = self.before + if moved.busy { self.last.0 } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_errand_leads_from_one_computer_to_the_other() {
        let errand = |upload| Errand {
            upload,
            here: PathBuf::from("/viewer"),
            there: PathBuf::from("/machine/files"),
            name: "large.bin".to_owned(),
        };
        let (up, down) = (errand(true).plan(1), errand(false).plan(2));
        assert_eq!(up.direction, Direction::Upload);
        assert_eq!(up.sources, [StorePath::new("home", "large.bin")]);
        assert_eq!(up.folder, StorePath::new("/", "machine/files"));
        assert_eq!(down.direction, Direction::Download);
        assert_eq!(down.sources, [StorePath::new("/", "machine/files/large.bin")]);
        assert_eq!(down.folder, StorePath::new("home", ""));
        assert_ne!(up.id, down.id);
    }
}
