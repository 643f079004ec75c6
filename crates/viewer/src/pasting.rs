//! Files that are pasted, on either side. Bytes move when somebody pastes: what was copied
//! on the machine is offered to the programs here, what was copied here goes up with
//! Ctrl+V (ADR 22).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use gc_platform::{ClipboardContent, CopiedFiles, StorePath, WindowKey};
use gc_proto::v2::NoticeTopic;
use gc_types::CauseCode;

use crate::app::App;
use crate::files::Then;

/// How long a sentence about files stays.
const STAYS: Duration = Duration::from_secs(12);

/// How far a paste on the machine is.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Paste {
    #[default]
    Nothing,
    /// The files go up.
    Sending,
    /// They are there; its clipboard has not answered. What was wrong with it before.
    Copying(Option<CauseCode>),
}

/// A sentence about files, for a while.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) sentence: String,
    pub(crate) until: Duration,
}

impl App {
    /// Says something of files over the picture.
    pub(crate) fn say_of_files(&mut self, sentence: impl Into<String>) {
        self.told = Some(Told { sentence: sentence.into(), until: self.now() + STAYS });
        self.stale = true;
    }

    // From the machine ----------------------------------------------------------

    /// Programs of this computer are not given files while this window has the keyboard:
    /// then nobody pastes anywhere else.
    pub(crate) fn set_gate(&self) {
        let here =
            self.focused || self.spread.as_ref().is_some_and(|spread| spread.focused.is_some());
        self.gate.store(here, Ordering::Release);
    }

    /// Files were copied there, and something with them.
    pub(crate) fn copied_there(&mut self, files: Vec<StorePath>, content: ClipboardContent) {
        self.superseded("Something else was copied on the machine meanwhile.");
        self.copied.clone_from(&files);
        self.stale = true;
        let may = self.may_move_files() && self.file_policy.download;
        let gate = Some(Arc::clone(&self.gate));
        let offer = if may {
            self.start_transfers();
            self.transfers.as_ref().and_then(|transfers| transfers.offer(files, gate))
        } else {
            None
        };
        if let Some(desk) = &self.desk {
            desk.put(content, offer);
        }
    }

    // To the machine ------------------------------------------------------------

    /// Whether a key pastes files of this computer; then it is not for the machine.
    pub(crate) fn pastes(&mut self, key: &WindowKey) -> bool {
        if self.own_copied.is_empty() || !self.clipboard_open || !self.keys.is_paste(key) {
            return false;
        }
        if !self.may_move_files() || !self.file_policy.upload {
            // What the machine would paste is something else.
            tracing::info!("files may not be pasted on the machine");
            self.say_of_files(CauseCode::FilesDenied.sentence());
        } else if !key.repeat {
            tracing::info!(count = self.own_copied.len(), "files are pasted on the machine");
            self.paste_turn = self.paste_turn.wrapping_add(1);
            let turn = self.paste_turn;
            self.paste = Paste::Sending;
            self.touched = false;
            self.told = None;
            self.place(self.own_copied.clone(), Then::Clipboard(turn));
        }
        true
    }

    /// They wait in a folder of the machine, or do not.
    pub(crate) fn pasted(&mut self, turn: u32, result: Result<Vec<StorePath>, CauseCode>) {
        // A later paste takes the place of one before.
        if self.paste != Paste::Sending || turn != self.paste_turn {
            return;
        }
        self.paste = Paste::Nothing;
        let paths = match result {
            Ok(paths) => paths,
            Err(CauseCode::FilesCancelled) => return,
            Err(cause) => return self.say_of_files(cause.sentence()),
        };
        let files = CopiedFiles::new(paths.iter().map(StorePath::to_wire).collect());
        let (Some(files), Some(desk)) = (files, &self.desk) else {
            return self.say_of_files(CauseCode::FilesTooMany.sentence());
        };
        desk.copy_files(files);
        self.paste = Paste::Copying(self.clipboard_notice());
    }

    fn clipboard_notice(&self) -> Option<CauseCode> {
        let notices = self.seat.as_ref()?.notices();
        let found = notices.iter().find(|(topic, ..)| *topic == NoticeTopic::Clipboard);
        found.map(|(_, cause, _)| *cause)
    }

    /// The machine's clipboard has what went there last.
    pub(crate) fn files_delivered(&mut self) {
        if !matches!(self.paste, Paste::Copying(_)) {
            return;
        }
        self.paste = Paste::Nothing;
        if self.touched || !self.in_control() {
            self.say_of_files("The files are on the machine's clipboard. Paste them there.");
        } else {
            tracing::info!("files are on the machine's clipboard");
            let strokes = self.keys.paste_strokes();
            self.send(&strokes);
        }
    }

    /// Something is wrong with the machine's clipboard, or not any more.
    pub(crate) fn paste_noticed(&mut self) {
        let Paste::Copying(before) = self.paste else { return };
        let now = self.clipboard_notice();
        if let Some(cause) = now.filter(|_| now != before) {
            self.paste = Paste::Nothing;
            // Perhaps they were cleared away there: the next paste sends them anew.
            if let Some(transfers) = &self.transfers {
                transfers.misplaced();
            }
            self.say_of_files(cause.sentence());
        }
    }

    /// Another content took the place of files that were on their way to a clipboard.
    pub(crate) fn superseded(&mut self, sentence: &str) {
        if matches!(self.paste, Paste::Copying(_)) {
            self.paste = Paste::Nothing;
            self.say_of_files(sentence);
        }
    }
}
