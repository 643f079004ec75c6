//! The agent's half of a session: it believes nothing that it has not seen itself.

use std::collections::BTreeMap;
use std::time::Duration;

use gc_channel::{Gap, SequenceCheck, SequenceCounter, StaleRecord};
use gc_proto::v2;
use gc_proto::{Channel, Flags, Header, MAX_NAME, clean_text};
use gc_types::{CauseCode, ConsentMode, ConsentState, GrantId, Rights, SessionId, UnixMillis};

use crate::rules::{Verdict, check_rights, check_shape, consent_mode_from_wire, consent_to_wire};

/// How long after a welcome a held session may wait to be offered again before
/// the agent ends it.
pub const RESUME_GRACE: Duration = Duration::from_secs(10);

/// How far the agent's clock may be off before a grant counts as expired.
const CLOCK_TOLERANCE: Duration = Duration::from_mins(1);
const MAX_SESSIONS: usize = 64;
const MAX_SEATS: usize = 64;

/// What to ask the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsentQuestion {
    /// For which session.
    pub session: SessionId,
    /// Display name; cleaned.
    pub technician: String,
    /// Display name; cleaned.
    pub company: String,
    /// What is asked for.
    pub rights: Rights,
    /// No answer within this is a denial.
    pub timeout: Duration,
}

/// What the user said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Everything that was asked for.
    Allow,
    /// Look, and no more.
    ViewOnly,
    /// No, or the prompt was closed.
    Decline,
    /// Nothing in time.
    TimedOut,
}

/// What to do about an offer, beside sending the answer that comes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// Show the prompt and call [`AgentSessions::answered`].
    Ask(ConsentQuestion),
    /// The prompt of before the lost link still shows.
    StillAsking,
    /// Open without a question; `notify` says to tell the user.
    Open {
        /// Show a notice.
        notify: bool,
    },
    /// Goes on after a lost link; nothing is asked.
    Resumed,
    /// Not opened.
    Refused(Refused),
}

/// Why the agent does not do what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A field is missing or broken.
    #[error("the offer cannot be read")]
    Malformed,
    /// No such session here.
    #[error("no such session")]
    UnknownSession,
    /// No such participant in the session.
    #[error("no such participant")]
    UnknownParticipant,
    /// The user has not allowed it.
    #[error("consent is missing")]
    NoConsent,
    /// The grant's time is over.
    #[error("the grant has expired")]
    GrantExpired,
    /// An offer that is not newer than what is held.
    #[error("the offer is older than the session")]
    OldEpoch,
    /// Too many sessions or participants.
    #[error("too many sessions or participants")]
    TooMany,
    /// The header breaks a rule.
    #[error("the record breaks the rule {0}")]
    Rule(&'static str),
    /// Seen before, or of an earlier link.
    #[error(transparent)]
    Stale(#[from] StaleRecord),
}

/// A participant as the agent knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ParticipantInfo {
    /// Display name; cleaned.
    pub name: String,
    /// What it may do here: the relay's word within grant and consent.
    pub rights: Rights,
    /// What it can decode.
    pub capabilities: v2::ViewerCapabilities,
}

#[derive(Debug)]
struct Seat {
    info: ParticipantInfo,
    check: SequenceCheck,
}

#[derive(Debug)]
struct Held {
    grant: GrantId,
    granted: Rights,
    expires: Duration,
    technician: String,
    epoch: u32,
    consent: ConsentState,
    allowed: Rights,
    denied: Option<CauseCode>,
    seats: BTreeMap<u16, Seat>,
    files: Option<v2::FilePolicy>,
    controller: u16,
    sequences: SequenceCounter,
    /// Set while a lost link is back and the session was not offered again.
    unclaimed_since: Option<Duration>,
}

impl Held {
    fn rights(&self) -> Rights {
        self.granted.intersect(self.allowed)
    }

    fn open(&self, now: Duration) -> Result<(), Refused> {
        if !self.consent.permits() {
            return Err(Refused::NoConsent);
        }
        if now >= self.expires {
            return Err(Refused::GrantExpired);
        }
        Ok(())
    }

    fn answer(&self, session: SessionId) -> v2::SessionAnswer {
        v2::SessionAnswer {
            session_id: session.as_bytes().to_vec(),
            consent: consent_to_wire(self.consent).into(),
            rights: if self.consent.permits() { self.rights().bits() } else { 0 },
            cause: self.denied.map(|code| v2::Cause { code: code as i32, detail: String::new() }),
        }
    }
}

