//! Limits on the fields of messages, checked right after decoding.

use crate::limits::{
    MAX_CLIPBOARD_PARTS, MAX_CLIPBOARD_PIECE, MAX_CURSOR_SIDE, MAX_FILE_RECEIPTS, MAX_INPUT_EVENTS,
    MAX_NAME, MAX_NOTICE, MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE, MAX_TYPED_TEXT, max_clipboard,
};
use crate::v2::link_message::Body;
use crate::v2::{
    ClipboardPiece, CursorMessage, Frame, H264, Hello, Hevc, InputMessage, Rect, Surface,
    VideoMessage, cursor_message, hello, input_event, operation, video_message,
};

/// A decoded message whose content breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} is out of its limits")]
pub struct InvalidMessage {
    /// The field, as in the `.proto` file.
    pub field: &'static str,
}

/// Messages that have limits beyond their types.
pub trait Validate {
    /// Checks every field that a peer could make harmful.
    fn validate(&self) -> Result<(), InvalidMessage>;
}

fn require(holds: bool, field: &'static str) -> Result<(), InvalidMessage> {
    if holds { Ok(()) } else { Err(InvalidMessage { field }) }
}

fn id(bytes: &[u8], field: &'static str) -> Result<(), InvalidMessage> {
    require(bytes.len() == 16, field)
}

fn text(value: &str, limit: usize, field: &'static str) -> Result<(), InvalidMessage> {
    require(value.chars().count() <= limit, field)
}

/// Peer text made fit for a log line or a list: control and direction-changing
/// characters are gone and it is at most `limit` characters long.
pub fn clean_text(text: &str, limit: usize) -> String {
    text.chars()
        .filter(|c| {
            !c.is_control()
                && !matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
        })
        .take(limit)
        .collect()
}

impl Validate for Body {
    fn validate(&self) -> Result<(), InvalidMessage> {
        match self {
            Self::Hello(hello) => hello.validate(),
            Self::Welcome(welcome) => {
                require(welcome.resume_token.len() <= 128, "resume_token")?;
                welcome.seat.as_ref().map_or(Ok(()), |seat| {
                    id(&seat.session_id, "session_id")?;
                    require((1..=0xFFFF).contains(&seat.participant), "participant")
                })
            }
            Self::Close(close) => require(close.reason.len() <= 120, "reason"),
            Self::SessionOffer(offer) => {
                id(&offer.session_id, "session_id")?;
                let grant = offer.grant.as_ref().ok_or(InvalidMessage { field: "grant" })?;
                id(&grant.grant_id, "grant_id")?;
                text(&grant.technician, MAX_NAME, "technician")?;
                text(&grant.company, MAX_NAME, "company")?;
                text(&grant.ticket, MAX_NAME, "ticket")?;
                if let Some(notice) = &offer.connection_notice {
                    text(&notice.template, MAX_NOTICE, "template")?;
                }
                require(offer.consent_timeout_ms <= 600_000, "consent_timeout_ms")?;
                offer.files.as_ref().map_or(Ok(()), |files| {
                    let lists = [&files.allowed_extensions, &files.blocked_extensions];
                    lists.into_iter().try_for_each(|list| {
                        require(list.len() <= 256, "extensions")?;
                        list.iter().try_for_each(|it| text(it, 16, "extensions"))
                    })
                })
            }
            Self::SessionAnswer(answer) => {
                id(&answer.session_id, "session_id")?;
                answer.cause.as_ref().map_or(Ok(()), |cause| text(&cause.detail, 200, "detail"))
            }
            Self::ParticipantJoined(joined) => {
                id(&joined.session_id, "session_id")?;
                require((1..=0xFFFF).contains(&joined.participant), "participant")?;
                text(&joined.name, MAX_NAME, "name")
            }
            Self::ParticipantLeft(left) => {
                id(&left.session_id, "session_id")?;
                require((1..=0xFFFF).contains(&left.participant), "participant")
            }
            Self::PictureNeeded(needed) => {
                id(&needed.session_id, "session_id")?;
                require(needed.participant <= 0xFFFF, "participant")
            }
            Self::AgentStatus(status) => text(&status.logged_on_user, MAX_NAME, "logged_on_user"),
            Self::AuditReport(report) => {
                id(&report.session_id, "session_id")?;
                let name = &report.event;
                require(
                    (1..=64).contains(&name.len())
                        && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                    "event",
                )?;
                text(&report.detail, 500, "detail")
            }
            Self::SessionState(state) => {
                id(&state.session_id, "session_id")?;
                require(state.participants.len() <= 64, "participants")
            }
            Self::ControlAction(action) => require(action.participant <= 0xFFFF, "participant"),
            Self::ControlChanged(changed) => {
                id(&changed.session_id, "session_id")?;
                require(changed.controller <= 0xFFFF, "controller")
            }
            Self::SessionEnd(end) => {
                id(&end.session_id, "session_id")?;
                end.cause.as_ref().map_or(Ok(()), |cause| text(&cause.detail, 200, "detail"))
            }
            Self::FileAudit(audit) => {
                id(&audit.session_id, "session_id")?;
                require(audit.files.len() <= MAX_FILE_RECEIPTS, "files")?;
                audit.files.iter().try_for_each(|file| {
                    require(file.path.len() <= 2_048, "path")?;
                    require((1..=0xFFFF).contains(&file.participant), "participant")?;
                    require(matches!(file.sha256.len(), 0 | 32), "sha256")?;
                    id(&file.transfer_id, "transfer_id")
                })
            }
            Self::Heartbeat(_) | Self::HeartbeatAck(_) => Ok(()),
        }
    }
}

