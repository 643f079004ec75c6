//! What the clipboards of both ends have to say to the window.

use std::time::Duration;

use crate::app::{App, Crossing};
use crate::clipboard::Crossed;

/// How long the clipboard button shows that something crossed.
const FLASH: Duration = Duration::from_millis(900);
/// A link that takes no clipboard is tried again after this.
const CLIPBOARD_RETRY: Duration = Duration::from_millis(100);

impl App {
    pub(crate) fn take_crossed(&mut self) {
        let Some(desk) = &self.desk else { return };
        let crossed: Vec<Crossed> = desk.crossed.try_iter().collect();
        let pump = !crossed.is_empty() || self.clipboard_retry.is_some_and(|at| at <= self.now());
        for one in crossed {
            match one {
                Crossed::Reply(received) => {
                    if let Some(seat) = &mut self.seat {
                        seat.clipboard_received(received);
                    }
                }
                Crossed::In => {
                    // They are on the clipboard here no more.
                    self.own_copied.clear();
                    self.flash(Crossing::In);
                }
                Crossed::Out => {
                    self.flash(Crossing::Out);
                    self.superseded("Something else was copied meanwhile.");
                }
                Crossed::FilesOut => self.flash(Crossing::Out),
                Crossed::Delivered => self.files_delivered(),
                Crossed::Room => {}
                Crossed::Files(files, content) => self.copied_there(files, content),
                Crossed::NoFiles => {
                    self.copied.clear();
                    self.superseded("Something else was copied on the machine meanwhile.");
                }
                Crossed::OwnFiles(files) => {
                    if !files.is_empty() {
                        tracing::info!(count = files.len(), "files were copied here");
                    }
                    self.own_copied = files;
                }
                Crossed::Type(text) => self.type_text(&text),
                Crossed::Told(cause) => {
                    self.clipboard_cause = cause;
                    self.stale = true;
                }
            }
        }
        if pump && let (Some(desk), Some(seat)) = (&self.desk, &mut self.seat) {
            let open = self.clipboard_open;
            let taken = !open || desk.pump(|piece, last| seat.clipboard_piece(piece, last));
            self.clipboard_retry = (!taken).then(|| self.clock.monotonic() + CLIPBOARD_RETRY);
        }
    }

    fn flash(&mut self, crossing: Crossing) {
        self.crossed = Some((crossing, self.now() + FLASH));
        self.stale = true;
    }

    pub(crate) fn type_text(&mut self, text: &str) {
        if self.in_control() {
            self.typing.extend(crate::keys::typed(text));
        }
    }
}
