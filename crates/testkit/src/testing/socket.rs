//! A WebSocket in memory.

use std::io;

use bytes::Bytes;
use gc_relay::ports::{LinkSink, LinkSource, PortFuture, SocketEvent};
use tokio::sync::mpsc;

/// What the relay sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromRelay {
    /// A binary message.
    Message(Bytes),
    /// A close frame.
    Close(u16, String),
}

/// The far end of an in-memory socket.
#[derive(Debug)]
pub struct PeerSocket {
    /// Towards the relay; dropping it closes the connection.
    pub tx: mpsc::Sender<SocketEvent>,
    /// From the relay; `None` when the connection is gone.
    pub rx: mpsc::Receiver<FromRelay>,
}

struct Source(mpsc::Receiver<SocketEvent>);

struct Sink(mpsc::Sender<FromRelay>);

impl LinkSource for Source {
    fn next(&mut self) -> PortFuture<'_, SocketEvent> {
        Box::pin(async move { self.0.recv().await.unwrap_or(SocketEvent::Closed) })
    }
}

impl LinkSink for Sink {
    fn send(&mut self, messages: Vec<Bytes>) -> PortFuture<'_, io::Result<()>> {
        Box::pin(async move {
            for message in messages {
                let sent = self.0.send(FromRelay::Message(message)).await;
                sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            }
            Ok(())
        })
    }

    fn close(&mut self, code: u16, reason: &str) -> PortFuture<'_, ()> {
        let frame = FromRelay::Close(code, reason.to_owned());
        Box::pin(async move {
            // A peer that is gone needs no close frame.
            let _ = self.0.send(frame).await;
        })
    }
}

/// A socket whose `buffer` messages per direction stand for the kernel's buffers:
/// a peer that reads nothing lets the relay send that many and no more.
pub fn socket_pair(buffer: usize) -> (Box<dyn LinkSource>, Box<dyn LinkSink>, PeerSocket) {
    let (to_relay, from_peer) = mpsc::channel(buffer);
    let (to_peer, from_relay) = mpsc::channel(buffer);
    let peer = PeerSocket { tx: to_relay, rx: from_relay };
    (Box::new(Source(from_peer)), Box::new(Sink(to_peer)), peer)
}
