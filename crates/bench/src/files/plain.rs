//! What the machine carries without the product: one TCP stream, one TLS stream, and
//! one that is decrypted and encrypted again on its way, as a relay must.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::certificate::Certificates;

/// Bytes of one write.
const PIECE: usize = 64 << 10;

/// Megabytes a second.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Figures {
    pub(super) tcp: f64,
    pub(super) tls: f64,
    pub(super) two_hops: f64,
    pub(super) scp: Option<f64>,
}

impl Figures {
    /// The better of both, one by one.
    pub(super) fn best(&mut self, other: &Self) {
        self.tcp = self.tcp.max(other.tcp);
        self.tls = self.tls.max(other.tls);
        self.two_hops = self.two_hops.max(other.two_hops);
        self.scp = match (self.scp, other.scp) {
            (Some(a), Some(b)) => Some(a.max(b)),
            (a, b) => a.or(b),
        };
    }
}

/// Each once.
pub(super) async fn measure(bytes: u64) -> Result<Figures> {
    let folder = tempfile::tempdir()?;
    let certificates = Certificates::make(folder.path())?;
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_file_iter(&certificates.chain)?.collect::<Result<_, _>>()?;
    let key = PrivateKeyDer::from_pem_file(&certificates.key)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let connector = TlsConnector::from(certificates.client()?);
    let name = ServerName::try_from("127.0.0.1")?;

    let (near, far) = pair().await?;
    let tcp = timed(near, far, bytes).await?;

    let (near, far) = pair().await?;
    let (near, far) =
        tokio::try_join!(connector.connect(name.clone(), near), acceptor.accept(far))?;
    let tls = timed(near, far, bytes).await?;

    let (near, middle_in) = pair().await?;
    let (middle_out, far) = pair().await?;
    let (near, mut middle_in) =
        tokio::try_join!(connector.connect(name.clone(), near), acceptor.accept(middle_in))?;
    let (mut middle_out, far) =
        tokio::try_join!(acceptor.accept(middle_out), connector.connect(name, far))?;
    let relay = async {
        let mut buffer = vec![0; PIECE];
        loop {
            let got = middle_in.read(&mut buffer).await?;
            if got == 0 {
                return middle_out.shutdown().await;
            }
            middle_out.write_all(&buffer[..got]).await?;
            middle_out.flush().await?;
        }
    };
    let (rate, done) = tokio::join!(timed(near, far, bytes), relay);
    done?;
    Ok(Figures { tcp, tls, two_hops: rate?, scp: super::ssh::scp(bytes)? })
}

async fn pair() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (near, far) = tokio::try_join!(TcpStream::connect(address), listener.accept())?;
    near.set_nodelay(true)?;
    far.0.set_nodelay(true)?;
    Ok((near, far.0))
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the clock on the wall")]
async fn timed(
    mut near: impl AsyncWrite + Unpin + Send + 'static,
    mut far: impl AsyncRead + Unpin,
    bytes: u64,
) -> Result<f64> {
    let start = Instant::now();
    let sending = tokio::spawn(async move {
        let piece = vec![0x5A; PIECE];
        let mut left = bytes;
        while left > 0 {
            let now = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            near.write_all(&piece[..now]).await?;
            left -= now as u64;
        }
        near.shutdown().await?;
        // Closed with a server's tickets unread, it would take the last bytes along.
        Ok::<_, std::io::Error>(near)
    });
    let mut buffer = vec![0; PIECE];
    let mut got = 0;
    while got < bytes {
        let read = far.read(&mut buffer).await?;
        if read == 0 {
            break;
        }
        got += read as u64;
    }
    let took = start.elapsed();
    drop(sending.await??);
    Ok(got as f64 / 1e6 / took.as_secs_f64())
}
