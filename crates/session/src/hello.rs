//! The first message of a link.

use std::time::Duration;

use gc_proto::v2::{AgentHello, CloseCode, Hello, VersionRange, ViewerHello, hello, link_message};
use gc_proto::{Packet, PacketError, negotiate};

/// Which end a link is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// An agent.
    Agent,
    /// A viewer.
    Viewer,
}

/// A hello that may go on to the check of its credential.
#[derive(Debug, Clone, PartialEq)]
pub struct Greeting {
    /// The version both ends speak from here on.
    pub version: u32,
    /// Product version of the peer.
    pub software: String,
    /// What it said about itself.
    pub endpoint: hello::Endpoint,
}

impl Greeting {
    /// An agent's hello.
    pub fn agent(self) -> Option<AgentHello> {
        match self.endpoint {
            hello::Endpoint::Agent(agent) => Some(agent),
            hello::Endpoint::Viewer(_) => None,
        }
    }

    /// A viewer's hello.
    pub fn viewer(self) -> Option<ViewerHello> {
        match self.endpoint {
            hello::Endpoint::Viewer(viewer) => Some(viewer),
            hello::Endpoint::Agent(_) => None,
        }
    }
}

/// Why a link ends before it began.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct HelloRefused {
    /// For the peer.
    pub code: CloseCode,
    /// Stable sentence for the peer.
    pub reason: &'static str,
}

/// Waits for the hello: one valid message of the right kind, in time.
#[derive(Debug, Clone)]
pub struct HelloGate {
    peer: Peer,
    ours: VersionRange,
    due: Duration,
}

impl HelloGate {
    /// The hello is due at `now + within`.
    pub fn new(peer: Peer, ours: VersionRange, now: Duration, within: Duration) -> Self {
        Self { peer, ours, due: now.saturating_add(within) }
    }

    /// When waiting ends.
    pub const fn due(&self) -> Duration {
        self.due
    }

    /// The refusal, when the time is over at `now`.
    pub fn overdue(&self, now: Duration) -> Option<HelloRefused> {
        (now >= self.due)
            .then_some(HelloRefused { code: CloseCode::TimedOut, reason: "no hello in time" })
    }

    /// Judges the first message.
    pub fn receive(
        &self,
        message: Result<Packet, PacketError>,
        now: Duration,
    ) -> Result<Greeting, HelloRefused> {
        if let Some(refused) = self.overdue(now) {
            return Err(refused);
        }
        let refuse = |code, reason| Err(HelloRefused { code, reason });
        let hello = match message {
            Ok(Packet::Link(link_message::Body::Hello(hello))) => hello,
            Ok(_) => return refuse(CloseCode::ProtocolError, "the first message must be a hello"),
            Err(_) => return refuse(CloseCode::InvalidPayload, "the hello cannot be read"),
        };
        let Hello { versions: Some(theirs), software, endpoint: Some(endpoint) } = hello else {
            return refuse(CloseCode::InvalidPayload, "the hello cannot be read");
        };
        let right_kind = matches!(
            (&endpoint, self.peer),
            (hello::Endpoint::Agent(_), Peer::Agent) | (hello::Endpoint::Viewer(_), Peer::Viewer)
        );
        if !right_kind {
            return refuse(CloseCode::ProtocolError, "this is not the address for that endpoint");
        }
        let Some(version) = negotiate(&self.ours, &theirs) else {
            return refuse(
                CloseCode::VersionUnsupported,
                "no protocol version in common: update the older side",
            );
        };
        Ok(Greeting { version, software, endpoint })
    }
}

#[cfg(test)]
mod tests {
    use gc_proto::SUPPORTED_VERSIONS;
    use gc_proto::v2::Heartbeat;

    use super::*;

    fn hello(max: u32, endpoint: hello::Endpoint) -> Packet {
        Packet::Link(link_message::Body::Hello(Hello {
            versions: Some(VersionRange { min: max, max }),
            software: "1".into(),
            endpoint: Some(endpoint),
        }))
    }

    fn agent() -> hello::Endpoint {
        hello::Endpoint::Agent(AgentHello::default())
    }

    fn gate(peer: Peer) -> HelloGate {
        HelloGate::new(peer, SUPPORTED_VERSIONS, Duration::ZERO, Duration::from_secs(5))
    }

    fn code(
        message: Result<Packet, PacketError>,
        peer: Peer,
        at: Duration,
    ) -> Result<u32, CloseCode> {
        gate(peer).receive(message, at).map(|g| g.version).map_err(|refused| refused.code)
    }

    #[test]
    fn only_a_fitting_hello_in_time_passes() {
        let now = Duration::from_secs(1);
        assert_eq!(code(Ok(hello(2, agent())), Peer::Agent, now), Ok(2));
        assert_eq!(code(Ok(hello(2, agent())), Peer::Viewer, now), Err(CloseCode::ProtocolError));
        assert_eq!(
            code(Ok(hello(9, agent())), Peer::Agent, now),
            Err(CloseCode::VersionUnsupported)
        );
        let late = Duration::from_secs(5);
        assert_eq!(code(Ok(hello(2, agent())), Peer::Agent, late), Err(CloseCode::TimedOut));
        let beat = Ok(Packet::Link(link_message::Body::Heartbeat(Heartbeat { nonce: 1 })));
        assert_eq!(code(beat, Peer::Agent, now), Err(CloseCode::ProtocolError));
        assert_eq!(code(Err(PacketError::Empty), Peer::Agent, now), Err(CloseCode::InvalidPayload));
    }
}
