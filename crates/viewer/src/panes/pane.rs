//! One side of the panel: a folder, what is in it, and what of that is chosen.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use gc_platform::{EntryKind, StorePath};
use gc_types::CauseCode;

use crate::files::{Found, Item, Side};

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Name,
    Size,
    Time,
}

/// How far a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Loading,
    Ready,
    Failed(CauseCode),
}

/// A line of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row<'a> {
    /// To the folder above.
    Up,
    Item(&'a Item),
}

/// One side.
#[derive(Debug)]
pub(crate) struct Pane {
    pub(crate) side: Side,
    /// The default lists the places.
    pub(crate) folder: StorePath,
    pub(crate) state: State,
    items: Vec<Item>,
    /// There is more than is listed.
    pub(crate) cut: bool,
    /// Row that the keys act on.
    pub(crate) marked: usize,
    /// First row that is shown.
    pub(crate) top: usize,
    chosen: BTreeSet<String>,
    pub(crate) sort: (Column, bool),
    /// Of the list that is waited for.
    pub(crate) token: u32,
    /// Of the change that is.
    pub(crate) change: Option<u32>,
    /// To be marked when the list is there.
    wanted: Option<String>,
    /// Something that did not work, until the next step.
    pub(crate) trouble: Option<String>,
}

fn compare(a: &Item, b: &Item, (column, falls): (Column, bool)) -> Ordering {
    let folder = |item: &Item| item.entry.kind == EntryKind::Folder;
    let name = |item: &Item| item.entry.name.to_lowercase();
    let by = match column {
        Column::Name => name(a).cmp(&name(b)),
        Column::Size => a.entry.size.cmp(&b.entry.size),
        Column::Time => a.entry.modified_ms.cmp(&b.entry.modified_ms),
    };
    let by = if falls { by.reverse() } else { by };
    // Folders come first whatever the order.
    folder(b).cmp(&folder(a)).then(by).then_with(|| name(a).cmp(&name(b)))
}

impl Pane {
    pub(crate) fn new(side: Side) -> Self {
        Self {
            side,
            folder: StorePath { place: "home".to_owned(), parts: Vec::new() },
            state: State::Loading,
            items: Vec::new(),
            cut: false,
            marked: 0,
            top: 0,
            chosen: BTreeSet::new(),
            sort: (Column::Name, false),
            token: 0,
            change: None,
            wanted: None,
            trouble: None,
        }
    }

    /// Whether it lists the places, where nothing can be put.
    pub(crate) fn at_places(&self) -> bool {
        self.folder == StorePath::default()
    }

    pub(crate) fn rows(&self) -> usize {
        self.items.len() + usize::from(!self.at_places())
    }

