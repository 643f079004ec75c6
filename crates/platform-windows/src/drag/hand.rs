//! A hand on the mouse, on a thread of its own: whoever drags sits in a call of OLE's
//! meanwhile, which goes on only while the mouse does something.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_platform::{DragError, InputError, InputInjector as _, PointerButton};

use super::unavailable;
use crate::WindowsInput;

/// The pointer trembles this often.
const TREMBLE: Duration = Duration::from_millis(30);

enum Wish {
    /// For so long at most.
    Press(Duration),
    Release,
}

/// Until nobody wishes anything any more.
fn move_about(
    input: &mut WindowsInput,
    x: i32,
    y: i32,
    wishes: &Receiver<Wish>,
) -> Result<(), InputError> {
    let mut aside = 0;
    // So many steps, and the button goes up by itself.
    let mut left = 0;
    loop {
        input.pointer_move(x + aside, y)?;
        aside = 1 - aside;
        input.flush()?;
        let mut release = false;
        match wishes.recv_timeout(TREMBLE) {
            Ok(Wish::Press(within)) => {
                left = within.as_millis() / TREMBLE.as_millis();
                input.pointer_button(PointerButton::Left, true)?;
            }
            Ok(Wish::Release) => release = left > 0,
            Err(RecvTimeoutError::Timeout) => {
                // Nobody agreed: OLE looks again when the button is up.
                release = left == 1;
                left = left.saturating_sub(1);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if release {
            left = 0;
            input.pointer_button(PointerButton::Left, false)?;
        }
    }
}

/// Holds the pointer at a place, trembling. Dropping it lets go of the button.
pub(super) struct Hand {
    wishes: Option<Sender<Wish>>,
    thread: Option<JoinHandle<()>>,
}

impl Hand {
    /// Takes the pointer to a position of the virtual desktop.
    pub(super) fn at(x: i32, y: i32) -> Result<Self, DragError> {
        let (wishes, received) = channel();
        let thread = std::thread::Builder::new()
            .name("drag hand".to_owned())
            .spawn(move || {
                // What it holds goes up when it is dropped.
                let mut input = WindowsInput::new();
                if let Err(error) = move_about(&mut input, x, y, &received) {
                    tracing::debug!(%error, "the mouse does not move");
                }
            })
            .map_err(|error| unavailable(&error))?;
        Ok(Self { wishes: Some(wishes), thread: Some(thread) })
    }

    /// Presses the button, for so long at most.
    pub(super) fn press(&self, within: Duration) {
        self.wish(Wish::Press(within));
    }

    pub(super) fn release(&self) {
        self.wish(Wish::Release);
    }

    fn wish(&self, wish: Wish) {
        // It ended because the mouse cannot be moved; the drag runs out of time.
        if let Some(wishes) = &self.wishes {
            let _ = wishes.send(wish);
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.wishes = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that moves the mouse panicked");
        }
    }
}
