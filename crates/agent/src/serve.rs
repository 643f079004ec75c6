//! One link: what comes in on it, and what goes out when.

use std::sync::Arc;
use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{Channel, Packet, Record};
use gc_transport::{Closed, Link, LinkSender};
use gc_types::{CauseCode, Secret, SessionId};

use crate::Ended;
use crate::actions::is_request;
use crate::agent::{Agent, Held, Stop};
use crate::desktop::OpenDesktop;
use crate::events::AgentEvent;
use crate::outlet::RecordSink;

/// The welcome is due within this.
const WELCOME_DUE: Duration = Duration::from_secs(10);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(3);
/// A server that speaks another version is asked again after this.
const UPDATE_RETRY: Duration = Duration::from_mins(1);
/// What the user does is looked at this often.
const STATUS_EVERY: Duration = Duration::from_secs(30);
/// Idle time is told again when it is off by more than this.
const IDLE_STEP: Duration = Duration::from_mins(1);

/// How a link ended.
pub(crate) enum LinkEnd {
    /// Come back.
    Lost { retry_after: Option<Duration> },
    /// Do not.
    Over(Ended),
}

impl RecordSink for LinkSender {
    fn send(&self, record: &Record) -> bool {
        Self::send(self, record).is_ok()
    }

    fn backlog(&self) -> usize {
        self.urgent_bytes()
    }

    fn say(&self, body: Body) -> bool {
        Self::say(self, body).is_ok()
    }
}

/// What the server was last told about the user.
struct ToldStatus {
    user: String,
    idle: Duration,
    at: Duration,
    trouble: Option<CauseCode>,
    due: Duration,
}

impl Agent {
    /// Runs a link to its end. When the agent will not come back, everything it has
    /// to say goes out first.
    pub(crate) async fn serve(&mut self, mut link: Link, stop: Stop<'_>) -> LinkEnd {
        let sender = link.sender();
        let end = self.talk(&mut link, &sender, stop).await;
        if matches!(end, LinkEnd::Over(_)) {
            sender.close(CloseCode::GoingAway, "the agent ends");
            let drained = async { while link.recv().await.is_ok() {} };
            if tokio::time::timeout(GOODBYE, drained).await.is_err() {
                tracing::debug!("the server did not take the goodbye in time");
            }
        }
        end
    }

    async fn talk(&mut self, link: &mut Link, sender: &LinkSender, mut stop: Stop<'_>) -> LinkEnd {
        say(sender, Body::Hello(self.hello()));
        let welcome = tokio::select! {
            welcome = tokio::time::timeout(WELCOME_DUE, link.recv()) => welcome,
            () = stop.as_mut() => return LinkEnd::Over(Ended::Stopped),
        };
        let welcome = match welcome {
            Ok(Ok(Packet::Link(Body::Welcome(welcome)))) => welcome,
            Ok(Err(closed)) => return self.closed(&closed),
            Ok(Ok(_)) | Err(_) => {
                tracing::warn!("the server did not answer the hello");
                return LinkEnd::Lost { retry_after: None };
            }
        };
        tracing::info!(server = welcome.server_software, "connected");
        if !welcome.resume_token.is_empty() {
            self.resume = Some(Secret::new(welcome.resume_token));
        }
        self.reconnect.succeeded();
        self.link_trouble = None;
        let now = self.clock.monotonic();
        self.uplink.rules(|rules| rules.link_up(now));
        self.uplink.set_sink(Some(Arc::new(sender.clone())));
        let _following = self.desktop.backlog_watch().map(|watch| watch.follow(sender.clone()));

        let mut told = ToldStatus {
            user: String::new(),
            idle: Duration::ZERO,
            at: now,
            trouble: None,
            due: now,
        };

        loop {
            let now = self.clock.monotonic();
            for session in self.uplink.rules(|rules| rules.expire(now)) {
                tracing::info!(%session, "session not taken up again");
                self.close(session).await;
                if self.is_one_time() {
                    return LinkEnd::Over(Ended::SessionOver(CauseCode::SessionUnknown));
                }
            }
            self.tell_status(sender, &mut told, now);
            let mut wake = told.due;
            if let Some(deadline) = self.uplink.rules(|rules| rules.deadline()) {
                wake = wake.min(deadline);
            }
            tokio::select! {
                () = stop.as_mut() => {
                    self.say_goodbye(sender);
                    return LinkEnd::Over(Ended::Stopped);
                }
                () = tokio::time::sleep(wake.saturating_sub(now)) => {}
                Some(event) = self.inbox.recv() => {
                    if let Some(end) = self.on_link_event(event, sender).await {
                        return end;
                    }
                }
                received = link.recv() => {
                    let end = match received {
                        Ok(Packet::Link(body)) => self.on_link(body, sender).await,
                        Ok(Packet::Record(record)) => {
                            self.on_record(&record);
                            None
                        }
                        Err(closed) => Some(self.closed(&closed)),
                    };
                    if let Some(end) = end {
                        return end;
                    }
                }
            }
        }
    }

