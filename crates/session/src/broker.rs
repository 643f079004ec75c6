//! The relay's machine of one session.

use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, AgentPresence, PictureReason};
use gc_proto::{Channel, Header, clean_text};
use gc_types::{CauseCode, ConsentMode, ConsentState, Right, Rights, SessionId, UnixMillis};

use crate::control::{Change, Control};
use crate::rules::{
    Verdict, check_rights, check_shape, consent_from_wire, consent_mode_to_wire, consent_to_wire,
};

/// Viewers in one session at the same time.
pub const MAX_PARTICIPANTS: usize = 16;

/// How much longer than the user's time the relay waits for an answer before it
/// takes silence as a denial itself.
const CONSENT_SLACK: Duration = Duration::from_secs(15);

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

/// Something to do. Effects are carried out in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send to the agent, when its link is up.
    ToAgent(Body),
    /// Send to one viewer.
    ToViewer(u16, Body),
    /// Send to every viewer.
    ToViewers(Body),
    /// Tell the surroundings.
    Event(BrokerEvent),
}

/// Something that the surroundings store or audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerEvent {
    /// The answer of the user, or of the lack of one.
    Consent {
        /// Answer.
        state: ConsentState,
        /// What was allowed.
        rights: Rights,
        /// Why, for denials.
        cause: Option<CauseCode>,
    },
    /// Control changed hands.
    Control(Option<u16>),
    /// The session is over; nothing follows.
    Ended {
        /// Why.
        cause: CauseCode,
        /// The viewer that ended it.
        by: Option<u16>,
    },
}

/// A viewer that wants a seat.
#[derive(Debug, Clone)]
pub struct Joining {
    /// Display name; cleaned here.
    pub name: String,
    /// What its token allows.
    pub rights: Rights,
    /// From its hello.
    pub capabilities: Option<v2::ViewerCapabilities>,
}

/// A seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Seat number, never given again in this session.
    pub participant: u16,
    /// What the viewer may do.
    pub rights: Rights,
    /// The agent's link at present.
    pub epoch: u32,
}

/// Why there is no seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinRefused {
    /// The user has not answered.
    #[error("the user has not answered yet")]
    ConsentPending,
    /// The user said no.
    #[error("the user declined")]
    ConsentDenied,
    /// It is over.
    #[error("the session has ended")]
    Ended,
    /// The token and the user's consent have no right in common.
    #[error("nothing is allowed in this session")]
    NoRights,
    /// Every seat is taken.
    #[error("the session has no free seat")]
    Full,
}

#[derive(Debug)]
struct Seat {
    participant: u16,
    name: String,
    rights: Rights,
    capabilities: Option<v2::ViewerCapabilities>,
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

    /// The agent says what became of the offer. An error names the rule it broke.
    pub fn answer(
        &mut self,
        answer: &v2::SessionAnswer,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> Result<(), &'static str> {
        let state = consent_from_wire(answer.consent()).ok_or("answer_unknown")?;
        if self.ended.is_some() {
            return Ok(());
        }
        match state {
            ConsentState::Denied => {
                let cause = answer
                    .cause
                    .as_ref()
                    .and_then(|cause| CauseCode::from_number(cause.code))
                    .unwrap_or(CauseCode::ConsentDenied);
                self.deny(cause, out);
            }
            ConsentState::Pending => {
                self.await_answer(now);
                self.set_consent(ConsentState::Pending, self.rights, out);
            }
            // Only a mode that may do without the user may be answered so.
            ConsentState::NotRequired if self.setup.consent_mode == ConsentMode::Ask => {
                return Err("answer_not_allowed");
            }
            ConsentState::NotRequired | ConsentState::Granted => {
                let granted = Rights::from_bits(self.setup.grant.rights);
                let rights = Rights::from_bits(answer.rights).intersect(granted);
                if !rights.allows(Right::View) {
                    self.deny(CauseCode::ConsentDenied, out);
                    return Ok(());
                }
                self.consent_due = None;
                // What a user said yes to stays a yes.
                let state =
                    if self.consent == ConsentState::Granted { self.consent } else { state };
                self.set_consent(state, rights, out);
            }
        }
        Ok(())
    }

