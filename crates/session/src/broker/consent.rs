//! What the user of the machine has answered.

use std::time::Duration;

use gc_proto::v2::{self, PictureReason};
use gc_types::{CauseCode, ConsentMode, ConsentState, Right, Rights};

use super::{Broker, BrokerEvent, Effect, Now};
use crate::rules::consent_from_wire;

/// How much longer than the user's time the relay waits for an answer before it
/// takes silence as a denial itself.
const CONSENT_SLACK: Duration = Duration::from_secs(15);

impl Broker {
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

    /// Consent at present.
    pub const fn consent(&self) -> ConsentState {
        self.consent
    }

    pub(super) fn await_answer(&mut self, now: Now) {
        let patience = self.setup.consent_timeout.saturating_add(CONSENT_SLACK);
        self.consent_due = Some(now.monotonic.saturating_add(patience));
    }

    pub(super) fn deny(&mut self, cause: CauseCode, out: &mut Vec<Effect>) {
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

    pub(super) fn set_consent(
        &mut self,
        state: ConsentState,
        rights: Rights,
        out: &mut Vec<Effect>,
    ) {
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
}
