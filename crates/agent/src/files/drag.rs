//! Files that a viewer drops at a point of the picture, or drags out of it.
//!
//! Other programs take part, which may be slow or hang: a thread of its own waits for
//! them. It is left to itself when the session ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use gc_filetransfer::{Direction, PASTE_PLACE, numbered};
use gc_platform::{
    CopiedFiles, DragError, DragOpener, EntryKind, FileDrag, FileStore, StoreError, StorePath,
};
use gc_proto::v2::file_message::Body;
use gc_proto::v2::{Cause, DraggedOut, FileDrop, FileDropped, FileMessage, FilePath};
use gc_proto::{Channel, Flags, MAX_CLIPBOARD_PATHS};
use gc_types::CauseCode;
use prost::Message as _;

use super::audit;
use super::thread::{Worker, open};
use crate::clipboard_files::fetchable;
use crate::input_thread::{ChordPresser, PointerShare};

/// Drops and drags that may wait for the one that is under way.
const MAX_WAITING: usize = 4;
/// Bytes of paths in one message.
const MESSAGE: usize = 24 << 10;
/// Numbers that are tried for a name that is taken.
const NAMES: u32 = 1_000;

/// What a drag needs of the session.
pub(crate) struct DragPorts {
    pub(crate) share: Arc<PointerShare>,
    pub(crate) keys: ChordPresser,
    pub(crate) controller: Arc<AtomicU16>,
}

/// What became of a drag.
pub(super) enum DragDone {
    Dropped { asked: Asked, folder: StorePath, names: Vec<String>, result: Result<(), DragError> },
    Out { asked: Asked, result: Result<CopiedFiles, DragError> },
}

/// By whom, and what they call it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    participant: u16,
    request: u32,
}

enum Job {
    Drop { asked: Asked, folder: StorePath, names: Vec<String>, files: CopiedFiles, at: (i32, i32) },
    Out { asked: Asked },
}

type Told = Arc<dyn Fn(DragDone) + Send + Sync>;

/// The thread that drags, and what it has to do.
pub(super) struct Drags {
    ports: DragPorts,
    told: Told,
    jobs: Option<Sender<(Job, DragOpener)>>,
    waiting: usize,
}

impl Drags {
    /// The thread starts with the first drag.
    pub(super) fn new(ports: DragPorts, told: Told) -> Self {
        Self { ports, told, jobs: None, waiting: 0 }
    }

    fn begin(&mut self, job: Job, opener: Option<DragOpener>) -> Result<(), CauseCode> {
        if self.waiting >= MAX_WAITING {
            return Err(CauseCode::RateLimited);
        }
        let opener = opener.ok_or(CauseCode::DragUnavailable)?;
        let jobs = if let Some(jobs) = &self.jobs {
            jobs
        } else {
            let (jobs, received) = channel();
            let told = Arc::clone(&self.told);
            let started = std::thread::Builder::new()
                .name("drag".into())
                .spawn(move || run(&received, &told));
            if let Err(error) = started {
                tracing::warn!(%error, "no thread to drag with");
                return Err(CauseCode::DragUnavailable);
            }
            self.jobs.insert(jobs)
        };
        jobs.send((job, opener)).map_err(|_| CauseCode::DragUnavailable)?;
        self.waiting += 1;
        Ok(())
    }
}

/// Ends when nobody asks any more. The desktop is opened for the first drag, and anew
/// after it was lost.
fn run(jobs: &Receiver<(Job, DragOpener)>, told: &Told) {
    let mut open: Option<Box<dyn FileDrag>> = None;
    while let Ok((job, opener)) = jobs.recv() {
        let mut desktop = match open.take() {
            Some(desktop) => Ok(desktop),
            None => opener(),
        };
        let done = match job {
            Job::Drop { asked, folder, names, files, at } => {
                let drop = |desktop: &mut Box<dyn FileDrag>| desktop.drop_files(&files, at.0, at.1);
                let result = desktop.as_mut().map_err(|error| error.clone()).and_then(drop);
                DragDone::Dropped { asked, folder, names, result }
            }
            Job::Out { asked } => {
                let take = |desktop: &mut Box<dyn FileDrag>| desktop.dragged_files();
                let result = desktop.as_mut().map_err(|error| error.clone()).and_then(take);
                DragDone::Out { asked, result }
            }
        };
        let lost = match &done {
            DragDone::Dropped { result, .. } => is_lost(result.as_ref().err()),
            DragDone::Out { result, .. } => is_lost(result.as_ref().err()),
        };
        open = desktop.ok().filter(|_| !lost);
        told(done);
    }
}

