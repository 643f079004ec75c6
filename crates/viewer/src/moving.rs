//! Files of this computer and of the machine: what the window offers, and what becomes
//! of it.

use std::sync::Arc;

use gc_filetransfer::Direction;
use gc_platform::StorePath;

use crate::app::App;
use crate::chrome::{Button, Entry, Placed, panel};
use crate::commands::Command;
use crate::transfers::Transfers;

impl App {
    fn may_move_files(&self) -> bool {
        self.live() && self.seat.as_ref().is_some_and(crate::seat::Seat::may_move_files)
    }

    /// Files that were dropped on the window go into the machine's folder for that.
    pub(crate) fn upload(&mut self, paths: Vec<StorePath>) {
        if self.may_move_files() && !paths.is_empty() {
            self.begin(Direction::Upload, paths);
        }
    }

    pub(crate) fn send_copied(&mut self) {
        self.upload(self.own_copied.clone());
    }

    pub(crate) fn fetch_copied(&mut self) {
        if self.may_move_files() && !self.copied.is_empty() {
            self.begin(Direction::Download, self.copied.clone());
        }
    }

    fn begin(&mut self, direction: Direction, paths: Vec<StorePath>) {
        self.show_transfers = true;
        if let Some(opener) = self.files_opener.take() {
            let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
            match Transfers::start(opener, clock, entropy, self.window.waker()) {
                Ok(transfers) => self.transfers = Some(transfers),
                Err(error) => tracing::error!(%error, "no thread for files"),
            }
            self.link_files();
        }
        if let Some(transfers) = &self.transfers {
            transfers.begin(direction, paths);
        }
        self.stale = true;
    }

    /// Tells transfers of another link, and the window whether files may be dropped.
    pub(crate) fn link_files(&mut self) {
        let takes = self.may_move_files();
        if takes != self.takes_files {
            self.takes_files = takes;
            self.window.take_files(takes);
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
    }

    pub(crate) fn take_transfers(&mut self) {
        let Some(transfers) = &self.transfers else { return };
        let lines = transfers.lines();
        if lines != self.lines {
            self.lines = lines;
            self.stale = true;
        }
    }

    pub(crate) fn draw_transfers(&mut self) -> Option<Placed<Command>> {
        if !self.show_transfers {
            return None;
        }
        let window = self.window.size();
        panel(&self.lines, window, &mut self.painter, self.status.on_panel, |line| {
            if line.is_over() {
                Button::new("Close", Command::ForgetTransfer(line.number))
            } else {
                Button::new("Cancel", Command::CancelTransfer(line.number))
            }
        })
    }

    pub(crate) fn files_label(&self) -> String {
        match self.lines.iter().filter(|line| !line.is_over()).count() {
            0 => "Files".to_owned(),
            count => format!("Files {count}"),
        }
    }

    pub(crate) fn file_entries(&self) -> Vec<Entry<Command>> {
        let mut entries = vec![Entry::told("Drop files here to send them to the machine")];
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
