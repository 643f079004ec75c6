//! The clipboard of this computer and that of the machine. Nothing crosses while the
//! window has not the keyboard: what the machine copied meanwhile waits until then.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::JoinHandle;

use gc_clipboard::{ClipboardShare, Prepared};
use gc_platform::{
    Clipboard, ClipboardContent, ClipboardError, ClipboardEvent, ClipboardListener, CopiedFiles,
    OfferedFiles, StorePath, WaitWaker,
};
use gc_proto::v2::{ClipboardPiece, ClipboardReceived};
use gc_types::CauseCode;

/// Opens the system's clipboard.
pub type ClipboardOpener =
    Box<dyn Fn(ClipboardListener) -> Result<Box<dyn Clipboard>, ClipboardError> + Send>;

/// For the window.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Crossed {
    /// To be sent back.
    Reply(ClipboardReceived),
    /// Something came from the machine.
    In,
    /// Something goes there: see [`Desk::pump`].
    Out,
    /// The same with files that were put there, see [`Desk::copy_files`].
    FilesOut,
    /// The machine has all of what went there last.
    Delivered,
    /// More may be sent.
    Room,
    /// Files that were copied on the machine, and what else was with them. The window
    /// decides what becomes of it: [`Desk::put`].
    Files(Vec<StorePath>, ClipboardContent),
    /// Something else was copied there.
    NoFiles,
    /// The same of this computer.
    OwnFiles(Vec<StorePath>),
    /// To be typed.
    Type(String),
    /// It cannot be shared, or (`None`) it can again.
    Told(Option<CauseCode>),
}

enum Work {
    Happened(ClipboardEvent),
    /// For the clipboard here.
    Put(ClipboardContent, Option<Arc<dyn OfferedFiles>>),
    /// Files that wait on the machine, for its clipboard.
    CopyFiles(CopiedFiles),
    Piece(ClipboardPiece),
    Received(ClipboardReceived),
    /// Whether contents cross.
    Open(bool),
    /// Everything begins anew: another link.
    Restart,
    /// The next content that is read is to be typed.
    Type,
    /// The window is closing.
    Stop,
}

/// Pieces that may wait for the thread; a machine that keeps to the protocol waits for
/// answers long before.
const MOST_WAITING: usize = 256;

/// The clipboards of both ends. Pictures take a moment, so work is done on a thread.
pub(crate) struct Desk {
    work: Sender<Work>,
    share: Arc<Mutex<ClipboardShare>>,
    pub(crate) crossed: Receiver<Crossed>,
    waiting: Arc<std::sync::atomic::AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    pub(crate) fn open(
        opener: &ClipboardOpener,
        waker: Arc<dyn WaitWaker>,
    ) -> Result<Self, ClipboardError> {
        let (work, waits) = channel();
        let (tell, crossed) = channel();
        let happened = work.clone();
        let system = opener(Box::new(move |event| {
            // Without a thread the window is closing.
            let _ = happened.send(Work::Happened(event));
        }))?;
        let share = Arc::new(Mutex::new(ClipboardShare::default()));
        let waiting = Arc::default();
        let mut worker = Worker {
            system,
            share: Arc::clone(&share),
            tell,
            waker,
            open: false,
            typing: false,
            held: None,
            waiting: Arc::clone(&waiting),
        };
        let thread = std::thread::Builder::new()
            .name("viewer-clipboard".into())
            .spawn(move || worker.run(&waits))
            .map_err(|error| ClipboardError(error.to_string()))?;
        Ok(Self { work, share, crossed, waiting, thread: Some(thread) })
    }

    fn give(&self, work: Work) {
        if self.work.send(work).is_err() {
            tracing::error!("the clipboard's thread is gone");
        }
    }

    /// A piece came from the machine.
    pub(crate) fn piece(&self, piece: ClipboardPiece) {
        use std::sync::atomic::Ordering::SeqCst;
        if self.waiting.load(SeqCst) >= MOST_WAITING {
            tracing::warn!("clipboard pieces come faster than they may");
            return;
        }
        self.waiting.fetch_add(1, SeqCst);
        self.give(Work::Piece(piece));
    }

    /// The machine tells what has come.
    pub(crate) fn received(&self, received: ClipboardReceived) {
        self.give(Work::Received(received));
    }

