//! What comes out of a step of a desk: messages for the other end, events for the owner.

use std::collections::VecDeque;

use gc_proto::v2;
use gc_proto::v2::file_message::Body;
use gc_types::CauseCode;

use crate::policy::FilePolicy;
use crate::receipt::Receipt;
use crate::store::{StoreError, StorePath};

/// What the owner of a desk hears.
#[derive(Debug, Clone, PartialEq)]
pub enum DeskEvent {
    /// A name is taken: [`Desk::choose`] is waited for.
    Conflict {
        /// Of the transfer.
        transfer: u32,
        /// Of the file.
        index: u32,
        /// Relative.
        path: String,
        /// Of the new file.
        size: u64,
        /// Of what is there.
        existing_size: u64,
        /// Of what is there.
        existing_modified_ms: i64,
    },
    /// A file is over.
    File {
        /// Of the transfer.
        transfer: u32,
        /// What became of it.
        receipt: Receipt,
    },
    /// A transfer is over; with a cause before its time.
    Over {
        /// Of the transfer.
        transfer: u32,
        /// Why.
        cause: Option<CauseCode>,
    },
    /// The other end paused it, or goes on.
    Paused {
        /// Of the transfer.
        transfer: u32,
        /// Whether it rests.
        paused: bool,
    },
    /// What the agent allows.
    Policy(FilePolicy),
    /// The answer to a [`Desk::request`].
    Reply(v2::FolderReply),
    /// Something was changed on the machine by a folder request; for the audit.
    Changed {
        /// Stable name of what was done.
        what: &'static str,
        /// Where.
        path: StorePath,
    },
    /// Something went wrong that no file and no person waits for.
    Trouble(String),
}

/// What goes out of a step.
#[derive(Default)]
pub(crate) struct Out {
    pub(crate) messages: VecDeque<Body>,
    pub(crate) events: VecDeque<DeskEvent>,
    pub(crate) done: Vec<(u32, u64)>,
}

impl Out {
    pub(crate) fn say(&mut self, body: Body) {
        self.messages.push_back(body);
    }

    pub(crate) fn event(&mut self, event: DeskEvent) {
        self.events.push_back(event);
    }

    pub(crate) fn receipt(&mut self, transfer: u32, receipt: Receipt) {
        self.event(DeskEvent::File { transfer, receipt });
    }

    pub(crate) fn done(&mut self, transfer: u32, path: u64) {
        self.done.push((transfer, path));
    }

    /// The cause for a person; what only the log understands goes there.
    pub(crate) fn failed(&mut self, error: &StoreError) -> CauseCode {
        if let StoreError::Io(detail) = error {
            self.event(DeskEvent::Trouble(detail.clone()));
        }
        error.cause()
    }

    pub(crate) fn note(&mut self, error: &StoreError, what: &str) {
        self.event(DeskEvent::Trouble(format!("{what}: {error}")));
    }
}
