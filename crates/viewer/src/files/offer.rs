//! Files of the machine that programs of this computer may have (ADR 22): fetched by a
//! transfer into a private folder when somebody takes them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use gc_filetransfer::{fold_case, numbered, portable_name};
use gc_platform::{
    CopiedFiles, EntryKind, FileStore, OfferError, OfferedFile, OfferedFiles, PASTE_PLACE,
    ReadFile, StorePath,
};
use gc_types::CauseCode;

use super::{FilesOpener, Work};

/// Numbers that are tried for a name that another of the offer has.
const NAMES: u32 = 1_000;

/// How far the bytes are.
#[derive(Debug, Clone, Default)]
enum Stage {
    #[default]
    Resting,
    Coming,
    Here(CopiedFiles),
    Failed(OfferError),
}

/// What is known of everything in it.
#[derive(Debug, Clone, Default)]
enum Listed {
    #[default]
    Unknown,
    Asked,
    Known(Arc<[OfferedFile]>, Arc<[String]>),
    Failed(OfferError),
}

#[derive(Debug, Default)]
struct Inner {
    stage: Stage,
    listed: Listed,
    /// Ways of files that are here, as the machine names them, or why they are not.
    over: BTreeMap<String, Option<CauseCode>>,
}

/// What the thread of files and those who wait for it share.
#[derive(Debug)]
pub(super) struct State {
    /// On the machine.
    pub(super) sources: Vec<StorePath>,
    /// Of this computer, in [`PASTE_PLACE`].
    pub(super) folder: StorePath,
    inner: Mutex<Inner>,
    changed: Condvar,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// A file is here, or will not come.
    pub(super) fn file_over(&self, way: String, cause: Option<CauseCode>) {
        self.change(|inner| {
            inner.over.insert(way, cause);
        });
    }
}

/// Somebody waits for all of the files. Whoever holds this answers, or nobody does.
#[derive(Debug)]
pub(super) struct Wanted(pub(super) Arc<State>);

impl Wanted {
    pub(super) fn answer(self, result: Result<CopiedFiles, OfferError>) {
        self.0.change(|inner| {
            inner.stage = result.map_or_else(Stage::Failed, Stage::Here);
        });
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.change(|inner| {
            if matches!(inner.stage, Stage::Coming) {
                inner.stage = Stage::Failed(OfferError::Cancelled);
            }
        });
    }
}

/// The same for the list of everything.
#[derive(Debug)]
pub(super) struct WantedList(pub(super) Arc<State>);

impl WantedList {
    /// Each with its way as the machine names it.
    pub(super) fn answer(self, result: Result<Vec<(String, OfferedFile)>, OfferError>) {
        self.0.change(|inner| {
            inner.listed = match result {
                Ok(all) => {
                    let (ways, files): (Vec<_>, Vec<_>) = all.into_iter().unzip();
                    Listed::Known(files.into(), ways.into())
                }
                Err(error) => Listed::Failed(error),
            };
        });
    }
}

impl Drop for WantedList {
    fn drop(&mut self) {
        self.0.change(|inner| {
            if matches!(inner.listed, Listed::Asked) {
                inner.listed = Listed::Failed(OfferError::Cancelled);
            }
        });
    }
}

/// The file that is read.
#[derive(Default)]
struct Reader {
    store: Option<Box<dyn FileStore>>,
    open: Option<(usize, Box<dyn ReadFile>)>,
}

pub(super) struct Offer {
    state: Arc<State>,
    names: Vec<String>,
    gate: Option<Arc<AtomicBool>>,
    work: Sender<Work>,
    base: Arc<Mutex<Option<StorePath>>>,
    opener: Arc<Mutex<FilesOpener>>,
    reader: Mutex<Reader>,
}

/// Names that stand side by side in one folder of any system.
pub(super) fn top_names(sources: &[StorePath]) -> Option<Vec<String>> {
    let mut taken = BTreeSet::new();
    let names = sources.iter().map(|source| {
        let name = portable_name(source.name()?).ok()?.into_owned();
        let free = (2..NAMES).map(|number| numbered(&name, number));
        let mut free = std::iter::once(name.clone()).chain(free);
        free.find(|name| taken.insert(fold_case(name)))
    });
    let names: Option<Vec<String>> = names.collect();
    names.filter(|names| !names.is_empty())
}

impl Offer {
    /// `None` when there is nothing that could have a name here.
    pub(super) fn new(
        sources: Vec<StorePath>,
        folder: String,
        gate: Option<Arc<AtomicBool>>,
        work: Sender<Work>,
        base: Arc<Mutex<Option<StorePath>>>,
        opener: Arc<Mutex<FilesOpener>>,
    ) -> Option<Self> {
        let names = top_names(&sources)?;
        let folder = StorePath { place: PASTE_PLACE.to_owned(), parts: vec![folder] };
        let (inner, changed) = (Mutex::default(), Condvar::new());
        let state = Arc::new(State { sources, folder, inner, changed });
        let reader = Mutex::default();
        Some(Self { state, names, gate, work, base, opener, reader })
    }