    /// Contents cross now, beginning with what is there, or not any more.
    pub(crate) fn set_open(&self, open: bool) {
        self.give(Work::Open(open));
    }

    /// Puts what the machine has copied on the clipboard here.
    pub(crate) fn put(&self, content: ClipboardContent, files: Option<Arc<dyn OfferedFiles>>) {
        self.give(Work::Put(content, files));
    }

    /// Puts files that wait on the machine on its clipboard.
    pub(crate) fn copy_files(&self, files: CopiedFiles) {
        self.give(Work::CopyFiles(files));
    }

    /// Another link.
    pub(crate) fn restart(&self) {
        self.give(Work::Restart);
    }

    /// Has the text of this computer's clipboard typed.
    pub(crate) fn type_text(&self) {
        self.give(Work::Type);
    }

    /// Sends what may be sent now; `false`: the link takes no more at the moment.
    pub(crate) fn pump(&self, mut send: impl FnMut(&ClipboardPiece, bool) -> bool) -> bool {
        let mut share = match self.share.try_lock() {
            Ok(share) => share,
            // The thread is at it, and tells when it is done.
            Err(TryLockError::WouldBlock) => return true,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        };
        while let Some((piece, last)) = share.next_piece() {
            if !send(&piece, last) {
                return false;
            }
            share.sent();
        }
        true
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.give(Work::Stop);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the clipboard's thread panicked");
        }
    }
}

fn paths_of(files: Option<&CopiedFiles>) -> Vec<StorePath> {
    let paths = files.into_iter().flat_map(CopiedFiles::paths);
    paths.filter_map(|path| StorePath::from_wire(path).ok()).collect()
}

/// A content, and files of the machine with it.
type Held = (ClipboardContent, Option<Arc<dyn OfferedFiles>>);

struct Worker {
    system: Box<dyn Clipboard>,
    share: Arc<Mutex<ClipboardShare>>,
    tell: Sender<Crossed>,
    waker: Arc<dyn WaitWaker>,
    open: bool,
    typing: bool,
    /// Came while contents did not cross.
    held: Option<Held>,
    waiting: Arc<std::sync::atomic::AtomicUsize>,
}

impl Worker {
    fn run(&mut self, waits: &Receiver<Work>) {
        let mut queue = VecDeque::new();
        loop {
            let Some(work) = queue.pop_front().or_else(|| waits.recv().ok()) else { return };
            queue.extend(waits.try_iter());
            // Of several contents that were copied here, only the newest counts.
            if matches!(work, Work::Happened(_))
                && queue.iter().any(|later| matches!(later, Work::Happened(_)))
                && !self.typing
            {
                continue;
            }
            if !self.take(work) {
                return;
            }
        }
    }

    /// `false`: the window is gone.
    fn take(&mut self, work: Work) -> bool {
        match work {
            Work::Happened(event) => self.happened(event),
            Work::Piece(piece) => {
                self.waiting.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                self.piece(&piece)
            }
            Work::Received(received) => {
                let all = self.lock(|share| share.acknowledged(&received));
                self.tell(if all { Crossed::Delivered } else { Crossed::Room })
            }
            Work::Open(open) => {
                tracing::debug!(open, held = self.held.is_some(), "clipboard");
                self.open = open;
                if !open {
                    return self.tell(Crossed::Room);
                }
                if let Some(held) = self.held.take()
                    && !self.set(held)
                {
                    return false;
                }
                self.announce();
                true
            }
            Work::Restart => {
                // Numbers of either end start anew with a link.
                self.lock(|share| *share = ClipboardShare::default());
                self.held = None;
                if self.open {
                    self.announce();
                }
                true
            }
            Work::Put(content, files) => self.put(content, files),
            Work::CopyFiles(files) => self.copy_files(files),
            Work::Stop => false,
            Work::Type => {
                self.typing = true;
                self.announce();
                true
            }
        }
    }

