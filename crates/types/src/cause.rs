//! Stable codes for everything that is not as a person expects it.

/// Why there is no picture, no input, no session. Numbers are those of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum CauseCode {
    /// The technician ended the session.
    EndedByTechnician = 1,
    /// The user at the machine ended the session.
    EndedByUser = 2,
    /// The support program was closed on the machine.
    EndedByAgentExit = 3,
    /// The user declined. Ask them for a new session when they are ready.
    ConsentDenied = 4,
    /// The user did not answer in time. Create a new code and try again.
    ConsentTimedOut = 5,
    /// The machine is offline. The session goes on by itself when it is back.
    AgentOffline = 6,
    /// A newer connection of the same machine took over.
    Superseded = 7,
    /// Your access to this session was withdrawn. Sign in again or ask an administrator.
    AccessRevoked = 8,
    /// The server is restarting. Reconnecting by itself.
    ServerGoingAway = 9,
    /// This session no longer exists. Open it again from the machines list.
    SessionUnknown = 10,
    /// The session was closed because nobody used it and the machine was offline.
    Reaped = 11,
    /// The machine has no desktop to show. Check that a user is logged on or a display is attached.
    NoDisplay = 20,
    /// The screen cannot be captured at the moment. The agent keeps trying.
    CaptureFailed = 21,
    /// That monitor is not there any more. Choose another one.
    MonitorUnknown = 22,
    /// The machine shows a protected screen that cannot be captured.
    SecureDesktop = 23,
    /// The video encoder failed; the picture goes on with another one.
    EncoderFellBack = 24,
    /// The video could not be decoded here; a new picture was asked for.
    DecoderFailed = 25,
    /// The screen is larger than this viewer can show. Choose a single monitor.
    PictureTooLarge = 26,
    /// This is a view-only session. Keyboard and mouse are not sent.
    ViewOnly = 40,
    /// Someone else has control. Ask them for it.
    NotInControl = 41,
    /// The machine does not take keyboard and mouse input at the moment.
    InputUnavailable = 42,
    /// The remote keyboard has no such key.
    KeyNotMapped = 43,
    /// Input came faster than it may; some of it was dropped.
    RateLimited = 44,
    /// The machine cannot do that.
    NotSupported = 45,
    /// The fast way of capturing the screen failed; the picture goes on by a slower one.
    CaptureFellBack = 46,
    /// A program on the machine does not let its window be captured; that part is black.
    ProtectedContent = 47,
    /// The session on the machine is disconnected and has no screen. Choose another one, or wait until somebody connects.
    SessionDisconnected = 48,
    /// Nothing has been heard from the machine for a few seconds. Waiting for it.
    AgentStalled = 60,
    /// This connection is too slow for every picture; some were skipped.
    ViewerTooSlow = 61,
    /// The clipboard of the machine cannot be used.
    ClipboardUnavailable = 80,
    /// The clipboard content is too large to be sent.
    ClipboardTooLarge = 81,
}

