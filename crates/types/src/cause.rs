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
    /// The machine takes up its screen again; the picture comes back by itself.
    DesktopSwitching = 27,
    /// Nobody is connected to that Windows session, so it has no screen. Choose another one.
    DesktopSessionDisconnected = 28,
    /// The part of the agent that shows the screen fails again and again. It keeps trying; see its log.
    DesktopWorkerFailing = 29,
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
    /// That Windows session is not there any more. Choose another one.
    DesktopSessionUnknown = 62,
    /// The clipboard of the machine cannot be used.
    ClipboardUnavailable = 80,
    /// The clipboard content is too large to be sent.
    ClipboardTooLarge = 81,
    /// This machine cannot do that.
    ActionUnsupported = 100,
    /// Only a machine with the installed agent can do that, not a one-time session.
    ActionManagedOnly = 101,
    /// The installed agent has administrator rights already.
    ActionAttendedOnly = 102,
    /// Only one action a second is carried out. Try again.
    ActionTooSoon = 103,
    /// The machine was told, but it did not happen.
    ActionNotVerified = 104,
    /// The machine refused.
    ActionFailed = 105,
    /// The user pressed Ctrl+Alt+Del: keyboard, mouse and screen are theirs again.
    ActionFreedByUser = 106,
    /// Ctrl+Alt+Del cannot be sent to this machine.
    SecureAttentionUnavailable = 108,
    /// The user did not give administrator rights.
    ElevationDeclined = 109,
    /// This machine does not allow its users to give administrator rights.
    ElevationForbidden = 160,
    /// The user is being asked for administrator rights.
    ElevationPending = 161,
    /// This session has administrator rights already.
    ElevationActive = 162,
    /// The administrator rights of this session are gone. Ask for them again.
    ElevationLost = 163,
    /// What was copied is marked as secret and stays on the machine.
    ClipboardPrivate = 82,
    /// The clipboard content could not be used.
    ClipboardUnusable = 83,
    /// The rules of this server do not allow moving files this way. Ask an administrator.
    FilesDenied = 120,
    /// The file is larger than the rules of this server allow.
    FileTooLarge = 121,
    /// Files of this type may not be moved. Ask an administrator.
    FileTypeBlocked = 122,
    /// There is not enough room on the disk. Free some and try again.
    DiskFull = 123,
    /// The file was changed while it was being sent. Try again.
    FileChanged = 124,
    /// This name cannot be used on the other side. Rename the file and try again.
    FileNameNotAllowed = 125,
    /// The other side is gone. The transfer goes on by itself when it is back.
    FilePeerGone = 126,
    /// What arrived is not what was sent; it was thrown away. Try again.
    FileHashMismatch = 127,
    /// There are too many files in this transfer. Move them in several.
    FilesTooMany = 128,
    /// The folders are nested too deep, or the path is too long.
    PathTooDeep = 129,
    /// More was sent than may be in one transfer.
    FileQuota = 130,
    /// The other side broke the rules of the transfer; it was stopped.
    FileProtocol = 131,
    /// The file or folder is not there any more.
    FileNotFound = 132,
    /// The user of the machine may not read or write there. Choose another folder.
    FileAccessDenied = 133,
    /// Something with this name is there already.
    FileExists = 134,
    /// The disk could not be read or written. Try again, or choose another folder.
    FileIoFailed = 135,
    /// This is a link or a device; only files and folders can be moved.
    FileNotRegular = 136,
    /// The transfer was cancelled.
    FilesCancelled = 137,
    /// Nobody is logged on at the machine, so there is nobody whose files these would be.
    FilesNoUser = 138,
    /// Files of this machine cannot be used at the moment.
    FilesUnavailable = 139,
    /// The window at that point takes no files.
    DropNotTaken = 200,
    /// The program at that point did not answer in time.
    DropNoAnswer = 201,
    /// No files are being dragged on the machine.
    DragNoFiles = 202,
    /// Files cannot be dragged on this desktop. Copy and paste them instead.
    DragUnavailable = 203,
    /// The machine could not find the server by its name. Check its network and name servers.
    LinkNameUnknown = 210,
    /// Nothing took the machine's connection at the server's address. The server was stopped, or something in between refuses.
    LinkRefused = 211,
    /// The machine had no way to the server. Check its network.
    LinkUnreachable = 212,
    /// The server did not answer the machine in time.
    LinkTimedOut = 213,
    /// The server's certificate was not valid at the machine's time. Check the date and time there.
    LinkClockWrong = 214,
    /// The machine does not trust the server's certificate. A proxy may be inspecting its line.
    LinkNotTrusted = 215,
    /// The server's certificate is for another name than the machine asked for.
    LinkOtherName = 216,
    /// The machine and the server agreed on no secure connection.
    LinkNotSecure = 217,
    /// The server did not accept the machine's key.
    LinkKeyRefused = 218,
    /// A proxy or a sign-in page answered the machine instead of the server.
    LinkIntercepted = 219,
    /// The server was busy or answered with an error.
    LinkServerBusy = 220,
    /// The connection broke while the machine was opening it.
    LinkBroken = 221,
    /// The machine has no certificates that it could trust the server by.
    LinkNoRoots = 222,
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
        Self::DesktopSwitching,
        Self::DesktopSessionDisconnected,
        Self::DesktopWorkerFailing,
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
        Self::DesktopSessionUnknown,
        Self::ClipboardUnavailable,
        Self::ClipboardTooLarge,
        Self::ActionUnsupported,
        Self::ActionManagedOnly,
        Self::ActionAttendedOnly,
        Self::ActionTooSoon,
        Self::ActionNotVerified,
        Self::ActionFailed,
        Self::ActionFreedByUser,
        Self::SecureAttentionUnavailable,
        Self::ElevationDeclined,
        Self::ElevationForbidden,
        Self::ElevationPending,
        Self::ElevationActive,
        Self::ElevationLost,
        Self::ClipboardPrivate,
        Self::ClipboardUnusable,
        Self::FilesDenied,
        Self::FileTooLarge,
        Self::FileTypeBlocked,
        Self::DiskFull,
        Self::FileChanged,
        Self::FileNameNotAllowed,
        Self::FilePeerGone,
        Self::FileHashMismatch,
        Self::FilesTooMany,
        Self::PathTooDeep,
        Self::FileQuota,
        Self::FileProtocol,
        Self::FileNotFound,
        Self::FileAccessDenied,
        Self::FileExists,
        Self::FileIoFailed,
        Self::FileNotRegular,
        Self::FilesCancelled,
        Self::FilesNoUser,
        Self::FilesUnavailable,
        Self::DropNotTaken,
        Self::DropNoAnswer,
        Self::DragNoFiles,
        Self::DragUnavailable,
        Self::LinkNameUnknown,
        Self::LinkRefused,
        Self::LinkUnreachable,
        Self::LinkTimedOut,
        Self::LinkClockWrong,
        Self::LinkNotTrusted,
        Self::LinkOtherName,
        Self::LinkNotSecure,
        Self::LinkKeyRefused,
        Self::LinkIntercepted,
        Self::LinkServerBusy,
        Self::LinkBroken,
        Self::LinkNoRoots,
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
            Self::DesktopSwitching => "desktop_switching",
            Self::DesktopSessionDisconnected => "desktop_session_disconnected",
            Self::DesktopWorkerFailing => "desktop_worker_failing",
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
            Self::DesktopSessionUnknown => "desktop_session_unknown",
            Self::ClipboardUnavailable => "clipboard_unavailable",
            Self::ClipboardTooLarge => "clipboard_too_large",
            Self::ActionUnsupported => "action_unsupported",
            Self::ActionManagedOnly => "action_managed_only",
            Self::ActionAttendedOnly => "action_attended_only",
            Self::ActionTooSoon => "action_too_soon",
            Self::ActionNotVerified => "action_not_verified",
            Self::ActionFailed => "action_failed",
            Self::ActionFreedByUser => "action_freed_by_user",
            Self::SecureAttentionUnavailable => "secure_attention_unavailable",
            Self::ElevationDeclined => "elevation_declined",
            Self::ElevationForbidden => "elevation_forbidden",
            Self::ElevationPending => "elevation_pending",
            Self::ElevationActive => "elevation_active",
            Self::ElevationLost => "elevation_lost",
            Self::ClipboardPrivate => "clipboard_private",
            Self::ClipboardUnusable => "clipboard_unusable",
            Self::FilesDenied => "files_denied",
            Self::FileTooLarge => "file_too_large",
            Self::FileTypeBlocked => "file_type_blocked",
            Self::DiskFull => "disk_full",
            Self::FileChanged => "file_changed",
            Self::FileNameNotAllowed => "file_name_not_allowed",
            Self::FilePeerGone => "file_peer_gone",
            Self::FileHashMismatch => "file_hash_mismatch",
            Self::FilesTooMany => "files_too_many",
            Self::PathTooDeep => "path_too_deep",
            Self::FileQuota => "file_quota",
            Self::FileProtocol => "file_protocol",
            Self::FileNotFound => "file_not_found",
            Self::FileAccessDenied => "file_access_denied",
            Self::FileExists => "file_exists",
            Self::FileIoFailed => "file_io_failed",
            Self::FileNotRegular => "file_not_regular",
            Self::FilesCancelled => "files_cancelled",
            Self::FilesNoUser => "files_no_user",
            Self::FilesUnavailable => "files_unavailable",
            Self::DropNotTaken => "drop_not_taken",
            Self::DropNoAnswer => "drop_no_answer",
            Self::DragNoFiles => "drag_no_files",
            Self::DragUnavailable => "drag_unavailable",
            Self::LinkNameUnknown => "link_name_unknown",
            Self::LinkRefused => "link_refused",
            Self::LinkUnreachable => "link_unreachable",
            Self::LinkTimedOut => "link_timed_out",
            Self::LinkClockWrong => "link_clock_wrong",
            Self::LinkNotTrusted => "link_not_trusted",
            Self::LinkOtherName => "link_other_name",
            Self::LinkNotSecure => "link_not_secure",
            Self::LinkKeyRefused => "link_key_refused",
            Self::LinkIntercepted => "link_intercepted",
            Self::LinkServerBusy => "link_server_busy",
            Self::LinkBroken => "link_broken",
            Self::LinkNoRoots => "link_no_roots",
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
            Self::DesktopSwitching => {
                "The machine takes up its screen again; the picture comes back by itself."
            }
            Self::DesktopSessionDisconnected => {
                "Nobody is connected to that Windows session, so it has no screen. Choose another one."
            }
            Self::DesktopWorkerFailing => {
                "The part of the agent that shows the screen fails again and again. It keeps trying; see its log."
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
            Self::DesktopSessionUnknown => {
                "That Windows session is not there any more. Choose another one."
            }
            Self::ClipboardUnavailable => "The clipboard of the machine cannot be used.",
            Self::ClipboardTooLarge => "The clipboard content is too large to be sent.",
            Self::ActionUnsupported => "This machine cannot do that.",
            Self::ActionManagedOnly => {
                "Only a machine with the installed agent can do that, not a one-time session."
            }
            Self::ActionAttendedOnly => "The installed agent has administrator rights already.",
            Self::ActionTooSoon => "Only one action a second is carried out. Try again.",
            Self::ActionNotVerified => "The machine was told, but it did not happen.",
            Self::ActionFailed => "The machine refused.",
            Self::ActionFreedByUser => {
                "The user pressed Ctrl+Alt+Del: keyboard, mouse and screen are theirs again."
            }
            Self::SecureAttentionUnavailable => "Ctrl+Alt+Del cannot be sent to this machine.",
            Self::ElevationDeclined => "The user did not give administrator rights.",
            Self::ElevationForbidden => {
                "This machine does not allow its users to give administrator rights."
            }
            Self::ElevationPending => "The user is being asked for administrator rights.",
            Self::ElevationActive => "This session has administrator rights already.",
            Self::ElevationLost => {
                "The administrator rights of this session are gone. Ask for them again."
            }
            Self::ClipboardPrivate => {
                "What was copied is marked as secret and stays on the machine."
            }
            Self::ClipboardUnusable => "The clipboard content could not be used.",
            Self::FilesDenied => {
                "The rules of this server do not allow moving files this way. Ask an administrator."
            }
            Self::FileTooLarge => "The file is larger than the rules of this server allow.",
            Self::FileTypeBlocked => "Files of this type may not be moved. Ask an administrator.",
            Self::DiskFull => "There is not enough room on the disk. Free some and try again.",
            Self::FileChanged => "The file was changed while it was being sent. Try again.",
            Self::FileNameNotAllowed => {
                "This name cannot be used on the other side. Rename the file and try again."
            }
            Self::FilePeerGone => {
                "The other side is gone. The transfer goes on by itself when it is back."
            }
            Self::FileHashMismatch => {
                "What arrived is not what was sent; it was thrown away. Try again."
            }
            Self::FilesTooMany => {
                "There are too many files in this transfer. Move them in several."
            }
            Self::PathTooDeep => "The folders are nested too deep, or the path is too long.",
            Self::FileQuota => "More was sent than may be in one transfer.",
            Self::FileProtocol => "The other side broke the rules of the transfer; it was stopped.",
            Self::FileNotFound => "The file or folder is not there any more.",
            Self::FileAccessDenied => {
                "The user of the machine may not read or write there. Choose another folder."
            }
            Self::FileExists => "Something with this name is there already.",
            Self::FileIoFailed => {
                "The disk could not be read or written. Try again, or choose another folder."
            }
            Self::FileNotRegular => {
                "This is a link or a device; only files and folders can be moved."
            }
            Self::FilesCancelled => "The transfer was cancelled.",
            Self::FilesNoUser => {
                "Nobody is logged on at the machine, so there is nobody whose files these would be."
            }
            Self::FilesUnavailable => "Files of this machine cannot be used at the moment.",
            Self::DropNotTaken => "The window at that point takes no files.",
            Self::DropNoAnswer => "The program at that point did not answer in time.",
            Self::DragNoFiles => "No files are being dragged on the machine.",
            Self::DragUnavailable => {
                "Files cannot be dragged on this desktop. Copy and paste them instead."
            }
            Self::LinkNameUnknown => {
                "The machine could not find the server by its name. Check its network and name servers."
            }
            Self::LinkRefused => {
                "Nothing took the machine's connection at the server's address. The server was stopped, or something in between refuses."
            }
            Self::LinkUnreachable => "The machine had no way to the server. Check its network.",
            Self::LinkTimedOut => "The server did not answer the machine in time.",
            Self::LinkClockWrong => {
                "The server's certificate was not valid at the machine's time. Check the date and time there."
            }
            Self::LinkNotTrusted => {
                "The machine does not trust the server's certificate. A proxy may be inspecting its line."
            }
            Self::LinkOtherName => {
                "The server's certificate is for another name than the machine asked for."
            }
            Self::LinkNotSecure => "The machine and the server agreed on no secure connection.",
            Self::LinkKeyRefused => "The server did not accept the machine's key.",
            Self::LinkIntercepted => {
                "A proxy or a sign-in page answered the machine instead of the server."
            }
            Self::LinkServerBusy => "The server was busy or answered with an error.",
            Self::LinkBroken => "The connection broke while the machine was opening it.",
            Self::LinkNoRoots => {
                "The machine has no certificates that it could trust the server by."
            }
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
