//! A hand on the mouse, on a thread of its own: whoever drags sits in a call of OLE's
//! meanwhile, which goes on only while the mouse does something.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_platform::{DragError, InputInjector as _, PointerButton};

use super::unavailable;
use crate::WindowsInput;

/// The pointer trembles this often.
const TREMBLE: Duration = Duration::from_millis(30);

enum Wish {
    Press,
    Release,
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
                let mut aside = 0;
                loop {
                    let moved = input.pointer_move(x + aside, y);
                    aside = 1 - aside;
                    let done = moved.and_then(|()| {
                        match received.recv_timeout(TREMBLE) {
                            Ok(Wish::Press) => input.pointer_button(PointerButton::Left, true),
                            Ok(Wish::Release) => input.pointer_button(PointerButton::Left, false),
                            Err(RecvTimeoutError::Timeout) => Ok(()),
                            Err(RecvTimeoutError::Disconnected) => return Ok(false),
                        }
                        .map(|()| true)
                    });
                    let going = done.and_then(|going| input.flush().map(|()| going));
                    match going {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(error) => {
                            tracing::debug!(%error, "the mouse does not move");
                            break;
                        }
                    }
                }
            })
            .map_err(|error| unavailable(&error))?;
        Ok(Self { wishes: Some(wishes), thread: Some(thread) })
    }

    pub(super) fn press(&self) {
        self.wish(Wish::Press);
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
