//! The windows of one process, so that one can be reached from another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gc_platform::WaitWaker;

use crate::app::App;
use crate::chrome::{self, Entry as MenuEntry};
use crate::commands::{Command, Tool};

/// The sessions that are shown by this process.
#[derive(Clone, Default)]
pub struct Siblings(Arc<Mutex<List>>);

#[derive(Default)]
struct List {
    next: u64,
    /// In the order in which they were opened.
    windows: Vec<Entry>,
}

struct Entry {
    id: u64,
    name: String,
    waker: Arc<dyn WaitWaker>,
    /// Somebody wants to see it.
    called: bool,
    /// The list is another one than it was when it last looked.
    changed: bool,
}

impl Siblings {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more window.
    pub(crate) fn join(&self, waker: Arc<dyn WaitWaker>) -> Sibling {
        let mut list = self.lock();
        let id = list.next;
        list.next += 1;
        list.windows.push(Entry { id, name: String::new(), waker, called: false, changed: false });
        list.tell_others(id);
        drop(list);
        Sibling { siblings: self.clone(), id }
    }
}

impl List {
    fn tell_others(&mut self, id: u64) {
        for entry in self.windows.iter_mut().filter(|entry| entry.id != id) {
            entry.changed = true;
            entry.waker.wake();
        }
    }

    fn at(&self, id: u64) -> Option<usize> {
        self.windows.iter().position(|entry| entry.id == id)
    }
}

/// What a window has to do since it last looked.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Calls {
    /// Come to the front.
    pub(crate) called: bool,
    /// Show the list anew.
    pub(crate) changed: bool,
}

/// A window among them, until it is dropped.
pub(crate) struct Sibling {
    siblings: Siblings,
    id: u64,
}

impl Sibling {
    /// Numbers and names of all, and whether it is this one.
    pub(crate) fn all(&self) -> Vec<(u64, String, bool)> {
        let list = self.siblings.lock();
        let each = |entry: &Entry| (entry.id, entry.name.clone(), entry.id == self.id);
        list.windows.iter().map(each).collect()
    }

    /// So many.
    pub(crate) fn count(&self) -> usize {
        self.siblings.lock().windows.len()
    }

    /// Names this one.
    pub(crate) fn set_name(&self, name: &str) {
        let mut list = self.siblings.lock();
        if let Some(at) = list.at(self.id)
            && list.windows[at].name != name
        {
            name.clone_into(&mut list.windows[at].name);
            list.tell_others(self.id);
        }
    }

    /// Has another come to the front, if it is there still; whether it is. One that is
    /// gone has had the list changed.
    pub(crate) fn call(&self, id: u64) -> bool {
        let mut list = self.siblings.lock();
        let Some(at) = list.at(id) else { return false };
        let entry = &mut list.windows[at];
        entry.called = true;
        entry.waker.wake();
        true
    }

    /// The one after this, or before it, round and round; none where it is alone.
    pub(crate) fn beside(&self, forward: bool) -> Option<u64> {
        let list = self.siblings.lock();
        let (at, count) = (list.at(self.id)?, list.windows.len());
        let step = if forward { 1 } else { count - 1 };
        Some(list.windows[(at + step) % count].id).filter(|id| *id != self.id)
    }

    /// What there is to do; once.
    pub(crate) fn take(&self) -> Calls {
        let mut list = self.siblings.lock();
        let Some(at) = list.at(self.id) else { return Calls::default() };
        let entry = &mut list.windows[at];
        Calls {
            called: std::mem::take(&mut entry.called),
            changed: std::mem::take(&mut entry.changed),
        }
    }
}

impl Drop for Sibling {
    fn drop(&mut self) {
        let mut list = self.siblings.lock();
        list.windows.retain(|entry| entry.id != self.id);
        list.tell_others(self.id);
    }
}

impl App {
    /// What the other windows want.
    pub(crate) fn take_calls(&mut self) {
        let calls = self.sibling.take();
        if calls.called {
            self.window.raise();
        }
        self.stale |= calls.changed;
    }

    /// To the window after this one, or before it.
    pub(crate) fn go_beside(&mut self, forward: bool) {
        if let Some(id) = self.sibling.beside(forward) {
            self.execute(Command::Session(id));
        }
    }

    /// The button for them, where there are several.
    pub(crate) fn sessions_tool(&self) -> Option<chrome::Tool<Tool>> {
        let count = self.sibling.count();
        (count > 1).then(|| chrome::Tool {
            id: Tool::Sessions,
            label: format!("Sessions {count}"),
            pressed: false,
            enabled: true,
            apart: true,
        })
    }

    /// Its menu.
    pub(crate) fn session_entries(&self) -> Vec<MenuEntry<Command>> {
        let entry = |(id, name, own): (u64, String, bool)| {
            let name = if name.is_empty() { "Not connected yet".to_owned() } else { name };
            MenuEntry::new(name, Command::Session(id)).checked(own)
        };
        let keys = MenuEntry::told("Next").trail("Ctrl+Alt+Shift+PgDn");
        self.sibling.all().into_iter().map(entry).chain([keys]).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl WaitWaker for Count {
        fn wake(&self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn windows_know_of_each_other_and_call_each_other_round_and_round() {
        let siblings = Siblings::default();
        let wakers: [Arc<Count>; 3] = std::array::from_fn(|_| Arc::default());
        let [first, second, third] =
            [0, 1, 2].map(|at: usize| siblings.join(Arc::clone(&wakers[at]) as Arc<dyn WaitWaker>));
        let woken = || wakers.each_ref().map(|waker| waker.0.swap(0, Ordering::Relaxed));
        assert_eq!((woken(), first.count()), ([2, 1, 0], 3));
        assert_eq!(first.take(), Calls { called: false, changed: true });
        assert_eq!(first.take(), Calls::default(), "once");

        second.set_name("SERVER-2");
        second.set_name("SERVER-2");
        assert_eq!(woken(), [1, 0, 1], "and only when it is another");
        assert_eq!(third.all()[1], (second.id, "SERVER-2".to_owned(), false));
        assert!(third.all()[2].2);

        assert_eq!(third.beside(true), Some(first.id));
        assert_eq!(first.beside(false), Some(third.id));
        assert!(first.call(third.id));
        assert_eq!((woken(), third.take().called), ([0, 0, 1], true));

        let gone = third.id;
        drop(third);
        assert_eq!((woken(), first.count()), ([1, 1, 0], 2));
        assert!(!first.call(gone));
        drop(first);
        assert_eq!((second.beside(true), second.count()), (None, 1));
    }
}
