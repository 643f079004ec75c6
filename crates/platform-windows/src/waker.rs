//! What ends a wait.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_platform::WaitWaker;

/// Ends a sleep from any thread.
#[derive(Debug, Default)]
pub struct Waker {
    called: Mutex<bool>,
    signal: Condvar,
}

impl Waker {
    fn lock(&self) -> MutexGuard<'_, bool> {
        // A flag is never half-written.
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until it is called; tells whether it was, and forgets it.
    pub fn sleep(&self, within: Duration) -> bool {
        let called = self.lock();
        let (mut called, _) = self
            .signal
            .wait_timeout_while(called, within, |called| !*called)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut called)
    }
}

impl WaitWaker for Waker {
    fn wake(&self) {
        *self.lock() = true;
        self.signal.notify_all();
    }
}
