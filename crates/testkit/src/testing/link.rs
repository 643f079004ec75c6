//! A transport link on an in-memory socket.

use std::io;

use bytes::Bytes;
use gc_relay::ports::{LinkSink, LinkSource, SocketEvent};
use gc_transport::{Link, WireEvent, WireFuture, WireSink, WireSource};
use tokio::sync::mpsc;

use super::socket::{FromRelay, socket_pair};

struct Source(mpsc::Receiver<FromRelay>);

struct Sink(mpsc::Sender<SocketEvent>);

impl WireSource for Source {
    fn next(&mut self) -> WireFuture<'_, WireEvent> {
        Box::pin(async move {
            match self.0.recv().await {
                Some(FromRelay::Message(bytes)) => WireEvent::Message(bytes),
                Some(FromRelay::Close(code, reason)) => WireEvent::Closed(code, reason),
                None => WireEvent::Gone("the connection ended".into()),
            }
        })
    }
}

impl WireSink for Sink {
    fn send(&mut self, messages: Vec<Bytes>) -> WireFuture<'_, io::Result<()>> {
        Box::pin(async move {
            for message in messages {
                let sent = self.0.send(SocketEvent::Message(message)).await;
                sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
            }
            Ok(())
        })
    }

    fn close(&mut self, _code: u16, _reason: &str) -> WireFuture<'_, ()> {
        Box::pin(async move {
            // A relay that is gone needs no close frame.
            let _ = self.0.send(SocketEvent::Closed).await;
        })
    }
}

/// The relay's halves of a socket and a [`Link`] on its far side, in memory.
/// `buffer` messages per direction stand for the kernel's buffers.
pub fn link_pair(buffer: usize) -> (Box<dyn LinkSource>, Box<dyn LinkSink>, Link) {
    let (source, sink, peer) = socket_pair(buffer);
    (source, sink, Link::over(Box::new(Source(peer.rx)), Box::new(Sink(peer.tx))))
}
