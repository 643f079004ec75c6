//! Dragging files by OLE, with a mouse that is moved by injected input.
//!
//! OLE asks the mouse: a drag goes on while a button is down, and the window under the
//! pointer is the one that may take it. So a drop here is what a hand would do: press on a
//! small window of our own at the point, begin the drag, let go. `DoDragDrop` calls into
//! the other program and waits for it, however long that takes; each drag has a thread of
//! its own that can be left behind.

mod data;
mod hand;
mod message;
mod source;
mod spot;
mod target;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use gc_platform::{CopiedFiles, DragError, FileDrag};
use gc_types::{CauseCode, Clock};

use crate::clipboard::write_drop_files;
use crate::ole::Ole;
use crate::process::{DesktopSeam as _, ThreadDesktop};

pub(crate) use target::nudge;

/// A program may take so long for a drop.
const DROP_WITHIN: Duration = Duration::from_secs(12);
/// A program that drags may take so long to show what.
const TAKE_WITHIN: Duration = Duration::from_secs(4);

/// How far a drop is, for who waits and for the drag itself.
#[derive(Default)]
struct Progress {
    /// Nobody waits any more.
    left: AtomicBool,
    /// The button was let go over a window that agreed.
    let_go: AtomicBool,
}

/// Drags on the desktop that has the input.
pub struct WindowsDrag {
    clock: Arc<dyn Clock>,
}

impl WindowsDrag {
    /// Touches nothing before the first drag.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock }
    }
}

/// For what this machine cannot do at all.
fn unavailable(error: &dyn std::fmt::Display) -> DragError {
    DragError::new(CauseCode::DragUnavailable, error.to_string())
}

/// Does it on a thread of its own, on the desktop that shows. `None`: it takes too long.
fn apart<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce() -> Result<T, DragError> + Send + 'static,
) -> Result<Option<T>, DragError> {
    let (told, done) = channel();
    let run = move || {
        let mut desktop = ThreadDesktop::default();
        desktop.enter().map_err(|error| unavailable(&error))?;
        let _ole = Ole::enter().map_err(|error| unavailable(&error))?;
        work()
    };
    std::thread::Builder::new()
        .name("ole drag".to_owned())
        .spawn(move || {
            // Nobody may wait for it any more.
            let _ = told.send(run());
        })
        .map_err(|error| unavailable(&error))?;
    done.recv_timeout(within).map_or(Ok(None), |result| result.map(Some))
}

impl FileDrag for WindowsDrag {
    fn drop_files(&mut self, files: &CopiedFiles, x: i32, y: i32) -> Result<(), DragError> {
        let nowhere = || DragError::new(CauseCode::DropNotTaken, "no file is on a drive");
        let list: Arc<[u8]> = write_drop_files(files).ok_or_else(nowhere)?.into();
        let progress = Arc::new(Progress::default());
        let taken = {
            let (list, progress) = (Arc::clone(&list), Arc::clone(&progress));
            let clock = Arc::clone(&self.clock);
            apart(DROP_WITHIN, move || source::drop_files(list, x, y, &progress, clock))?
        };
        match taken {
            Some(true) => Ok(()),
            // Programs of before OLE are sent a message.
            Some(false) if message::post(&list, x, y) => Ok(()),
            Some(false) => {
                let refused = "no window at the point takes files";
                Err(DragError::new(CauseCode::DropNotTaken, refused))
            }
            None => {
                progress.left.store(true, Ordering::Release);
                // It has the list, and may be reading the files.
                if progress.let_go.load(Ordering::Acquire) {
                    return Ok(());
                }
                let silent = "the program at the point does not answer";
                Err(DragError::new(CauseCode::DropNoAnswer, silent))
            }
        }
    }

    fn dragged_files(&mut self) -> Result<CopiedFiles, DragError> {
        let clock = Arc::clone(&self.clock);
        let taken = apart(TAKE_WITHIN, move || target::dragged_files(clock.as_ref()))?;
        let silent = || DragError::new(CauseCode::DragNoFiles, "the program does not answer");
        taken.ok_or_else(silent)
    }
}
