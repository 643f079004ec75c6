//! The first seconds of a link: a hello in time, and the check of a credential.

use std::time::Duration;

use gc_proto::v2::{self, CloseCode};
use gc_proto::{Packet, SUPPORTED_VERSIONS};
use gc_session::{Greeting, HelloGate, Peer};
use tokio::time::timeout;

use crate::link::Closing;
use crate::ports::{LinkSource, PortFuture, Refusal, SocketEvent};
use crate::shared::Shared;

/// How long a gate may take before the peer is told to come back later.
const GATE_TIMEOUT: Duration = Duration::from_secs(10);

/// Waits for the hello. A server that goes away does not wait.
pub(crate) async fn greeting(
    shared: &Shared,
    peer: Peer,
    source: &mut dyn LinkSource,
) -> Result<Greeting, Closing> {
    let gate = HelloGate::new(peer, SUPPORTED_VERSIONS, shared.now(), shared.config.hello_timeout);
    let event = tokio::select! {
        biased;
        closing = shared.leaving() => return Err(closing),
        event = timeout(shared.config.hello_timeout, source.next()) => event,
    };
    let Ok(event) = event else {
        return Err(Closing::new(CloseCode::TimedOut, "no hello in time"));
    };
    match event {
        SocketEvent::Message(bytes) => {
            if bytes.len() > gc_proto::MAX_VIEWER_MESSAGE {
                return Err(Closing::new(CloseCode::TooLarge, "the hello is too large"));
            }
            gate.receive(Packet::decode(bytes), shared.now())
                .map_err(|refused| Closing::new(refused.code, refused.reason))
        }
        other => Err(broken(&other)),
    }
}

/// How a link ends on anything but a whole binary message.
pub(crate) fn broken(event: &SocketEvent) -> Closing {
    let (code, reason) = match event {
        SocketEvent::Text => (CloseCode::UnsupportedData, "text messages are not taken"),
        SocketEvent::TooLarge => (CloseCode::TooLarge, "the message is too large"),
        SocketEvent::ProtocolError => (CloseCode::ProtocolError, "websocket protocol error"),
        SocketEvent::InvalidUtf8 => (CloseCode::InvalidPayload, "text is not UTF-8"),
        SocketEvent::Closed | SocketEvent::Message(_) => (CloseCode::Normal, "goodbye"),
    };
    Closing::new(code, reason)
}

/// Waits for the gate, not for ever.
pub(crate) async fn admit<T>(asked: PortFuture<'_, Result<T, Refusal>>) -> Result<T, Closing> {
    match timeout(GATE_TIMEOUT, asked).await {
        Ok(Ok(admitted)) => Ok(admitted),
        Ok(Err(refusal)) => Err(Closing::new(refusal.code, &refusal.reason)),
        Err(_) => Err(Closing::new(CloseCode::Overloaded, "the server is busy")
            .retry_after(Duration::from_secs(5))),
    }
}

/// The welcome of this relay, without what is the peer's own.
pub(crate) fn welcome(shared: &Shared, version: u32, heartbeat: Duration) -> v2::Welcome {
    let millis = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
    v2::Welcome {
        version,
        heartbeat_ms: millis(heartbeat),
        silence_ms: millis(shared.config.silence),
        server_unix_ms: shared.clock.now().0,
        server_software: gc_types::VERSION.to_owned(),
        resume_token: String::new(),
        seat: None,
    }
}
