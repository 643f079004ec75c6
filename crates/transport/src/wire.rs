//! What a link needs from the socket below it.

use std::future::Future;
use std::io;
use std::pin::Pin;

use bytes::Bytes;

/// A future of one half of a socket.
pub type WireFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WireEvent {
    /// A whole binary message.
    Message(Bytes),
    /// A close frame with its status.
    Closed(u16, String),
    /// The connection is gone, or the peer broke the WebSocket protocol.
    Gone(String),
}

/// The receiving half.
pub trait WireSource: Send + 'static {
    /// The next event. Nothing follows [`WireEvent::Closed`] or
    /// [`WireEvent::Gone`].
    fn next(&mut self) -> WireFuture<'_, WireEvent>;
}

/// The sending half.
pub trait WireSink: Send + 'static {
    /// Hands messages over in order and flushes once.
    fn send(&mut self, messages: Vec<Bytes>) -> WireFuture<'_, io::Result<()>>;

    /// Sends a close frame.
    fn close(&mut self, code: u16, reason: &str) -> WireFuture<'_, ()>;
}
