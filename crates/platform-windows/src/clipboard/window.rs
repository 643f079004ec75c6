//! The handle that other threads hold.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_platform::{Clipboard, ClipboardContent, ClipboardError, ClipboardListener, OfferedFiles};
use windows::Win32::Foundation::{HWND, LPARAM, WPARAM};
use windows::Win32::UI::WindowsAndMessaging::PostMessageW;

use super::offering::Offering;
use super::worker::{Command, WAKE, Worker};

/// A program whose content is being read may hang: the thread is not waited for longer
/// and ends by itself.
const PATIENCE: Duration = Duration::from_secs(2);

/// The clipboard of the session and window station that the program runs in, served by
/// a thread of its own with a window that nobody sees.
pub struct WindowsClipboard {
    commands: Sender<Command>,
    /// Address of the thread's window; messages to it may be posted from anywhere.
    window: usize,
    ended: Mutex<Receiver<()>>,
}

impl WindowsClipboard {
    /// Tells `listener` of everything that is copied from now on. What is there already
    /// is told by [`announce`](Clipboard::announce).
    pub fn open(listener: ClipboardListener) -> Result<Self, ClipboardError> {
        let (commands, received) = channel();
        let (opened, open) = channel();
        let (end, ended) = channel();
        std::thread::Builder::new()
            .name("clipboard".to_owned())
            .spawn(move || {
                match Worker::new(received, listener) {
                    Ok(worker) => {
                        // Who opened it waits for this.
                        let _ = opened.send(Ok(worker.window().0 as usize));
                        worker.run();
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                }
                // Nobody waits any more when the program that was read had hung.
                let _ = end.send(());
            })
            .map_err(|error| ClipboardError(error.to_string()))?;
        let gone = || ClipboardError("its thread ended".to_owned());
        let window = open.recv().map_err(|_| gone())??;
        Ok(Self { commands, window, ended: Mutex::new(ended) })
    }

    fn command(&self, command: Command) -> Result<(), ClipboardError> {
        let gone = |_| ClipboardError("its thread ended".to_owned());
        self.commands.send(command).map_err(gone)?;
        let window = HWND(self.window as *mut _);
        // SAFETY: nothing but numbers is posted; to a window that is gone it fails.
        unsafe { PostMessageW(Some(window), WAKE, WPARAM(0), LPARAM(0)) }
            .map_err(|error| ClipboardError(error.to_string()))
    }
}

impl Clipboard for WindowsClipboard {
    fn set(&self, content: &ClipboardContent) -> Result<(), ClipboardError> {
        self.command(Command::Set(content.clone()))
    }

    fn offer(
        &self,
        content: &ClipboardContent,
        files: Arc<dyn OfferedFiles>,
    ) -> Result<(), ClipboardError> {
        self.command(Command::Offer(Offering { content: content.clone(), files }))
    }

    fn announce(&self) -> Result<(), ClipboardError> {
        self.command(Command::Announce)
    }
}

impl Drop for WindowsClipboard {
    fn drop(&mut self) {
        let told = self.command(Command::Stop).is_ok();
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        if told && ended.recv_timeout(PATIENCE).is_err() {
            tracing::warn!("a program keeps the clipboard's thread; it is left behind");
        }
    }
}