fn is_lost(error: Option<&DragError>) -> bool {
    error.is_some_and(|error| error.cause == CauseCode::DragUnavailable)
}

impl Worker {
    /// Who is in control, may move files this way, and is here.
    fn may_drag(&self, participant: u16, direction: Direction) -> Result<(), CauseCode> {
        self.policy().check_direction(direction)?;
        if self.drags.ports.controller.load(Ordering::Acquire) != participant {
            return Err(CauseCode::NotInControl);
        }
        Ok(())
    }

    /// Drops what a viewer has put into a folder for it.
    pub(super) fn drop_files(&mut self, participant: u16, drop: &FileDrop) {
        let asked = Asked { participant, request: drop.request };
        if let Err(cause) = self.begin_drop(asked, drop) {
            tracing::info!(participant, cause = cause.name(), "files not dropped");
            self.say_dropped(asked, Some((cause, String::new())), None);
        }
    }

    fn begin_drop(&mut self, asked: Asked, drop: &FileDrop) -> Result<(), CauseCode> {
        self.may_drag(asked.participant, Direction::Upload)?;
        // Nothing but what viewers put there, as for a paste.
        let folder = StorePath::from_wire(drop.folder.as_ref().ok_or(CauseCode::FileNotFound)?)?;
        if folder.place != PASTE_PLACE || folder.parts.len() != 1 {
            return Err(CauseCode::FileNameNotAllowed);
        }
        let position = drop.position.unwrap_or_default();
        let (left, top) = self.drags.ports.share.origin.get();
        let at = (left.saturating_add(position.x), top.saturating_add(position.y));
        let store = open(&mut self.store, self.platform.as_ref());
        let (entries, all) =
            store.list(&folder, MAX_CLIPBOARD_PATHS).map_err(|error| error.cause())?;
        if !all {
            return Err(CauseCode::FilesTooMany);
        }
        let names: Vec<String> = entries
            .into_iter()
            .filter(|entry| entry.kind != EntryKind::Other)
            .map(|entry| entry.name)
            .collect();
        if names.is_empty() {
            return Err(CauseCode::FileNotFound);
        }
        let located = names.iter().map(|name| store.locate(&folder.join(name)));
        let paths: Vec<FilePath> = located
            .map(|path| path.map(|path| path.to_wire()))
            .collect::<Result<_, _>>()
            .map_err(|error: StoreError| error.cause())?;
        let files = CopiedFiles::new(paths).ok_or(CauseCode::FilesTooMany)?;
        let job = Job::Drop { asked, folder, names, files, at };
        self.drags.begin(job, self.platform.drag())
    }

    /// Takes what is being dragged on the machine.
    pub(super) fn drag_out(&mut self, participant: u16, request: u32) {
        let asked = Asked { participant, request };
        let begun = self
            .may_drag(participant, Direction::Download)
            .and_then(|()| self.drags.begin(Job::Out { asked }, self.platform.drag()));
        if let Err(cause) = begun {
            self.say_dragged_out(asked, Err((cause, String::new())));
        }
    }

