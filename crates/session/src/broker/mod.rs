//! The relay's machine of one session.

mod consent;
mod effects;
mod records;
mod seats;

use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, AgentPresence, PictureReason};
use gc_types::{CauseCode, ConsentMode, ConsentState, Right, Rights, SessionId, UnixMillis};

use crate::control::Control;
use crate::rules::{consent_mode_to_wire, consent_to_wire};
pub use effects::{BrokerEvent, Effect};
use seats::Seat;
pub use seats::{JoinRefused, Joined, Joining, MAX_PARTICIPANTS};

/// The two times that a step needs.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// For every timeout.
    pub monotonic: Duration,
    /// For people.
    pub wall: UnixMillis,
}

/// What a session is when the relay first hears of it.
#[derive(Debug, Clone)]
pub struct BrokerSetup {
    /// Which session.
    pub session: SessionId,
    /// For people.
    pub machine_name: String,
    /// As sent to the agent.
    pub grant: v2::Grant,
    /// Whether and how to ask.
    pub consent_mode: ConsentMode,
    /// What was answered earlier.
    pub consent: ConsentState,
    /// What the user allowed earlier, or what the grant holds.
    pub rights: Rights,
    /// How long the user may take.
    pub consent_timeout: Duration,
    /// What the user is shown when the first viewer joins.
    pub notice: Option<v2::ConnectionNotice>,
    /// What files may be moved; nothing when unset.
    pub files: Option<v2::FilePolicy>,
    /// A one-time agent's session ends when its agent stays away this long.
    pub agent_grace: Option<Duration>,
    /// Viewers are told that the agent stalled after this.
    pub stall: Duration,
}

/// One session: consent, seats, control, presence of the agent, and what each
/// record may do. INVARIANT: no record is forwarded unless consent permits.
#[derive(Debug)]
pub struct Broker {
    setup: BrokerSetup,
    consent: ConsentState,
    rights: Rights,
    epoch: u32,
    presence: AgentPresence,
    since: UnixMillis,
    seats: Vec<Seat>,
    last_seat: u16,
    control: Control,
    consent_due: Option<Duration>,
    agent_due: Option<Duration>,
    ended: Option<CauseCode>,
    /// The agent was offered the session with another notice.
    notice_changed: bool,
}

impl Broker {
    /// A session whose agent has not been seen yet.
    pub fn new(setup: BrokerSetup, now: Now) -> Self {
        let agent_due = setup.agent_grace.map(|grace| now.monotonic.saturating_add(grace));
        Self {
            consent: setup.consent,
            rights: setup.rights.intersect(Rights::from_bits(setup.grant.rights)),
            epoch: 0,
            presence: AgentPresence::Offline,
            since: now.wall,
            seats: Vec::new(),
            last_seat: 0,
            control: Control::default(),
            consent_due: None,
            agent_due,
            ended: (setup.consent == ConsentState::Denied).then_some(CauseCode::ConsentDenied),
            notice_changed: false,
            setup,
        }
    }

    /// The agent's link is up. `held` is the epoch at which the agent still holds
    /// the session, so that numbers rise even when this relay was restarted.
    pub fn agent_up(&mut self, held: Option<u32>, now: Now, out: &mut Vec<Effect>) {
        if self.ended.is_some() {
            return;
        }
        let known = held.filter(|held| *held < u32::MAX / 2).unwrap_or(0).max(self.epoch);
        self.epoch = known.saturating_add(1);
        self.set_presence(AgentPresence::Online, now);
        self.agent_due = None;
        if self.consent == ConsentState::Pending {
            self.await_answer(now);
        }
        self.offer(out);
        for seat in &self.seats {
            out.push(Effect::ToAgent(self.joined_message(seat)));
            out.push(self.picture_message(seat.participant, PictureReason::Joined));
        }
        if self.control.holder().is_some() {
            out.push(Effect::ToAgent(self.control_message()));
        }
        self.tell_state(out);
    }

    /// Offers the session, by the epoch of now.
    fn offer(&mut self, out: &mut Vec<Effect>) {
        self.notice_changed = false;
        out.push(Effect::ToAgent(Body::SessionOffer(v2::SessionOffer {
            session_id: self.id(),
            grant: Some(self.setup.grant.clone()),
            consent: consent_mode_to_wire(self.setup.consent_mode).into(),
            epoch: self.epoch,
            consent_given: self.consent == ConsentState::Granted,
            consent_timeout_ms: millis(self.setup.consent_timeout),
            connection_notice: self.setup.notice.clone().map(Box::new),
            files: self.setup.files.clone(),
        })));
    }

    /// What the user is shown from now on. The agent hears of it by a new offer, which
    /// would disturb those who watch: it waits until nobody does.
    pub fn set_notice(&mut self, notice: Option<v2::ConnectionNotice>, out: &mut Vec<Effect>) {
        if self.setup.notice != notice {
            self.setup.notice = notice;
            self.notice_changed = true;
        }
        self.renew_offer(out);
    }

    fn renew_offer(&mut self, out: &mut Vec<Effect>) {
        let reached = self.presence != AgentPresence::Offline;
        if self.notice_changed && reached && self.seats.is_empty() && self.ended.is_none() {
            self.epoch = self.epoch.saturating_add(1);
            self.offer(out);
        }
    }

