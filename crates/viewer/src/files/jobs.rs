//! What is moved: one line of the panel each, and what follows when it is over.

use std::collections::VecDeque;

use gc_filetransfer::{ConflictRule, Direction, Outcome, Plan, Progress, Receipt};
use gc_platform::{
    CopiedFiles, EntryKind, FileStore, OfferError, PASTE_PLACE, StoreError, StorePath,
};
use gc_proto::v2::folder_request::Step as Asked;
use gc_types::CauseCode;

use super::asks::For;
use super::offer::Wanted;
use super::worker::Worker;
use super::{FilesEvent, Found, Line, Move, Standing, Then};

/// What one transfer may have to fetch.
const MOST_SOURCES: usize = 256;
/// Things that may wait for a program.
const MOST_PLACED: usize = gc_proto::MAX_CLIPBOARD_PATHS;

/// What files were when they were put somewhere; the same for the same files.
type Mark = Vec<(StorePath, u64, i64)>;

/// What was put somewhere, into which folder, and as what.
pub(super) type Placed = (Mark, StorePath, Vec<StorePath>);

pub(super) enum Purpose {
    /// The person sees it.
    Plain,
    /// A program waits for it.
    Offer(Wanted),
    /// A program of the machine is to have it.
    Place { folder: StorePath, then: Then, mark: Option<Mark> },
}

/// A line and what is behind it. Several transfers, one after the other, where one may
/// not have so many sources.
pub(super) struct Job {
    pub(super) line: Line,
    /// The number on the desk.
    pub(super) desk: Option<u32>,
    rest: VecDeque<Plan>,
    /// Of those that are over.
    before: Progress,
    purpose: Purpose,
}

impl Job {
    /// With what was moved before.
    pub(super) fn progressed(&mut self, now: Progress) {
        let before = self.before;
        self.line.progress = Progress {
            files: before.files + now.files,
            total_files: before.total_files + now.total_files,
            bytes: before.bytes + now.bytes,
            total_bytes: before.total_bytes + now.total_bytes,
            ..now
        };
    }

    /// A file of it is over.
    pub(super) fn file_over(&mut self, receipt: &Receipt) {
        let failed = matches!(receipt.outcome, Outcome::Failed(_) | Outcome::Denied(_));
        if failed {
            self.line.failed += 1;
            self.line.why = self.line.why.or(receipt.outcome.cause());
        }
        if let Purpose::Offer(wanted) = &self.purpose {
            wanted.0.file_over(receipt.path.clone(), receipt.outcome.cause());
        }
    }

    fn is_of(&self, offer: &std::sync::Arc<super::offer::State>) -> bool {
        matches!(&self.purpose, Purpose::Offer(wanted) if std::sync::Arc::ptr_eq(&wanted.0, offer))
    }
}

/// What files are now; none where a folder is among them, whose time says little.
fn mark(store: &mut dyn FileStore, sources: &[StorePath]) -> Option<Mark> {
    let facts = sources.iter().map(|path| {
        let entry = store.stat(path).ok().filter(|entry| entry.kind == EntryKind::File)?;
        Some((path.clone(), entry.size, entry.modified_ms))
    });
    facts.collect()
}

impl Worker {
    fn add(&mut self, wanted: &Move, purpose: Purpose, standing: Standing) -> u32 {
        self.last += 1;
        let Move { direction, sources, folder, rule } = wanted;
        let (direction, rule) = (*direction, *rule);
        let name = sources.first().and_then(StorePath::name).unwrap_or_default();
        let (name, count) = (gc_proto::clean_text(name, 80), sources.len());
        tracing::info!(?direction, count, "a transfer begins");
        let most = match direction {
            Direction::Upload => usize::MAX,
            Direction::Download => MOST_SOURCES,
        };
        let plan = |sources: &[StorePath]| Plan {
            id: self.noise(),
            direction,
            sources: sources.to_vec(),
            folder: folder.clone(),
            rule,
            again: false,
        };
        let rest = sources.chunks(most).map(plan).collect();
        let progress = Progress::default();
        let (failed, why, number) = (0, None, self.last);
        let line = Line { number, direction, name, count, progress, failed, why, standing };
        self.jobs.push(Job { line, desk: None, rest, before: progress, purpose });
        number
    }

