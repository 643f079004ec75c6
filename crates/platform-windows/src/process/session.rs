//! What Windows says of a session, judged. No Win32, so that it is tested everywhere.

use gc_platform::{DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState};

use super::WorkerAccount;

/// A session in the words of Windows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RawSession {
    /// Its number.
    pub id: u32,
    /// Name of its place: "Console", "RDP-Tcp#3".
    pub station: String,
    /// `WTS_CONNECTSTATE_CLASS`: 0 active, 1 connected, 4 disconnected…
    pub state: i32,
    /// `WTSUserName`; empty while nobody is logged on.
    pub user: String,
    /// `WTSDomainName`.
    pub domain: String,
    /// `SessionFlags` of `WTSINFOEX`: 0 or 1 by what is locked; other numbers say nothing.
    pub flags: Option<u32>,
}

/// Connection states (wtsapi32.h).
mod state {
    pub(super) const ACTIVE: i32 = 0;
    pub(super) const CONNECTED: i32 = 1;
    pub(super) const DISCONNECTED: i32 = 4;
}

/// `WTS_SESSIONSTATE_LOCK`. Windows 7 and Server 2008 R2 have it the other way round
/// ("WTSINFOEX_LEVEL1_W structure", Remarks).
const LOCKED: u32 = 0;
const UNLOCKED: u32 = 1;

/// What a session is, or `None` where there is nothing to show or to come: the
/// services' own session, listeners, and remains of remote ones.
pub fn classify(
    raw: &RawSession,
    console: Option<u32>,
    flags_are_swapped: bool,
) -> Option<DesktopSession> {
    if raw.id == 0 {
        return None;
    }
    let nobody = raw.user.is_empty();
    let locked = if flags_are_swapped { UNLOCKED } else { LOCKED };
    let state = match raw.state {
        state::ACTIVE | state::CONNECTED if nobody => DesktopSessionState::LogonScreen,
        state::ACTIVE if raw.flags == Some(locked) => DesktopSessionState::Locked,
        state::ACTIVE | state::CONNECTED => DesktopSessionState::Active,
        state::DISCONNECTED if !nobody => DesktopSessionState::Disconnected,
        _ => return None,
    };
    let at_console = console == Some(raw.id) && state != DesktopSessionState::Disconnected;
    let user = match (raw.domain.is_empty(), nobody) {
        (false, false) => format!(r"{}\{}", raw.domain, raw.user),
        _ => raw.user.clone(),
    };
    Some(DesktopSession {
        id: DesktopSessionId(raw.id),
        user,
        state,
        kind: if at_console { DesktopSessionKind::Console } else { DesktopSessionKind::Remote },
        name: raw.station.clone(),
    })
}

/// Who a worker is in a session of this state. `left` is what the worker before it
/// asked for when it ended.
pub fn account_for(state: DesktopSessionState, left: Option<WorkerAccount>) -> WorkerAccount {
    match state {
        // The user's account cannot open the desktop of logon and lock screen.
        DesktopSessionState::LogonScreen | DesktopSessionState::Locked => WorkerAccount::System,
        DesktopSessionState::Active | DesktopSessionState::Disconnected => {
            left.unwrap_or(WorkerAccount::User)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(id: u32, state: i32, user: &str, flags: Option<u32>) -> RawSession {
        RawSession {
            id,
            station: "Console".into(),
            state,
            user: user.into(),
            domain: if user.is_empty() { String::new() } else { "FIRM".into() },
            flags,
        }
    }

    fn state_of(raw: &RawSession) -> Option<DesktopSessionState> {
        classify(raw, Some(1), false).map(|session| session.state)
    }

    #[test]
    fn a_session_is_told_by_its_user_its_place_and_its_lock() {
        let session = classify(&raw(1, 0, "ada", Some(1)), Some(1), false).unwrap();
        assert_eq!(session.user, r"FIRM\ada");
        assert_eq!(session.kind, DesktopSessionKind::Console);
        assert_eq!(session.state, DesktopSessionState::Active);
        let other = classify(&raw(2, 0, "bob", None), Some(1), false).unwrap();
        assert_eq!(other.kind, DesktopSessionKind::Remote);
        assert_eq!(state_of(&raw(1, 0, "ada", Some(0))), Some(DesktopSessionState::Locked));
        assert_eq!(state_of(&raw(1, 1, "", None)), Some(DesktopSessionState::LogonScreen));
        assert_eq!(state_of(&raw(1, 0, "", None)), Some(DesktopSessionState::LogonScreen));
        assert_eq!(state_of(&raw(2, 4, "bob", None)), Some(DesktopSessionState::Disconnected));
    }

    #[test]
    fn the_services_session_listeners_and_remains_are_not_shown() {
        assert_eq!(state_of(&raw(0, 4, "", None)), None);
        assert_eq!(state_of(&raw(65_536, 6, "", None)), None, "a listener");
        assert_eq!(state_of(&raw(3, 4, "", None)), None, "a remote logon screen left alone");
        assert_eq!(state_of(&raw(3, 8, "ada", None)), None, "down");
    }

    #[test]
    fn windows_7_has_the_lock_the_other_way_round() {
        let swapped =
            |flags| classify(&raw(1, 0, "ada", Some(flags)), Some(1), true).unwrap().state;
        assert_eq!(swapped(1), DesktopSessionState::Locked);
        assert_eq!(swapped(0), DesktopSessionState::Active);
        assert_eq!(swapped(u32::MAX), DesktopSessionState::Active, "unknown");
    }

    #[test]
    fn a_worker_is_the_system_where_the_user_cannot_look() {
        use DesktopSessionState::{Active, Locked, LogonScreen};
        assert_eq!(account_for(Active, None), WorkerAccount::User);
        assert_eq!(account_for(Active, Some(WorkerAccount::System)), WorkerAccount::System);
        assert_eq!(account_for(Locked, Some(WorkerAccount::User)), WorkerAccount::System);
        assert_eq!(account_for(LogonScreen, None), WorkerAccount::System);
    }
}
