//! What keeps the agent from its link, until it can say so.

use std::time::Duration;

use gc_proto::v2;
use gc_transport::ConnectError;
use gc_types::CauseCode;

/// Attempts that failed in a row.
#[derive(Debug)]
pub(crate) struct LinkTrouble {
    cause: CauseCode,
    detail: String,
    attempts: u32,
    since: Duration,
}

impl LinkTrouble {
    /// With one more attempt that failed at `now`. The newest cause is told: it is the one
    /// that lasted.
    pub(crate) fn after(before: Option<Self>, error: &ConnectError, now: Duration) -> Self {
        let (attempts, since) = before.map_or((0, now), |before| (before.attempts, before.since));
        Self {
            cause: error.cause(),
            detail: error.detail(),
            attempts: attempts.saturating_add(1),
            since,
        }
    }

    /// As the hello carries it.
    pub(crate) fn told(&self, now: Duration) -> v2::LinkTrouble {
        let lasted = now.saturating_sub(self.since).as_secs();
        v2::LinkTrouble {
            cause: Some(v2::Cause {
                code: self.cause as i32,
                detail: gc_proto::clean_text(&self.detail, gc_proto::MAX_NAME),
            }),
            attempts: self.attempts,
            lasted_seconds: u32::try_from(lasted).unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_cause_is_told_with_how_often_and_how_long() {
        let first = LinkTrouble::after(None, &ConnectError::Refused, Duration::from_secs(100));
        let error = ConnectError::Tls("no cipher in common".into());
        let second = LinkTrouble::after(Some(first), &error, Duration::from_secs(160));
        let told = second.told(Duration::from_secs(400));
        let cause = told.cause.unwrap();
        assert_eq!(cause.code, CauseCode::LinkNotSecure as i32);
        assert!(cause.detail.contains("no cipher in common"), "{}", cause.detail);
        assert_eq!((told.attempts, told.lasted_seconds), (2, 300));
    }
}
