//! A scripted endpoint.

use std::time::Duration;

use bytes::Bytes;
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, hello};
use gc_proto::{Channel, Flags, Header, Packet, Record, SUPPORTED_VERSIONS, encode_link};
use gc_relay::ports::SocketEvent;
use gc_types::SessionId;
use tokio::time::timeout;

use super::socket::{FromRelay, PeerSocket};

/// How long a test waits for what it expects.
const PATIENCE: Duration = Duration::from_mins(1);

/// What came from the relay.
#[derive(Debug, Clone, PartialEq)]
pub enum Received {
    /// A link message.
    Link(Body),
    /// A record.
    Record(Record),
    /// The close frame.
    Closed(u16),
    /// The connection is gone.
    Gone,
}

/// An endpoint that says what the test tells it to, and answers heartbeats when
/// it reads one.
#[derive(Debug)]
pub struct Peer {
    socket: PeerSocket,
    /// Whether heartbeats are answered and left out of what is received.
    pub alive: bool,
}

impl Peer {
    /// On an in-memory socket.
    pub const fn new(socket: PeerSocket) -> Self {
        Self { socket, alive: true }
    }

    /// Hands a socket event to the relay.
    pub async fn event(&self, event: SocketEvent) {
        self.socket.tx.send(event).await.expect("the relay reads");
    }

    /// Sends a link message, if the relay still reads.
    pub async fn try_say(&self, body: Body) -> bool {
        self.socket.tx.send(SocketEvent::Message(encode_link(body))).await.is_ok()
    }

    /// Sends a whole binary message.
    pub async fn send(&self, message: Bytes) {
        self.event(SocketEvent::Message(message)).await;
    }

    /// Sends a link message.
    pub async fn say(&self, body: Body) {
        self.send(encode_link(body)).await;
    }

    /// Sends a record and returns its bytes.
    pub async fn record(&self, header: Header, payload: &[u8]) -> Bytes {
        let bytes = Record::from_payload(header, payload).bytes().clone();
        self.send(bytes.clone()).await;
        bytes
    }

    /// Sends an agent's hello.
    pub async fn hello_agent(&self, held_sessions: Vec<v2::HeldSession>) {
        let agent = v2::AgentHello {
            mode: v2::AgentMode::Managed.into(),
            hostname: "reception".into(),
            held_sessions,
            ..v2::AgentHello::default()
        };
        self.hello(hello::Endpoint::Agent(agent)).await;
    }

    /// Sends a viewer's hello.
    pub async fn hello_viewer(&self, token: &str) {
        let viewer = v2::ViewerHello { token: token.into(), capabilities: None };
        self.hello(hello::Endpoint::Viewer(viewer)).await;
    }

    async fn hello(&self, endpoint: hello::Endpoint) {
        self.say(Body::Hello(v2::Hello {
            versions: Some(SUPPORTED_VERSIONS),
            software: "test".into(),
            endpoint: Some(endpoint),
        }))
        .await;
    }

    /// The next thing that comes.
    pub async fn next(&mut self) -> Received {
        loop {
            let coming = timeout(PATIENCE, self.socket.rx.recv()).await;
            let received = match coming.expect("something comes from the relay") {
                None => return Received::Gone,
                Some(FromRelay::Close(code, _)) => return Received::Closed(code),
                Some(FromRelay::Message(bytes)) => Packet::decode(bytes),
            };
            match received.expect("the relay sends valid messages") {
                Packet::Link(Body::Heartbeat(beat)) if self.alive => {
                    let ack = Body::HeartbeatAck(v2::HeartbeatAck { nonce: beat.nonce });
                    // The relay may be closing meanwhile.
                    let _ = self.socket.tx.send(SocketEvent::Message(encode_link(ack))).await;
                }
                Packet::Link(Body::HeartbeatAck(_)) if self.alive => {}
                Packet::Link(body) => return Received::Link(body),
                Packet::Record(record) => return Received::Record(record),
            }
        }
    }

    /// Reads until `pick` takes something.
    pub async fn until<T>(&mut self, mut pick: impl FnMut(&Received) -> Option<T>) -> T {
        let mut seen = Vec::new();
        loop {
            let received = self.next().await;
            if let Some(picked) = pick(&received) {
                return picked;
            }
            assert_ne!(received, Received::Gone, "gone after {seen:?}");
            seen.push(received);
        }
    }

    /// Reads until a link message that `pick` takes.
    pub async fn body<T>(&mut self, mut pick: impl FnMut(&Body) -> Option<T>) -> T {
        self.until(|received| match received {
            Received::Link(body) => pick(body),
            _ => None,
        })
        .await
    }

    /// Reads until a record comes.
    pub async fn next_record(&mut self) -> Record {
        self.until(|received| match received {
            Received::Record(record) => Some(record.clone()),
            _ => None,
        })
        .await
    }

    /// Reads up to the end: the close message and the close frame's status, and
    /// the records that came before.
    pub async fn closed(&mut self) -> (v2::Close, u16, Vec<Record>) {
        let mut records = Vec::new();
        let mut close = None;
        loop {
            match self.next().await {
                Received::Link(Body::Close(said)) => close = Some(said),
                Received::Link(_) => {}
                Received::Record(record) => records.push(record),
                Received::Closed(code) => {
                    return (close.expect("the message comes before the frame"), code, records);
                }
                Received::Gone => panic!("gone without a close frame, after {close:?}"),
            }
        }
    }

    /// A round trip: everything sent before it has been dealt with. What comes
    /// meanwhile is returned.
    pub async fn settle(&mut self) -> Vec<Received> {
        self.say(Body::Heartbeat(v2::Heartbeat { nonce: 77 })).await;
        let alive = std::mem::replace(&mut self.alive, false);
        let mut meanwhile = Vec::new();
        loop {
            match self.next().await {
                Received::Link(Body::HeartbeatAck(ack)) if ack.nonce == 77 => break,
                Received::Link(Body::Heartbeat(_)) => {}
                received => meanwhile.push(received),
            }
        }
        self.alive = alive;
        meanwhile
    }
}

/// A header of the first epoch.
pub const fn session_header(
    session: SessionId,
    channel: Channel,
    flags: Flags,
    participant: u16,
    sequence: u32,
) -> Header {
    Header { channel, flags, participant, epoch: 1, sequence, session }
}
