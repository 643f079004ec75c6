//! A clipboard in memory.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{Clipboard, ClipboardError, ClipboardListener};

use crate::watched::Watched;

const LIMIT: usize = 1 << 20;

#[derive(Debug, Default)]
struct State {
    text: Option<String>,
    secret: bool,
    sets: u64,
}

struct Shared {
    state: Watched<State>,
    // Gone with the clipboard, so that nothing is told after it.
    listener: Watched<Option<ClipboardListener>>,
}

impl Shared {
    fn tell(&self, text: &str) {
        if let Some(listener) = &*self.listener.read() {
            listener(text.to_owned());
        }
    }
}

/// A clipboard in memory; see [`FakeClipboardControl`].
pub struct FakeClipboard(Arc<Shared>);

/// What the test copies and pastes with.
#[derive(Clone)]
pub struct FakeClipboardControl(Arc<Shared>);

impl FakeClipboard {
    /// An empty clipboard. `listener` is called on the thread that copies.
    pub fn new(listener: ClipboardListener) -> (Self, FakeClipboardControl) {
        let shared =
            Arc::new(Shared { state: Watched::default(), listener: Watched::new(Some(listener)) });
        (Self(Arc::clone(&shared)), FakeClipboardControl(shared))
    }
}

impl FakeClipboardControl {
    /// The user copies text. Line ends become LF, as the trait promises.
    pub fn copy(&self, text: &str) {
        let text = text.replace("\r\n", "\n");
        self.0.state.update(|state| {
            state.text = Some(text.clone());
            state.secret = false;
        });
        self.0.tell(&text);
    }

    /// A password manager copies text.
    pub fn copy_secret(&self, text: &str) {
        self.0.state.update(|state| {
            state.text = Some(text.to_owned());
            state.secret = true;
        });
    }

    /// What the user would paste.
    pub fn paste(&self) -> Option<String> {
        self.0.state.read().text.clone()
    }

    /// Blocks until the user would paste this; `false` when the time is over.
    pub fn wait_for(&self, text: &str, timeout: Duration) -> bool {
        self.0.state.wait(Some(timeout), |state| state.text.as_deref() == Some(text))
    }

    /// How often the agent set the clipboard.
    pub fn sets(&self) -> u64 {
        self.0.state.read().sets
    }
}

impl Clipboard for FakeClipboard {
    fn set_text(&self, text: &str) -> Result<(), ClipboardError> {
        if text.len() > LIMIT {
            return Err(ClipboardError(format!("{} bytes are too many", text.len())));
        }
        self.0.state.update(|state| {
            state.text = Some(text.to_owned());
            state.secret = false;
            state.sets += 1;
        });
        Ok(())
    }

    fn announce(&self) -> Result<(), ClipboardError> {
        let text = {
            let state = self.0.state.read();
            state.text.clone().filter(|_| !state.secret)
        };
        if let Some(text) = text {
            self.0.tell(&text);
        }
        Ok(())
    }
}

impl Drop for FakeClipboard {
    fn drop(&mut self) {
        *self.0.listener.read() = None;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn copies_are_told_and_own_content_and_secrets_are_not() {
        let (send, told) = mpsc::channel();
        let (clipboard, control) =
            FakeClipboard::new(Box::new(move |text| send.send(text).unwrap()));
        control.copy("a\r\nb");
        assert_eq!(told.try_recv().unwrap(), "a\nb");
        clipboard.set_text("own").unwrap();
        assert_eq!((control.paste().as_deref(), control.sets()), (Some("own"), 1));
        control.copy_secret("hunter2");
        clipboard.announce().unwrap();
        assert!(told.try_recv().is_err());
        control.copy("c");
        clipboard.announce().unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["c", "c"]);
        assert!(clipboard.set_text(&"x".repeat(LIMIT + 1)).is_err());
        drop(clipboard);
        control.copy("d");
        assert!(told.try_recv().is_err());
    }
}
