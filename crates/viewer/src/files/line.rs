//! A transfer as people see it.

use gc_filetransfer::{Direction, Progress};
use gc_types::CauseCode;

/// How a transfer stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Standing {
    /// Moving, or about to.
    Moves,
    /// Until somebody lets it go on.
    Paused,
    /// Until there is a link again.
    Rests,
    /// All was tried.
    Done,
    /// Over before its time.
    Over(CauseCode),
}

/// A transfer as the panel shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    pub(crate) number: u32,
    pub(crate) direction: Direction,
    /// Of the first of what is moved, and how many there are.
    pub(crate) name: String,
    pub(crate) count: usize,
    pub(crate) progress: Progress,
    /// Files that could not be moved, or may not, and why the first of them.
    pub(crate) failed: u64,
    pub(crate) why: Option<CauseCode>,
    pub(crate) standing: Standing,
}

impl Line {
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.standing, Standing::Done | Standing::Over(_))
    }
}
