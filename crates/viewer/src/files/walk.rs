//! Everything that an offer has in it, asked for folder by folder.

use std::collections::VecDeque;

use gc_filetransfer::{MAX_DEPTH, portable_name};
use gc_platform::{Entry, EntryKind, OfferError, OfferedFile, StorePath};
use gc_proto::v2::folder_request::Step as Asked;
use gc_types::CauseCode;

use super::Found;
use super::asks::{For, MOST_ITEMS};
use super::offer::{WantedList, top_names};
use super::worker::Worker;

/// Where a thing is on the machine, and what it is called here.
struct Way {
    there: StorePath,
    /// Relative, as the machine names it.
    sent: String,
    here: Vec<String>,
}

/// A list that is being made.
pub(super) struct Walk {
    wanted: WantedList,
    /// What was copied itself: asked for what it is.
    tops: VecDeque<Way>,
    /// Folders that were not looked into.
    folders: VecDeque<Way>,
    /// Asked about at this moment.
    at: Option<(Way, bool)>,
    all: Vec<(String, OfferedFile)>,
}

impl Walk {
    fn take(&mut self, way: Way, entry: &Entry) -> Result<(), CauseCode> {
        if entry.kind == EntryKind::Other {
            return Ok(());
        }
        if self.all.len() >= MOST_ITEMS || way.here.len() > MAX_DEPTH {
            return Err(CauseCode::FilesTooMany);
        }
        let Entry { kind, size, modified_ms, .. } = *entry;
        let file = OfferedFile { path: way.here.clone(), kind, size, modified_ms };
        self.all.push((way.sent.clone(), file));
        if kind == EntryKind::Folder {
            self.folders.push_back(way);
        }
        Ok(())
    }

    fn heard(&mut self, found: Found) -> Result<(), CauseCode> {
        let Some((way, listed)) = self.at.take() else { return Ok(()) };
        if found.cut {
            return Err(CauseCode::FilesTooMany);
        }
        if !listed {
            let entry = found.items.into_iter().next().ok_or(CauseCode::FileNotFound)?;
            return self.take(way, &entry.entry);
        }
        for item in found.items {
            // As the transfer will name it, which leaves out what it cannot.
            let Ok(name) = portable_name(&item.entry.name) else { continue };
            let inner = Way {
                there: way.there.join(&item.entry.name),
                sent: format!("{}/{}", way.sent, item.entry.name),
                here: way.here.iter().cloned().chain([name.into_owned()]).collect(),
            };
            self.take(inner, &item.entry)?;
        }
        Ok(())
    }
}

impl Worker {
    pub(super) fn list_offer(&mut self, wanted: WantedList) {
        let sources = wanted.0.sources.clone();
        let Some(names) = top_names(&sources) else {
            return wanted.answer(Err(OfferError::Failed(CauseCode::FileNameNotAllowed)));
        };
        let tops = sources.into_iter().zip(names).map(|(there, name)| Way {
            sent: there.name().unwrap_or_default().to_owned(),
            there,
            here: vec![name],
        });
        let tops = tops.collect();
        let (folders, all) = (VecDeque::new(), Vec::new());
        self.walk(Walk { wanted, tops, folders, at: None, all });
    }

    fn walk(&mut self, mut walk: Walk) {
        let asked = if let Some(top) = walk.tops.pop_front() {
            let asked = Asked::Stat(top.there.to_wire());
            walk.at = Some((top, false));
            asked
        } else if let Some(folder) = walk.folders.pop_front() {
            let asked = Asked::List(folder.there.to_wire());
            walk.at = Some((folder, true));
            asked
        } else {
            return walk.wanted.answer(Ok(walk.all));
        };
        if let Err((For::Walk(walk), cause)) = self.request(asked, For::Walk(Box::new(walk))) {
            walk.wanted.answer(Err(OfferError::Failed(cause)));
        }
    }

    pub(super) fn walked(&mut self, mut walk: Walk, result: Result<Found, CauseCode>) {
        match result.and_then(|found| walk.heard(found)) {
            Ok(()) => self.walk(walk),
            Err(cause) => walk.wanted.answer(Err(OfferError::Failed(cause))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Item;

    fn way(name: &str) -> Way {
        Way { there: StorePath::new("/", name), sent: name.to_owned(), here: vec![name.to_owned()] }
    }

    fn item(name: &str, kind: EntryKind) -> Item {
        let entry = Entry { name: name.to_owned(), kind, size: 1, modified_ms: 2 };
        Item { entry, place: String::new() }
    }

    fn walk() -> Walk {
        let (tops, folders, all) = (VecDeque::new(), VecDeque::new(), Vec::new());
        Walk { wanted: WantedList(super::super::offer::test_state()), tops, folders, at: None, all }
    }

    #[test]
    fn folders_come_before_what_is_in_them_and_nothing_leads_elsewhere() {
        let mut walk = walk();
        walk.at = Some((way("top"), false));
        let found = |items: Vec<Item>| Found { items, cut: false };
        assert_eq!(walk.heard(found(vec![item("top", EntryKind::Folder)])), Ok(()));
        let top = walk.folders.pop_front().unwrap();
        walk.at = Some((top, true));
        let inside = vec![
            item("a.txt", EntryKind::File),
            item("link", EntryKind::Other),
            item("con", EntryKind::File),
            item("..", EntryKind::Folder),
            item("x/y", EntryKind::File),
        ];
        assert_eq!(walk.heard(found(inside)), Ok(()));
        let ways: Vec<(&str, String)> =
            walk.all.iter().map(|(sent, file)| (sent.as_str(), file.path.join("/"))).collect();
        let con = portable_name("con").unwrap().into_owned();
        let expected = [
            ("top", "top".to_owned()),
            ("top/a.txt", "top/a.txt".to_owned()),
            ("top/con", format!("top/{con}")),
        ];
        assert_eq!(ways, expected);
        assert!(walk.folders.is_empty());
    }

    #[test]
    fn what_is_too_much_or_gone_is_said() {
        let mut walk = walk();
        walk.at = Some((way("gone"), false));
        assert_eq!(walk.heard(Found::default()), Err(CauseCode::FileNotFound));
        walk.at = Some((way("top"), true));
        assert_eq!(
            walk.heard(Found { cut: true, ..Found::default() }),
            Err(CauseCode::FilesTooMany)
        );
        let many = (0..=MOST_ITEMS).map(|at| item(&at.to_string(), EntryKind::File)).collect();
        walk.at = Some((way("top"), true));
        assert_eq!(walk.heard(Found { items: many, cut: false }), Err(CauseCode::FilesTooMany));
    }
}