    async fn on_link_event(&mut self, event: AgentEvent, sender: &LinkSender) -> Option<LinkEnd> {
        if let AgentEvent::Report(session, event, detail) = event {
            say(sender, report_of(session, event, detail));
            return None;
        }
        let ends = event.ends();
        if let Some(answer) = self.on_event(event) {
            let denied = answer.consent() == v2::ConsentState::Denied;
            let cause = answer.cause.as_ref().and_then(|cause| CauseCode::from_number(cause.code));
            say(sender, Body::SessionAnswer(answer));
            if denied && self.is_one_time() {
                let cause = cause.unwrap_or(CauseCode::ConsentDenied);
                return Some(LinkEnd::Over(Ended::SessionOver(cause)));
            }
        }
        let (session, cause) = ends?;
        say(sender, end_of(session, cause));
        self.close(session).await;
        if self.is_one_time() {
            return Some(LinkEnd::Over(Ended::SessionOver(cause)));
        }
        None
    }

    async fn on_link(&mut self, body: Body, sender: &LinkSender) -> Option<LinkEnd> {
        match body {
            Body::SessionOffer(offer) => {
                let answer = self.offered(&offer);
                say(sender, Body::SessionAnswer(answer));
                // Now the relay knows the session that these are about.
                for (session, event, detail) in std::mem::take(&mut self.unsent) {
                    say(sender, report_of(session, event, detail));
                }
            }
            Body::ParticipantJoined(joined) => self.on_joined(&joined),
            Body::ParticipantLeft(left) => {
                match self.uplink.rules(|rules| rules.left(&left)) {
                    Ok((session, participant)) => {
                        if let Some(open) = self.open_session(session) {
                            open.left(participant);
                        }
                    }
                    Err(refused) => tracing::debug!(%refused, "leaver is not known"),
                }
            }
            Body::ControlChanged(changed) => {
                match self.uplink.rules(|rules| rules.control_changed(&changed)) {
                    Ok(before) => {
                        let session = SessionId::from_slice(&changed.session_id).ok()?;
                        let now = u16::try_from(changed.controller).unwrap_or(0);
                        if let Some(open) = self.open_session(session) {
                            if before != 0 {
                                open.control_lost(before);
                            }
                            open.in_control(now);
                        }
                    }
                    Err(refused) => tracing::debug!(%refused, "change of control refused"),
                }
            }
            Body::PictureNeeded(needed) => {
                let session = SessionId::from_slice(&needed.session_id).ok()?;
                let participant = u16::try_from(needed.participant).unwrap_or(0);
                if let Some(open) = self.open_session(session) {
                    open.needs_picture(participant, needed.reason());
                }
            }
            Body::SessionEnd(end) => {
                let session = SessionId::from_slice(&end.session_id).ok()?;
                let cause = end.cause.and_then(|cause| CauseCode::from_number(cause.code));
                tracing::info!(%session, cause = cause.map(CauseCode::name), "session ended");
                self.close(session).await;
                if self.is_one_time() {
                    let cause = cause.unwrap_or(CauseCode::EndedByTechnician);
                    return Some(LinkEnd::Over(Ended::SessionOver(cause)));
                }
            }
            // The link itself answers heartbeats and closes.
            Body::Heartbeat(_)
            | Body::HeartbeatAck(_)
            | Body::Close(_)
            // Not for agents; a newer relay may say more than this version knows.
            | Body::Hello(_)
            | Body::Welcome(_)
            | Body::SessionAnswer(_)
            | Body::AgentStatus(_)
            | Body::AuditReport(_)
            | Body::FileAudit(_)
            | Body::SessionState(_)
            | Body::ControlAction(_) => tracing::debug!("a link message that is not for agents"),
        }
        None
    }

    fn on_joined(&mut self, joined: &v2::ParticipantJoined) {
        let info = match self.uplink.rules(|rules| rules.joined(joined)) {
            Ok(info) => info,
            Err(refused) => {
                tracing::warn!(%refused, "viewer not accepted");
                return;
            }
        };
        let (Ok(session), Ok(participant)) =
            (SessionId::from_slice(&joined.session_id), u16::try_from(joined.participant))
        else {
            return;
        };
        if let Some(open) = self.open_session(session) {
            open.joined(participant, &info);
        }
    }

