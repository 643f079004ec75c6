//! Notices that can be looked at.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{ConnectionNotice, NoticeOverlay, PromptError, PromptHandle};

use crate::watched::Watched;

#[derive(Default)]
struct State {
    all: Vec<ConnectionNotice>,
    open: usize,
}

/// Shows notices to the test. They stay until their handle is dropped: no time
/// passes here.
pub struct FakeNotice(Arc<Watched<State>>);

/// What the test reads.
#[derive(Clone)]
pub struct FakeNoticeControl(Arc<Watched<State>>);

impl FakeNotice {
    /// Nothing is shown at first.
    pub fn new() -> (Self, FakeNoticeControl) {
        let state = Arc::new(Watched::new(State::default()));
        (Self(Arc::clone(&state)), FakeNoticeControl(state))
    }
}

impl FakeNoticeControl {
    /// Every notice so far.
    pub fn all(&self) -> Vec<ConnectionNotice> {
        self.0.read().all.clone()
    }

    /// Blocks until so many notices are on the screen; `false` when the time is over.
    pub fn wait_for_open(&self, count: usize, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |state| state.open == count)
    }
}

struct Open(Arc<Watched<State>>);

impl PromptHandle for Open {}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.update(|state| state.open -= 1);
    }
}

impl NoticeOverlay for FakeNotice {
    fn show(&self, notice: ConnectionNotice) -> Result<Box<dyn PromptHandle>, PromptError> {
        self.0.update(|state| {
            state.all.push(notice);
            state.open += 1;
        });
        Ok(Box::new(Open(Arc::clone(&self.0))))
    }
}
