//! What the threads and windows of sessions tell the agent's loop.

use gc_session::Answer;
use gc_types::{CauseCode, SessionId};
use tokio::sync::mpsc;

#[derive(Debug)]
pub(crate) enum AgentEvent {
    /// The user answered the consent prompt.
    Answered(SessionId, Answer),
    /// The user pressed Stop.
    StopPressed(SessionId),
    /// A session's threads could not be started.
    Failed(SessionId),
    /// There is a picture, or there is none, because.
    Picture(Option<CauseCode>),
    /// Something for the audit: name of the event, and detail.
    Report(SessionId, &'static str, String),
    /// Whether the machine is to be locked when the session ends.
    LockAtEnd(SessionId, bool),
}

impl AgentEvent {
    /// The session that this ends, and why.
    pub(crate) const fn ends(&self) -> Option<(SessionId, CauseCode)> {
        match self {
            Self::StopPressed(session) => Some((*session, CauseCode::EndedByUser)),
            Self::Failed(session) => Some((*session, CauseCode::CaptureFailed)),
            Self::Answered(..) | Self::Picture(_) | Self::Report(..) | Self::LockAtEnd(..) => None,
        }
    }
}

/// Sends events from any thread. No peer can fill the queue: a person presses each
/// button once, and pictures change state at most every second; so do reports.
#[derive(Debug, Clone)]
pub(crate) struct EventSender(mpsc::UnboundedSender<AgentEvent>);

impl EventSender {
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<AgentEvent>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    pub(crate) fn send(&self, event: AgentEvent) {
        if self.0.send(event).is_err() {
            tracing::debug!("the agent has ended; an event came too late");
        }
    }
}