    fn on_record(&mut self, record: &Record) {
        let header = record.header();
        let now = self.clock.monotonic();
        let verdict =
            self.uplink.rules(|rules| rules.check_incoming(header, record.payload_len(), now));
        let gap = match verdict {
            Ok(gap) => gap,
            Err(refused) => {
                tracing::debug!(%refused, channel = ?header.channel, "record refused");
                return;
            }
        };
        // An injected click cannot be told from a person's: nobody in control of one
        // session may answer the question for another.
        let asking = self.held.values().any(|held| matches!(held, Held::Asking(..)));
        if asking && (header.channel == Channel::Input || is_request(record)) {
            return;
        }
        let may_arrange = self.uplink.rules(|rules| {
            let controller = rules.controller(header.session);
            controller == header.participant || controller == 0
        });
        let (session, participant) = (header.session, header.participant);
        if let Some(open) = self.open_session(session) {
            if header.channel == Channel::Input && gap.0 > 0 {
                open.input_gap(participant);
            }
            open.receive(record, may_arrange);
        }
    }

    fn open_session(&mut self, session: SessionId) -> Option<&mut dyn OpenDesktop> {
        match self.held.get_mut(&session) {
            Some(Held::Open(open)) => Some(open.as_mut()),
            Some(Held::Asking(..)) | None => None,
        }
    }

    /// Tells the server about the user when something changed that people see.
    fn tell_status(&self, sender: &LinkSender, told: &mut ToldStatus, now: Duration) {
        if now < told.due && told.trouble == self.picture_trouble {
            return;
        }
        told.due = now + STATUS_EVERY;
        let activity = self.desktop.activity();
        let expected = told.idle + now.saturating_sub(told.at);
        let off = activity.idle.abs_diff(expected);
        if activity.user == told.user && off < IDLE_STEP && told.trouble == self.picture_trouble {
            return;
        }
        told.user.clone_from(&activity.user);
        (told.idle, told.at, told.trouble) = (activity.idle, now, self.picture_trouble);
        say(
            sender,
            Body::AgentStatus(v2::AgentStatus {
                logged_on_user: gc_proto::clean_text(&activity.user, gc_proto::MAX_NAME),
                idle_seconds: u32::try_from(activity.idle.as_secs()).unwrap_or(u32::MAX),
                no_picture: self
                    .picture_trouble
                    .map(|code| v2::Cause { code: code as i32, detail: String::new() }),
            }),
        );
    }

    fn say_goodbye(&self, sender: &LinkSender) {
        if self.is_one_time() {
            let sessions: Vec<SessionId> = self.uplink.rules(|rules| rules.sessions().collect());
            for session in sessions {
                say(sender, end_of(session, CauseCode::EndedByAgentExit));
            }
        }
    }

    /// Whether to come back after the server closed the link.
    fn closed(&self, closed: &Closed) -> LinkEnd {
        tracing::warn!(code = ?closed.code, reason = closed.reason, "link closed");
        let final_for_one_time = matches!(
            closed.code,
            Some(
                CloseCode::Unauthenticated
                    | CloseCode::Forbidden
                    | CloseCode::SessionUnknown
                    | CloseCode::SessionEnded
            )
        );
        let too_old = closed.code == Some(CloseCode::VersionUnsupported);
        if self.is_one_time() && (final_for_one_time || too_old) {
            return LinkEnd::Over(Ended::Refused(closed.reason.clone()));
        }
        // A managed agent waits for the server, or itself, to be updated.
        let retry_after = if too_old { Some(UPDATE_RETRY) } else { closed.retry_after };
        LinkEnd::Lost { retry_after }
    }
}

fn end_of(session: SessionId, cause: CauseCode) -> Body {
    Body::SessionEnd(v2::SessionEnd {
        session_id: session.as_bytes().to_vec(),
        cause: Some(v2::Cause { code: cause as i32, detail: String::new() }),
    })
}

pub(crate) fn report_of(session: SessionId, event: &str, detail: String) -> Body {
    let session_id = session.as_bytes().to_vec();
    Body::AuditReport(v2::AuditReport { session_id, event: event.to_owned(), detail })
}

/// A link that is closed refuses; the loop then hears of it from the link itself.
fn say(sender: &LinkSender, body: Body) {
    if let Err(error) = sender.say(body) {
        tracing::debug!(%error, "message not sent");
    }
}
