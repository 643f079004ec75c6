//! What becomes of files: for the audit, and for the person who watches.

use std::time::Duration;

use gc_proto::v2;
use gc_types::CauseCode;

use crate::policy::Direction;

/// How it ended for one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is there, and its hash agrees.
    Done,
    /// It was not wanted.
    Skipped,
    /// It could not be moved.
    Failed(CauseCode),
    /// A person stopped it.
    Cancelled,
    /// The rules forbid it.
    Denied(CauseCode),
}

impl Outcome {
    /// By the cause of its end.
    pub const fn of(cause: CauseCode) -> Self {
        match cause {
            CauseCode::FilesDenied | CauseCode::FileTooLarge | CauseCode::FileTypeBlocked => {
                Self::Denied(cause)
            }
            CauseCode::FilesCancelled => Self::Cancelled,
            _ => Self::Failed(cause),
        }
    }

    /// Why, when it is not done.
    pub const fn cause(self) -> Option<CauseCode> {
        match self {
            Self::Done | Self::Skipped => None,
            Self::Cancelled => Some(CauseCode::FilesCancelled),
            Self::Failed(cause) | Self::Denied(cause) => Some(cause),
        }
    }

    /// To the wire.
    pub const fn to_wire(self) -> v2::FileOutcome {
        match self {
            Self::Done => v2::FileOutcome::Done,
            Self::Skipped => v2::FileOutcome::Skipped,
            Self::Failed(_) => v2::FileOutcome::Failed,
            Self::Cancelled => v2::FileOutcome::Cancelled,
            Self::Denied(_) => v2::FileOutcome::Denied,
        }
    }

    pub(crate) fn from_wire(outcome: v2::FileOutcome, cause: Option<&v2::Cause>) -> Self {
        let cause = cause
            .and_then(|cause| CauseCode::from_number(cause.code))
            .unwrap_or(CauseCode::FileIoFailed);
        match outcome {
            v2::FileOutcome::Done => Self::Done,
            v2::FileOutcome::Skipped => Self::Skipped,
            v2::FileOutcome::Cancelled => Self::Cancelled,
            v2::FileOutcome::Denied => Self::Denied(cause),
            v2::FileOutcome::Failed | v2::FileOutcome::Unspecified => Self::Failed(cause),
        }
    }
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Of the transfer; the same when it was taken up again.
    pub transfer: [u8; 16],
    /// Which way it went.
    pub direction: Direction,
    /// Relative, as it was sent.
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    /// Of the whole file, when all of it was moved.
    pub sha256: Option<[u8; 32]>,
    /// How it ended.
    pub outcome: Outcome,
    /// Bytes that went over this link.
    pub moved: u64,
    /// From its first byte on this link.
    pub duration: Duration,
}

pub(crate) fn cause_to_wire(code: CauseCode) -> v2::Cause {
    v2::Cause { code: code as i32, detail: String::new() }
}

pub(crate) fn cause_from_wire(cause: Option<&v2::Cause>) -> Option<CauseCode> {
    cause.map(|cause| CauseCode::from_number(cause.code).unwrap_or(CauseCode::FileIoFailed))
}