    /// A viewer takes a seat.
    pub fn join(&mut self, joining: Joining, out: &mut Vec<Effect>) -> Result<Joined, JoinRefused> {
        match self.ended {
            Some(CauseCode::ConsentDenied | CauseCode::ConsentTimedOut) => {
                return Err(JoinRefused::ConsentDenied);
            }
            Some(_) => return Err(JoinRefused::Ended),
            None => {}
        }
        if !self.consent.permits() {
            return Err(JoinRefused::ConsentPending);
        }
        if !joining.rights.intersect(self.rights).allows(Right::View) {
            return Err(JoinRefused::NoRights);
        }
        if self.seats.len() >= MAX_PARTICIPANTS {
            return Err(JoinRefused::Full);
        }
        let participant = self.last_seat.checked_add(1).ok_or(JoinRefused::Full)?;
        self.last_seat = participant;
        let seat = Seat {
            participant,
            name: clean_text(&joining.name, gc_proto::MAX_NAME),
            rights: joining.rights,
            capabilities: joining.capabilities,
        };
        out.push(Effect::ToAgent(self.joined_message(&seat)));
        self.seats.push(seat);
        let rights = self.rights_of(participant);
        if rights.allows(Right::Control) {
            let change = self.control.offer(participant);
            self.tell_control(change, out);
        }
        out.push(self.picture_message(participant, PictureReason::Joined));
        self.tell_state(out);
        Ok(Joined { participant, rights, epoch: self.epoch })
    }

    /// A viewer's link ended.
    pub fn leave(&mut self, participant: u16, out: &mut Vec<Effect>) {
        let before = self.seats.len();
        self.seats.retain(|seat| seat.participant != participant);
        if self.seats.len() == before || self.ended.is_some() {
            return;
        }
        out.push(Effect::ToAgent(Body::ParticipantLeft(v2::ParticipantLeft {
            session_id: self.id(),
            participant: participant.into(),
        })));
        let change = self.control.leave(participant);
        self.tell_control(change, out);
        self.tell_state(out);
        self.renew_offer(out);
    }

    /// A viewer asks for, gives, refuses or releases control. An error names the
    /// rule it broke.
    pub fn control(
        &mut self,
        actor: u16,
        action: &v2::ControlAction,
        out: &mut Vec<Effect>,
    ) -> Result<(), &'static str> {
        if self.ended.is_some() {
            return Ok(());
        }
        let other = u16::try_from(action.participant).unwrap_or(0);
        let able: Vec<u16> = self
            .seats
            .iter()
            .filter(|seat| seat.rights.intersect(self.rights).allows(Right::Control))
            .map(|seat| seat.participant)
            .collect();
        let change = self.control.act(actor, action.verb(), other, |p| able.contains(&p));
        self.tell_control(change, out);
        match change {
            Change::Refused => return Err("control_not_held"),
            Change::None => {}
            Change::Holder | Change::Asking => self.tell_state(out),
        }
        Ok(())
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

    /// A viewer is behind: its next picture must be whole.
    pub fn picture_needed(&self, participant: u16, out: &mut Vec<Effect>) {
        if self.ended.is_none() && self.seat(participant).is_some() {
            out.push(self.picture_message(participant, PictureReason::Skipped));
        }
    }

    /// What a record of the viewer with this seat may do.
    pub fn check_from_viewer(&self, seat: u16, header: &Header, payload: usize) -> Verdict {
        let shape = check_shape(header, payload, false);
        if shape != Verdict::Forward {
            return shape;
        }
        if header.session != self.setup.session {
            return Verdict::Violation("foreign_session");
        }
        if header.participant != seat || self.seat(seat).is_none() {
            return Verdict::Violation("foreign_participant");
        }
        let rights =
            check_rights(header.channel, self.rights_of(seat), self.control.holder() == Some(seat));
        if rights != Verdict::Forward {
            return rights;
        }
        self.check_open(header)
    }

    /// What a record of the agent may do. Forwarded ones go to every viewer that
    /// [`Broker::receives`] says.
    pub fn check_from_agent(&self, header: &Header, payload: usize) -> Verdict {
        let shape = check_shape(header, payload, true);
        if shape != Verdict::Forward {
            return shape;
        }
        if header.session != self.setup.session {
            return Verdict::Violation("foreign_session");
        }
        self.check_open(header)
    }

    /// The choke point of both directions.
    fn check_open(&self, header: &Header) -> Verdict {
        if self.ended.is_some() {
            Verdict::Drop("session_ended")
        } else if !self.consent.permits() {
            Verdict::Drop("consent_missing")
        } else if header.epoch != self.epoch {
            Verdict::Drop("other_epoch")
        } else {
            Verdict::Forward
        }
    }

