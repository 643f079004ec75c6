//! A clipboard in memory.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{Clipboard, ClipboardContent, ClipboardError, ClipboardEvent, ClipboardListener};

use crate::watched::Watched;

#[derive(Debug, Default)]
struct State {
    content: ClipboardContent,
    secret: bool,
    sets: u64,
}

struct Shared {
    state: Watched<State>,
    // Gone with the clipboard, so that nothing is told after it.
    listener: Watched<Option<ClipboardListener>>,
}

impl Shared {
    fn tell(&self, event: ClipboardEvent) {
        if let Some(listener) = &*self.listener.read() {
            listener(event);
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
        self.copy_content(ClipboardContent::text(text.replace("\r\n", "\n")));
    }

    /// The user copies something of several formats.
    pub fn copy_content(&self, content: ClipboardContent) {
        self.0.state.update(|state| {
            state.content = content.clone();
            state.secret = false;
        });
        self.0.tell(ClipboardEvent::Copied(content));
    }

    /// A password manager copies text.
    pub fn copy_secret(&self, text: &str) {
        self.0.state.update(|state| {
            state.content = ClipboardContent::text(text);
            state.secret = true;
        });
        self.0.tell(ClipboardEvent::Private);
    }

    /// Something happens that is no content.
    pub fn happens(&self, event: ClipboardEvent) {
        self.0.tell(event);
    }

    /// The text that the user would paste.
    pub fn paste(&self) -> Option<String> {
        self.paste_content().text.map(|text| text.to_string())
    }

    /// What the user would paste.
    pub fn paste_content(&self) -> ClipboardContent {
        self.0.state.read().content.clone()
    }

    /// Blocks until the user would paste this; `false` when the time is over.
    pub fn wait_for(&self, text: &str, timeout: Duration) -> bool {
        self.wait_until(timeout, |content| content.text.as_deref() == Some(text))
    }

    /// Blocks until what the user would paste is as it should be; `false` when the time
    /// is over.
    pub fn wait_until(&self, timeout: Duration, ready: impl Fn(&ClipboardContent) -> bool) -> bool {
        self.0.state.wait(Some(timeout), |state| ready(&state.content))
    }

    /// How often the agent set the clipboard.
    pub fn sets(&self) -> u64 {
        self.0.state.read().sets
    }
}

impl Clipboard for FakeClipboard {
    fn set(&self, content: &ClipboardContent) -> Result<(), ClipboardError> {
        self.0.state.update(|state| {
            state.content = content.clone();
            state.secret = false;
            state.sets += 1;
        });
        Ok(())
    }

    fn announce(&self) -> Result<(), ClipboardError> {
        let (content, secret) = {
            let state = self.0.state.read();
            (state.content.clone(), state.secret)
        };
        if secret {
            self.0.tell(ClipboardEvent::Private);
        } else if !content.is_empty() {
            self.0.tell(ClipboardEvent::Copied(content));
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
        let (clipboard, control) = FakeClipboard::new(Box::new(move |event| {
            send.send(match event {
                ClipboardEvent::Copied(content) => content.text.unwrap().to_string(),
                other => format!("{other:?}"),
            })
            .unwrap();
        }));
        control.copy("a\r\nb");
        assert_eq!(told.try_recv().unwrap(), "a\nb");
        clipboard.set(&ClipboardContent::text("own")).unwrap();
        assert_eq!((control.paste().as_deref(), control.sets()), (Some("own"), 1));
        control.copy_secret("hunter2");
        clipboard.announce().unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["Private", "Private"]);
        control.copy("c");
        clipboard.announce().unwrap();
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["c", "c"]);
        drop(clipboard);
        control.copy("d");
        assert!(told.try_recv().is_err());
    }
}
