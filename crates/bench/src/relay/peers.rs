//! Simulated agents and viewers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{ConsentState, Heartbeat, HeartbeatAck, SessionAnswer, SessionOffer, Welcome};
use gc_proto::{Channel, Flags, Header, Packet, Record, encode_link};
use gc_types::SessionId;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use crate::clock::monotonic;
use crate::wire::Socket;

/// A link with a task for each direction; dropping it ends both.
pub(crate) struct Peer {
    /// What is put here is sent in order.
    pub(crate) out: mpsc::Sender<Bytes>,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Peer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Peer {
    /// Drives a link; `on_packet` sees all but heartbeats, and what it gives back is
    /// sent. It beats as often as the welcome says.
    pub(crate) fn drive(
        (socket, welcome): (Socket, Welcome),
        mut on_packet: impl FnMut(Packet) -> Option<Bytes> + Send + 'static,
    ) -> Self {
        let (out, mut queue) = mpsc::channel::<Bytes>(8);
        let (mut sink, mut stream) = socket.split();
        let answers = out.clone();
        let heartbeat = Duration::from_millis(welcome.heartbeat_ms.max(500).into());
        let reader = gc_runtime::spawn("bench reader", async move {
            while let Some(Ok(message)) = stream.next().await {
                let Message::Binary(bytes) = message else { continue };
                let answer = match Packet::decode(bytes) {
                    Ok(Packet::Link(Body::Heartbeat(Heartbeat { nonce }))) => {
                        Some(encode_link(Body::HeartbeatAck(HeartbeatAck { nonce })))
                    }
                    Ok(packet) => on_packet(packet),
                    Err(error) => {
                        tracing::error!(%error, "the server sent what is no packet");
                        return;
                    }
                };
                if let Some(answer) = answer
                    && answers.send(answer).await.is_err()
                {
                    return;
                }
            }
        });
        let writer = gc_runtime::spawn("bench writer", async move {
            loop {
                let next = tokio::time::timeout(heartbeat, queue.recv()).await;
                let bytes = match next {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) => return,
                    Err(_) => encode_link(Body::Heartbeat(Heartbeat { nonce: 1 })),
                };
                if sink.feed(Message::Binary(bytes)).await.is_err()
                    || (queue.is_empty() && sink.flush().await.is_err())
                {
                    return;
                }
            }
        });
        Self { out, tasks: [reader, writer] }
    }
}

/// An agent that accepts every offer.
pub(crate) struct SimulatedAgent {
    peer: Peer,
    offer: oneshot::Receiver<SessionOffer>,
    session: Option<(SessionId, u32)>,
    sequence: u32,
}

impl SimulatedAgent {
    /// Takes over an open link.
    pub(crate) fn new(link: (Socket, Welcome)) -> Self {
        let (offered, offer) = oneshot::channel();
        let mut offered = Some(offered);
        let peer = Peer::drive(link, move |packet| match packet {
            Packet::Link(Body::SessionOffer(offer)) => {
                let answer = SessionAnswer {
                    session_id: offer.session_id.clone(),
                    consent: ConsentState::NotRequired.into(),
                    rights: offer.grant.as_ref().map_or(0, |grant| grant.rights),
                    cause: None,
                };
                if let Some(offered) = offered.take() {
                    // Nobody waits any more when the run is over.
                    let _ = offered.send(offer);
                }
                Some(encode_link(Body::SessionAnswer(answer)))
            }
            _ => None,
        });
        Self { peer, offer, session: None, sequence: 0 }
    }

    /// Waits for the session in which it sends.
    pub(crate) async fn offered(&mut self) -> Result<()> {
        let offer = tokio::time::timeout(Duration::from_secs(10), &mut self.offer)
            .await
            .context("no session was offered in 10 s")??;
        let session = <[u8; 16]>::try_from(offer.session_id).ok().context("session id")?;
        self.session = Some((SessionId::from_bytes(session), offer.epoch));
        Ok(())
    }

    /// Sends a record of this size in all, with the time in it.
    pub(crate) async fn send(&mut self, record_bytes: usize) -> Result<()> {
        let (session, epoch) = self.session.context("no session yet")?;
        let header = Header {
            channel: Channel::Video,
            // Each is a whole picture, so that nothing depends on what was skipped.
            flags: Flags::KEY_FRAME.with(Flags::END),
            participant: 0,
            epoch,
            sequence: self.sequence,
            session,
        };
        self.sequence = self.sequence.wrapping_add(1);
        let mut payload = vec![0x5A; record_bytes - gc_proto::HEADER_LEN];
        let now = monotonic().as_nanos() as u64;
        if let Some(stamp) = payload.first_chunk_mut() {
            *stamp = now.to_le_bytes();
        }
        let record = Record::from_payload(header, &payload);
        self.peer.out.send(record.bytes().clone()).await.context("the agent's link is lost")
    }
}

/// What a viewer has received.
#[derive(Debug, Default)]
pub(crate) struct Received {
    /// Records.
    pub(crate) records: AtomicU64,
    /// Their bytes, headers included.
    pub(crate) bytes: AtomicU64,
    /// Records that the server left out.
    pub(crate) skipped: AtomicU64,
    /// Time from the agent to here, nanoseconds each, while [`Received::keep`].
    pub(crate) latencies: std::sync::Mutex<Vec<u64>>,
    /// Whether latencies are kept.
    pub(crate) keep: std::sync::atomic::AtomicBool,
}

/// A viewer that counts.
pub(crate) struct SimulatedViewer {
    /// What came.
    pub(crate) received: Arc<Received>,
    _peer: Peer,
}

impl SimulatedViewer {
    /// Takes over an open link; each record gives a permit back to `window`.
    pub(crate) fn new(link: (Socket, Welcome), window: Arc<Semaphore>) -> Self {
        let received = Arc::new(Received::default());
        let counts = received.clone();
        let mut next: Option<u32> = None;
        let peer = Peer::drive(link, move |packet| {
            let Packet::Record(record) = packet else { return None };
            if record.header().channel != Channel::Video {
                return None;
            }
            let sequence = record.header().sequence;
            let gap = next.map_or(0, |next| sequence.wrapping_sub(next));
            next = Some(sequence.wrapping_add(1));
            counts.skipped.fetch_add(gap.into(), Ordering::Relaxed);
            counts.records.fetch_add(1, Ordering::Relaxed);
            counts.bytes.fetch_add(record.bytes().len() as u64, Ordering::Relaxed);
            if counts.keep.load(Ordering::Relaxed)
                && let Some(stamp) = record.payload().first_chunk()
                && let Ok(mut latencies) = counts.latencies.lock()
            {
                let now = monotonic().as_nanos() as u64;
                latencies.push(now.saturating_sub(u64::from_le_bytes(*stamp)));
            }
            window.add_permits(1 + gap as usize);
            None
        });
        Self { received, _peer: peer }
    }
}
