//! Lines that workers log, in the log of the service. A user can make their own worker
//! say anything, so that what it may write is limited.

use std::time::Duration;

use super::supervisor::WorkerNumber;
use crate::worker::log::LONGEST_LINE;

/// Lines at once.
const BURST: u32 = 200;
/// And then one in so much time.
const ONE_IN: Duration = Duration::from_millis(100);

/// How much workers may still log. One budget for all: they come one after the other.
pub(super) struct WorkerLogs {
    left: u32,
    /// Up to when the budget has been filled up.
    filled: Duration,
    lost: u64,
}

impl Default for WorkerLogs {
    fn default() -> Self {
        Self { left: BURST, filled: Duration::ZERO, lost: 0 }
    }
}

impl WorkerLogs {
    pub(super) fn line(&mut self, worker: WorkerNumber, line: &str, now: Duration) {
        let lost = self.lost;
        if !self.may(now) {
            return;
        }
        if lost > 0 {
            tracing::warn!(worker = worker.0, lost, "a worker logged too much");
        }
        // One line, whatever it says.
        let line = gc_proto::clean_text(line, LONGEST_LINE);
        tracing::info!(worker = worker.0, "{line}");
    }

    fn may(&mut self, now: Duration) -> bool {
        let more = now.saturating_sub(self.filled).as_millis() / ONE_IN.as_millis();
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        if more > 0 {
            self.left = self.left.saturating_add(more).min(BURST);
            self.filled = now;
        }
        let Some(left) = self.left.checked_sub(1) else {
            self.lost += 1;
            return false;
        };
        (self.left, self.lost) = (left, 0);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_that_logs_without_end_is_cut_short_and_heard_again_later() {
        let mut logs = WorkerLogs::default();
        let at = Duration::from_secs(1_000);
        let passed = (0..10 * BURST).filter(|_| logs.may(at)).count();
        assert_eq!(passed, BURST as usize);
        assert_eq!(logs.lost, u64::from(9 * BURST));
        assert!(!logs.may(at + ONE_IN / 2));
        assert!(logs.may(at + ONE_IN));
        assert_eq!(logs.lost, 0, "told");
        assert!(!logs.may(at + ONE_IN));
        let passed = (0..10 * BURST).filter(|_| logs.may(at + ONE_IN * 10_000)).count();
        assert_eq!(passed, BURST as usize, "it does not add up for ever");
    }
}
