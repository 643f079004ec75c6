//! What a record may do, judged by its header alone, and how rights and consent
//! are written on the wire.

use gc_proto::v2;
use gc_proto::{Channel, Header, max_payload};
use gc_types::{ConsentMode, ConsentState, Rights};

/// What to do with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Pass it on: to the agent, or to every viewer that may receive it.
    Forward,
    /// Leave it out; it may happen to an honest peer.
    Drop(&'static str),
    /// Leave it out; an honest peer does not send it.
    Violation(&'static str),
    /// Larger than its channel allows: the link is to be closed with 1009.
    TooLarge,
}

/// What holds for a record whatever the session: its size and that its sender may
/// use the channel at all.
pub(crate) fn check_shape(header: &Header, payload: usize, from_agent: bool) -> Verdict {
    if payload > max_payload(header.channel, from_agent) {
        return Verdict::TooLarge;
    }
    match (header.channel, from_agent) {
        (Channel::Cursor, false) | (Channel::Input, true) => Verdict::Violation("wrong_direction"),
        _ => Verdict::Forward,
    }
}

/// What a viewer with `rights` may send, given whether it is in control.
pub(crate) fn check_rights(channel: Channel, rights: Rights, in_control: bool) -> Verdict {
    if !rights.allows(channel.right_to_send()) {
        return Verdict::Violation(match channel {
            Channel::Input => "input_without_right",
            Channel::Clipboard => "clipboard_without_right",
            Channel::Files => "files_without_right",
            Channel::Terminal => "terminal_without_right",
            Channel::Control | Channel::Cursor | Channel::Video | Channel::Chat => {
                "view_without_right"
            }
        });
    }
    match channel {
        Channel::Input | Channel::Terminal if !in_control => Verdict::Drop("not_in_control"),
        _ => Verdict::Forward,
    }
}

/// To its value on the wire.
pub const fn consent_to_wire(state: ConsentState) -> v2::ConsentState {
    match state {
        ConsentState::NotRequired => v2::ConsentState::NotRequired,
        ConsentState::Pending => v2::ConsentState::Pending,
        ConsentState::Granted => v2::ConsentState::Granted,
        ConsentState::Denied => v2::ConsentState::Denied,
    }
}

/// From its value on the wire; `None` for values nobody here knows.
pub const fn consent_from_wire(state: v2::ConsentState) -> Option<ConsentState> {
    match state {
        v2::ConsentState::Unspecified => None,
        v2::ConsentState::NotRequired => Some(ConsentState::NotRequired),
        v2::ConsentState::Pending => Some(ConsentState::Pending),
        v2::ConsentState::Granted => Some(ConsentState::Granted),
        v2::ConsentState::Denied => Some(ConsentState::Denied),
    }
}

/// To its value on the wire.
pub const fn consent_mode_to_wire(mode: ConsentMode) -> v2::ConsentMode {
    match mode {
        ConsentMode::Silent => v2::ConsentMode::Silent,
        ConsentMode::Notify => v2::ConsentMode::Notify,
        ConsentMode::Ask => v2::ConsentMode::Ask,
        ConsentMode::AskUnlessAlone => v2::ConsentMode::AskUnlessAlone,
    }
}

/// From its value on the wire. A mode nobody here knows asks: never something
/// weaker than was meant.
pub const fn consent_mode_from_wire(mode: v2::ConsentMode) -> ConsentMode {
    match mode {
        v2::ConsentMode::Silent => ConsentMode::Silent,
        v2::ConsentMode::Notify => ConsentMode::Notify,
        v2::ConsentMode::AskUnlessAlone => ConsentMode::AskUnlessAlone,
        v2::ConsentMode::Ask | v2::ConsentMode::Unspecified => ConsentMode::Ask,
    }
}
