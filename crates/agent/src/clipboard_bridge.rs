//! Carries clipboard contents between the system and the viewers of a session.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_clipboard::{ClipboardShare, Prepared};
use gc_platform::{Clipboard, ClipboardContent, ClipboardError, ClipboardEvent};
use gc_proto::v2::{AgentControl, ClipboardPiece, ClipboardReceived, NoticeTopic, agent_control};
use gc_proto::{Channel, Flags};
use gc_types::CauseCode;

use crate::clipboard_files::{self, FileLeave};
use crate::files::{Located, Locator};
use crate::input_thread::notice;
use crate::outlet::Outlet;
use crate::platform_set::Platform;

/// Bytes of pieces that may wait to be put together. Viewers that keep to the protocol
/// wait for answers long before; who does not loses what is beyond.
const MAX_WAITING: usize = 4 << 20;
/// A link that takes nothing at the moment is tried again after this.
const RETRY: Duration = Duration::from_millis(100);
/// After so many times the content is given up.
const MAX_REFUSALS: u32 = 300;

/// The clipboard of one session. Work that takes time (pictures) is done on a thread of
/// its own.
pub(crate) struct ClipboardBridge {
    inbox: Arc<Inbox>,
    thread: Option<JoinHandle<()>>,
}

impl ClipboardBridge {
    /// Starts to watch the system's clipboard.
    pub(crate) fn open(
        platform: &dyn Platform,
        outlet: &Outlet,
        locator: Locator,
    ) -> Result<Self, ClipboardError> {
        let inbox = Arc::new(Inbox::default());
        let listener = {
            let inbox = Arc::clone(&inbox);
            // Only the newest counts.
            Box::new(move |event| inbox.update(|waiting| waiting.happened = Some(event)))
        };
        let system = platform.open_clipboard(listener)?;
        let mut worker = Worker {
            inbox: Arc::clone(&inbox),
            system,
            outlet: outlet.clone(),
            viewers: BTreeMap::new(),
            refusals: 0,
            has_files: platform.files().is_some(),
            locator,
            pending: None,
            questions: 0,
        };
        let thread = std::thread::Builder::new()
            .name("clipboard".into())
            .spawn(move || worker.run())
            .map_err(|error| ClipboardError(error.to_string()))?;
        Ok(Self { inbox, thread: Some(thread) })
    }

    /// One piece from a viewer; sets the system's clipboard with the last one.
    pub(crate) fn receive(&self, participant: u16, piece: ClipboardPiece) {
        self.inbox.update(|waiting| {
            if waiting.bytes + piece.data.len() > MAX_WAITING {
                tracing::warn!(participant, "clipboard pieces come faster than they may");
                return;
            }
            waiting.bytes += piece.data.len();
            waiting.queue.push_back((participant, Command::Piece(piece)));
        });
    }

    /// A viewer tells what has come.
    pub(crate) fn received(&self, participant: u16, received: ClipboardReceived) {
        self.command(participant, Command::Received(received));
    }

    /// Shares with this viewer too, beginning with what is on the clipboard now. `files`:
    /// it has the right to move files.
    pub(crate) fn joined(&self, participant: u16, files: bool) {
        self.command(participant, Command::Joined { files });
    }

    /// Ends it.
    pub(crate) fn left(&self, participant: u16) {
        self.command(participant, Command::Left);
    }

    /// A viewer switches sharing with it, both ways.
    pub(crate) fn set_enabled(&self, participant: u16, enabled: bool) {
        self.command(participant, if enabled { Command::On } else { Command::Off });
    }

    fn command(&self, participant: u16, command: Command) {
        self.inbox.update(|waiting| {
            // Answers and switches are small, but a peer may send any number of them.
            if waiting.queue.len() < 4_096
                || matches!(command, Command::Joined { .. } | Command::Left)
            {
                waiting.queue.push_back((participant, command));
            }
        });
    }
}