/// Every session this agent holds. INVARIANT: a header for sending and the
/// acceptance of a record exist only for a session whose user said yes to this
/// program, or whose mode asks nobody.
#[derive(Debug, Default)]
pub struct AgentSessions {
    sessions: BTreeMap<SessionId, Held>,
}

impl AgentSessions {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The relay offers a session. `logged_on` says whether somebody is there to
    /// be asked. The answer is to be sent in any case.
    pub fn offer(
        &mut self,
        offer: &v2::SessionOffer,
        logged_on: bool,
        now: Duration,
        wall: UnixMillis,
    ) -> (Offered, v2::SessionAnswer) {
        match self.take_offer(offer, logged_on, now, wall) {
            Ok(taken) => taken,
            Err(refused) => {
                let answer = v2::SessionAnswer {
                    session_id: offer.session_id.clone(),
                    consent: v2::ConsentState::Denied.into(),
                    rights: 0,
                    cause: Some(v2::Cause {
                        code: CauseCode::SessionUnknown as i32,
                        detail: refused.to_string(),
                    }),
                };
                (Offered::Refused(refused), answer)
            }
        }
    }

    fn take_offer(
        &mut self,
        offer: &v2::SessionOffer,
        logged_on: bool,
        now: Duration,
        wall: UnixMillis,
    ) -> Result<(Offered, v2::SessionAnswer), Refused> {
        let session = SessionId::from_slice(&offer.session_id).map_err(|_| Refused::Malformed)?;
        let grant = offer.grant.as_ref().ok_or(Refused::Malformed)?;
        let grant_id = GrantId::from_slice(&grant.grant_id).map_err(|_| Refused::Malformed)?;
        let left = UnixMillis(grant.expires_unix_ms).plus(CLOCK_TOLERANCE).since(wall);
        if left.is_zero() {
            return Err(Refused::GrantExpired);
        }
        // Counted on the monotonic clock from here on: a clock that is set back
        // must not make a grant longer.
        let expires = now.saturating_add(left);
        let granted = Rights::from_bits(grant.rights);
        let mode = consent_mode_from_wire(offer.consent());

        if let Some(held) = self.sessions.get_mut(&session) {
            if offer.epoch <= held.epoch {
                return Err(Refused::OldEpoch);
            }
            if held.grant == grant_id {
                held.epoch = offer.epoch;
                held.granted = held.granted.intersect(granted);
                held.expires = held.expires.min(expires);
                held.seats.clear();
                held.files.clone_from(&offer.files);
                held.controller = 0;
                held.sequences = SequenceCounter::default();
                held.unclaimed_since = None;
                let offered = if held.consent == ConsentState::Pending {
                    Offered::StillAsking
                } else if held.consent == ConsentState::Denied {
                    Offered::Refused(Refused::NoConsent)
                } else {
                    Offered::Resumed
                };
                return Ok((offered, held.answer(session)));
            }
        } else if self.sessions.len() >= MAX_SESSIONS {
            return Err(Refused::TooMany);
        }

        // A session not held here, or under another grant: whatever the relay says
        // of consent given earlier, this program has not seen it.
        let asks = match mode {
            ConsentMode::Ask => true,
            ConsentMode::AskUnlessAlone => logged_on,
            ConsentMode::Silent | ConsentMode::Notify => false,
        };
        let held = Held {
            grant: grant_id,
            granted,
            expires,
            technician: clean_text(&grant.technician, MAX_NAME),
            epoch: offer.epoch,
            consent: if asks { ConsentState::Pending } else { ConsentState::NotRequired },
            allowed: if asks { Rights::NONE } else { granted },
            denied: None,
            seats: BTreeMap::new(),
            files: offer.files.clone(),
            controller: 0,
            sequences: SequenceCounter::default(),
            unclaimed_since: None,
        };
        let answer = held.answer(session);
        let offered = if asks {
            Offered::Ask(ConsentQuestion {
                session,
                technician: held.technician.clone(),
                company: clean_text(&grant.company, MAX_NAME),
                rights: granted,
                timeout: Duration::from_millis(offer.consent_timeout_ms.into()),
            })
        } else {
            Offered::Open { notify: mode != ConsentMode::Silent }
        };
        self.sessions.insert(session, held);
        Ok((offered, answer))
    }