    /// The thread is done with one.
    pub(super) fn dragged(&mut self, done: DragDone) {
        self.drags.waiting = self.drags.waiting.saturating_sub(1);
        match done {
            DragDone::Dropped { asked, folder, names, result } => {
                let error = result.err();
                let put = error.as_ref().and_then(|_| self.keep(&folder, &names));
                let detail = match &error {
                    None => format!("dropped:{}", names.join(", ")),
                    Some(error) => format!("{}:{}", error.cause.name(), names.join(", ")),
                };
                self.note("files_dropped", &detail);
                let cause = error.map(|error| {
                    tracing::info!(%error, participant = asked.participant, "files not dropped");
                    (error.cause, error.detail)
                });
                self.say_dropped(asked, cause, put);
            }
            DragDone::Out { asked, result } => {
                // It was for this: whoever let go of the button now would drop them.
                if result.is_ok() {
                    self.drags.ports.keys.escape();
                }
                let result = result.map_err(|error| (error.cause, error.detail));
                let result = result.and_then(|files| {
                    fetchable(&files).ok_or((CauseCode::DragNoFiles, String::new()))
                });
                self.say_dragged_out(asked, result);
            }
        }
    }

    /// Nobody took them: into the folder that files are dropped into. Where that is;
    /// `None` when they could not be moved there.
    fn keep(&mut self, from: &StorePath, names: &[String]) -> Option<FilePath> {
        let store = open(&mut self.store, self.platform.as_ref());
        let to = StorePath::default();
        for name in names {
            if let Err(error) = keep_one(store, &from.join(name), &to, name) {
                tracing::warn!(%error, "what nobody took stays where it waited");
                return None;
            }
        }
        let located = store.locate(&to).inspect_err(|error| {
            tracing::warn!(%error, "where files are dropped into cannot be told");
        });
        located.ok().map(|path| path.to_wire())
    }

    fn note(&self, what: &str, detail: &str) {
        if !self.outlet.report(audit::changed(self.outlet.session(), what, detail)) {
            tracing::warn!(what, detail, "not reported to the audit");
        }
    }

    fn say_dropped(
        &self,
        asked: Asked,
        cause: Option<(CauseCode, String)>,
        folder: Option<FilePath>,
    ) {
        let cause = cause.map(to_wire);
        self.say(asked, Body::Dropped(FileDropped { request: asked.request, cause, folder }));
    }

    fn say_dragged_out(&self, asked: Asked, result: Result<CopiedFiles, (CauseCode, String)>) {
        let request = asked.request;
        let files = match result {
            Ok(files) => files,
            Err(cause) => {
                let out = DraggedOut {
                    request,
                    paths: Vec::new(),
                    last: true,
                    cause: Some(to_wire(cause)),
                };
                return self.say(asked, Body::DraggedOut(out));
            }
        };
        let mut part = DraggedOut { request, paths: Vec::new(), last: false, cause: None };
        let mut bytes = 0;
        for path in files.paths() {
            let length = path.encoded_len() + 8;
            if bytes + length > MESSAGE && !part.paths.is_empty() {
                let full = DraggedOut { paths: std::mem::take(&mut part.paths), ..part.clone() };
                self.say(asked, Body::DraggedOut(full));
                bytes = 0;
            }
            bytes += length;
            part.paths.push(path.clone());
        }
        part.last = true;
        self.say(asked, Body::DraggedOut(part));
    }

    fn say(&self, asked: Asked, body: Body) {
        let message = FileMessage { body: Some(body) };
        if !self.outlet.send(Channel::Files, asked.participant, Flags::NONE, &message) {
            tracing::debug!(participant = asked.participant, "what became of a drag was not told");
        }
    }
}

fn keep_one(
    store: &mut dyn FileStore,
    from: &StorePath,
    to: &StorePath,
    name: &str,
) -> Result<(), StoreError> {
    let mut result = store.move_into(from, to, name);
    let mut number = 2;
    while result == Err(StoreError::Exists) && number < NAMES {
        result = store.move_into(from, to, &numbered(name, number));
        number += 1;
    }
    result
}

fn to_wire((cause, detail): (CauseCode, String)) -> Cause {
    Cause { code: cause as i32, detail: gc_proto::clean_text(&detail, 200) }
}
