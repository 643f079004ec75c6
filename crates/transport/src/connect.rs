//! From an address to a link.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use gc_types::Secret;
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, header};
use tokio_tungstenite::tungstenite::{Error, handshake::client::Response};
use url::{Host, Url};

use crate::error::{AddressError, ConnectError, RootsError};
use crate::link::Link;
use crate::socket::Socket;
use crate::{tls, websocket};

/// How long each address of the server may take to accept.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long TLS and the WebSocket handshake may take together.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Where to connect, and as whom.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// `wss://host/ws/agent` or `/ws/viewer`.
    url: Url,
    /// For the Authorization header of an agent.
    bearer: Option<Secret>,
}

impl Endpoint {
    /// Checks the address; nothing is resolved yet.
    pub fn new(url: Url, bearer: Option<Secret>) -> Result<Self, AddressError> {
        let Some(host) = url.host() else { return Err(AddressError::Host) };
        match url.scheme() {
            "wss" => {}
            "ws" if may_be_loopback(&host) => {}
            "ws" => return Err(AddressError::Plaintext),
            _ => return Err(AddressError::Scheme),
        }
        let extra = !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some();
        if extra {
            return Err(AddressError::Extra);
        }
        Ok(Self { url, bearer })
    }

    /// The address.
    pub const fn url(&self) -> &Url {
        &self.url
    }
}

fn may_be_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Makes links. Keep one: reading the system's certificates takes a while.
#[derive(Clone)]
pub struct Connector {
    tls: Arc<ClientConfig>,
}

impl Connector {
    /// Trusts the system's roots, and those in a PEM file when one is named.
    pub fn new(extra_roots: Option<&Path>) -> Result<Self, RootsError> {
        Ok(Self { tls: tls::config(extra_roots)? })
    }

    /// Trusts whom `verifier` trusts: where the system itself judges certificates.
    pub fn verified_by(verifier: Arc<dyn ServerCertVerifier>) -> Result<Self, RootsError> {
        Ok(Self { tls: tls::verified_by(verifier)? })
    }

    /// Connects. The hello is the caller's to send.
    pub async fn connect(&self, endpoint: &Endpoint) -> Result<Link, ConnectError> {
        let url = &endpoint.url;
        let encrypted = url.scheme() == "wss";
        let host = url.host().ok_or(AddressError::Host)?.to_owned();
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses = resolve(&host, port).await?;
        if !encrypted && !addresses.iter().all(|address| address.ip().is_loopback()) {
            return Err(AddressError::Plaintext.into());
        }
        let stream = Socket::new(dial(&addresses).await?).map_err(ConnectError::Broken)?;
        let opening = async {
            if encrypted {
                let name = server_name(&host)?;
                let connector = TlsConnector::from(Arc::clone(&self.tls));
                let stream = connector.connect(name, stream).await.map_err(tls::explain)?;
                upgrade(endpoint, stream).await
            } else {
                upgrade(endpoint, stream).await
            }
        };
        timeout(HANDSHAKE_TIMEOUT, Box::pin(opening)).await.map_err(|_| ConnectError::TimedOut)?
    }
}

/// Connects once; for more than one attempt keep a [`Connector`].
pub async fn connect(
    endpoint: &Endpoint,
    extra_roots: Option<&Path>,
) -> Result<Link, ConnectError> {
    Connector::new(extra_roots)?.connect(endpoint).await
}

async fn resolve(host: &Host<String>, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![SocketAddr::from((*address, port))]),
        Host::Ipv6(address) => return Ok(vec![SocketAddr::from((*address, port))]),
        Host::Domain(name) => name,
    };
    let failed = |source| ConnectError::Dns { host: name.clone(), source };
    let found: Vec<SocketAddr> =
        lookup_host((name.as_str(), port)).await.map_err(failed)?.collect();
    if found.is_empty() {
        return Err(failed(io::ErrorKind::NotFound.into()));
    }
    Ok(found)
}

fn server_name(host: &Host<String>) -> Result<ServerName<'static>, ConnectError> {
    match host {
        Host::Ipv4(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
        Host::Ipv6(address) => Ok(ServerName::from(std::net::IpAddr::from(*address))),
        Host::Domain(name) => {
            ServerName::try_from(name.clone()).map_err(|_| AddressError::Host.into())
        }
    }
}

async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, ConnectError> {
    let mut last = ConnectError::TimedOut;
    for address in addresses {
        last = match timeout(TCP_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                ConnectError::Refused
            }
            Ok(Err(error)) => ConnectError::Unreachable(error),
            Err(_) => ConnectError::TimedOut,
        };
    }
    Err(last)
}

async fn upgrade<S>(endpoint: &Endpoint, stream: S) -> Result<Link, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut request =
        endpoint.url.as_str().into_client_request().map_err(|_| AddressError::Host)?;
    let headers = request.headers_mut();
    let agent = concat!("guruconnect/", env!("CARGO_PKG_VERSION"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
    if let Some(bearer) = &endpoint.bearer {
        let mut value = HeaderValue::try_from(format!("Bearer {}", bearer.expose()))
            .map_err(|_| ConnectError::Unauthenticated)?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    let (socket, _) = client_async_with_config(request, stream, Some(websocket::config()))
        .await
        .map_err(explain)?;
    let (sink, source) = socket.split();
    Ok(Link::over(Box::new(websocket::Source(source)), Box::new(websocket::Sink(sink))))
}

/// What a failed upgrade means for people.
fn explain(error: Error) -> ConnectError {
    match error {
        Error::Http(response) => explain_status(&response),
        Error::Io(error) => ConnectError::Broken(error),
        // An answer that is no WebSocket upgrade, or no HTTP at all.
        Error::Protocol(_) | Error::HttpFormat(_) | Error::Utf8(_) => ConnectError::Intercepted,
        other => ConnectError::Broken(io::Error::other(other)),
    }
}

fn explain_status(response: &Response) -> ConnectError {
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(|seconds: u64| Duration::from_secs(seconds.min(3_600)));
    match response.status() {
        StatusCode::UNAUTHORIZED => ConnectError::Unauthenticated,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            ConnectError::Busy { retry_after }
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED | StatusCode::NETWORK_AUTHENTICATION_REQUIRED => {
            ConnectError::Intercepted
        }
        status if status.is_redirection() || status.is_success() => ConnectError::Intercepted,
        status => ConnectError::Status(status.as_u16()),
    }
}