impl Validate for Hello {
    fn validate(&self) -> Result<(), InvalidMessage> {
        require(self.versions.is_some(), "versions")?;
        text(&self.software, 64, "software")?;
        match self.endpoint.as_ref().ok_or(InvalidMessage { field: "endpoint" })? {
            hello::Endpoint::Agent(agent) => {
                text(&agent.hostname, MAX_NAME, "hostname")?;
                text(&agent.os, 64, "os")?;
                text(&agent.os_version, MAX_NAME, "os_version")?;
                text(&agent.architecture, 32, "architecture")?;
                text(&agent.logged_on_user, MAX_NAME, "logged_on_user")?;
                require(agent.held_sessions.len() <= 64, "held_sessions")?;
                if let Some(cause) = agent.trouble.as_ref().and_then(|it| it.cause.as_ref()) {
                    text(&cause.detail, MAX_NAME, "trouble")?;
                }
                agent.held_sessions.iter().try_for_each(|held| id(&held.session_id, "session_id"))
            }
            hello::Endpoint::Viewer(viewer) => {
                require(viewer.token.len() <= 2048, "token")?;
                let codecs = viewer.capabilities.as_ref().map_or(0, |c| c.codecs.len());
                require(codecs <= 16, "codecs")
            }
        }
    }
}

impl Validate for InputMessage {
    fn validate(&self) -> Result<(), InvalidMessage> {
        require(self.events.len() <= MAX_INPUT_EVENTS, "events")?;
        for event in &self.events {
            match event.event.as_ref().ok_or(InvalidMessage { field: "event" })? {
                input_event::Event::Key(key) => {
                    require((0x01..=0x7F).contains(&key.scan_code), "scan_code")?;
                }
                input_event::Event::Text(typed) => text(&typed.text, MAX_TYPED_TEXT, "text")?,
                input_event::Event::Wheel(wheel) => {
                    let notches = 120 * 100;
                    require(wheel.x.abs() <= notches && wheel.y.abs() <= notches, "wheel")?;
                }
                input_event::Event::PointerMove(_)
                | input_event::Event::PointerButton(_)
                | input_event::Event::ReleaseAll(_)
                | input_event::Event::LockState(_)
                | input_event::Event::SystemKey(_) => {}
            }
        }
        Ok(())
    }
}

