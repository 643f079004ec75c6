//! Files in pieces: both ends of a transfer, what names may be, what rules allow, how
//! much is on its way. No I/O, no clock: files are behind [`FileStore`], times are
//! passed in, and messages are handed over by whoever owns a [`Desk`].

mod conflict;
mod desk;
mod folders;
mod names;
mod out;
mod pace;
mod policy;
mod progress;
mod receipt;
mod receiving;
mod sending;
mod sniff;
mod store;
mod walk;

pub use conflict::ConflictRule;
pub use desk::{Desk, MAX_AHEAD, MAX_TRANSFERS, Plan, ROOM, Role};
pub use names::{
    MAX_COMPONENT, MAX_DEPTH, MAX_PATH, NameFault, PARTIAL_PREFIX, check_existing, extension,
    fold_case, numbered, portable_name, portable_path,
};
pub use out::DeskEvent;
pub use pace::{AckBeyondSent, MAX_CHUNK, Pace};
pub use policy::{Direction, FilePolicy, MAX_EXTENSION, MAX_EXTENSIONS, clean_extension};
pub use progress::{Progress, RateMeter, time_left};
pub use receipt::{Outcome, Receipt};
pub use sniff::{SNIFFED, kinds_of};
pub use store::{
    Entry, EntryKind, FileStore, PASTE_PLACE, PartialFile, PartialKey, Place, ReadFile, StoreError,
    StorePath,
};
