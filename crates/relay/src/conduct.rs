//! How a peer behaves: what it may say how often, and what it is held to.

use std::time::Duration;

use gc_channel::TokenBucket;
use gc_proto::PacketError;
use gc_proto::v2::CloseCode;
use gc_types::SessionId;

use crate::link::Closing;
use crate::ports::PeerInfo;
use crate::shared::Shared;

/// Breaches of the protocol that a link survives.
const PATIENCE: u32 = 20;
/// Link messages a peer may send per second, and at once.
const LINK_RATE: u32 = 20;
const LINK_BURST: u32 = 100;

/// The record of one link. Each rule that it breaks is reported once, so that a
/// peer cannot fill the audit.
pub(crate) struct Conduct {
    peer: PeerInfo,
    reported: Vec<&'static str>,
    breaches: u32,
    link_messages: TokenBucket,
}

impl Conduct {
    pub(crate) fn new(peer: PeerInfo, now: Duration) -> Self {
        Self {
            peer,
            reported: Vec::new(),
            breaches: 0,
            link_messages: TokenBucket::new(LINK_RATE, LINK_BURST, now),
        }
    }

    /// Whether another link message may be looked at.
    pub(crate) fn takes_link_message(&mut self, shared: &Shared) -> bool {
        self.link_messages.take(shared.now())
    }

    /// Something was left out that an honest peer may send: no breach.
    pub(crate) fn note(&mut self, shared: &Shared, session: Option<SessionId>, rule: &'static str) {
        if !self.reported.contains(&rule) {
            self.reported.push(rule);
            shared.violation(session, rule, self.peer);
        }
    }

    /// The broker left a record out. Refusals are reported; what a lost or slow
    /// link brings about is not.
    pub(crate) fn left_out(&mut self, shared: &Shared, session: SessionId, rule: &'static str) {
        if matches!(rule, "not_in_control" | "consent_missing") {
            self.note(shared, Some(session), rule);
        }
    }

    /// A rule was broken that an honest peer keeps. The error ends the link.
    pub(crate) fn breach(
        &mut self,
        shared: &Shared,
        session: Option<SessionId>,
        rule: &'static str,
    ) -> Result<(), Closing> {
        self.note(shared, session, rule);
        // A right may be withdrawn while what was sent under it is on its way.
        if rule.ends_with("_without_right") {
            return Ok(());
        }
        self.breaches += 1;
        if self.breaches >= PATIENCE {
            return Err(Closing::new(CloseCode::Policy, "too many breaches of the protocol"));
        }
        Ok(())
    }
}

/// How a message that cannot be read ends the link.
pub(crate) fn unreadable(error: &PacketError) -> Closing {
    match error {
        PacketError::Link | PacketError::Invalid(_) => {
            Closing::new(CloseCode::InvalidPayload, "a message cannot be read")
        }
        PacketError::Empty | PacketError::Kind(_) | PacketError::Record(_) => {
            Closing::new(CloseCode::ProtocolError, "a message breaks the protocol")
        }
    }
}
