//! What viewers hear from the service itself.

use std::sync::Arc;

use gc_platform::{DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState};
use gc_proto::v2::{self, AgentControl, NoticeTopic, agent_control};
use gc_proto::{Channel, Flags, Header};
use gc_types::{CauseCode, SessionId};
use prost::Message as _;

use super::State;
use crate::input_thread::notice;
use crate::outlet::{Outlet, RecordWay};

/// Of the list of sessions; the channel's messages have 16 KiB.
const LIST_BYTES: usize = 12 << 10;

impl State {
    /// Tells somebody who has just come what the worker does not know.
    pub(in crate::remote) fn greet(&mut self, session: SessionId, participant: u16) {
        // Who comes shows that there is a link.
        self.report_all();
        self.send_list(session, participant);
        if self.trouble.is_some() {
            let message = notice(NoticeTopic::DesktopSession, self.trouble, "");
            self.outlet(session).send(Channel::Control, participant, Flags::END, &message);
        }
    }

    pub(super) fn tell_all(&self, topic: NoticeTopic, cause: Option<CauseCode>) {
        let message = notice(topic, cause, "");
        for session in self.sessions.keys() {
            self.outlet(*session).send(Channel::Control, 0, Flags::END, &message);
        }
    }

    /// Answers the viewer that a record came from.
    pub(super) fn tell_one(&self, header: &Header, cause: Option<CauseCode>) {
        let message = notice(NoticeTopic::DesktopSession, cause, "");
        let outlet = self.outlet(header.session);
        outlet.send(Channel::Control, header.participant, Flags::END, &message);
    }

    pub(super) fn send_list(&self, session: SessionId, participant: u16) {
        let shown = self.supervisor.shown();
        let list = v2::DesktopSessionList {
            sessions: listed(self.supervisor.list(), shown),
            current: shown.map_or(0, |session| session.0),
            follows_console: self.supervisor.follows_console(),
        };
        let message = AgentControl { body: Some(agent_control::Body::DesktopSessions(list)) };
        self.outlet(session).send(Channel::Control, participant, Flags::END, &message);
    }

    pub(super) fn outlet(&self, session: SessionId) -> Outlet {
        Outlet::new(session, Arc::clone(&self.uplink) as Arc<dyn RecordWay>)
    }
}

/// As many as fit a message, in any case the one that is shown.
fn listed(list: &[DesktopSession], shown: Option<DesktopSessionId>) -> Vec<v2::DesktopSession> {
    let mut left = LIST_BYTES;
    let mut fitting = Vec::new();
    let (current, others): (Vec<_>, Vec<_>) =
        list.iter().partition(|session| Some(session.id) == shown);
    for session in current.into_iter().chain(others) {
        let session = on_wire(session);
        let Some(rest) = left.checked_sub(session.encoded_len() + 4) else { break };
        left = rest;
        fitting.push(session);
    }
    fitting.sort_by_key(|session| session.id);
    fitting
}

fn on_wire(session: &DesktopSession) -> v2::DesktopSession {
    let state = match session.state {
        DesktopSessionState::Active => v2::DesktopSessionState::Active,
        DesktopSessionState::Locked => v2::DesktopSessionState::Locked,
        DesktopSessionState::LogonScreen => v2::DesktopSessionState::LogonScreen,
        DesktopSessionState::Disconnected => v2::DesktopSessionState::Disconnected,
    };
    let kind = match session.kind {
        DesktopSessionKind::Console => v2::DesktopSessionKind::Console,
        DesktopSessionKind::Remote => v2::DesktopSessionKind::Remote,
    };
    v2::DesktopSession {
        id: session.id.0,
        user: gc_proto::clean_text(&session.user, gc_proto::MAX_NAME),
        state: state.into(),
        kind: kind.into(),
        name: gc_proto::clean_text(&session.name, 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_fits_its_message_and_keeps_what_is_shown() {
        let session = |id| DesktopSession {
            id: DesktopSessionId(id),
            user: "ж".repeat(400),
            state: DesktopSessionState::Active,
            kind: DesktopSessionKind::Remote,
            name: "RDP-Tcp#1".repeat(20),
        };
        let list: Vec<_> = (1..=256).map(session).collect();
        let told = listed(&list, Some(DesktopSessionId(256)));
        assert!(told.len() > 10, "{}", told.len());
        assert_eq!(told.last().map(|session| session.id), Some(256));
        let list = v2::DesktopSessionList { sessions: told, current: 256, follows_console: false };
        let message = AgentControl { body: Some(agent_control::Body::DesktopSessions(list)) };
        assert!(message.encoded_len() <= gc_proto::max_payload(Channel::Control, true));

        let few = listed(&[session(3), session(1)], None);
        assert_eq!(few.iter().map(|session| session.id).collect::<Vec<_>>(), [1, 3]);
    }
}
