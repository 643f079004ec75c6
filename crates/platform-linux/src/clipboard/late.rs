//! Answers that take a while: files of a peer come when a program asks for them.
//!
//! A program waits for an answer as long as its toolkit says: Qt 5 s, GTK 30 s without
//! news. What comes soon is answered as always. After that the answer goes in parts
//! (ICCCM 2.7.2), and parts that say nothing keep the program waiting: empty lines of a
//! list, of which any number may stand in one, and the first word of the list that file
//! managers have among themselves, letter by letter.

use std::time::Duration;

use gc_platform::CopiedFiles;
use x11rb::protocol::xproto::{
    Atom, EventMask, PropMode, PropertyNotifyEvent, SelectionRequestEvent,
};
use x11rb::wrapper::ConnectionExt as _;

use super::sending::{Sending, notify, watch};
use super::uri_list;
use super::worker::Atoms;
use crate::DisplayError;
use crate::display::Link;

/// An answer goes in parts after this: soon enough for Qt.
const PATIENCE: Duration = Duration::from_secs(2);
/// A program that has waited for so long is given up. What it asked for comes all the
/// same, and is there when it asks again.
const LONGEST: Duration = Duration::from_mins(10);
/// Between two parts of a list of URIs, and of the list of file managers, which only
/// toolkits with more patience read and which has few parts to give.
const NEWS: [Duration; 2] = [Duration::from_secs(3), Duration::from_secs(20)];
/// What the list of file managers begins with when nothing was cut.
const WORD: &[u8] = b"copy\n";
/// For a list of URIs that has nothing to say yet.
const NOTHING: &[u8] = b"\r\n";

/// Programs that may wait at once.
pub(super) const MOST_LATE: usize = 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// It has heard nothing.
    Silent,
    /// It has a part and has not taken it.
    Taking,
    /// It waits for the next part.
    Taken,
}

/// A program that waits for files.
pub(super) struct Late {
    request: SelectionRequestEvent,
    property: Atom,
    /// The list of file managers, and not that of URIs.
    word: bool,
    stage: Stage,
    /// Letters of the word that it has.
    told: usize,
    next: Duration,
    deadline: Duration,
}

impl Late {
    pub(super) fn new(request: SelectionRequestEvent, word: bool, now: Duration) -> Self {
        // Programs older than the convention name no property.
        let property =
            if request.property == x11rb::NONE { request.target } else { request.property };
        let (next, deadline) = (now + PATIENCE, now + LONGEST);
        Self { request, property, word, stage: Stage::Silent, told: 0, next, deadline }
    }

    /// When there is something to do without anything happening.
    pub(super) fn due(&self) -> Duration {
        match self.stage {
            Stage::Taking => self.deadline,
            Stage::Silent | Stage::Taken => self.next.min(self.deadline),
        }
    }

    /// Keeps it waiting. `false`: it is given up.
    pub(super) fn tick(
        &mut self,
        link: &Link,
        atoms: &Atoms,
        now: Duration,
    ) -> Result<bool, DisplayError> {
        if now >= self.deadline {
            self.drop_it(link)?;
            return Ok(false);
        }
        if now < self.due() {
            return Ok(true);
        }
        let window = self.request.requestor;
        match self.stage {
            Stage::Silent => {
                watch(link, window, EventMask::PROPERTY_CHANGE)?;
                // How much it will be at least.
                let size = [WORD.len() as u32];
                let (mode, incr) = (PropMode::REPLACE, atoms.INCR);
                link.conn.change_property32(mode, window, self.property, incr, &size)?;
                notify(link, &self.request, self.property)?;
                self.stage = Stage::Taking;
            }
            Stage::Taken => {
                let part = if self.word { WORD.get(self.told..=self.told) } else { Some(NOTHING) };
                let Some(part) = part else {
                    // Nothing is left to say: it waits as long as it likes.
                    self.next = self.deadline;
                    return Ok(true);
                };
                let (mode, kind) = (PropMode::REPLACE, self.request.target);
                link.conn.change_property8(mode, window, self.property, kind, part)?;
                self.told += part.len();
                self.stage = Stage::Taking;
            }
            Stage::Taking => {}
        }
        self.next = now + NEWS[usize::from(self.word)];
        Ok(true)
    }

    fn drop_it(&self, link: &Link) -> Result<(), DisplayError> {
        if self.stage == Stage::Silent {
            return notify(link, &self.request, x11rb::NONE);
        }
        watch(link, self.request.requestor, EventMask::NO_EVENT)
    }

    /// It took a part.
    pub(super) fn taken(&mut self, event: &PropertyNotifyEvent) {
        let ours = event.window == self.request.requestor && event.atom == self.property;
        if ours && self.stage == Stage::Taking {
            self.stage = Stage::Taken;
        }
    }

    /// The files are here, or none come. What is still to be sent in parts.
    pub(super) fn answer(
        self,
        link: &Link,
        files: Option<&CopiedFiles>,
        now: Duration,
    ) -> Result<Option<Sending>, DisplayError> {
        let (window, property, kind) = (self.request.requestor, self.property, self.request.target);
        let bytes = files.map(|files| {
            if self.word {
                uri_list::write_gnome_files(files)
            } else {
                uri_list::write_uri_list(files)
            }
            .into_bytes()
        });
        if self.stage == Stage::Silent {
            let Some(bytes) = bytes else {
                notify(link, &self.request, x11rb::NONE)?;
                return Ok(None);
            };
            // 1,000 URIs are less than what fits into one request.
            link.conn.change_property8(PropMode::REPLACE, window, property, kind, &bytes)?;
            notify(link, &self.request, property)?;
            return Ok(None);
        }
        // A list with no file in it harms nobody; half a URI might.
        let bytes = bytes.unwrap_or_else(|| if self.word { WORD.to_vec() } else { Vec::new() });
        let rest = if self.word { bytes.get(self.told..).unwrap_or_default() } else { &bytes };
        let waits = self.stage == Stage::Taken;
        Ok(Some(Sending::rest(link, (window, property, kind), rest.into(), waits, now)?))
    }
}