    fn lock<T>(&self, change: impl FnOnce(&mut ClipboardShare) -> T) -> T {
        change(&mut self.share.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, crossed: Crossed) -> bool {
        let told = self.tell.send(crossed).is_ok();
        self.waker.wake();
        told
    }

    fn announce(&self) {
        if let Err(error) = self.system.announce() {
            tracing::debug!(%error, "clipboard could not be read");
        }
    }

    /// On the clipboard here, or as soon as contents cross.
    fn put(&mut self, content: ClipboardContent, files: Option<Arc<dyn OfferedFiles>>) -> bool {
        if content.is_empty() && files.is_none() {
            return true;
        }
        if self.open {
            self.set((content, files))
        } else {
            self.held = Some((content, files));
            true
        }
    }

    fn copy_files(&self, files: CopiedFiles) -> bool {
        let Ok(prepared) = Prepared::local(ClipboardContent::files(files)) else {
            return self.tell(Crossed::Told(Some(CauseCode::ClipboardTooLarge)));
        };
        let prepared = Arc::new(prepared);
        let goes = self.lock(|share| share.local(&prepared));
        // The machine has just these already.
        self.tell(if goes { Crossed::FilesOut } else { Crossed::Delivered })
    }

    fn set(&self, (content, files): Held) -> bool {
        let set = match files {
            Some(files) => self.system.offer(&content, files).or_else(|error| {
                tracing::debug!(%error, "files of the machine are fetched by the menu");
                if content.is_empty() { Ok(()) } else { self.system.set(&content) }
            }),
            None => self.system.set(&content),
        };
        match set {
            Ok(()) => self.tell(Crossed::In) && self.tell(Crossed::Told(None)),
            Err(error) => {
                tracing::warn!(%error, "clipboard could not be set");
                self.tell(Crossed::Told(Some(CauseCode::ClipboardUnavailable)))
            }
        }
    }

    fn happened(&mut self, event: ClipboardEvent) -> bool {
        let typing = std::mem::take(&mut self.typing);
        match event {
            ClipboardEvent::Copied(mut content) => {
                if typing {
                    let text = content.text.as_deref().unwrap_or_default().to_owned();
                    return self.tell(Crossed::Type(text));
                }
                if !self.open {
                    return true;
                }
                // They are sent when somebody pastes; their names alone are of no use there.
                let files = paths_of(content.files.take().as_ref());
                let alone = !files.is_empty() && content.png.is_none();
                if !self.tell(Crossed::OwnFiles(if alone { files } else { Vec::new() })) {
                    return false;
                }
                if alone || content.is_empty() {
                    return true;
                }
                let Ok(prepared) = Prepared::local(content) else {
                    return self.tell(Crossed::Told(Some(CauseCode::ClipboardTooLarge)));
                };
                let prepared = Arc::new(prepared);
                let goes = self.lock(|share| share.local(&prepared));
                !goes || self.tell(Crossed::Told(None)) && self.tell(Crossed::Out)
            }
            ClipboardEvent::TooLarge if self.open => {
                self.tell(Crossed::OwnFiles(Vec::new()))
                    && self.tell(Crossed::Told(Some(CauseCode::ClipboardTooLarge)))
            }
            ClipboardEvent::Private if self.open => {
                self.tell(Crossed::OwnFiles(Vec::new()))
                    && self.tell(Crossed::Told(Some(CauseCode::ClipboardPrivate)))
            }
            ClipboardEvent::Failed(error) => {
                tracing::warn!(%error, "the clipboard cannot be used");
                !self.open || self.tell(Crossed::Told(Some(CauseCode::ClipboardUnavailable)))
            }
            ClipboardEvent::TooLarge | ClipboardEvent::Private => true,
        }
    }

    fn piece(&mut self, piece: &ClipboardPiece) -> bool {
        let received = match self.lock(|share| share.remote(piece)) {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(%error, "clipboard piece refused");
                return true;
            }
        };
        tracing::debug!(
            content = received.content.is_some(),
            open = self.open,
            "a piece of the machine's clipboard"
        );
        if received.unusable && !self.tell(Crossed::Told(Some(CauseCode::ClipboardUnusable))) {
            return false;
        }
        if let Some(mut content) = received.content {
            // Names of files of the machine are none of this computer's clipboard.
            let files = paths_of(content.files.take().as_ref());
            let told = if files.is_empty() {
                self.tell(Crossed::NoFiles) && self.put(content, None)
            } else {
                self.tell(Crossed::Files(files, content))
            };
            if !told {
                return false;
            }
        }
        received.reply.is_none_or(|reply| self.tell(Crossed::Reply(reply)))
    }
}
