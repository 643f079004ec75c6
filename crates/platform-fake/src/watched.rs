//! A value that can be waited for.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Watched<T> {
    value: Mutex<T>,
    changed: Condvar,
}

impl<T> Watched<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Mutex::new(value), changed: Condvar::new() }
    }

    pub(crate) fn read(&self) -> MutexGuard<'_, T> {
        // A panic of another test thread leaves values that are still whole.
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let result = change(&mut self.read());
        self.changed.notify_all();
        result
    }

    /// Blocks until `ready`; `false` when the time is over first.
    pub(crate) fn wait(
        &self,
        timeout: Option<Duration>,
        mut ready: impl FnMut(&mut T) -> bool,
    ) -> bool {
        let guard = self.read();
        match timeout {
            None => {
                let waited = self.changed.wait_while(guard, |value| !ready(value));
                drop(waited);
                true
            }
            Some(timeout) => {
                let waited = self.changed.wait_timeout_while(guard, timeout, |v| !ready(v));
                !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
            }
        }
    }
}
