//! Files of this computer and of the machine: what the window offers, and what becomes
//! of it.

use std::sync::Arc;

use gc_filetransfer::{ConflictRule, Direction};
use gc_platform::StorePath;
use gc_proto::v2::FileMessage;
use gc_proto::v2::file_message::Body;

use crate::app::App;
use crate::chrome::{Button, Entry, Placed, panel};
use crate::commands::Command;
use crate::files::{Conflict, FilesEvent, Move, Standing, Then, Transfers};

impl App {
    pub(crate) fn may_move_files(&self) -> bool {
        self.live() && self.seat.as_ref().is_some_and(crate::seat::Seat::may_move_files)
    }

    pub(crate) fn send_copied(&mut self) {
        self.upload(self.own_copied.clone());
    }

    pub(crate) fn fetch_copied(&mut self) {
        if self.may_move_files() && !self.copied.is_empty() {
            self.move_files(Direction::Download, self.copied.clone());
        }
    }

    /// Into the folder for that on the other side; names that are taken stay.
    pub(crate) fn move_files(&mut self, direction: Direction, sources: Vec<StorePath>) {
        let (folder, rule) = (StorePath::default(), ConflictRule::Rename);
        self.begin(Move { direction, sources, folder, rule });
    }

    pub(crate) fn begin(&mut self, wanted: Move) {
        self.show_transfers = true;
        self.start_transfers();
        if let Some(transfers) = &self.transfers {
            transfers.begin(wanted);
        }
        self.stale = true;
    }

    /// Where a program of the machine takes them.
    pub(crate) fn place(&mut self, sources: Vec<StorePath>, then: Then) {
        self.show_transfers = true;
        self.start_transfers();
        if let Some(transfers) = &self.transfers {
            transfers.place(sources, then);
        }
        self.stale = true;
    }

    /// The thread of files, from its first use on.
    pub(crate) fn start_transfers(&mut self) {
        let Some(opener) = self.files_opener.take() else { return };
        let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
        match Transfers::start(opener, clock, entropy, self.window.waker()) {
            Ok(transfers) => self.transfers = Some(transfers),
            Err(error) => tracing::error!(%error, "no thread for files"),
        }
        self.link_files();
    }

    /// The first conflict was decided about.
    pub(crate) fn decide(&mut self, rule: ConflictRule) {
        let Some(Conflict { number, index, .. }) = self.conflicts.pop_front() else { return };
        let all = std::mem::take(&mut self.for_all);
        if all {
            self.conflicts.retain(|conflict| conflict.number != number);
        }
        if let Some(transfers) = &self.transfers {
            transfers.choose(number, index, rule, all);
        }
    }

    /// Tells transfers of another link, and the window whether files may be dropped.
    pub(crate) fn link_files(&mut self) {
        let takes = self.may_move_files();
        if takes != self.takes_files {
            self.takes_files = takes;
            self.window.take_files(takes);
        }
        if self.live() && !takes {
            self.close_panes();
        }
        let Some(transfers) = &self.transfers else { return };
        let way = self.seat.as_ref().and_then(crate::seat::Seat::way_of_files);
        let ids = way.map(|(_, ids)| ids);
        if ids == self.files_linked {
            return;
        }
        if self.files_linked.is_some() {
            transfers.lost();
        }
        if let Some((sender, ids)) = way {
            transfers.linked(sender.clone(), ids);
        }
        self.files_linked = ids;
        if ids.is_some() {
            self.reload_panes();
        }
    }

    /// The machine says something of files.
    pub(crate) fn file_message(&mut self, message: FileMessage) {
        match message.body {
            Some(Body::Policy(policy)) => {
                self.file_policy = gc_filetransfer::FilePolicy::from_wire(Some(&policy));
                self.stale = true;
            }
            Some(Body::Dropped(dropped)) => self.file_dropped(&dropped),
            Some(Body::DraggedOut(dragged)) => self.dragged_out(dragged),
            _ => {
                if let Some(transfers) = &self.transfers {
                    transfers.message(message);
                }
            }
        }
    }

    pub(crate) fn take_transfers(&mut self) {
        let Some(transfers) = &self.transfers else { return };
        let lines = transfers.lines();
        let events: Vec<FilesEvent> = transfers.events.try_iter().collect();
        if lines != self.lines {
            self.lines = lines;
            self.stale = true;
        }
        for event in events {
            match event {
                FilesEvent::Placed { then: Then::Clipboard(turn), result } => {
                    self.pasted(turn, result.map(|(_, paths)| paths));
                }
                FilesEvent::Placed { then: Then::Drop { x, y }, result } => {
                    self.arrived((x, y), result.map(|(folder, _)| folder));
                }
                FilesEvent::Answer { side, token, result, listed } => {
                    self.pane_answered(side, token, result, listed);
                }
                FilesEvent::Conflict(conflict) => {
                    tracing::debug!(index = conflict.index, "a name is taken");
                    self.conflicts.push_back(conflict);
                    self.stale = true;
                }
                FilesEvent::Over(number) => {
                    self.conflicts.retain(|conflict| conflict.number != number);
                    self.panes_moved();
                }
            }
        }
    }

    pub(crate) fn draw_transfers(&mut self) -> Option<Placed<Command>> {
        if !self.show_transfers {
            return None;
        }
        let window = self.window.size();
        panel(&self.lines, window, &mut self.painter, self.status.on_panel, |line| {
            let number = line.number;
            if line.is_over() {
                return vec![Button::new("Close", Command::ForgetTransfer(number))];
            }
            let pause = match line.standing {
                Standing::Paused => Button::new("Go on", Command::PauseTransfer(number, false)),
                _ => Button::new("Pause", Command::PauseTransfer(number, true)),
            };
            vec![pause, Button::new("Cancel", Command::CancelTransfer(number))]
        })
    }

    pub(crate) fn files_label(&self) -> String {
        match self.lines.iter().filter(|line| !line.is_over()).count() {
            0 => "Files".to_owned(),
            count => format!("Files {count}"),
        }
    }

    pub(crate) fn file_entries(&self) -> Vec<Entry<Command>> {
        let mut entries = vec![
            Entry::new("Files of both sides", Command::Panes)
                .checked(self.panes.is_some())
                .trail("Ctrl+Alt+Shift+B"),
            Entry::told("Drop files here to send them to the machine"),
        ];
        for (paths, verb, command, trail) in [
            (&self.own_copied, "Send", Command::SendCopied, "copied here"),
            (&self.copied, "Download", Command::FetchCopied, "copied on the machine"),
        ] {
            let what = match paths.as_slice() {
                [] => continue,
                [one] => gc_proto::clean_text(one.name().unwrap_or("file"), 60),
                more => format!("{} items", more.len()),
            };
            entries.push(Entry::new(format!("{verb} {what}"), command).trail(trail));
        }
        entries.push(
            Entry::new("Show transfers", Command::ShowTransfers)
                .checked(self.show_transfers && !self.lines.is_empty())
                .only_if(!self.lines.is_empty()),
        );
        entries
    }
}