    pub(super) fn begin(&mut self, wanted: &Move) {
        if wanted.sources.is_empty() {
            return;
        }
        let number = self.add(wanted, Purpose::Plain, Standing::Moves);
        self.next_part(number);
    }

    /// Begins what is next of it, or ends it.
    fn next_part(&mut self, number: u32) {
        let standing = if self.is_linked() { Standing::Moves } else { Standing::Rests };
        let Some(job) = self.jobs.iter_mut().find(|job| job.line.number == number) else { return };
        job.before = job.line.progress;
        job.desk = None;
        let Some(plan) = job.rest.pop_front() else { return self.done(number) };
        job.line.standing = standing;
        match self.opened() {
            Ok(open) => {
                let desk = open.desk.begin(plan);
                if let Some(job) = self.jobs.iter_mut().find(|job| job.line.number == number) {
                    job.desk = Some(desk);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "there are no files here");
                self.over(number, error.cause());
            }
        }
        self.publish();
    }

    /// A transfer of the desk's is over.
    pub(super) fn part_over(&mut self, desk: u32, cause: Option<CauseCode>) {
        tracing::info!(transfer = desk, cause = cause.map(CauseCode::name), "transfer over");
        let Some(job) = self.jobs.iter().find(|job| job.desk == Some(desk)) else { return };
        let number = job.line.number;
        match cause {
            None => self.next_part(number),
            Some(cause) => self.over(number, cause),
        }
    }

    fn take_purpose(&mut self, number: u32, standing: Standing) -> Option<Purpose> {
        let job = self.jobs.iter_mut().find(|job| job.line.number == number)?;
        job.line.standing = standing;
        job.desk = None;
        job.rest.clear();
        let purpose = std::mem::replace(&mut job.purpose, Purpose::Plain);
        self.publish();
        Some(purpose)
    }

    /// All of it was tried.
    fn done(&mut self, number: u32) {
        let Some(job) = self.jobs.iter().find(|job| job.line.number == number) else { return };
        let why = (job.line.failed > 0).then(|| job.line.why.unwrap_or(CauseCode::FileIoFailed));
        let folder = match &job.purpose {
            Purpose::Place { folder, .. } => Some(folder.clone()),
            Purpose::Plain | Purpose::Offer(_) => None,
        };
        if let (Some(folder), None) = (folder, why) {
            // What waits there, by the names that the machine gave.
            match self.request(Asked::List(folder.to_wire()), For::Placed(number)) {
                Ok(()) => return,
                Err((_, cause)) => return self.over(number, cause),
            }
        }
        match self.take_purpose(number, Standing::Done) {
            Some(Purpose::Offer(wanted)) => {
                let here = match why {
                    Some(cause) => Err(OfferError::Failed(cause)),
                    None => self.located(&wanted.0.folder),
                };
                wanted.answer(here);
            }
            Some(Purpose::Place { then, .. }) => {
                let result = Err(why.unwrap_or(CauseCode::FileIoFailed));
                self.tell_window(FilesEvent::Placed { then, result });
            }
            Some(Purpose::Plain) | None => {}
        }
        self.tell_window(FilesEvent::Over(number));
    }

    /// It ended before its time.
    pub(super) fn over(&mut self, number: u32, cause: CauseCode) {
        match self.take_purpose(number, Standing::Over(cause)) {
            Some(Purpose::Offer(wanted)) => {
                // Nobody uses half of it.
                self.clear(&wanted.0.folder);
                wanted.answer(Err(match cause {
                    CauseCode::FilesCancelled => OfferError::Cancelled,
                    cause => OfferError::Failed(cause),
                }));
            }
            Some(Purpose::Place { then, .. }) => {
                self.tell_window(FilesEvent::Placed { then, result: Err(cause) });
            }
            Some(Purpose::Plain) | None => {}
        }
        self.tell_window(FilesEvent::Over(number));
    }