impl CauseCode {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::EndedByTechnician,
        Self::EndedByUser,
        Self::EndedByAgentExit,
        Self::ConsentDenied,
        Self::ConsentTimedOut,
        Self::AgentOffline,
        Self::Superseded,
        Self::AccessRevoked,
        Self::ServerGoingAway,
        Self::SessionUnknown,
        Self::Reaped,
        Self::NoDisplay,
        Self::CaptureFailed,
        Self::MonitorUnknown,
        Self::SecureDesktop,
        Self::EncoderFellBack,
        Self::DecoderFailed,
        Self::PictureTooLarge,
        Self::ViewOnly,
        Self::NotInControl,
        Self::InputUnavailable,
        Self::KeyNotMapped,
        Self::RateLimited,
        Self::NotSupported,
        Self::CaptureFellBack,
        Self::ProtectedContent,
        Self::SessionDisconnected,
        Self::AgentStalled,
        Self::ViewerTooSlow,
        Self::ClipboardUnavailable,
        Self::ClipboardTooLarge,
    ];

    /// Stable name, as sent by the REST API and written to the audit.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EndedByTechnician => "ended_by_technician",
            Self::EndedByUser => "ended_by_user",
            Self::EndedByAgentExit => "ended_by_agent_exit",
            Self::ConsentDenied => "consent_denied",
            Self::ConsentTimedOut => "consent_timed_out",
            Self::AgentOffline => "agent_offline",
            Self::Superseded => "superseded",
            Self::AccessRevoked => "access_revoked",
            Self::ServerGoingAway => "server_going_away",
            Self::SessionUnknown => "session_unknown",
            Self::Reaped => "reaped",
            Self::NoDisplay => "no_display",
            Self::CaptureFailed => "capture_failed",
            Self::MonitorUnknown => "monitor_unknown",
            Self::SecureDesktop => "secure_desktop",
            Self::EncoderFellBack => "encoder_fell_back",
            Self::DecoderFailed => "decoder_failed",
            Self::PictureTooLarge => "picture_too_large",
            Self::ViewOnly => "view_only",
            Self::NotInControl => "not_in_control",
            Self::InputUnavailable => "input_unavailable",
            Self::KeyNotMapped => "key_not_mapped",
            Self::RateLimited => "rate_limited",
            Self::NotSupported => "not_supported",
            Self::CaptureFellBack => "capture_fell_back",
            Self::ProtectedContent => "protected_content",
            Self::SessionDisconnected => "session_disconnected",
            Self::AgentStalled => "agent_stalled",
            Self::ViewerTooSlow => "viewer_too_slow",
            Self::ClipboardUnavailable => "clipboard_unavailable",
            Self::ClipboardTooLarge => "clipboard_too_large",
        }
    }

    /// What it means and what to do, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::EndedByTechnician => "The technician ended the session.",
            Self::EndedByUser => "The user at the machine ended the session.",
            Self::EndedByAgentExit => "The support program was closed on the machine.",
            Self::ConsentDenied => {
                "The user declined. Ask them for a new session when they are ready."
            }
            Self::ConsentTimedOut => {
                "The user did not answer in time. Create a new code and try again."
            }
            Self::AgentOffline => {
                "The machine is offline. The session goes on by itself when it is back."
            }
            Self::Superseded => "A newer connection of the same machine took over.",
            Self::AccessRevoked => {
                "Your access to this session was withdrawn. Sign in again or ask an administrator."
            }
            Self::ServerGoingAway => "The server is restarting. Reconnecting by itself.",
            Self::SessionUnknown => {
                "This session no longer exists. Open it again from the machines list."
            }
            Self::Reaped => {
                "The session was closed because nobody used it and the machine was offline."
            }
            Self::NoDisplay => {
                "The machine has no desktop to show. Check that a user is logged on or a display is attached."
            }
            Self::CaptureFailed => {
                "The screen cannot be captured at the moment. The agent keeps trying."
            }
            Self::MonitorUnknown => "That monitor is not there any more. Choose another one.",
            Self::SecureDesktop => "The machine shows a protected screen that cannot be captured.",
            Self::EncoderFellBack => {
                "The video encoder failed; the picture goes on with another one."
            }
            Self::DecoderFailed => {
                "The video could not be decoded here; a new picture was asked for."
            }
            Self::PictureTooLarge => {
                "The screen is larger than this viewer can show. Choose a single monitor."
            }
            Self::ViewOnly => "This is a view-only session. Keyboard and mouse are not sent.",
            Self::NotInControl => "Someone else has control. Ask them for it.",
            Self::InputUnavailable => {
                "The machine does not take keyboard and mouse input at the moment."
            }
            Self::KeyNotMapped => "The remote keyboard has no such key.",
            Self::RateLimited => "Input came faster than it may; some of it was dropped.",
            Self::NotSupported => "The machine cannot do that.",
            Self::CaptureFellBack => {
                "The fast way of capturing the screen failed; the picture goes on by a slower one."
            }
            Self::ProtectedContent => {
                "A program on the machine does not let its window be captured; that part is black."
            }
            Self::SessionDisconnected => {
                "The session on the machine is disconnected and has no screen. Choose another one, or wait until somebody connects."
            }
            Self::AgentStalled => {
                "Nothing has been heard from the machine for a few seconds. Waiting for it."
            }
            Self::ViewerTooSlow => {
                "This connection is too slow for every picture; some were skipped."
            }
            Self::ClipboardUnavailable => "The clipboard of the machine cannot be used.",
            Self::ClipboardTooLarge => "The clipboard content is too large to be sent.",
        }
    }

    /// From its number on the wire.
    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| *code as i32 == number)
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}
