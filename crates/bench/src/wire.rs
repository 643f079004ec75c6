//! The plain WebSocket protocol, for peers that are simulated in great numbers.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{AgentHello, AgentMode, Hello, ViewerCapabilities, ViewerHello, Welcome, hello};
use gc_proto::{Packet, SUPPORTED_VERSIONS, encode_link};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_util::either::Either;

pub(crate) type Socket = WebSocketStream<Either<TlsStream<TcpStream>, TcpStream>>;

/// How to reach the server.
#[derive(Clone)]
pub(crate) struct Door {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// With TLS, or plain.
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

impl Door {
    /// From `http(s)://127.0.0.1:PORT`.
    pub(crate) fn new(url: &str, tls: Option<Arc<ClientConfig>>) -> Result<Self> {
        let address = url.rsplit("//").next().unwrap_or_default().trim_end_matches('/');
        let address = address.replace("localhost", "127.0.0.1");
        Ok(Self { address: address.parse().with_context(|| format!("address {url}"))?, tls })
    }

    /// Opens a WebSocket.
    pub(crate) async fn open(&self, path: &str, bearer: Option<&str>) -> Result<Socket> {
        let socket = TcpSocket::new_v4()?;
        socket.set_nodelay(true)?;
        let tcp = socket.connect(self.address).await?;
        let stream = match &self.tls {
            Some(config) => {
                let name = ServerName::from(self.address.ip());
                let connector = tokio_rustls::TlsConnector::from(config.clone());
                Either::Left(connector.connect(name, tcp).await?)
            }
            None => Either::Right(tcp),
        };
        let scheme = if self.tls.is_some() { "wss" } else { "ws" };
        let mut request = format!("{scheme}://{}{path}", self.address).into_client_request()?;
        if let Some(bearer) = bearer {
            let value = HeaderValue::from_str(&format!("Bearer {bearer}"))?;
            request.headers_mut().insert("Authorization", value);
        }
        let config = WebSocketConfig::default()
            .read_buffer_size(if path.ends_with("viewer") { 64 << 10 } else { 4 << 10 })
            .write_buffer_size(0)
            .max_write_buffer_size(8 << 20);
        let (socket, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(config))
                .await
                .with_context(|| format!("cannot open {path}"))?;
        Ok(socket)
    }

    /// Opens the link of a managed agent; how often it shall beat is in the welcome.
    pub(crate) async fn agent(&self, name: &str, key: &str) -> Result<(Socket, Welcome)> {
        let mut socket = self.open("/ws/agent", Some(key)).await?;
        let agent = AgentHello {
            mode: AgentMode::Managed.into(),
            hostname: name.to_owned(),
            os: "linux".to_owned(),
            os_version: "bench".to_owned(),
            architecture: "x86_64".to_owned(),
            ..AgentHello::default()
        };
        let welcome = greet(&mut socket, hello::Endpoint::Agent(agent)).await?;
        Ok((socket, welcome))
    }

    /// Opens the link of a viewer; its seat is in the welcome.
    pub(crate) async fn viewer(&self, token: &str) -> Result<(Socket, Welcome)> {
        let mut socket = self.open("/ws/viewer", None).await?;
        let capabilities = ViewerCapabilities {
            codecs: Vec::new(),
            max_width: 4096,
            max_height: 4096,
            scaled_motion: false,
        };
        let viewer = ViewerHello { token: token.to_owned(), capabilities: Some(capabilities) };
        let welcome = greet(&mut socket, hello::Endpoint::Viewer(viewer)).await?;
        Ok((socket, welcome))
    }
}

async fn greet(socket: &mut Socket, endpoint: hello::Endpoint) -> Result<Welcome> {
    let hello = Hello {
        versions: Some(SUPPORTED_VERSIONS),
        software: "bench".to_owned(),
        endpoint: Some(endpoint),
    };
    send(socket, encode_link(Body::Hello(hello))).await?;
    loop {
        match receive(socket).await? {
            Packet::Link(Body::Welcome(welcome)) => return Ok(welcome),
            Packet::Link(Body::Close(close)) => bail!("refused: {}", close.reason),
            _ => {}
        }
    }
}

/// Sends a binary message at once.
pub(crate) async fn send(socket: &mut Socket, bytes: Bytes) -> Result<()> {
    socket.send(Message::Binary(bytes)).await.context("the server closed the link")
}

/// The next binary message.
pub(crate) async fn receive(socket: &mut Socket) -> Result<Packet> {
    loop {
        match socket.next().await.context("the server closed the link")?? {
            Message::Binary(bytes) => return Ok(Packet::decode(bytes)?),
            Message::Close(frame) => bail!("the server closed the link: {frame:?}"),
            _ => {}
        }
    }
}