    /// Every thing in a folder here, by the paths that programs know.
    fn located(&mut self, folder: &StorePath) -> Result<CopiedFiles, OfferError> {
        let failed = |error: StoreError| OfferError::Failed(error.cause());
        let store = &mut self.opened().map_err(failed)?.store;
        let (mut entries, all) = store.list(folder, MOST_PLACED).map_err(failed)?;
        if !all {
            return Err(OfferError::Failed(CauseCode::FilesTooMany));
        }
        entries.retain(|entry| entry.kind != EntryKind::Other);
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let paths = entries.iter().map(|entry| {
            let path = store.locate(&folder.join(&entry.name)).map_err(failed)?;
            Ok(path.to_wire())
        });
        let paths: Vec<_> = paths.collect::<Result<_, OfferError>>()?;
        // Nothing at all came of it: no name was one that could be fetched.
        CopiedFiles::new(paths).ok_or(OfferError::Failed(CauseCode::FileNotFound))
    }

    // Offers ------------------------------------------------------------------

    pub(super) fn fetch(&mut self, wanted: Wanted) {
        let folder = wanted.0.folder.clone();
        // What came of an attempt before would be in the way.
        self.clear(&folder);
        let made = self.opened().and_then(|open| open.store.make_folder(&folder));
        if let Err(error) = made {
            tracing::warn!(%error, "no folder for what is pasted here");
            return wanted.answer(Err(OfferError::Failed(error.cause())));
        }
        let sources = wanted.0.sources.clone();
        let (direction, rule) = (Direction::Download, ConflictRule::Rename);
        let all = Move { direction, sources, folder, rule };
        let number = self.add(&all, Purpose::Offer(wanted), Standing::Moves);
        self.next_part(number);
    }

    fn clear(&mut self, folder: &StorePath) {
        match self.opened().and_then(|open| open.store.delete(folder)) {
            Ok(()) | Err(StoreError::NotFound) => {}
            Err(error) => tracing::warn!(%error, "what was fetched in part stays for a day"),
        }
    }

    pub(super) fn give_up(&mut self, offer: &std::sync::Arc<super::offer::State>) {
        let job = self.jobs.iter().find(|job| job.is_of(offer) && !job.line.is_over());
        if let Some(number) = job.map(|job| job.line.number) {
            self.cancel(number);
        }
    }

    // Pastes and drops on the machine -------------------------------------------

    pub(super) fn place(&mut self, sources: Vec<StorePath>, then: Then) {
        if sources.is_empty() || sources.len() > MOST_PLACED {
            let result = Err(CauseCode::FilesTooMany);
            return self.tell_window(FilesEvent::Placed { then, result });
        }
        let mark = self.opened().ok().and_then(|open| mark(open.store.as_mut(), &sources));
        // A drop may end with the files somewhere else.
        let last = self.last_placed.as_ref().filter(|_| matches!(then, Then::Clipboard(_)));
        if let Some((_, folder, paths)) = last.filter(|(last, ..)| Some(last) == mark.as_ref()) {
            let result = Ok((folder.clone(), paths.clone()));
            return self.tell_window(FilesEvent::Placed { then, result });
        }
        let name = format!("paste-{:016x}", u128::from_le_bytes(self.noise()) as u64);
        let folder = StorePath { place: PASTE_PLACE.to_owned(), parts: vec![name] };
        if let Err((_, cause)) = self.request(Asked::Make(folder.to_wire()), For::Nobody) {
            return self.tell_window(FilesEvent::Placed { then, result: Err(cause) });
        }
        let (direction, rule) = (Direction::Upload, ConflictRule::Rename);
        let all = Move { direction, sources, folder: folder.clone(), rule };
        let purpose = Purpose::Place { folder, then, mark };
        let number = self.add(&all, purpose, Standing::Moves);
        self.next_part(number);
    }

    /// What waits in the machine's folder.
    pub(super) fn placed(&mut self, number: u32, result: Result<Found, CauseCode>) {
        let found = match result {
            Ok(found) => found,
            Err(cause) => return self.over(number, cause),
        };
        let Some(Purpose::Place { folder, then, mark }) = self.take_purpose(number, Standing::Done)
        else {
            return;
        };
        let items = found.items.into_iter().filter(|item| item.entry.kind != EntryKind::Other);
        let paths: Vec<StorePath> = items.map(|item| folder.join(&item.entry.name)).collect();
        let result = if paths.is_empty() {
            Err(CauseCode::FileNotFound)
        } else {
            self.last_placed = mark.map(|mark| (mark, folder.clone(), paths.clone()));
            Ok((folder, paths))
        };
        self.tell_window(FilesEvent::Placed { then, result });
        self.tell_window(FilesEvent::Over(number));
    }
}
