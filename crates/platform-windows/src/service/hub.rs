//! Hands what the service manager tells of sessions to those who asked.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use gc_platform::{DesktopSessionId, SessionChange, SessionListener, SessionWatch};

type Listeners = Mutex<Vec<(u64, Arc<SessionListener>)>>;

/// Changes of sessions, from one teller to any number of listeners.
#[derive(Default)]
pub struct SessionHub {
    listeners: Arc<Listeners>,
    next: Mutex<u64>,
}

/// Event types of `WM_WTSSESSION_CHANGE` (winuser.h), which the service manager uses
/// too.
mod event {
    pub(super) const CONSOLE_CONNECT: u32 = 1;
    pub(super) const CONSOLE_DISCONNECT: u32 = 2;
    pub(super) const REMOTE_CONNECT: u32 = 3;
    pub(super) const REMOTE_DISCONNECT: u32 = 4;
    pub(super) const SESSION_LOGON: u32 = 5;
    pub(super) const SESSION_LOGOFF: u32 = 6;
    pub(super) const SESSION_LOCK: u32 = 7;
    pub(super) const SESSION_UNLOCK: u32 = 8;
}

impl SessionHub {
    /// Nobody listens yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Calls the listener for each change until what this gives is dropped.
    pub fn watch(&self, listener: SessionListener) -> Box<dyn SessionWatch> {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next += 1;
        let number = *next;
        lock(&self.listeners).push((number, Arc::new(listener)));
        Box::new(Watch { number, listeners: Arc::downgrade(&self.listeners) })
    }

    /// Tells everybody. Listeners do not block and do not call back into the hub.
    pub fn publish(&self, change: SessionChange) {
        for (_, listener) in lock(&self.listeners).iter() {
            listener(change);
        }
    }

    /// Tells everybody what the service manager said, in its own words.
    pub fn publish_event(&self, event_type: u32, session: u32) {
        self.publish(change_of(event_type, DesktopSessionId(session)));
    }
}

fn lock(listeners: &Listeners) -> std::sync::MutexGuard<'_, Vec<(u64, Arc<SessionListener>)>> {
    listeners.lock().unwrap_or_else(PoisonError::into_inner)
}

fn change_of(event_type: u32, session: DesktopSessionId) -> SessionChange {
    match event_type {
        event::CONSOLE_CONNECT => SessionChange::ConsoleConnect(session),
        event::CONSOLE_DISCONNECT => SessionChange::ConsoleDisconnect(session),
        event::REMOTE_CONNECT => SessionChange::RemoteConnect(session),
        event::REMOTE_DISCONNECT => SessionChange::RemoteDisconnect(session),
        event::SESSION_LOGON => SessionChange::Logon(session),
        event::SESSION_LOGOFF => SessionChange::Logoff(session),
        event::SESSION_LOCK => SessionChange::Lock(session),
        event::SESSION_UNLOCK => SessionChange::Unlock(session),
        _ => SessionChange::Other(session),
    }
}

struct Watch {
    number: u64,
    listeners: Weak<Listeners>,
}

impl SessionWatch for Watch {}

impl Drop for Watch {
    /// Waits for a call of the listener that is under way.
    fn drop(&mut self) {
        if let Some(listeners) = self.listeners.upgrade() {
            lock(&listeners).retain(|(number, _)| *number != self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn each_event_of_the_service_manager_reaches_each_listener_until_it_is_dropped() {
        let hub = SessionHub::new();
        let (first, heard_first) = mpsc::channel();
        let (second, heard_second) = mpsc::channel();
        let watch = hub.watch(Box::new(move |change| first.send(change).unwrap()));
        let _other = hub.watch(Box::new(move |change| second.send(change).unwrap()));
        let session = DesktopSessionId(3);
        for event_type in 1..=9 {
            hub.publish_event(event_type, 3);
        }
        drop(watch);
        hub.publish_event(1, 4);
        let expected = [
            SessionChange::ConsoleConnect(session),
            SessionChange::ConsoleDisconnect(session),
            SessionChange::RemoteConnect(session),
            SessionChange::RemoteDisconnect(session),
            SessionChange::Logon(session),
            SessionChange::Logoff(session),
            SessionChange::Lock(session),
            SessionChange::Unlock(session),
            SessionChange::Other(session),
        ];
        assert_eq!(heard_first.try_iter().collect::<Vec<_>>(), expected);
        let last = SessionChange::ConsoleConnect(DesktopSessionId(4));
        assert_eq!(heard_second.try_iter().last(), Some(last));
        drop(hub);
    }
}
