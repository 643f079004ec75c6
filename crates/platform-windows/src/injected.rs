//! Word from who injects input to who captures the screen, in one process: nothing else
//! tells GDI that there may be something to see.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use gc_platform::WaitWaker;

use crate::waker::Waker;

static COUNT: AtomicU64 = AtomicU64::new(0);
static LISTENERS: Mutex<Vec<Weak<Waker>>> = Mutex::new(Vec::new());

/// Input was injected: whoever listens is woken.
pub fn announce() {
    COUNT.fetch_add(1, Ordering::Release);
    for listener in LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        if let Some(waker) = listener.upgrade() {
            waker.wake();
        }
    }
}

/// Listens for as long as it lives.
#[derive(Debug)]
pub struct Listener(u64);

impl Listener {
    /// Wakes `waker` with each injection, for as long as that lives.
    pub fn new(waker: &Arc<Waker>) -> Self {
        let mut listeners = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| {
            listener.upgrade().is_some_and(|listener| !Arc::ptr_eq(&listener, waker))
        });
        listeners.push(Arc::downgrade(waker));
        Self(COUNT.load(Ordering::Acquire))
    }

    /// Whether there was input since this was asked last.
    pub fn heard(&mut self) -> bool {
        let count = COUNT.load(Ordering::Acquire);
        std::mem::replace(&mut self.0, count) != count
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn who_listens_is_woken_and_hears_it_once() {
        let waker = Arc::new(Waker::default());
        let mut listener = Listener::new(&waker);
        announce();
        assert!(waker.sleep(Duration::from_secs(50)), "woken");
        assert!(listener.heard());
        assert!(!listener.heard());
        let weak = Arc::downgrade(&waker);
        drop(waker);
        assert!(weak.upgrade().is_none(), "nobody is kept alive by listening");
        announce();
        assert!(listener.heard());
    }
}
