//! Steps in the folders of both sides: here they are done, there they are asked for.

use gc_platform::{Entry, EntryKind, FileStore, StorePath, check_existing};
use gc_proto::v2::folder_request::Step as Asked;
use gc_proto::v2::{FileKind, FolderEntry, FolderRename, FolderReply};
use gc_types::CauseCode;

use super::walk::Walk;
use super::worker::Worker;
use super::{FilesEvent, Found, Item, Side};

/// Entries of a folder that are shown; a person reads no more.
pub(super) const MOST_ITEMS: usize = 20_000;

/// What a person does in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// The default path lists the places.
    List(StorePath),
    Make(StorePath),
    Rename(StorePath, String),
    Delete(Vec<StorePath>),
}

/// What an answer of the machine's is for.
pub(super) enum For {
    /// The panel; what is still to be deleted.
    Panel { token: u32, rest: Vec<StorePath>, listed: bool },
    /// Nobody: what follows tells whether it was done.
    Nobody,
    /// What waits in a folder for a program.
    Placed(u32),
    /// The list of an offer.
    Walk(Box<Walk>),
}

/// A question that is not answered yet, and how much of the answer came.
pub(super) struct Pending {
    what: For,
    found: Found,
}

fn item(entry: FolderEntry) -> Item {
    let kind = match entry.kind() {
        FileKind::File => EntryKind::File,
        FileKind::Folder => EntryKind::Folder,
        FileKind::Other | FileKind::Unspecified => EntryKind::Other,
    };
    // What could lead elsewhere is shown and never used.
    let plain = !entry.place.is_empty() || check_existing(&entry.name).is_ok();
    Item {
        entry: Entry {
            kind: if plain { kind } else { EntryKind::Other },
            name: entry.name,
            size: entry.size,
            modified_ms: entry.modified_unix_ms,
        },
        place: entry.place,
    }
}

fn here(store: &mut dyn FileStore, step: &Step) -> Result<Found, CauseCode> {
    let cause = |error: gc_platform::StoreError| error.cause();
    match step {
        Step::List(path) if *path == StorePath::default() => {
            let places = store.places().map_err(cause)?;
            let items = places.into_iter().map(|place| Item {
                entry: Entry { name: place.name, kind: EntryKind::Folder, size: 0, modified_ms: 0 },
                place: place.id,
            });
            Ok(Found { items: items.collect(), cut: false })
        }
        Step::List(path) => {
            let (entries, all) = store.list(path, MOST_ITEMS).map_err(cause)?;
            let items = entries.into_iter().map(|entry| Item { entry, place: String::new() });
            Ok(Found { items: items.collect(), cut: !all })
        }
        Step::Make(path) => store.make_folder(path).map(|()| Found::default()).map_err(cause),
        Step::Rename(path, name) => {
            store.rename(path, name).map(|()| Found::default()).map_err(cause)
        }
        Step::Delete(paths) => {
            for path in paths {
                store.delete(path).map_err(cause)?;
            }
            Ok(Found::default())
        }
    }
}

impl Worker {
    pub(super) fn ask(&mut self, side: Side, token: u32, step: Step) {
        let listed = matches!(step, Step::List(_));
        let result = match side {
            Side::Here => self
                .opened()
                .map_err(|error| error.cause())
                .and_then(|open| here(open.store.as_mut(), &step)),
            Side::There => {
                let (asked, rest) = match step {
                    Step::List(path) => (Asked::List(path.to_wire()), Vec::new()),
                    Step::Make(path) => (Asked::Make(path.to_wire()), Vec::new()),
                    Step::Rename(path, name) => {
                        let path = Some(path.to_wire());
                        (Asked::Rename(FolderRename { path, name }), Vec::new())
                    }
                    Step::Delete(mut paths) => match paths.pop() {
                        Some(path) => (Asked::Delete(path.to_wire()), paths),
                        None => return self.answer((side, token, listed), Ok(Found::default())),
                    },
                };
                match self.request(asked, For::Panel { token, rest, listed }) {
                    Ok(()) => return,
                    Err((_, cause)) => Err(cause),
                }
            }
        };
        self.answer((side, token, listed), result);
    }

    fn answer(&self, (side, token, listed): (Side, u32, bool), result: Result<Found, CauseCode>) {
        self.tell_window(FilesEvent::Answer { side, token, result, listed });
    }

    /// Asks the machine; gives back what it was for when that is not possible.
    pub(super) fn request(&mut self, step: Asked, what: For) -> Result<(), (For, CauseCode)> {
        if !self.is_linked() {
            return Err((what, CauseCode::FilePeerGone));
        }
        match self.opened() {
            Ok(open) => {
                let number = open.desk.request(step);
                self.pending.insert(number, Pending { what, found: Found::default() });
                Ok(())
            }
            Err(error) => Err((what, error.cause())),
        }
    }

    /// A part of an answer came.
    pub(super) fn replied(&mut self, reply: FolderReply) {
        let Some(pending) = self.pending.get_mut(&reply.request) else { return };
        let found = &mut pending.found;
        found.cut |= reply.cut || found.items.len() + reply.entries.len() > MOST_ITEMS;
        let room = MOST_ITEMS.saturating_sub(found.items.len());
        found.items.extend(reply.entries.into_iter().take(room).map(item));
        let cause = reply
            .cause
            .map(|cause| CauseCode::from_number(cause.code).unwrap_or(CauseCode::FileIoFailed));
        if !reply.last && cause.is_none() {
            return;
        }
        let Some(Pending { what, found }) = self.pending.remove(&reply.request) else { return };
        self.found(what, cause.map_or(Ok(found), Err));
    }

    fn found(&mut self, what: For, result: Result<Found, CauseCode>) {
        match what {
            For::Nobody => {}
            For::Panel { token, mut rest, listed } => match (result, rest.pop()) {
                (Ok(_), Some(path)) => {
                    let next = For::Panel { token, rest, listed };
                    if let Err((_, cause)) = self.request(Asked::Delete(path.to_wire()), next) {
                        self.answer((Side::There, token, listed), Err(cause));
                    }
                }
                (result, _) => self.answer((Side::There, token, listed), result),
            },
            For::Placed(number) => self.placed(number, result),
            For::Walk(walk) => self.walked(*walk, result),
        }
    }

    /// Nobody answers any more.
    pub(super) fn unanswered(&mut self) {
        for (_, pending) in std::mem::take(&mut self.pending) {
            self.found(pending.what, Err(CauseCode::FilePeerGone));
        }
    }
}
