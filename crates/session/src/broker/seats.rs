//! Who watches, what each may do, and who has control.

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, PictureReason};
use gc_proto::{Channel, clean_text};
use gc_types::{CauseCode, Right, Rights};

use super::{Broker, BrokerEvent, Effect};
use crate::control::Change;

/// Viewers in one session at the same time.
pub const MAX_PARTICIPANTS: usize = 16;

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
pub(super) struct Seat {
    pub(super) participant: u16,
    pub(super) name: String,
    pub(super) rights: Rights,
    capabilities: Option<v2::ViewerCapabilities>,
}

impl Broker {
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

    /// A viewer is behind: its next picture must be whole.
    pub fn picture_needed(&self, participant: u16, out: &mut Vec<Effect>) {
        if self.ended.is_none() && self.seat(participant).is_some() {
            out.push(self.picture_message(participant, PictureReason::Skipped));
        }
    }

    /// Whether pictures are wanted: somebody watches who may see them.
    pub fn is_watched(&self) -> bool {
        self.seats.iter().any(|seat| {
            seat.rights.intersect(self.rights).allows(Channel::Video.right_to_receive())
        })
    }

    /// What the viewer in this seat may do now: its token's rights, as far as the
    /// user allowed them.
    pub fn rights_of(&self, seat: u16) -> Rights {
        self.seat(seat).map_or(Rights::NONE, |found| found.rights.intersect(self.rights))
    }

    /// Seats taken.
    pub const fn viewers(&self) -> usize {
        self.seats.len()
    }

    /// Who has control.
    pub const fn controller(&self) -> Option<u16> {
        self.control.holder()
    }

    pub(super) fn seat(&self, participant: u16) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.participant == participant)
    }

    pub(super) fn joined_message(&self, seat: &Seat) -> Body {
        Body::ParticipantJoined(v2::ParticipantJoined {
            session_id: self.id(),
            participant: seat.participant.into(),
            name: seat.name.clone(),
            rights: seat.rights.intersect(self.rights).bits(),
            capabilities: seat.capabilities.clone(),
        })
    }

    pub(super) fn picture_message(&self, participant: u16, reason: PictureReason) -> Effect {
        Effect::ToAgent(Body::PictureNeeded(v2::PictureNeeded {
            session_id: self.id(),
            participant: participant.into(),
            reason: reason.into(),
        }))
    }

    pub(super) fn control_message(&self) -> Body {
        Body::ControlChanged(v2::ControlChanged {
            session_id: self.id(),
            controller: self.control.holder().unwrap_or(0).into(),
        })
    }

    pub(super) fn tell_control(&self, change: Change, out: &mut Vec<Effect>) {
        if change == Change::Holder {
            out.push(Effect::ToAgent(self.control_message()));
            out.push(Effect::ToViewers(self.control_message()));
            out.push(Effect::Event(BrokerEvent::Control(self.control.holder())));
        }
    }
}
