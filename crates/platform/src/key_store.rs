//! Where the machine's key rests.

use gc_types::Secret;

/// Why the key cannot be had, or was not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyStoreError {
    /// Nothing was stored, or it was removed.
    #[error("this machine has no key yet: install it with the key that the console shows")]
    Absent,
    /// The system does not let this process at it. The text names place and call.
    #[error("the machine key may not be read or written by this user: {0}")]
    AccessDenied(String),
    /// It is whole, and not for this machine: the disk was copied to another one, or
    /// Windows lost what it decrypts with. The text is the system's.
    #[error(
        "the machine key cannot be decrypted on this machine, install it again with a new one: {0}"
    )]
    CannotDecrypt(String),
    /// What is stored is not a key. The text says what is wrong with it.
    #[error("the stored machine key is damaged, install it again with a new one: {0}")]
    Damaged(String),
    /// Others could read or exchange it, so that it is not trusted. The text says why.
    #[error("the place of the machine key is not safe: {0}")]
    Unsafe(String),
    /// Another call failed; the text names it.
    #[error("the machine key could not be read or written: {0}")]
    Failed(String),
}

/// Keeps one machine key over restarts, unreadable for users of the machine.
pub trait KeyStore: Send + Sync {
    /// The key, as it was stored.
    fn load(&self) -> Result<Secret, KeyStoreError>;

    /// Replaces the key as a whole: afterwards either the new or the former one is
    /// there, whatever happens. Reads it back before it says that it is kept.
    fn store(&self, key: &Secret) -> Result<(), KeyStoreError>;

    /// Removes the key. None being there is no error.
    fn remove(&self) -> Result<(), KeyStoreError>;
}
