//! A desktop on which files are dragged as the test says.

use std::sync::{Arc, Mutex, PoisonError};

use gc_platform::{CopiedFiles, DragError, FileDrag};
use gc_types::CauseCode;

#[derive(Debug, Default)]
struct State {
    drops: Vec<(CopiedFiles, i32, i32)>,
    refusal: Option<CauseCode>,
    dragged: Option<CopiedFiles>,
}

/// Takes what is dropped, or refuses it; clones are the same desktop.
#[derive(Debug, Clone, Default)]
pub struct FakeDrag(Arc<Mutex<State>>);

/// The test's side of a [`FakeDrag`].
#[derive(Debug, Clone)]
pub struct FakeDragControl(Arc<Mutex<State>>);

impl FakeDrag {
    /// Takes everything; nothing is dragged.
    pub fn new() -> (Self, FakeDragControl) {
        let state = Arc::new(Mutex::new(State::default()));
        (Self(Arc::clone(&state)), FakeDragControl(state))
    }
}

impl FakeDragControl {
    /// What was dropped so far, and where.
    pub fn drops(&self) -> Vec<(CopiedFiles, i32, i32)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drops.clone()
    }

    /// Drops fail from now on, or no longer.
    pub fn refuse(&self, cause: Option<CauseCode>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).refusal = cause;
    }

    /// What is being dragged now.
    pub fn drag(&self, files: Option<CopiedFiles>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dragged = files;
    }
}

impl FileDrag for FakeDrag {
    fn drop_files(&mut self, files: &CopiedFiles, x: i32, y: i32) -> Result<(), DragError> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cause) = state.refusal {
            return Err(DragError::new(cause, "refused"));
        }
        state.drops.push((files.clone(), x, y));
        Ok(())
    }

    fn dragged_files(&mut self) -> Result<CopiedFiles, DragError> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = || DragError::new(CauseCode::DragNoFiles, "nothing is dragged");
        state.dragged.clone().ok_or_else(nothing)
    }
}
