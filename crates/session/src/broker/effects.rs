//! What the machine of a session has others do.

use gc_proto::v2::link_message::Body;
use gc_types::{CauseCode, ConsentState, Rights};

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
