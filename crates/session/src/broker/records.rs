//! What becomes of each record.

use gc_proto::Header;

use super::Broker;
use crate::rules::{Verdict, check_rights, check_shape};

impl Broker {
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
}
