//! What ended or interrupted a link, for people.

use gc_proto::clean_text;
use gc_proto::v2::{Cause, CloseCode};
use gc_transport::{Closed, ConnectError};
use gc_types::CauseCode;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Stable name, for people who report it.
    pub name: &'static str,
    /// What it means and what to do.
    pub sentence: String,
    /// What only the sender knows; may be empty.
    pub detail: String,
}

impl Facts {
    fn new(name: &'static str, sentence: impl Into<String>) -> Self {
        Self { name, sentence: sentence.into(), detail: String::new() }
    }

    /// A cause that came over the wire.
    pub fn of_cause(cause: &Cause) -> Self {
        let known = CauseCode::from_number(cause.code);
        Self {
            name: known.map_or("unknown", CauseCode::name),
            sentence: known
                .map_or("Something is not as it should be on the machine.", CauseCode::sentence)
                .to_owned(),
            detail: clean_text(&cause.detail, 200),
        }
    }
}

/// Whether it is worth coming back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Return {
    /// By itself, again and again.
    Always,
    /// So many times in a row.
    Times(u32),
    /// Something went wrong that another attempt does not mend.
    Never,
    /// The session is over.
    Over,
}

/// The end of a link, and whether to come back.
pub(crate) fn of_close(closed: &Closed) -> (Facts, Return) {
    use Return::{Always, Never, Over, Times};
    let (name, sentence, back) = match closed.code {
        Some(CloseCode::Normal) => ("normal", "The connection was closed.", Never),
        Some(CloseCode::GoingAway) => {
            ("going_away", "The server is restarting. Reconnecting by itself.", Always)
        }
        Some(CloseCode::ProtocolError | CloseCode::UnsupportedData | CloseCode::InvalidPayload) => {
            (
                "protocol_error",
                "The server did not understand this program. Get the newest one.",
                Times(2),
            )
        }
        Some(CloseCode::Policy) => ("policy", "The server refused this connection.", Times(2)),
        Some(CloseCode::TooLarge) => {
            ("too_large", "Something that was sent is larger than the server allows.", Times(2))
        }
        Some(CloseCode::Internal) => {
            ("internal", "The server had a problem. Reconnecting by itself.", Always)
        }
        Some(CloseCode::Unauthenticated) => (
            "unauthenticated",
            "This link was used before, is too old, or you have signed out. Open the session \
             again from the console.",
            Never,
        ),
        Some(CloseCode::Forbidden) => {
            ("forbidden", "You may not open this session. Ask an administrator.", Never)
        }
        Some(CloseCode::SessionUnknown) => (
            "session_unknown",
            "This session no longer exists. Open it again from the machines list.",
            Over,
        ),
        Some(CloseCode::TimedOut) => {
            ("timed_out", "The connection was silent for too long. Reconnecting by itself.", Always)
        }
        Some(CloseCode::Superseded) => {
            ("superseded", "This session was opened in another place.", Over)
        }
        Some(CloseCode::SessionEnded) => ("session_ended", "The session has ended.", Over),
        Some(CloseCode::VersionUnsupported) => (
            "version_unsupported",
            "This program is older or newer than the server. Get the one that fits.",
            Never,
        ),
        Some(CloseCode::RateLimited) => {
            ("rate_limited", "Too much was sent in a short time. Reconnecting by itself.", Always)
        }
        Some(CloseCode::Overloaded) => {
            ("overloaded", "The server is busy. Reconnecting by itself.", Always)
        }
        Some(CloseCode::Unspecified) | None => (
            "connection_lost",
            "The connection to the server was lost. Reconnecting by itself.",
            Always,
        ),
    };
    let facts = Facts { detail: clean_text(&closed.reason, 120), ..Facts::new(name, sentence) };
    (facts, back)
}

/// Why there is no link, and whether to try again.
pub(crate) fn of_failure(error: &ConnectError) -> (Facts, Return) {
    let never = matches!(
        error,
        ConnectError::Address(_)
            | ConnectError::CertificateUntrusted
            | ConnectError::CertificateName
            | ConnectError::Roots(_)
    );
    let mut sentence = error.to_string();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    sentence.push('.');
    let back = if never { Return::Never } else { Return::Always };
    if back == Return::Always {
        sentence.push_str(" Trying again by itself.");
    }
    (Facts::new("no_connection", sentence), back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_refused_stays_away_and_who_lost_the_line_comes_back() {
        let close = |code| of_close(&Closed { code, reason: String::new(), retry_after: None }).1;
        assert_eq!(close(None), Return::Always);
        assert_eq!(close(Some(CloseCode::GoingAway)), Return::Always);
        assert_eq!(close(Some(CloseCode::Unauthenticated)), Return::Never);
        assert_eq!(close(Some(CloseCode::SessionEnded)), Return::Over);
        let (facts, back) = of_failure(&ConnectError::Refused);
        assert!(facts.sentence.starts_with("The server refused") && back == Return::Always);
        assert_eq!(of_failure(&ConnectError::CertificateName).1, Return::Never);
    }

    #[test]
    fn what_a_machine_says_is_cleaned() {
        let cause = Cause { code: 20, detail: "a\u{202e}b\nc".into() };
        let facts = Facts::of_cause(&cause);
        assert_eq!(facts.name, "no_display");
        assert!(!facts.detail.contains(['\u{202e}', '\n']), "{}", facts.detail);
        assert_eq!(Facts::of_cause(&Cause { code: 9999, detail: String::new() }).name, "unknown");
    }
}
