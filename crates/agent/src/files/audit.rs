//! What became of files, for the server's audit: in few messages, and none lost
//! while the link is.

use std::collections::VecDeque;
use std::time::Duration;

use gc_filetransfer::Receipt;
use gc_proto::v2;
use gc_proto::v2::link_message::Body;
use gc_types::{CauseCode, SessionId, UnixMillis};

/// Receipts are collected for this long.
const COLLECT: Duration = Duration::from_millis(250);
/// After a refusal they wait for this long.
const AGAIN: Duration = Duration::from_secs(2);
/// Receipts that wait; what is beyond is counted.
const MOST: usize = 20_000;

/// Receipts that the server does not know yet.
#[derive(Default)]
pub(crate) struct Audit {
    waiting: VecDeque<v2::FileReceipt>,
    lost: u64,
    due: Option<Duration>,
}

impl Audit {
    /// Takes one in.
    pub(crate) fn add(
        &mut self,
        participant: u16,
        receipt: Receipt,
        wall: UnixMillis,
        now: Duration,
    ) {
        if self.waiting.len() >= MOST {
            self.lost += 1;
            return;
        }
        let duration = u32::try_from(receipt.duration.as_millis()).unwrap_or(u32::MAX);
        // Cut between characters, as the message allows.
        let mut path = gc_proto::clean_text(&receipt.path, 2_048);
        while path.len() > 2_048 {
            path.pop();
        }
        self.waiting.push_back(v2::FileReceipt {
            participant: participant.into(),
            direction: receipt.direction.to_wire().into(),
            path,
            size: receipt.size,
            sha256: receipt.sha256.map(Vec::from).unwrap_or_default(),
            outcome: receipt.outcome.to_wire().into(),
            cause: receipt.outcome.cause().map_or(0, |cause| cause as i32),
            moved: receipt.moved,
            duration_ms: duration,
            ended_unix_ms: wall.0,
            transfer_id: receipt.transfer.to_vec(),
        });
        self.due.get_or_insert(now + COLLECT);
    }

    /// When [`Audit::message`] is to be asked.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.due
    }

    /// The next message, when it is time; `taken` or `refused` follows.
    pub(crate) fn message(&self, session: SessionId, now: Duration) -> Option<(Body, usize)> {
        self.due.filter(|due| now >= *due)?;
        let files: Vec<v2::FileReceipt> =
            self.waiting.iter().take(gc_proto::MAX_FILE_RECEIPTS).cloned().collect();
        let count = files.len();
        (count > 0).then(|| {
            (
                Body::FileAudit(v2::FileAudit { session_id: session.as_bytes().to_vec(), files }),
                count,
            )
        })
    }

    /// The message went out.
    pub(crate) fn taken(&mut self, count: usize, now: Duration) {
        self.waiting.drain(..count.min(self.waiting.len()));
        self.due = (!self.waiting.is_empty()).then(|| now.saturating_add(COLLECT));
    }

    /// There is no link; it is tried again.
    pub(crate) fn refused(&mut self, now: Duration) {
        self.due = Some(now.saturating_add(AGAIN));
    }

    /// How many did not fit, told once.
    pub(crate) fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }
}

/// The report of a step in the folders of the machine.
pub(crate) fn changed(session: SessionId, what: &str, detail: &str) -> Body {
    Body::AuditReport(v2::AuditReport {
        session_id: session.as_bytes().to_vec(),
        event: what.to_owned(),
        detail: gc_proto::clean_text(detail, 500),
    })
}

/// The receipt of what nobody has counted one by one.
pub(crate) fn lost(count: u64) -> Receipt {
    Receipt {
        transfer: [0; 16],
        direction: gc_filetransfer::Direction::Upload,
        path: format!("{count} more"),
        size: 0,
        sha256: None,
        outcome: gc_filetransfer::Outcome::Failed(CauseCode::FilesTooMany),
        moved: 0,
        duration: Duration::ZERO,
    }
}