    /// The user answered the prompt. The answer is to be sent when the link is up;
    /// else it goes out with the next offer.
    pub fn answered(
        &mut self,
        session: SessionId,
        answer: Answer,
    ) -> Result<v2::SessionAnswer, Refused> {
        let held = self.sessions.get_mut(&session).ok_or(Refused::UnknownSession)?;
        if held.consent != ConsentState::Pending {
            return Err(Refused::NoConsent);
        }
        (held.consent, held.allowed, held.denied) = match answer {
            Answer::Allow => (ConsentState::Granted, held.granted, None),
            Answer::ViewOnly => (ConsentState::Granted, Rights::VIEW_ONLY, None),
            Answer::Decline => (ConsentState::Denied, Rights::NONE, Some(CauseCode::ConsentDenied)),
            Answer::TimedOut => {
                (ConsentState::Denied, Rights::NONE, Some(CauseCode::ConsentTimedOut))
            }
        };
        Ok(held.answer(session))
    }

    /// A viewer joined; the number is taken by nobody else in this session.
    pub fn joined(&mut self, joined: &v2::ParticipantJoined) -> Result<ParticipantInfo, Refused> {
        let (_, held) = self.held_mut(&joined.session_id)?;
        if held.seats.len() >= MAX_SEATS {
            return Err(Refused::TooMany);
        }
        let participant = seat_number(joined.participant)?;
        let info = ParticipantInfo {
            name: clean_text(&joined.name, MAX_NAME),
            rights: Rights::from_bits(joined.rights),
            capabilities: joined.capabilities.clone().unwrap_or_default(),
        };
        let check = SequenceCheck::new(held.epoch);
        held.seats.insert(participant, Seat { info: info.clone(), check });
        Ok(info)
    }

    /// A viewer left: release every key it held. An error when it was not there.
    pub fn left(&mut self, left: &v2::ParticipantLeft) -> Result<(SessionId, u16), Refused> {
        let (session, held) = self.held_mut(&left.session_id)?;
        let participant = seat_number(left.participant)?;
        if held.controller == participant {
            held.controller = 0;
        }
        held.seats.remove(&participant).ok_or(Refused::UnknownParticipant)?;
        Ok((session, participant))
    }

    /// Control changed hands. Returns who had it before (0 for nobody), whose keys
    /// are to be released.
    pub fn control_changed(&mut self, changed: &v2::ControlChanged) -> Result<u16, Refused> {
        let (_, held) = self.held_mut(&changed.session_id)?;
        let controller = u16::try_from(changed.controller).map_err(|_| Refused::Malformed)?;
        Ok(std::mem::replace(&mut held.controller, controller))
    }

    /// The session is over. `false` when it was not there.
    pub fn ended(&mut self, session: SessionId) -> bool {
        self.sessions.remove(&session).is_some()
    }

    /// The link is lost: nobody is connected until the next offer. Release every
    /// key.
    pub fn link_lost(&mut self) {
        for held in self.sessions.values_mut() {
            held.seats.clear();
            held.controller = 0;
        }
    }

    /// The link is back: sessions not offered again within [`RESUME_GRACE`] end.
    pub fn link_up(&mut self, now: Duration) {
        for held in self.sessions.values_mut() {
            held.unclaimed_since = Some(now);
        }
    }

    /// Ends and returns the sessions that the relay did not offer again in time,
    /// or whose grant has expired.
    pub fn expire(&mut self, now: Duration) -> Vec<SessionId> {
        let over = |held: &Held| {
            now >= held.expires
                || held
                    .unclaimed_since
                    .is_some_and(|since| now >= since.saturating_add(RESUME_GRACE))
        };
        let ended: Vec<SessionId> =
            self.sessions.iter().filter(|(_, held)| over(held)).map(|(id, _)| *id).collect();
        for session in &ended {
            self.sessions.remove(session);
        }
        ended
    }