    /// Whether the viewer in this seat gets an agent's record.
    pub fn receives(&self, seat: u16, header: &Header) -> bool {
        (header.participant == 0 || header.participant == seat)
            && self.rights_of(seat).allows(header.channel.right_to_receive())
    }

    /// What the viewer in this seat may do now: its token's rights, as far as the
    /// user allowed them.
    pub fn rights_of(&self, seat: u16) -> Rights {
        self.seat(seat).map_or(Rights::NONE, |found| found.rights.intersect(self.rights))
    }

    /// The session's id.
    pub const fn session(&self) -> SessionId {
        self.setup.session
    }

    /// Consent at present.
    pub const fn consent(&self) -> ConsentState {
        self.consent
    }

    /// Number of the agent's link; 0 before the first.
    pub const fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Who has control.
    pub const fn controller(&self) -> Option<u16> {
        self.control.holder()
    }

    /// Whether and how the agent's link is.
    pub const fn presence(&self) -> AgentPresence {
        self.presence
    }

    /// Why it is over, when it is.
    pub const fn ended(&self) -> Option<CauseCode> {
        self.ended
    }

    /// Seats taken.
    pub const fn viewers(&self) -> usize {
        self.seats.len()
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

    fn seat(&self, participant: u16) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.participant == participant)
    }

    fn set_presence(&mut self, presence: AgentPresence, now: Now) {
        if self.presence != presence {
            self.presence = presence;
            self.since = now.wall;
        }
    }

    fn await_answer(&mut self, now: Now) {
        let patience = self.setup.consent_timeout.saturating_add(CONSENT_SLACK);
        self.consent_due = Some(now.monotonic.saturating_add(patience));
    }

    fn deny(&mut self, cause: CauseCode, out: &mut Vec<Effect>) {
        if self.ended.is_some() {
            return;
        }
        self.consent = ConsentState::Denied;
        out.push(Effect::Event(BrokerEvent::Consent {
            state: ConsentState::Denied,
            rights: Rights::NONE,
            cause: Some(cause),
        }));
        self.end(cause, None, out);
    }

    fn set_consent(&mut self, state: ConsentState, rights: Rights, out: &mut Vec<Effect>) {
        if self.consent == state && self.rights == rights {
            return;
        }
        let opened = !self.consent.permits() && state.permits();
        self.consent = state;
        self.rights = rights;
        out.push(Effect::Event(BrokerEvent::Consent { state, rights, cause: None }));
        let able = |broker: &Self, seat: u16| broker.rights_of(seat).allows(Right::Control);
        let unable: Vec<u16> = self
            .seats
            .iter()
            .map(|seat| seat.participant)
            .filter(|seat| !able(self, *seat))
            .collect();
        for participant in unable {
            let change = self.control.leave(participant);
            self.tell_control(change, out);
        }
        if opened {
            for seat in &self.seats {
                out.push(self.picture_message(seat.participant, PictureReason::Joined));
            }
        }
        self.tell_state(out);
    }

    fn joined_message(&self, seat: &Seat) -> Body {
        Body::ParticipantJoined(v2::ParticipantJoined {
            session_id: self.id(),
            participant: seat.participant.into(),
            name: seat.name.clone(),
            rights: seat.rights.intersect(self.rights).bits(),
            capabilities: seat.capabilities.clone(),
        })
    }

    fn picture_message(&self, participant: u16, reason: PictureReason) -> Effect {
        Effect::ToAgent(Body::PictureNeeded(v2::PictureNeeded {
            session_id: self.id(),
            participant: participant.into(),
            reason: reason.into(),
        }))
    }

    fn control_message(&self) -> Body {
        Body::ControlChanged(v2::ControlChanged {
            session_id: self.id(),
            controller: self.control.holder().unwrap_or(0).into(),
        })
    }

    fn tell_control(&self, change: Change, out: &mut Vec<Effect>) {
        if change == Change::Holder {
            out.push(Effect::ToAgent(self.control_message()));
            out.push(Effect::ToViewers(self.control_message()));
            out.push(Effect::Event(BrokerEvent::Control(self.control.holder())));
        }
    }

    fn tell_state(&self, out: &mut Vec<Effect>) {
        if !self.seats.is_empty() {
            out.push(Effect::ToViewers(Body::SessionState(self.state())));
        }
    }

    /// Whether pictures are wanted: somebody watches who may see them.
    pub fn is_watched(&self) -> bool {
        self.seats.iter().any(|seat| {
            seat.rights.intersect(self.rights).allows(Channel::Video.right_to_receive())
        })
    }
}

fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "broker_tests.rs"]
mod tests;
