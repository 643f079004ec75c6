//! The files of the session's user. The trait itself, [`FileStore`], stands with the
//! protocol that uses it; an operating system implements it.

pub use gc_filetransfer::{
    Entry, EntryKind, FileStore, PARTIAL_PREFIX, PASTE_PLACE, PartialFile, PartialKey, Place,
    ReadFile, StoreError, StorePath, check_existing,
};

/// Opens the files of whoever is logged on. Called on the thread that will use them,
/// which does nothing else: an implementation may give that thread, and only that
/// one, the rights of the user for good. An agent with more rights than the user
/// never writes into the user's folders with them.
pub type FileOpener = Box<dyn FnOnce() -> Result<Box<dyn FileStore>, StoreError> + Send>;