    /// Nobody pastes anywhere else while the viewer has the keyboard.
    fn may(&self) -> Result<(), OfferError> {
        let closed = self.gate.as_ref().is_some_and(|gate| gate.load(Ordering::Acquire));
        if closed { Err(OfferError::NotNow) } else { Ok(()) }
    }

    fn send(&self, work: Work) -> Result<(), OfferError> {
        self.work.send(work).map_err(|_| OfferError::Cancelled)
    }

    /// Begins to fetch, when that is not done.
    fn start(&self) -> Result<(), OfferError> {
        let begins = {
            let mut inner = self.state.lock();
            let begins = matches!(inner.stage, Stage::Resting | Stage::Failed(_));
            if begins {
                inner.stage = Stage::Coming;
                inner.over.clear();
            }
            begins
        };
        if begins { self.send(Work::Fetch(Wanted(Arc::clone(&self.state)))) } else { Ok(()) }
    }

    /// Waits until this says something.
    fn wait<T>(&self, mut until: impl FnMut(&Inner) -> Option<T>) -> T {
        let mut inner = self.state.lock();
        loop {
            if let Some(answer) = until(&inner) {
                return answer;
            }
            inner = self.state.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn open_store(&self) -> Result<Box<dyn FileStore>, OfferError> {
        let opener = (self.opener.lock().unwrap_or_else(PoisonError::into_inner))();
        opener().map_err(|error| OfferError::Failed(error.cause()))
    }
}

impl OfferedFiles for Offer {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn expected(&self) -> Option<CopiedFiles> {
        let base = self.base.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let folder = base.join_all(&self.state.folder.parts);
        CopiedFiles::new(self.names.iter().map(|name| folder.join(name).to_wire()).collect())
    }

    fn list(&self) -> Result<Arc<[OfferedFile]>, OfferError> {
        self.may()?;
        let asks = {
            let mut inner = self.state.lock();
            let asks = matches!(inner.listed, Listed::Unknown | Listed::Failed(_));
            if asks {
                inner.listed = Listed::Asked;
            }
            asks
        };
        if asks {
            self.send(Work::List(WantedList(Arc::clone(&self.state))))?;
        }
        self.wait(|inner| match &inner.listed {
            Listed::Known(files, _) => Some(Ok(Arc::clone(files))),
            Listed::Failed(error) => Some(Err(*error)),
            Listed::Unknown | Listed::Asked => None,
        })
    }

    fn read_at(&self, index: usize, offset: u64, buffer: &mut [u8]) -> Result<usize, OfferError> {
        let files = self.list()?;
        let file = files.get(index).ok_or(OfferError::Failed(CauseCode::FileNotFound))?;
        if file.kind != EntryKind::File {
            return Err(OfferError::Failed(CauseCode::FileNotRegular));
        }
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if reader.open.as_ref().is_none_or(|(open, _)| *open != index) {
            reader.open = None;
            self.start()?;
            self.wait(|inner| {
                let way = match &inner.listed {
                    Listed::Known(_, ways) => ways.get(index)?,
                    _ => return Some(Err(OfferError::Cancelled)),
                };
                match (inner.over.get(way), &inner.stage) {
                    (Some(None), _) | (None, Stage::Here(_)) => Some(Ok(())),
                    (Some(Some(cause)), _) => Some(Err(OfferError::Failed(*cause))),
                    (None, Stage::Failed(error)) => Some(Err(*error)),
                    (None, Stage::Resting | Stage::Coming) => None,
                }
            })?;
            let mut store = match reader.store.take() {
                Some(store) => store,
                None => self.open_store()?,
            };
            let opened = store.read(&self.state.folder.join_all(&file.path));
            reader.store = Some(store);
            let opened = opened.map_err(|error| OfferError::Failed(error.cause()))?;
            reader.open = Some((index, opened));
        }
        let Some((_, open)) = &mut reader.open else { return Err(OfferError::Cancelled) };
        open.read_at(offset, buffer).map_err(|error| OfferError::Failed(error.cause()))
    }

    fn fetch(&self) -> Result<CopiedFiles, OfferError> {
        self.may()?;
        self.start()?;
        self.wait(|inner| match &inner.stage {
            Stage::Here(files) => Some(Ok(files.clone())),
            Stage::Failed(error) => Some(Err(*error)),
            Stage::Resting | Stage::Coming => None,
        })
    }

    fn cancel(&self) {
        // Without a thread nothing is under way.
        let _ = self.send(Work::GiveUp(Arc::clone(&self.state)));
    }
}

/// Of one source, for tests.
#[cfg(test)]
pub(super) fn test_state() -> Arc<State> {
    let folder = StorePath::new(PASTE_PLACE, "f");
    let sources = vec![StorePath::new("/", "x")];
    Arc::new(State { sources, folder, inner: Mutex::default(), changed: Condvar::new() })
}

#[cfg(test)]
#[path = "offer_tests.rs"]
mod tests;
