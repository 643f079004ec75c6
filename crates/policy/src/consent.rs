//! How consent to a session starts.

use gc_types::{ConsentMode, ConsentState};

/// Attended sessions always ask, whatever a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttendedConsent;

impl AttendedConsent {
    /// The only mode of an attended session.
    pub const MODE: ConsentMode = ConsentMode::Ask;
}

/// State of a session that has just been created. Where the agent has to find out
/// whether anybody is logged on, it stays pending until the agent answers.
pub const fn initial_consent(mode: ConsentMode) -> ConsentState {
    match mode {
        ConsentMode::Silent | ConsentMode::Notify => ConsentState::NotRequired,
        ConsentMode::Ask | ConsentMode::AskUnlessAlone => ConsentState::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_asks_starts_pending() {
        assert_eq!(initial_consent(AttendedConsent::MODE), ConsentState::Pending);
        assert_eq!(initial_consent(ConsentMode::AskUnlessAlone), ConsentState::Pending);
        assert_eq!(initial_consent(ConsentMode::Notify), ConsentState::NotRequired);
    }
}
