//! Waiting for what another thread does, with an end to the patience.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Is set once, by another thread.
#[derive(Debug, Default)]
pub struct Latch {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Latch {
    /// Whether it happened.
    pub fn is_set(&self) -> bool {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it happens, for at most `limit`; tells whether it did.
    pub fn wait_for(&self, limit: Duration) -> bool {
        let set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = self.changed.wait_timeout_while(set, limit, |set| !*set);
        *outcome.unwrap_or_else(PoisonError::into_inner).0
    }

    pub(super) fn set(&self) {
        *self.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

/// How long is long: the seam at which tests decide that something hangs, instead of
/// waiting for it.
pub trait Patience: Send + Sync {
    /// Waits for `done` for at most `limit`; tells whether it happened.
    fn wait(&self, done: &Latch, limit: Duration) -> bool;

    /// Whether `done` has happened, without waiting.
    fn look(&self, done: &Latch) -> bool {
        done.is_set()
    }

    /// Whether what nobody waits for has had more than its time.
    fn gave_up(&self, since: Duration, limit: Duration) -> bool {
        since > limit
    }
}

/// Waits on the machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemPatience;

impl Patience for SystemPatience {
    fn wait(&self, done: &Latch, limit: Duration) -> bool {
        done.wait_for(limit)
    }
}

/// What a job will answer.
pub(super) struct Answer<T> {
    value: Arc<Mutex<Option<T>>>,
    pub(super) done: Arc<Latch>,
}

impl<T> Clone for Answer<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), done: Arc::clone(&self.done) }
    }
}

impl<T> Answer<T> {
    pub(super) fn new() -> Self {
        Self { value: Arc::default(), done: Arc::default() }
    }

    /// The first answer counts.
    pub(super) fn give(&self, value: T) {
        let mut held = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        held.get_or_insert(value);
        drop(held);
        self.done.set();
    }

    pub(super) fn take(&self) -> Option<T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
