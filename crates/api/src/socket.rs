//! The relay's ports over axum's WebSocket.

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use gc_relay::ports::{LinkSink, LinkSource, PortFuture, SocketEvent};
use tokio_tungstenite::tungstenite;

/// Name of the protocol, when a client asks for one.
const SUBPROTOCOL: &str = "guruconnect.v2";
/// A socket reads this much at a time. The default of 128 KiB is what an idle link
/// would cost.
const READ_BUFFER: usize = 4 * 1024;
/// Messages are handed to the kernel at once, not collected.
const WRITE_BUFFER: usize = 0;

/// Receiving half.
pub(crate) struct Source(SplitStream<WebSocket>);

/// Sending half.
pub(crate) struct Sink(SplitSink<WebSocket, Message>);

/// Finishes an upgrade and runs `serve` on both halves. `max_message` bounds what
/// the peer may send in one message, and in one frame.
pub(crate) fn upgrade<F, Fut>(upgrade: WebSocketUpgrade, max_message: usize, serve: F) -> Response
where
    F: FnOnce(Box<Source>, Box<Sink>) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(16 << 20)
        .max_message_size(max_message)
        .max_frame_size(max_message)
        .on_upgrade(move |socket| async move {
            let (sink, source) = socket.split();
            // Boxed, so that a link costs what it holds and not what its largest
            // state could.
            Box::pin(serve(Box::new(Source(source)), Box::new(Sink(sink)))).await;
        })
}

/// What a failed read means to the relay.
fn failure(error: axum::Error) -> SocketEvent {
    use tungstenite::Error;
    match error.into_inner().downcast::<Error>().map(|error| *error) {
        Ok(Error::Capacity(_)) => SocketEvent::TooLarge,
        Ok(Error::Utf8(_)) => SocketEvent::InvalidUtf8,
        Ok(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
            SocketEvent::Closed
        }
        Ok(Error::Protocol(_)) => SocketEvent::ProtocolError,
        Ok(_) | Err(_) => SocketEvent::Closed,
    }
}

impl LinkSource for Source {
    fn next(&mut self) -> PortFuture<'_, SocketEvent> {
        Box::pin(async move {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Binary(bytes))) => return SocketEvent::Message(bytes),
                    Some(Ok(Message::Text(_))) => return SocketEvent::Text,
                    // Answered below this layer.
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_))) | None => return SocketEvent::Closed,
                    Some(Err(error)) => return failure(error),
                }
            }
        })
    }
}

impl LinkSink for Sink {
    fn send(&mut self, messages: Vec<Bytes>) -> PortFuture<'_, std::io::Result<()>> {
        Box::pin(async move {
            for message in messages {
                self.0.feed(Message::Binary(message)).await.map_err(std::io::Error::other)?;
            }
            self.0.flush().await.map_err(std::io::Error::other)
        })
    }

    fn close(&mut self, code: u16, reason: &str) -> PortFuture<'_, ()> {
        let frame = CloseFrame { code, reason: reason.into() };
        Box::pin(async move {
            // Whoever is closed may be gone already; either way the link is over.
            if self.0.send(Message::Close(Some(frame))).await.is_ok() {
                let _ = self.0.close().await;
            }
        })
    }
}
