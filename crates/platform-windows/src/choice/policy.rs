//! When the better way of capturing is tried again.

use std::time::Duration;

use crate::duplication::Failure;

/// After each failure in a row; the last one stays.
const PAUSES: [Duration; 4] = [
    Duration::from_secs(2),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
];
/// After another mode or desktop, once things have settled.
const SETTLE: Duration = Duration::from_millis(500);
/// What has worked for so long starts with a clean slate.
const FORGIVE: Duration = Duration::from_secs(300);

/// When to try duplication.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// When it is due; `None`: never, unless something changes.
    due: Option<Duration>,
    failures: usize,
    works_since: Option<Duration>,
}

impl Default for Policy {
    /// It is due at once.
    fn default() -> Self {
        Self { due: Some(Duration::ZERO), failures: 0, works_since: None }
    }
}

impl Policy {
    /// Whether to try now.
    pub fn is_due(&self, now: Duration) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// How long until it is due; `None`: not by time.
    pub fn due_in(&self, now: Duration) -> Option<Duration> {
        Some(self.due?.saturating_sub(now))
    }

    /// It is being tried, or in use: not due.
    pub fn started(&mut self) {
        self.due = None;
    }

    /// It has taken over.
    pub fn works(&mut self, now: Duration) {
        self.works_since = Some(now);
    }

    /// It was ended to start anew, without a fault.
    pub fn again(&mut self, now: Duration) {
        self.due = Some(now);
    }

    /// It failed, in a trial or in use.
    pub fn failed(&mut self, failure: &Failure, now: Duration) {
        let worked = self.works_since.take().map(|since| now.saturating_sub(since));
        if worked.is_some_and(|worked| worked >= FORGIVE) {
            self.failures = 0;
        }
        // A system that cannot do it will not learn it by itself.
        self.due = (!failure.is_absence()).then(|| {
            now + PAUSES.get(self.failures).or(PAUSES.last()).copied().unwrap_or_default()
        });
        self.failures += 1;
    }

    /// Monitors or desktop are others now: what failed may work.
    pub fn changed(&mut self, now: Duration) {
        let soon = now + SETTLE;
        self.due = Some(self.due.map_or(soon, |due| due.min(soon)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_tried_at_once_and_less_and_less_often() {
        let mut policy = Policy::default();
        assert!(policy.is_due(s(0)));
        let mut now = s(0);
        for pause in [2, 10, 60, 300, 300] {
            policy.started();
            assert!(!policy.is_due(now + s(1000)));
            policy.failed(&Failure::AccessLost, now);
            assert_eq!(policy.due_in(now), Some(s(pause)));
            now += s(pause);
            assert!(policy.is_due(now));
        }
    }

    #[test]
    fn what_worked_for_long_is_forgiven_and_what_did_not_is_not() {
        let mut policy = Policy::default();
        for (worked, pause) in [(1, 2), (1, 10), (299, 60), (300, 2), (5, 10)] {
            policy.started();
            policy.works(s(1000));
            policy.failed(&Failure::Stalled, s(1000 + worked));
            assert_eq!(policy.due_in(s(1000 + worked)), Some(s(pause)));
        }
    }

    #[test]
    fn a_system_without_it_is_asked_again_only_when_something_changed() {
        let mut policy = Policy::default();
        policy.started();
        policy.failed(&Failure::Unsupported(String::new()), s(1));
        assert_eq!(policy.due_in(s(9999)), None);
        policy.changed(s(9999));
        assert_eq!(policy.due_in(s(9999)), Some(SETTLE));
        policy.failed(&Failure::Busy, s(10_000));
        policy.changed(s(10_000));
        assert_eq!(policy.due_in(s(10_000)), Some(SETTLE), "sooner than the pause");
    }
}