impl Drop for ClipboardBridge {
    fn drop(&mut self) {
        self.inbox.update(|waiting| waiting.stop = true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("clipboard thread panicked");
        }
    }
}

enum Command {
    Joined { files: bool },
    Left,
    On,
    Off,
    Piece(ClipboardPiece),
    Received(ClipboardReceived),
}

/// What the thread has to do.
#[derive(Default)]
struct Inbox {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    happened: Option<ClipboardEvent>,
    queue: VecDeque<(u16, Command)>,
    /// Of the pieces in the queue.
    bytes: usize,
    /// The answer to a question about files, by its number.
    located: Option<(u64, Located)>,
    stop: bool,
}

impl Inbox {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.lock());
        self.changed.notify_one();
    }

    /// Sleeps until there is something, or for the given time; `None`: it is over.
    fn next(&self, timeout: Option<Duration>) -> Option<Waiting> {
        let idle = |waiting: &mut Waiting| {
            !waiting.stop
                && waiting.happened.is_none()
                && waiting.located.is_none()
                && waiting.queue.is_empty()
        };
        let waiting = self.lock();
        let mut waiting = match timeout {
            None => self.changed.wait_while(waiting, idle).unwrap_or_else(PoisonError::into_inner),
            Some(timeout) => {
                let waited = self.changed.wait_timeout_while(waiting, timeout, idle);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        (!waiting.stop).then(|| std::mem::take(&mut *waiting))
    }
}

/// A viewer that may share.
#[derive(Default)]
struct Viewer {
    share: ClipboardShare,
    /// Switched off by the viewer. The share stays, since its numbers go on.
    off: bool,
    /// It may move files, as far as the server's rules go.
    files: bool,
    /// The cause that it was told last.
    told: Option<CauseCode>,
}

/// A content of a viewer that waits for where its files are.
struct Pending {
    question: u64,
    participant: u16,
    content: ClipboardContent,
    reply: Option<ClipboardReceived>,
}

struct Worker {
    inbox: Arc<Inbox>,
    system: Box<dyn Clipboard>,
    outlet: Outlet,
    /// Who may share.
    viewers: BTreeMap<u16, Viewer>,
    /// How often the link has taken nothing, one time after the other.
    refusals: u32,
    /// This machine has files that may be moved.
    has_files: bool,
    locator: Locator,
    pending: Option<Pending>,
    /// Questions asked so far.
    questions: u64,
}

impl Worker {
    fn run(&mut self) {
        let mut timeout = None;
        while let Some(waiting) = self.inbox.next(timeout) {
            for (participant, command) in waiting.queue {
                self.take(participant, command);
            }
            if let Some((question, located)) = waiting.located {
                self.located(question, located);
            }
            if let Some(event) = waiting.happened {
                self.happened(event);
            }
            timeout = (!self.send()).then_some(RETRY);
        }
    }

    fn take(&mut self, participant: u16, command: Command) {
        match command {
            Command::Joined { files } => {
                self.viewers.insert(participant, Viewer { files, ..Viewer::default() });
                self.announce();
            }
            Command::Left => {
                self.viewers.remove(&participant);
            }
            Command::On => {
                if let Some(viewer) = self.viewers.get_mut(&participant)
                    && std::mem::take(&mut viewer.off)
                {
                    self.announce();
                }
            }
            Command::Off => {
                if let Some(viewer) = self.viewers.get_mut(&participant) {
                    viewer.off = true;
                    viewer.share.forget();
                }
            }
            Command::Received(received) => {
                if let Some(viewer) = self.viewers.get_mut(&participant)
                    && viewer.share.acknowledged(&received)
                {
                    tracing::debug!(participant, "clipboard has arrived");
                }
            }
            Command::Piece(piece) => self.piece(participant, &piece),
        }
    }

    /// Has the present content told, for who has come.
    fn announce(&self) {
        if let Err(error) = self.system.announce() {
            tracing::debug!(%error, "clipboard could not be read");
        }
    }

    /// Those that share at the moment.
    fn sharing(&mut self) -> impl Iterator<Item = (u16, &mut ClipboardShare)> {
        let sharing = self.viewers.iter_mut().filter(|(_, viewer)| !viewer.off);
        sharing.map(|(participant, viewer)| (*participant, &mut viewer.share))
    }

    fn piece(&mut self, participant: u16, piece: &ClipboardPiece) {
        // Memory for one content at a time, however many viewers send.
        let mut sender = None;
        for (other, share) in self.sharing() {
            if other == participant {
                sender = Some(share);
            } else {
                share.give_up_receiving();
            }
        }
        let Some(share) = sender else { return };
        let received = match share.remote(piece) {
            Ok(received) => received,
            Err(error) => {
                tracing::warn!(%error, participant, "clipboard piece refused");
                return;
            }
        };
        if received.unusable {
            tracing::warn!(participant, "nothing of a viewer's clipboard content can be used");
            self.tell(Some(CauseCode::ClipboardUnusable));
        }
        if let Some(content) = received.content {
            // What still waits was copied before.
            self.pending = None;
            match content.files {
                None => self.set(content, participant),
                Some(_) => return self.with_files(content, participant, received.reply),
            }
        }
        self.reply(participant, received.reply);
    }

    /// After setting it: a viewer that hears of the end goes on to paste.
    fn reply(&self, participant: u16, reply: Option<ClipboardReceived>) {
        if let Some(reply) = reply {
            let body = Some(agent_control::Body::ClipboardReceived(reply));
            self.outlet.send(Channel::Control, participant, Flags::END, &AgentControl { body });
        }
    }

    /// A viewer has put files on this machine and now copies them: programs here need to
    /// know where they are, and that they are there.
    fn with_files(
        &mut self,
        mut content: ClipboardContent,
        participant: u16,
        reply: Option<ClipboardReceived>,
    ) {
        let Some(files) = content.files.take() else { return };
        let right = self.viewers.get(&participant).is_some_and(|viewer| viewer.files);
        let leave = FileLeave::of(&self.outlet, self.has_files);
        let paths = if right && leave.upload {
            clipboard_files::put_by_viewer(&files)
        } else {
            Err(CauseCode::FilesDenied)
        };
        self.questions += 1;
        let question = self.questions;
        self.pending = Some(Pending { question, participant, content, reply });
        match paths {
            Ok(paths) => {
                let inbox = Arc::clone(&self.inbox);
                let answer = move |located| {
                    inbox.update(|waiting| waiting.located = Some((question, located)));
                };
                self.locator.locate(paths, Box::new(answer));
            }
            Err(cause) => self.located(question, Err(cause)),
        }
    }

    fn located(&mut self, question: u64, located: Located) {
        // Something else was copied meanwhile.
        let asked = |pending: &mut Pending| pending.question == question;
        let Some(pending) = self.pending.take_if(asked) else { return };
        let Pending { participant, mut content, reply, .. } = pending;
        let paths = located
            .and_then(|paths| clipboard_files::located(&paths).ok_or(CauseCode::ClipboardTooLarge));
        match paths {
            Ok(files) => {
                content.files = Some(files);
                if let Ok(prepared) = Prepared::local(content.clone())
                    && let Some(viewer) = self.viewers.get_mut(&participant)
                {
                    viewer.share.stands_as(&prepared);
                }
                self.set(content, participant);
            }
            Err(cause) => {
                tracing::info!(participant, cause = cause.name(), "files of a viewer not set");
                if !content.is_empty() {
                    self.set(content, participant);
                }
                // Before the answer, and even when it was told before: a viewer that hears
                // of it does not paste.
                if let Some(viewer) = self.viewers.get_mut(&participant) {
                    viewer.told = None;
                }
                self.tell_one(participant, Some(cause));
            }
        }
        self.reply(participant, reply);
    }

    fn set(&mut self, content: ClipboardContent, origin: u16) {
        tracing::debug!(?content, origin, "clipboard from a viewer");
        match self.system.set(&content) {
            Ok(()) => self.tell(None),
            Err(error) => {
                tracing::warn!(%error, "clipboard could not be set");
                self.tell(Some(CauseCode::ClipboardUnavailable));
            }
        }
        // The other viewers too: the system does not report what was set here.
        self.share(content, Some(origin));
    }

    fn happened(&mut self, event: ClipboardEvent) {
        match event {
            ClipboardEvent::Copied(mut content) => {
                tracing::debug!(?content, "clipboard of the machine");
                self.pending = None;
                let files = content.files.take();
                content.files = files.as_ref().and_then(clipboard_files::fetchable);
                if content.is_empty() {
                    return;
                }
                if self.share(content, None) {
                    self.tell(None);
                }
            }
            ClipboardEvent::TooLarge => self.tell(Some(CauseCode::ClipboardTooLarge)),
            ClipboardEvent::Private => self.tell(Some(CauseCode::ClipboardPrivate)),
            ClipboardEvent::Failed(error) => {
                tracing::warn!(%error, "the clipboard cannot be used");
                self.tell(Some(CauseCode::ClipboardUnavailable));
            }
        }
    }

    /// Begins to send a content to every viewer that does not have it, but `origin`.
    /// `false`: nothing of it can be sent.
    fn share(&mut self, content: ClipboardContent, origin: Option<u16>) -> bool {
        if self.sharing().all(|(participant, _)| Some(participant) == origin) {
            return true;
        }
        let Ok(prepared) = Prepared::local(content) else {
            tracing::info!("clipboard not shared: too large, or damaged");
            self.tell(Some(CauseCode::ClipboardTooLarge));
            return false;
        };
        let prepared = Arc::new(prepared);
        let bare = match prepared.content().files {
            Some(_) => prepared.without_files().map(Arc::new),
            None => Some(Arc::clone(&prepared)),
        };
        let download = FileLeave::of(&self.outlet, self.has_files).download;
        for (participant, viewer) in &mut self.viewers {
            if viewer.off || Some(*participant) == origin {
                continue;
            }
            let whole = viewer.files && download;
            if let Some(content) = if whole { Some(&prepared) } else { bare.as_ref() } {
                viewer.share.local(content);
            }
        }
        true
    }

    /// Sends what may be sent now, in turn; `false`: the link takes no more at the
    /// moment, and is to be tried again.
    fn send(&mut self) -> bool {
        let mut taken = true;
        let outlet = self.outlet.clone();
        for (participant, share) in self.sharing() {
            while let Some((piece, last)) = share.next_piece() {
                let flags = if last { Flags::END } else { Flags::NONE };
                if !outlet.send(Channel::Clipboard, participant, flags, &piece) {
                    taken = false;
                    break;
                }
                share.sent();
            }
        }
        self.refusals = if taken { 0 } else { self.refusals + 1 };
        if self.refusals > MAX_REFUSALS {
            tracing::info!("clipboard was not sent: the link takes nothing");
            self.sharing().for_each(|(_, share)| share.forget());
            self.refusals = 0;
            return true;
        }
        taken
    }

    /// All that share.
    fn tell(&mut self, cause: Option<CauseCode>) {
        let sharing: Vec<u16> = self.sharing().map(|(participant, _)| participant).collect();
        for participant in sharing {
            self.tell_one(participant, cause);
        }
    }

    fn tell_one(&mut self, participant: u16, cause: Option<CauseCode>) {
        let Some(viewer) = self.viewers.get_mut(&participant) else { return };
        if viewer.told == cause {
            return;
        }
        viewer.told = cause;
        let message = notice(NoticeTopic::Clipboard, cause, "");
        self.outlet.send(Channel::Control, participant, Flags::END, &message);
    }
}
