//! What a worker says, and what of it is believed.

use std::time::Duration;

use gc_actions::MIN_INTERVAL;
use gc_proto::Header;
use gc_proto::v2::link_message::Body;
use gc_session::Answer;
use gc_types::{CauseCode, SessionId};

use super::State;
use crate::events::AgentEvent;
use crate::outlet::RecordWay as _;
use crate::remote::supervisor::WorkerNumber;
use crate::worker::message::{AnswerKind, Word};

/// A screen or an encoder that has not returned for so long does not return.
const STALL_MS: u64 = 8_000;
/// Reports that wait for a link.
const MAX_UNREPORTED: usize = 256;

/// Who is at the machine, as last told.
#[derive(Default)]
pub(super) struct Activity {
    user: String,
    idle: Duration,
    at: Duration,
}

impl State {
    /// Whether a record of this worker may go out; counts it.
    pub(in crate::remote) fn may_send(&mut self, number: WorkerNumber, header: &Header) -> bool {
        if self.serving != Some(number) {
            return false;
        }
        match self.sessions.get_mut(&header.session) {
            Some(shown) => {
                shown.sent(header);
                true
            }
            None => false,
        }
    }

    /// `None`: this is not for a worker to say.
    pub(in crate::remote) fn heard(
        &mut self,
        number: WorkerNumber,
        word: Word,
        now: Duration,
    ) -> Option<()> {
        match word {
            Word::Hello(_) | Word::Attention(_) => return None,
            Word::Pong(pong) => {
                // An old one proves nothing of now.
                // What a thread of it hangs in, it does not come out of by itself.
                let stalled = pong.stalled_ms > STALL_MS;
                if pong.nonce == self.nonce && !stalled {
                    self.supervisor.alive(number, now);
                }
                if self.serving == Some(number) {
                    self.active(pong.user, pong.idle_ms, now);
                }
                return Some(());
            }
            Word::Log(log) => {
                self.logs.line(number, &log.line, now);
                return Some(());
            }
            _ if self.serving != Some(number) => return Some(()),
            Word::Answered(answered) => {
                let session = SessionId::from_slice(&answered.session).ok()?;
                // Only what was asked can be answered, and once.
                if self.questions.remove(&session).is_some() {
                    let answer = match answered.answer() {
                        AnswerKind::Allow => Answer::Allow,
                        AnswerKind::ViewOnly => Answer::ViewOnly,
                        AnswerKind::TimedOut => Answer::TimedOut,
                        AnswerKind::Decline => Answer::Decline,
                    };
                    self.events.send(AgentEvent::Answered(session, answer));
                }
            }
            Word::StopPressed(which) => {
                let session = SessionId::from_slice(&which.session).ok()?;
                if self.sessions.contains_key(&session) {
                    self.events.send(AgentEvent::StopPressed(session));
                }
            }
            Word::Failed(which) => {
                let session = SessionId::from_slice(&which.session).ok()?;
                if self.sessions.contains_key(&session) {
                    self.events.send(AgentEvent::Failed(session));
                }
            }
            Word::LockAtEnd(wish) => {
                let session = SessionId::from_slice(&wish.session).ok()?;
                if let Some(shown) = self.sessions.get_mut(&session) {
                    shown.lock_at_end(wish.on);
                }
            }
            Word::Picture(picture) => {
                self.events.send(AgentEvent::Picture(CauseCode::from_number(picture.cause)));
            }
        }
        Some(())
    }

    /// Whether this worker may have Ctrl+Alt+Del pressed now; counts it.
    pub(in crate::remote) fn may_press(&mut self, number: WorkerNumber, now: Duration) -> bool {
        let soon = self.pressed.is_some_and(|last| now < last.saturating_add(MIN_INTERVAL));
        let may = self.serving == Some(number) && !self.sessions.is_empty() && !soon;
        if may {
            self.pressed = Some(now);
        }
        may
    }

    /// A report for the server, about a session that was or is open here. `None`: this
    /// is not for a worker to say.
    pub(in crate::remote) fn reported(&mut self, body: Body) -> Option<()> {
        let session = match &body {
            Body::FileAudit(audit) => &audit.session_id,
            Body::AuditReport(report) => &report.session_id,
            _ => return None,
        };
        let session = SessionId::from_slice(session).ok()?;
        if !self.sessions.contains_key(&session) && !self.closed.contains(&session) {
            return None;
        }
        if self.unreported.len() >= MAX_UNREPORTED {
            tracing::error!(%session, "a report of a worker is lost: there is no link for too long");
            self.unreported.pop_front();
        }
        self.unreported.push_back(body);
        self.report_all();
        Some(())
    }

    pub(super) fn report_all(&mut self) {
        while let Some(body) = self.unreported.front() {
            if !self.uplink.report(body.clone()) {
                return;
            }
            self.unreported.pop_front();
        }
    }

    /// The user of the worker's session, and since when nothing was pressed.
    pub(in crate::remote) fn active(&mut self, user: String, idle_ms: u64, now: Duration) {
        self.activity = Activity { user, idle: Duration::from_millis(idle_ms), at: now };
    }

    /// Who is logged on: in the session that is shown, else anywhere. Whoever could be
    /// seen is somebody to be asked.
    pub(in crate::remote) fn activity(&self, now: Duration) -> gc_platform::UserActivity {
        let rules = &self.supervisor;
        let elsewhere = rules.list().iter().map(|session| session.user.as_str());
        let own = [rules.user(), self.activity.user.as_str()];
        let user = own.into_iter().chain(elsewhere).find(|user| !user.is_empty());
        let idle = self.activity.idle.saturating_add(now.saturating_sub(self.activity.at));
        gc_platform::UserActivity { user: user.unwrap_or_default().to_owned(), idle }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use gc_proto::v2;

    use super::*;
    use crate::events::EventSender;
    use crate::outlet::Uplink;
    use crate::remote::shown::Shown;

    #[test]
    fn a_worker_reports_of_its_sessions_and_of_nothing_else() {
        let clock = Arc::new(gc_types::ManualClock::default());
        let uplink = Arc::new(Uplink::new(clock));
        let mut state = State::new(uplink, EventSender::new().0);
        let session = SessionId::from_bytes([5; 16]);
        let audit = |session: SessionId| {
            let session_id = session.as_bytes().to_vec();
            Body::FileAudit(v2::FileAudit { session_id, files: Vec::new() })
        };
        assert_eq!(state.reported(audit(session)), None, "not open here");
        assert_eq!(state.reported(Body::Heartbeat(v2::Heartbeat::default())), None);
        let opening = crate::desktop::Opening {
            session,
            offer: v2::SessionOffer::default(),
            managed: true,
            lock_at_end: false,
            told_of: Vec::new(),
            frames_before: 0,
        };
        state.open(session, Shown::new(opening));
        assert_eq!(state.reported(audit(session)), Some(()));
        drop(state.close(session, Duration::ZERO));
        assert_eq!(state.reported(audit(session)), Some(()), "what ended with it");
        assert_eq!(state.unreported.len(), 2, "kept until there is a link");
        for _ in 0..2 * MAX_UNREPORTED {
            assert_eq!(state.reported(audit(session)), Some(()));
        }
        assert_eq!(state.unreported.len(), MAX_UNREPORTED);
    }
}