    /// When [`AgentSessions::expire`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.sessions
            .values()
            .map(|held| {
                let unclaimed =
                    held.unclaimed_since.map(|since| since.saturating_add(RESUME_GRACE));
                unclaimed.map_or(held.expires, |due| due.min(held.expires))
            })
            .min()
    }

    /// For the hello of the next link. Denied ones are told too, so that the
    /// denial reaches the relay.
    pub fn held_sessions(&self) -> Vec<v2::HeldSession> {
        self.sessions
            .iter()
            .map(|(id, held)| v2::HeldSession {
                session_id: id.as_bytes().to_vec(),
                epoch: held.epoch,
            })
            .collect()
    }

    /// Judges a record from the relay. The gap tells of records lost before it:
    /// on the input channel, release that participant's keys.
    pub fn check_incoming(
        &mut self,
        header: &Header,
        payload: usize,
        now: Duration,
    ) -> Result<Gap, Refused> {
        let held = self.sessions.get_mut(&header.session).ok_or(Refused::UnknownSession)?;
        held.open(now)?;
        let limit = held.rights();
        let in_control = held.controller == header.participant;
        let seat = held.seats.get_mut(&header.participant).ok_or(Refused::UnknownParticipant)?;
        let rights = seat.info.rights.intersect(limit);
        for verdict in
            [check_shape(header, payload, false), check_rights(header.channel, rights, in_control)]
        {
            match verdict {
                Verdict::Forward => {}
                Verdict::TooLarge => return Err(Refused::Rule("too_large")),
                Verdict::Drop(rule) | Verdict::Violation(rule) => {
                    return Err(Refused::Rule(rule));
                }
            }
        }
        Ok(seat.check.accept(header)?)
    }

    /// The header for the next record to `participant`, or to all of them with 0.
    /// There is none while consent is missing.
    pub fn header(
        &mut self,
        session: SessionId,
        channel: Channel,
        flags: Flags,
        participant: u16,
        now: Duration,
    ) -> Result<Header, Refused> {
        let held = self.sessions.get_mut(&session).ok_or(Refused::UnknownSession)?;
        held.open(now)?;
        let limit = held.rights();
        let right = channel.right_to_receive();
        if participant != 0 {
            let seat = held.seats.get(&participant).ok_or(Refused::UnknownParticipant)?;
            if !seat.info.rights.intersect(limit).allows(right) {
                return Err(Refused::Rule("receiver_without_right"));
            }
        } else if !limit.allows(right) {
            return Err(Refused::Rule("receiver_without_right"));
        }
        Ok(Header {
            channel,
            flags,
            participant,
            epoch: held.epoch,
            sequence: held.sequences.next(channel),
            session,
        })
    }

    /// Whether pictures may be taken for this session: consent is there, the grant
    /// holds, and somebody watches.
    pub fn is_watched(&self, session: SessionId, now: Duration) -> bool {
        self.sessions
            .get(&session)
            .is_some_and(|held| held.open(now).is_ok() && !held.seats.is_empty())
    }

    /// Who is in a session, by seat.
    pub fn participants(
        &self,
        session: SessionId,
    ) -> impl Iterator<Item = (u16, &ParticipantInfo)> {
        self.sessions
            .get(&session)
            .into_iter()
            .flat_map(|held| held.seats.iter().map(|(seat, it)| (*seat, &it.info)))
    }

    /// What the participant may do here: the relay's word within grant and
    /// consent.
    pub fn rights_of(&self, session: SessionId, participant: u16) -> Rights {
        self.sessions.get(&session).map_or(Rights::NONE, |held| {
            let seat = held.seats.get(&participant);
            let limit = if held.consent.permits() { held.rights() } else { Rights::NONE };
            seat.map_or(Rights::NONE, |seat| seat.info.rights.intersect(limit))
        })
    }

    /// What files may be moved in a session, by the last offer; nothing when unset.
    pub fn files(&self, session: SessionId) -> Option<&v2::FilePolicy> {
        self.sessions.get(&session)?.files.as_ref()
    }

    /// The participant in control; 0 for nobody.
    pub fn controller(&self, session: SessionId) -> u16 {
        self.sessions.get(&session).map_or(0, |held| held.controller)
    }

    /// Consent as this program has seen it.
    pub fn consent(&self, session: SessionId) -> Option<ConsentState> {
        self.sessions.get(&session).map(|held| held.consent)
    }

    /// Name of the technician of a session; cleaned.
    pub fn technician(&self, session: SessionId) -> Option<&str> {
        self.sessions.get(&session).map(|held| held.technician.as_str())
    }

    /// Sessions held.
    pub fn sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions.keys().copied()
    }

    fn held_mut(&mut self, id: &[u8]) -> Result<(SessionId, &mut Held), Refused> {
        let session = SessionId::from_slice(id).map_err(|_| Refused::Malformed)?;
        let held = self.sessions.get_mut(&session).ok_or(Refused::UnknownSession)?;
        Ok((session, held))
    }
}

fn seat_number(number: u32) -> Result<u16, Refused> {
    u16::try_from(number).ok().filter(|seat| *seat != 0).ok_or(Refused::Malformed)
}

#[cfg(test)]
#[path = "agent_tests.rs"]
mod tests;