    pub(crate) fn row(&self, index: usize) -> Option<Row<'_>> {
        let above = usize::from(!self.at_places());
        if index < above {
            return Some(Row::Up);
        }
        self.items.get(index - above).map(Row::Item)
    }

    pub(crate) fn is_chosen(&self, name: &str) -> bool {
        self.chosen.contains(name)
    }

    /// Items, and bytes of the files among them.
    pub(crate) fn totals(&self, chosen: bool) -> (usize, u64) {
        let counted = self.items.iter().filter(|item| !chosen || self.is_chosen(&item.entry.name));
        counted.fold((0, 0), |(count, bytes), item| (count + 1, bytes + item.entry.size))
    }

    /// A list came, or why there is none.
    pub(crate) fn listed(&mut self, result: Result<Found, CauseCode>) {
        match result {
            Ok(found) => {
                let before = self.marked_name();
                (self.items, self.cut) = (found.items, found.cut);
                self.state = State::Ready;
                let names: BTreeSet<&str> =
                    self.items.iter().map(|item| item.entry.name.as_str()).collect();
                self.chosen.retain(|name| names.contains(name.as_str()));
                let wanted = self.wanted.take().or(before);
                self.order(wanted.as_deref());
            }
            Err(cause) => {
                self.items.clear();
                self.chosen.clear();
                self.state = State::Failed(cause);
                (self.marked, self.top) = (0, 0);
            }
        }
    }

    fn marked_name(&self) -> Option<String> {
        match self.row(self.marked)? {
            Row::Item(item) => Some(item.entry.name.clone()),
            Row::Up => None,
        }
    }

    /// Sorts, and marks what has this name; else stays in the list.
    fn order(&mut self, name: Option<&str>) {
        let sort = self.sort;
        self.items.sort_by(|a, b| compare(a, b, sort));
        let at = name.and_then(|name| self.items.iter().position(|item| item.entry.name == name));
        let above = usize::from(!self.at_places());
        self.marked = at.map_or(self.marked, |at| at + above).min(self.rows().saturating_sub(1));
    }

    /// Sorts by a column; by the same once more, the other way round.
    pub(crate) fn sort_by(&mut self, column: Column) {
        let falls = self.sort.0 == column && !self.sort.1;
        // The newest and the largest are looked for first.
        let first = column != Column::Name;
        self.sort = (column, if self.sort.0 == column { falls } else { first });
        let name = self.marked_name();
        self.order(name.as_deref());
    }

    /// Another folder, to be asked for.
    pub(crate) fn go(&mut self, folder: StorePath, wanted: Option<String>) {
        self.folder = folder;
        self.items.clear();
        self.chosen.clear();
        (self.marked, self.top, self.wanted) = (0, 0, wanted);
        self.trouble = None;
        self.state = State::Loading;
    }

    /// What is to be marked when the list comes.
    pub(crate) fn want(&mut self, name: String) {
        self.wanted = Some(name);
    }

    /// Where the marked row leads to, when it is a folder; and what is marked there.
    pub(crate) fn inside(&self) -> Option<(StorePath, Option<String>)> {
        match self.row(self.marked)? {
            Row::Up => Some(self.above()),
            Row::Item(item) if item.entry.kind != EntryKind::Folder => None,
            Row::Item(item) if self.at_places() => {
                Some((StorePath { place: item.place.clone(), parts: Vec::new() }, None))
            }
            Row::Item(item) => Some((self.folder.join(&item.entry.name), None)),
        }
    }

    /// The folder above, and what this one is called there.
    pub(crate) fn above(&self) -> (StorePath, Option<String>) {
        let name = self.folder.name().map(str::to_owned);
        (self.folder.parent().unwrap_or_default(), name)
    }

    /// What is acted on: what was chosen, else what is marked. Links are never.
    pub(crate) fn acted_on(&self) -> Vec<StorePath> {
        if self.at_places() {
            return Vec::new();
        }
        let usable = |item: &&Item| item.entry.kind != EntryKind::Other;
        let path = |item: &Item| self.folder.join(&item.entry.name);
        if self.chosen.is_empty() {
            return match self.row(self.marked) {
                Some(Row::Item(item)) => Some(item).filter(usable).map(path).into_iter().collect(),
                Some(Row::Up) | None => Vec::new(),
            };
        }
        let chosen = self.items.iter().filter(|item| self.is_chosen(&item.entry.name));
        chosen.filter(usable).map(path).collect()
    }

    /// Moves the mark by so many rows.
    pub(crate) fn step(&mut self, by: i64) {
        // A list that comes later leaves the mark where the hand put it.
        self.wanted = None;
        let last = self.rows().saturating_sub(1) as i64;
        self.marked = (self.marked as i64).saturating_add(by).clamp(0, last) as usize;
    }

    /// Chooses the marked row, or not any more.
    pub(crate) fn choose(&mut self) {
        let Some(name) = self.marked_name().filter(|_| !self.at_places()) else { return };
        if !self.chosen.remove(&name) {
            self.chosen.insert(name);
        }
    }

    /// Chooses everything; nothing when that is so already.
    pub(crate) fn choose_all(&mut self) {
        if self.chosen.len() == self.items.len() || self.at_places() {
            self.chosen.clear();
        } else {
            self.chosen = self.items.iter().map(|item| item.entry.name.clone()).collect();
        }
    }

    pub(crate) fn choose_none(&mut self) {
        self.chosen.clear();
    }

    /// The next row whose name begins with this; `on` looks beyond the marked one first.
    pub(crate) fn find(&mut self, begins: &str, on: bool) {
        self.wanted = None;
        let begins = begins.to_lowercase();
        let rows = self.rows();
        let matches = |index: &usize| {
            matches!(self.row(*index), Some(Row::Item(item))
                if item.entry.name.to_lowercase().starts_with(&begins))
        };
        let from = self.marked + usize::from(on);
        let after = (from..rows).chain(0..from.min(rows));
        let found = after.into_iter().find(matches);
        self.marked = found.unwrap_or(self.marked);
    }

    /// Keeps the marked row among so many that are shown.
    pub(crate) fn show(&mut self, rows: usize) {
        let rows = rows.max(1);
        self.top = self.top.min(self.marked).max((self.marked + 1).saturating_sub(rows));
    }

    /// Shows other rows.
    pub(crate) fn scroll(&mut self, by: i64, rows: usize) {
        let last = self.rows().saturating_sub(rows) as i64;
        self.top = (self.top as i64).saturating_add(by).clamp(0, last.max(0)) as usize;
        // The mark comes along.
        self.marked = self.marked.clamp(self.top, self.top + rows.max(1) - 1);
        self.marked = self.marked.min(self.rows().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use gc_platform::Entry;

    use super::*;

    fn item(name: &str, kind: EntryKind, size: u64, modified_ms: i64) -> Item {
        Item {
            entry: Entry { name: name.to_owned(), kind, size, modified_ms },
            place: String::new(),
        }
    }

    fn pane() -> Pane {
        let mut pane = Pane::new(Side::There);
        let (file, folder) = (EntryKind::File, EntryKind::Folder);
        pane.listed(Ok(Found {
            items: vec![
                item("b.txt", file, 5, 30),
                item("Zoo", folder, 0, 1),
                item("A.txt", file, 9, 20),
                item("link", EntryKind::Other, 0, 0),
            ],
            cut: false,
        }));
        pane
    }

    fn order(pane: &Pane) -> Vec<String> {
        let name = |row| match row {
            Row::Up => "..".to_owned(),
            Row::Item(item) => item.entry.name.clone(),
        };
        (0..pane.rows()).filter_map(|index| pane.row(index).map(name)).collect()
    }

    #[test]
    fn folders_come_first_and_a_column_sorts_both_ways() {
        let mut pane = pane();
        assert_eq!(order(&pane), ["..", "Zoo", "A.txt", "b.txt", "link"]);
        pane.find("b", true);
        pane.sort_by(Column::Size);
        assert_eq!(order(&pane), ["..", "Zoo", "A.txt", "b.txt", "link"]);
        assert_eq!(pane.acted_on(), [StorePath::new("home", "b.txt")], "the mark stays");
        pane.sort_by(Column::Size);
        assert_eq!(order(&pane), ["..", "Zoo", "link", "b.txt", "A.txt"]);
        pane.sort_by(Column::Time);
        assert_eq!(order(&pane), ["..", "Zoo", "b.txt", "A.txt", "link"]);
    }

    #[test]
    fn what_is_acted_on_is_what_was_chosen_and_never_a_link_or_the_way_up() {
        let mut pane = pane();
        assert!(pane.acted_on().is_empty(), "the way up is marked");
        pane.find("li", true);
        assert!(pane.acted_on().is_empty());
        pane.choose_all();
        assert_eq!(pane.acted_on().len(), 3);
        pane.choose_all();
        pane.find("a", true);
        assert_eq!(pane.acted_on(), [StorePath::new("home", "A.txt")]);
        pane.choose();
        pane.step(1);
        pane.choose();
        assert_eq!(pane.acted_on().len(), 2);
        assert_eq!(pane.totals(true), (2, 14));
        // What is gone is chosen no more.
        pane.listed(Ok(Found { items: vec![item("b.txt", EntryKind::File, 5, 30)], cut: false }));
        assert_eq!(pane.acted_on(), [StorePath::new("home", "b.txt")]);
    }

    #[test]
    fn the_way_down_and_up_again_marks_where_one_came_from() {
        let mut pane = pane();
        pane.find("zoo", true);
        let (folder, wanted) = pane.inside().unwrap();
        assert_eq!((folder.clone(), wanted), (StorePath::new("home", "Zoo"), None));
        pane.go(folder, None);
        pane.listed(Ok(Found::default()));
        assert_eq!(order(&pane), [".."]);
        let (above, name) = pane.inside().unwrap();
        assert_eq!((&above, name.as_deref()), (&StorePath::new("home", ""), Some("Zoo")));
        pane.go(above, name);
        assert_eq!(pane.above(), (StorePath::default(), None));
        pane.go(StorePath::default(), None);
        let place = Item { place: "C:".into(), ..item("Disk", EntryKind::Folder, 0, 0) };
        pane.listed(Ok(Found { items: vec![place], cut: false }));
        assert_eq!(order(&pane), ["Disk"]);
        assert!(pane.acted_on().is_empty(), "places stay as they are");
        assert_eq!(pane.inside(), Some((StorePath::new("C:", ""), None)));
    }

    #[test]
    fn what_was_made_is_marked_unless_the_mark_was_moved_meanwhile() {
        let items = || vec![item("a", EntryKind::File, 1, 0), item("new", EntryKind::Folder, 0, 0)];
        for moved in [false, true] {
            let mut pane = pane();
            pane.want("new".to_owned());
            if moved {
                pane.find("a", true);
                pane.step(1);
            }
            pane.listed(Ok(Found { items: items(), cut: false }));
            let new = pane.acted_on() == [StorePath::new("home", "new")];
            assert_eq!(new, !moved);
        }
    }

    #[test]
    fn the_marked_row_is_always_shown() {
        let mut pane = Pane::new(Side::Here);
        let items = (0..100).map(|at| item(&format!("{at:03}"), EntryKind::File, 1, 0)).collect();
        pane.listed(Ok(Found { items, cut: false }));
        pane.step(50);
        pane.show(10);
        assert_eq!((pane.marked, pane.top), (50, 41));
        pane.scroll(-1000, 10);
        assert_eq!((pane.marked, pane.top), (9, 0));
        pane.step(1000);
        pane.show(10);
        assert_eq!((pane.marked, pane.top), (100, 91));
        pane.listed(Err(CauseCode::FilesDenied));
        assert_eq!((pane.rows(), pane.marked), (1, 0));
    }
}