    /// The agent's link is gone.
    pub fn agent_down(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.ended.is_some() || self.presence == AgentPresence::Offline {
            return;
        }
        self.set_presence(AgentPresence::Offline, now);
        self.consent_due = None;
        self.agent_due = self.setup.agent_grace.map(|grace| now.monotonic.saturating_add(grace));
        self.tell_state(out);
    }

    /// Time has passed. `heard` is when the agent's link last gave a sign of life.
    pub fn tick(&mut self, heard: Duration, now: Now, out: &mut Vec<Effect>) {
        if self.consent_due.is_some_and(|due| now.monotonic >= due) {
            self.deny(CauseCode::ConsentTimedOut, out);
        }
        if self.agent_due.is_some_and(|due| now.monotonic >= due) {
            self.end(CauseCode::EndedByAgentExit, None, out);
        }
        if self.ended.is_some() {
            return;
        }
        let silent = now.monotonic >= heard.saturating_add(self.setup.stall);
        let presence = match self.presence {
            AgentPresence::Online if silent => AgentPresence::Stalled,
            AgentPresence::Stalled if !silent => AgentPresence::Online,
            _ => return,
        };
        self.set_presence(presence, now);
        self.tell_state(out);
    }

    /// When [`Broker::tick`] has something to do, if nothing is heard until then.
    pub fn deadline(&self, heard: Duration) -> Option<Duration> {
        if self.ended.is_some() {
            return None;
        }
        let watched = !self.seats.is_empty() && self.presence == AgentPresence::Online;
        let stall = watched.then(|| heard.saturating_add(self.setup.stall));
        [self.consent_due, self.agent_due, stall].into_iter().flatten().min()
    }

    /// A viewer ends the session. An error names the rule it broke.
    pub fn end_by_viewer(&mut self, actor: u16, out: &mut Vec<Effect>) -> Result<(), &'static str> {
        if !self.rights_of(actor).allows(Right::Control) {
            return Err("end_without_right");
        }
        self.end(CauseCode::EndedByTechnician, Some(actor), out);
        Ok(())
    }

    /// The agent ends the session: the Stop button, or its program was closed.
    pub fn end_by_agent(&mut self, end: &v2::SessionEnd, out: &mut Vec<Effect>) {
        let told = end.cause.as_ref().and_then(|cause| CauseCode::from_number(cause.code));
        let cause = match told {
            Some(
                cause @ (CauseCode::EndedByAgentExit
                | CauseCode::ConsentDenied
                | CauseCode::ConsentTimedOut
                | CauseCode::SessionUnknown),
            ) => cause,
            _ => CauseCode::EndedByUser,
        };
        self.end(cause, None, out);
    }

    /// Ends the session: agent and viewers are told.
    pub fn end(&mut self, cause: CauseCode, by: Option<u16>, out: &mut Vec<Effect>) {
        if self.ended.is_some() {
            return;
        }
        self.ended = Some(cause);
        let end = Body::SessionEnd(v2::SessionEnd {
            session_id: self.id(),
            cause: Some(v2::Cause { code: cause as i32, detail: String::new() }),
        });
        out.push(Effect::ToAgent(end.clone()));
        out.push(Effect::ToViewers(end));
        out.push(Effect::Event(BrokerEvent::Ended { cause, by }));
    }

    /// The session's id.
    pub const fn session(&self) -> SessionId {
        self.setup.session
    }

    /// Number of the agent's link; 0 before the first.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Whether and how the agent's link is.
    pub const fn presence(&self) -> AgentPresence {
        self.presence
    }

    /// Why it is over, when it is.
    pub const fn ended(&self) -> Option<CauseCode> {
        self.ended
    }

    /// What viewers are told at each change.
    pub fn state(&self) -> v2::SessionState {
        let participants = self.seats.iter().map(|seat| v2::Participant {
            participant: seat.participant.into(),
            name: seat.name.clone(),
            rights: seat.rights.intersect(self.rights).bits(),
            asks_for_control: self.control.asks(seat.participant),
        });
        let cause = match (self.ended, self.presence) {
            (Some(cause), _) => Some(cause),
            (None, AgentPresence::Offline) => Some(CauseCode::AgentOffline),
            (None, AgentPresence::Stalled) => Some(CauseCode::AgentStalled),
            (None, AgentPresence::Online | AgentPresence::Unspecified) => None,
        };
        v2::SessionState {
            session_id: self.id(),
            consent: consent_to_wire(self.consent).into(),
            agent: self.presence.into(),
            agent_since_unix_ms: self.since.0,
            controller: self.control.holder().unwrap_or(0).into(),
            participants: participants.collect(),
            machine_name: self.setup.machine_name.clone(),
            epoch: self.epoch,
            cause: cause.map(|code| v2::Cause { code: code as i32, detail: String::new() }),
        }
    }

    fn id(&self) -> Vec<u8> {
        self.setup.session.as_bytes().to_vec()
    }

    fn set_presence(&mut self, presence: AgentPresence, now: Now) {
        if self.presence != presence {
            self.presence = presence;
            self.since = now.wall;
        }
    }

    fn tell_state(&self, out: &mut Vec<Effect>) {
        if !self.seats.is_empty() {
            out.push(Effect::ToViewers(Body::SessionState(self.state())));
        }
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
