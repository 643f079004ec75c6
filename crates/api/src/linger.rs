//! Closing a socket so that the last word arrives.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

/// A peer that still sends is listened to for this long at most…
const LINGER: Duration = Duration::from_secs(2);
/// …and for this many bytes: a whole message of an agent and what was on its way.
const DISCARD: usize = 8 << 20;

/// A socket that, when dropped, ends its own side and reads off what the peer had
/// already sent. Without that the kernel answers unread bytes with a reset, and the
/// close frame or error before it is lost (RFC 9112, section 9.6). `keep` lives as
/// long as the socket does.
#[derive(Debug)]
pub struct Lingering<S, K = ()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    K: Send + 'static,
{
    held: Option<(S, K)>,
}

impl<S, K> Lingering<S, K>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    K: Send + 'static,
{
    /// Takes the socket over.
    pub const fn new(io: S, keep: K) -> Self {
        Self { held: Some((io, keep)) }
    }

    fn io(&mut self) -> io::Result<Pin<&mut S>> {
        let (io, _) = self.held.as_mut().ok_or(ErrorKind::NotConnected)?;
        Ok(Pin::new(io))
    }
}

impl<S, K> Drop for Lingering<S, K>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    K: Send + 'static,
{
    fn drop(&mut self) {
        // At the end of the process there is no runtime to linger in.
        let runs = tokio::runtime::Handle::try_current().is_ok();
        if let Some((mut io, keep)) = self.held.take().filter(|_| runs) {
            gc_runtime::spawn("linger", async move {
                let ended = tokio::time::timeout(LINGER, async {
                    io.shutdown().await?;
                    let mut left = DISCARD;
                    let mut bytes = vec![0; 4096];
                    while left > 0 {
                        match io.read(&mut bytes).await? {
                            0 => break,
                            read => left = left.saturating_sub(read),
                        }
                    }
                    io::Result::Ok(())
                });
                // Whoever is gone, or still sends, has lost the right to more.
                let _ = ended.await;
                drop(keep);
            });
        }
    }
}

impl<S, K> AsyncRead for Lingering<S, K>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    K: Send + Unpin + 'static,
{
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.io()?.poll_read(context, buffer)
    }
}

impl<S, K> AsyncWrite for Lingering<S, K>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    K: Send + Unpin + 'static,
{
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.io()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io()?.poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.io()?.poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.held.as_ref().is_some_and(|(io, _)| io.is_write_vectored())
    }
}
