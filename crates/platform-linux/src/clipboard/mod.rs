//! The CLIPBOARD selection of an X display.

mod formats;
mod late;
pub(crate) mod reading;
mod sending;
pub(crate) mod uri_list;
mod worker;

use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
pub(crate) use uri_list::read_files;

use gc_platform::{
    Clipboard, ClipboardContent, ClipboardError, ClipboardListener, OfferedFiles, WaitWaker,
};
use gc_types::Clock;

use self::worker::{Command, Worker};
use crate::display::Link;
use crate::waker::Waker;

/// The clipboard of an X display, served by a thread of its own.
pub struct X11Clipboard {
    commands: Sender<Command>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl X11Clipboard {
    /// Opens `display` (what `DISPLAY` holds) and tells `listener` of everything that
    /// is copied from now on. What is there already is told by
    /// [`announce`](Clipboard::announce).
    pub fn open(
        display: Option<&str>,
        listener: ClipboardListener,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ClipboardError> {
        let link = Link::open(display)?;
        let waker = Waker::new()?;
        let (commands, received) = channel();
        let again = commands.clone();
        let mut worker = Worker::new(link, clock, waker.clone(), (again, received), listener)?;
        let thread = std::thread::Builder::new()
            .name("x11-clipboard".to_owned())
            .spawn(move || {
                if let Err(error) = worker.run() {
                    tracing::warn!(%error, "The clipboard is gone");
                }
            })
            .map_err(|error| ClipboardError(error.to_string()))?;
        Ok(Self { commands, waker, thread: Some(thread) })
    }

    fn command(&self, command: Command) -> Result<(), ClipboardError> {
        let gone = |_| ClipboardError("the connection to the X server is lost".to_owned());
        self.commands.send(command).map_err(gone)?;
        self.waker.wake();
        Ok(())
    }
}

impl Clipboard for X11Clipboard {
    fn set(&self, content: &ClipboardContent) -> Result<(), ClipboardError> {
        self.command(Command::Set(content.clone(), None))
    }

    fn offer(
        &self,
        content: &ClipboardContent,
        files: Arc<dyn OfferedFiles>,
    ) -> Result<(), ClipboardError> {
        let content = ClipboardContent { files: None, ..content.clone() };
        self.command(Command::Set(content, Some(files)))
    }

    /// Own content is reported too: it may have come from another viewer than the
    /// one that just joined.
    fn announce(&self) -> Result<(), ClipboardError> {
        self.command(Command::Announce)
    }
}

impl Drop for X11Clipboard {
    fn drop(&mut self) {
        // Fails when the thread has ended already.
        let _ = self.command(Command::Stop);
        if let Some(thread) = self.thread.take() {
            // A listener may drop the clipboard; it cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("The clipboard thread panicked");
            }
        }
    }
}
