//! Ctrl+Alt+Del by way of the service: where only a service may press it, a worker in a
//! user's session cannot.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_platform::ActionError;
use gc_types::CauseCode;

use super::message::{AttentionAsked, AttentionDone, Word};
use super::way::PipeWay;

/// The service's helper may have to start for it, and has some seconds of its own.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Default)]
struct State {
    last: u64,
    waiting: BTreeMap<u64, Sender<Result<(), ActionError>>>,
    closed: bool,
}

/// Asks, and waits for the answer.
pub(super) struct AttentionLine {
    way: Arc<PipeWay>,
    state: Mutex<State>,
}

fn silent() -> ActionError {
    ActionError::new(CauseCode::ActionFailed, "The GuruConnect service did not answer.")
}

impl AttentionLine {
    pub(super) fn new(way: Arc<PipeWay>) -> Arc<Self> {
        Arc::new(Self { way, state: Mutex::default() })
    }

    /// Returns when the service has pressed it, or has not. Blocks.
    pub(super) fn press(&self) -> Result<(), ActionError> {
        let (sender, answer) = channel();
        let request = {
            let mut state = self.lock();
            if state.closed {
                return Err(silent());
            }
            state.last += 1;
            let request = state.last;
            state.waiting.insert(request, sender);
            request
        };
        self.way.say(Word::Attention(AttentionAsked { request }));
        let answer = answer.recv_timeout(PATIENCE);
        self.lock().waiting.remove(&request);
        answer.unwrap_or_else(|_| Err(silent()))
    }

    pub(super) fn answered(&self, done: AttentionDone) {
        let Some(sender) = self.lock().waiting.remove(&done.request) else { return };
        let result = done.failure.map_or(Ok(()), |cause| {
            let code = CauseCode::from_number(cause.code).unwrap_or(CauseCode::ActionFailed);
            Err(ActionError::new(code, cause.detail))
        });
        // Whoever asked may have waited long enough.
        let _ = sender.send(result);
    }

    /// The service is gone: nobody waits any longer.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_waits_for_a_service_that_is_gone() {
        let line = AttentionLine::new(PipeWay::new());
        let waiting = {
            let line = Arc::clone(&line);
            std::thread::spawn(move || line.press())
        };
        while line.lock().waiting.is_empty() {
            std::thread::yield_now();
        }
        line.answered(AttentionDone { request: 7, failure: None });
        line.close();
        assert_eq!(waiting.join().unwrap(), Err(silent()));
        assert_eq!(line.press(), Err(silent()));
    }
}