impl Validate for Surface {
    fn validate(&self) -> Result<(), InvalidMessage> {
        let side = 1..=MAX_PICTURE_SIDE;
        require(side.contains(&self.width), "width")?;
        require(side.contains(&self.height), "height")?;
        require(
            u64::from(self.width) * u64::from(self.height) <= MAX_PICTURE_PIXELS,
            "width x height",
        )
    }
}

impl Validate for Rect {
    fn validate(&self) -> Result<(), InvalidMessage> {
        require(self.width > 0 && self.height > 0, "rect")?;
        let inside = |start: u32, length: u32| {
            start.checked_add(length).is_some_and(|end| end <= MAX_PICTURE_SIDE)
        };
        require(inside(self.x, self.width) && inside(self.y, self.height), "rect")
    }
}

impl Validate for Frame {
    fn validate(&self) -> Result<(), InvalidMessage> {
        require(self.frame_id != 0, "frame_id")?;
        require(self.operations.len() <= 16_384, "operations")?;
        for operation in &self.operations {
            let rect = operation.rect.as_ref().ok_or(InvalidMessage { field: "rect" })?;
            rect.validate()?;
            match operation.draw.as_ref().ok_or(InvalidMessage { field: "draw" })? {
                operation::Draw::Copy(from) => {
                    Rect { x: from.x, y: from.y, width: rect.width, height: rect.height }
                        .validate()?;
                }
                operation::Draw::H264(H264 { scale, .. })
                | operation::Draw::Hevc(Hevc { scale, .. }) => {
                    require(matches!(scale, 0 | 1 | 2 | 4), "scale")?;
                }
                operation::Draw::Tile(_) | operation::Draw::Fill(_) => {}
            }
        }
        Ok(())
    }
}

impl Validate for VideoMessage {
    fn validate(&self) -> Result<(), InvalidMessage> {
        match self.body.as_ref().ok_or(InvalidMessage { field: "body" })? {
            video_message::Body::Surface(surface) => surface.validate(),
            video_message::Body::Frame(frame) => frame.validate(),
            video_message::Body::Status(status) => text(&status.encoder, 64, "encoder"),
        }
    }
}

impl Validate for CursorMessage {
    fn validate(&self) -> Result<(), InvalidMessage> {
        match self.body.as_ref().ok_or(InvalidMessage { field: "body" })? {
            cursor_message::Body::Shape(shape) => {
                let hidden = shape.width == 0 && shape.height == 0 && shape.rgba.is_empty();
                let side = 1..=MAX_CURSOR_SIDE;
                require(
                    hidden || side.contains(&shape.width) && side.contains(&shape.height),
                    "cursor size",
                )
            }
            cursor_message::Body::Position(_) => Ok(()),
        }
    }
}

impl Validate for ClipboardPiece {
    fn validate(&self) -> Result<(), InvalidMessage> {
        let total = usize::try_from(self.total).unwrap_or(usize::MAX);
        require(self.data.len() <= MAX_CLIPBOARD_PIECE && self.data.len() <= total, "data")?;
        // The format may be one of a newer peer, which is skipped.
        require(total <= max_clipboard(self.format()), "total")?;
        require(self.format != 0, "format")?;
        require(self.parts.len() <= MAX_CLIPBOARD_PARTS, "parts")?;
        for (index, part) in self.parts.iter().enumerate() {
            let total = usize::try_from(part.total).unwrap_or(usize::MAX);
            require(part.format != 0, "parts")?;
            require(total <= max_clipboard(part.format()), "parts")?;
            let twice = self.parts[..index].iter().any(|other| other.format == part.format);
            require(!twice, "parts")?;
        }
        Ok(())
    }
}
