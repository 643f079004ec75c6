//! Halves of a WebSocket.

use std::io;

use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::wire::{WireEvent, WireFuture, WireSink, WireSource};

/// Bytes read at once. The library's default of 128 KiB is kept for ever by an
/// idle connection.
const READ_BUFFER: usize = 16 << 10;
const WRITE_BUFFER: usize = 16 << 10;
/// Beyond the largest message of the protocol with its header.
const MAX_MESSAGE: usize = gc_proto::MAX_AGENT_MESSAGE;

pub(crate) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_write_buffer_size(2 * MAX_MESSAGE + WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE))
}

pub(crate) struct Source<S>(pub(crate) SplitStream<WebSocketStream<S>>);

pub(crate) struct Sink<S>(pub(crate) SplitSink<WebSocketStream<S>, Message>);

impl<S> WireSource for Source<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn next(&mut self) -> WireFuture<'_, WireEvent> {
        Box::pin(async move {
            loop {
                return match self.0.next().await {
                    Some(Ok(Message::Binary(bytes))) => WireEvent::Message(bytes),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
                    Some(Ok(Message::Close(frame))) => frame.map_or_else(
                        || WireEvent::Closed(u16::from(CloseCode::Status), String::new()),
                        |frame| WireEvent::Closed(frame.code.into(), frame.reason.to_string()),
                    ),
                    Some(Ok(Message::Text(_))) => WireEvent::Gone("the server sent text".into()),
                    Some(Err(error)) => WireEvent::Gone(error.to_string()),
                    None => WireEvent::Gone("the connection ended".into()),
                };
            }
        })
    }
}

impl<S> WireSink for Sink<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn send(&mut self, messages: Vec<Bytes>) -> WireFuture<'_, io::Result<()>> {
        Box::pin(async move {
            for message in messages {
                self.0.feed(Message::Binary(message)).await.map_err(into_io)?;
            }
            self.0.flush().await.map_err(into_io)
        })
    }

    fn close(&mut self, code: u16, reason: &str) -> WireFuture<'_, ()> {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        Box::pin(async move {
            // The link is over whether or not the peer hears of it.
            let _ = self.0.send(Message::Close(Some(frame))).await;
        })
    }
}

fn into_io(error: tungstenite::Error) -> io::Error {
    match error {
        tungstenite::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}
