//! A TCP socket that holds little unsent.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::allowance::{Allowance, LEAST};

/// A stream whose small messages go out at once, and in which little waits where
/// priority cannot reach: 32 KiB, and up to 256 KiB on a line that has them gone within
/// a millisecond (`TCP_NOTSENT_LOWAT`, tcp(7)). Where there is no such limit, as on
/// Windows, the system sizes the send buffer by the line, which it does as long as
/// nobody sets `SO_SNDBUF` (Winsock, `SIO_IDEAL_SEND_BACKLOG_QUERY`, remarks).
#[derive(Debug)]
pub struct Socket {
    stream: TcpStream,
    start: Instant,
    allowance: Allowance,
}

impl Socket {
    /// Tunes a fresh connection.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        hold(&stream, LEAST)?;
        Ok(Self { stream, start: Instant::now(), allowance: Allowance::new() })
    }

    fn wrote(&mut self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Pending => self.allowance.full(),
            Poll::Ready(Ok(bytes)) => {
                let limit = self.allowance.took(*bytes, self.start.elapsed());
                if let Some(limit) = limit
                    && let Err(error) = hold(&self.stream, limit)
                {
                    // As fast as before, then.
                    tracing::debug!(%error, limit, "the socket keeps its limit");
                }
            }
            Poll::Ready(Err(_)) => {}
        }
        result
    }
}

#[cfg(target_os = "linux")]
fn hold(stream: &TcpStream, bytes: u32) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(bytes)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it may fail elsewhere")]
const fn hold(_: &TcpStream, _: u32) -> io::Result<()> {
    Ok(())
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_line_within_the_computer_is_allowed_more_while_it_is_read() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut other, _) = listener.accept().await.unwrap();
        let mut socket = Socket::new(stream).unwrap();
        let held =
            |socket: &Socket| socket2::SockRef::from(&socket.stream).tcp_notsent_lowat().unwrap();
        assert_eq!(held(&socket), LEAST);
        let reading = gc_runtime::spawn("reader", async move {
            let mut buffer = vec![0; 1 << 20];
            while other.read(&mut buffer).await.unwrap_or(0) > 0 {}
        });
        let piece = vec![7; 1 << 16];
        // However slow this computer is, it is faster than a line of 512 Mbit/s.
        for _ in 0..100_000 {
            socket.write_all(&piece).await.unwrap();
            if held(&socket) > LEAST {
                break;
            }
        }
        assert!(held(&socket) > LEAST);
        drop(socket);
        reading.await.unwrap();
    }
}
