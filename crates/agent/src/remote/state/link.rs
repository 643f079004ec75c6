//! What the link says: questions, sessions, and records of viewers.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::DesktopSessionId;
use gc_proto::v2::{ViewerControl, viewer_control};
use gc_proto::{Channel, Header, Record};
use gc_session::ConsentQuestion;
use gc_types::SessionId;
use prost::Message as _;

use super::{Question, State, Todo, ask, of};
use crate::remote::shown::Shown;
use crate::worker::message::{Files, Order};

/// Sessions that are remembered after their end.
const MAX_CLOSED: usize = 64;

impl State {
    pub(in crate::remote) fn ask(&mut self, question: &ConsentQuestion, now: Duration) {
        let deadline = now.saturating_add(question.timeout);
        self.order(Order::Ask(ask(question, deadline, now)));
        let question = Question { question: question.clone(), deadline };
        self.questions.insert(question.question.session, question);
    }

    pub(in crate::remote) fn cancel_ask(&mut self, session: SessionId) {
        if self.questions.remove(&session).is_some() {
            self.order(Order::CancelAsk(of(session)));
        }
    }

    pub(in crate::remote) fn open(&mut self, session: SessionId, shown: Shown) {
        let place = self.serving.and_then(|worker| self.workers.get(&worker));
        if let Some(connected) = place {
            let (open, _, _) = shown.take_up(connected.session);
            connected.queue.order(open);
        }
        self.sessions.insert(session, shown);
    }

    pub(in crate::remote) fn close(&mut self, session: SessionId, now: Duration) -> Vec<Todo> {
        if self.sessions.remove(&session).is_some() {
            self.closed.push_back(session);
            if self.closed.len() > MAX_CLOSED {
                self.closed.pop_front();
            }
        }
        self.order(Order::Close(of(session)));
        self.watched(now);
        if self.sessions.is_empty() {
            // Whoever comes next has chosen nothing.
            return self.drive(now, |rules| rules.select(None, now).unwrap_or_default());
        }
        Vec::new()
    }

    /// Changes what is known of a session and tells the worker.
    pub(in crate::remote) fn change(
        &mut self,
        session: SessionId,
        now: Duration,
        change: impl FnOnce(&mut Shown) -> Order,
    ) {
        let Some(shown) = self.sessions.get_mut(&session) else { return };
        let order = change(shown);
        if self.serving.is_some() {
            shown.told();
        }
        self.order(order);
        self.watched(now);
    }

    /// What the server allows of files in a session by its last offer.
    pub(in crate::remote) fn files(&self, session: SessionId) -> Order {
        let policy = self.uplink.rules(|rules| rules.files(session).cloned());
        Order::Files(Files { session: session.as_bytes().to_vec(), policy })
    }

    pub(super) fn watched(&mut self, now: Duration) {
        let watched = self.sessions.values().any(Shown::is_watched);
        self.supervisor.watched(watched, now);
    }

    /// A record from a viewer, which the rules let through.
    pub(in crate::remote) fn receive(
        &mut self,
        record: &Record,
        may_arrange: bool,
        now: Duration,
    ) -> Vec<Todo> {
        let header = record.header();
        let control = (header.channel == Channel::Control)
            .then(|| ViewerControl::decode(record.payload()).ok())
            .flatten();
        if let Some(viewer_control::Body::SelectDesktopSession(select)) =
            control.as_ref().and_then(|control| control.body.as_ref())
        {
            if !may_arrange {
                tracing::debug!("a viewer that is not in control may not choose the session");
                return Vec::new();
            }
            return self.select(header, select.id, now);
        }
        let Some(worker) = self.serving else { return Vec::new() };
        let Some(connected) = self.workers.get(&worker) else { return Vec::new() };
        let queue = Arc::clone(&connected.queue);
        if let Some(shown) = self.sessions.get_mut(&header.session)
            && (may_arrange || header.channel != Channel::Control)
        {
            shown.remember(record, control.as_ref(), Some(connected.session));
        }
        if !queue.record(record, may_arrange) {
            tracing::warn!(worker = worker.0, "worker does not read what it is sent");
            self.kill(worker);
        }
        Vec::new()
    }

    pub(super) fn select(&mut self, header: &Header, id: u32, now: Duration) -> Vec<Todo> {
        let choice = (id != 0).then_some(DesktopSessionId(id));
        match self.supervisor.select(choice, now) {
            Ok(actions) => {
                tracing::info!(session = id, "another Windows session was chosen");
                let todo = actions.into_iter().filter_map(|action| self.act(action, now)).collect();
                self.tell_one(header, self.trouble);
                self.send_list(header.session, 0);
                todo
            }
            Err(cause) => {
                self.tell_one(header, Some(cause));
                self.send_list(header.session, header.participant);
                Vec::new()
            }
        }
    }

    /// To the worker that serves, if there is one.
    pub(in crate::remote) fn order(&self, order: Order) {
        if let Some(connected) = self.serving.and_then(|worker| self.workers.get(&worker)) {
            connected.queue.order(order);
        }
    }

    pub(in crate::remote) fn backlog_changed(&self) {
        if let Some(connected) = self.serving.and_then(|worker| self.workers.get(&worker)) {
            connected.queue.backlog_changed();
        }
    }
}
