//! Every way in which a connection is not made, and how one works.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode};
use gc_proto::{Channel, Flags, Header, Packet, Record, encode_link};
use gc_transport::{AddressError, ConnectError, Connector, Endpoint, connect};
use gc_types::{Secret, SessionId};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, accept_hdr_async};

use futures_util::{SinkExt, StreamExt};

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

fn endpoint(address: &str) -> Endpoint {
    Endpoint::new(address.parse().unwrap(), Some(Secret::new("cak_example"))).unwrap()
}

/// Answers the first connection with these bytes.
async fn answering(answer: &'static str) -> Endpoint {
    let (listener, address) = listen().await;
    gc_runtime::spawn("answering server", async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let read = stream.read(&mut request).await.unwrap();
        assert!(read > 0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    endpoint(&format!("ws://{address}/ws/agent"))
}

#[test]
fn addresses_that_leak_or_make_no_sense_are_refused() {
    let check = |url: &str| Endpoint::new(url.parse().unwrap(), None).err();
    assert_eq!(check("wss://support.example.org/ws/agent"), None);
    assert_eq!(check("ws://127.0.0.1:8080/ws/agent"), None);
    assert_eq!(check("ws://[::1]:8080/ws/agent"), None);
    assert_eq!(check("ws://localhost/ws/agent"), None);
    assert_eq!(check("ws://10.0.0.1/ws/agent"), Some(AddressError::Plaintext));
    assert_eq!(check("ws://localhost.example.org/"), Some(AddressError::Plaintext));
    assert_eq!(check("https://example.org/"), Some(AddressError::Scheme));
    assert_eq!(check("wss://user:secret@example.org/"), Some(AddressError::Extra));
    assert_eq!(check("wss://example.org/?token=secret"), Some(AddressError::Extra));
}

#[tokio::test]
async fn answers_that_are_no_link_are_told_apart() {
    let connector = Connector::new(None).unwrap();
    let (listener, address) = listen().await;
    drop(listener);
    let refused = connector.connect(&endpoint(&format!("ws://{address}/"))).await;
    assert!(matches!(refused, Err(ConnectError::Refused)));

    let answered = |answer| {
        let connector = connector.clone();
        async move { connector.connect(&answering(answer).await).await.err().unwrap() }
    };
    let got = answered("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(got, ConnectError::Unauthenticated), "{got:?}");
    let got = answered("HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n").await;
    let wait = Some(Duration::from_secs(7));
    assert!(matches!(got, ConnectError::Busy { retry_after } if retry_after == wait), "{got:?}");
    let got = answered("HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(got, ConnectError::Intercepted), "{got:?}");
    let got = answered("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(got, ConnectError::Intercepted), "{got:?}");
    let got = answered("SSH-2.0-OpenSSH_9.2\r\n\r\n").await;
    assert!(matches!(got, ConnectError::Intercepted), "{got:?}");
    let got = answered("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await;
    assert!(matches!(got, ConnectError::Status(404)), "{got:?}");
}

struct Authority {
    file: PathBuf,
    folder: tempfile::TempDir,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

fn authority() -> Authority {
    let mut parameters = rcgen::CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, certificate.pem()).unwrap();
    Authority { file, folder, issuer: rcgen::Issuer::new(parameters, key) }
}

/// A TLS server for `name` that says one welcome.
async fn secure(authority: &Authority, name: &str, expired: bool) -> String {
    let mut parameters = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
    if expired {
        parameters.not_before = rcgen::date_time_ymd(2001, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(2002, 1, 1);
    }
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, &authority.issuer).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (listener, address) = listen().await;
    gc_runtime::spawn("secure server", async move {
        let (stream, _) = listener.accept().await.unwrap();
        // Refused handshakes are what some tests are about.
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let mut socket = accept_async(stream).await.unwrap();
        let welcome =
            encode_link(Body::Welcome(v2::Welcome { version: 2, ..v2::Welcome::default() }));
        socket.send(Message::Binary(welcome)).await.unwrap();
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
    });
    address
}

#[tokio::test]
async fn tls_failures_say_what_to_do() {
    let ours = authority();
    let connector = Connector::new(Some(&ours.file)).unwrap();
    let at = |address: &str| endpoint(&format!("wss://{address}/ws/agent"));

    let address = secure(&ours, "127.0.0.1", false).await;
    let mut link = connector.connect(&at(&address)).await.unwrap();
    assert!(matches!(link.recv().await.unwrap(), Packet::Link(Body::Welcome(_))));

    let address = secure(&ours, "127.0.0.1", true).await;
    let failed = connector.connect(&at(&address)).await.err().unwrap();
    assert!(matches!(failed, ConnectError::CertificateTime), "{failed:?}");
    assert!(failed.to_string().contains("date and time"));

    let address = secure(&ours, "other.example", false).await;
    let failed = connector.connect(&at(&address)).await.err().unwrap();
    assert!(matches!(failed, ConnectError::CertificateName), "{failed:?}");

    let address = secure(&authority(), "127.0.0.1", false).await;
    let failed = connector.connect(&at(&address)).await.err().unwrap();
    assert!(matches!(failed, ConnectError::CertificateUntrusted), "{failed:?}");

    let (listener, address) = listen().await;
    gc_runtime::spawn("plaintext server", async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let failed = connector.connect(&at(&address)).await.err().unwrap();
    assert!(matches!(failed, ConnectError::Intercepted), "{failed:?}");

    let nothing = ours.folder.path().join("empty.pem");
    std::fs::write(&nothing, "").unwrap();
    assert!(Connector::new(Some(&nothing)).is_err());
}

#[tokio::test]
async fn the_credential_travels_in_the_header() {
    let (listener, address) = listen().await;
    let seen = Arc::new(std::sync::Mutex::new(String::new()));
    let noted = Arc::clone(&seen);
    let server = async move {
        let (stream, _) = listener.accept().await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's callback type")]
        accept_hdr_async(
            stream,
            |request: &tokio_tungstenite::tungstenite::handshake::server::Request, response| {
                let header = request.headers().get("authorization").unwrap();
                header.to_str().unwrap().clone_into(&mut noted.lock().unwrap());
                Ok(response)
            },
        )
        .await
        .unwrap()
    };
    let endpoint = endpoint(&format!("ws://{address}/ws/agent"));
    let (link, _socket) = tokio::join!(connect(&endpoint, None), server);
    assert!(link.is_ok());
    assert_eq!(*seen.lock().unwrap(), "Bearer cak_example");
    assert!(!format!("{endpoint:?}").contains("cak_example"));
}

async fn pair() -> (gc_transport::Link, tokio_tungstenite::WebSocketStream<TcpStream>) {
    let (listener, address) = listen().await;
    let endpoint = endpoint(&format!("ws://{address}/ws/agent"));
    let (link, socket) = tokio::join!(connect(&endpoint, None), async move {
        let (stream, _) = listener.accept().await.unwrap();
        accept_async(stream).await.unwrap()
    });
    (link.unwrap(), socket)
}

fn record(channel: Channel, sequence: u32, size: usize) -> Record {
    let (flags, session) = (Flags::NONE, SessionId::from_bytes([1; 16]));
    let header = Header { channel, flags, participant: 1, epoch: 1, sequence, session };
    Record::from_payload(header, &vec![0; size])
}

#[tokio::test]
async fn control_overtakes_queued_video_on_a_real_socket() {
    let (mut link, mut socket) = pair().await;
    let sender = link.sender();
    let mut queued = 0;
    // The server reads nothing, so that the kernel's buffers fill up.
    while sender.queued_bytes() < 1 << 20 {
        sender.send(&record(Channel::Video, queued, 60_000)).unwrap();
        queued += 1;
        tokio::task::yield_now().await;
    }
    sender.send(&record(Channel::Control, 0, 10)).unwrap();
    let mut before = 0;
    loop {
        let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() else { continue };
        if Header::decode(&bytes).unwrap().channel == Channel::Control {
            break;
        }
        before += 1;
    }
    assert!(before + 10 < queued, "control came after {before} of {queued}");
    let drained = sender.drained_to(0);
    tokio::select! {
        drained = drained => drained.unwrap(),
        () = async { while socket.next().await.is_some() {} } => panic!("closed"),
        _ = link.recv() => panic!("the server said nothing"),
    }
    assert_eq!(sender.queued_bytes(), 0);
}

#[tokio::test]
async fn the_relays_last_words_reach_the_caller() {
    let (mut link, mut socket) = pair().await;
    let sender = link.sender();
    let close = Body::Close(v2::Close {
        code: CloseCode::GoingAway.into(),
        reason: "the server is restarting".into(),
        retry_after_ms: 2_000,
    });
    socket.send(Message::Binary(encode_link(close))).await.unwrap();
    socket.close(None).await.unwrap();
    let closed = link.recv().await.unwrap_err();
    assert_eq!(closed.code, Some(CloseCode::GoingAway));
    assert_eq!(closed.retry_after, Some(Duration::from_secs(2)));
    assert_eq!(sender.closed().await, closed);
    assert!(sender.say(Body::Heartbeat(v2::Heartbeat { nonce: 1 })).is_err());
}

#[tokio::test]
async fn closing_says_goodbye_and_dropping_does_too() {
    for explicit in [true, false] {
        let (link, mut socket) = pair().await;
        let (receiver, sender) = link.split();
        sender.say(Body::HeartbeatAck(v2::HeartbeatAck { nonce: 5 })).unwrap();
        if explicit {
            sender.close(CloseCode::Policy, "enough");
        }
        drop(sender);
        let mut codes = Vec::new();
        while let Some(Ok(message)) = socket.next().await {
            match message {
                Message::Binary(bytes) => match Packet::decode(bytes).unwrap() {
                    Packet::Link(Body::Close(close)) => codes.push(close.code),
                    Packet::Link(Body::HeartbeatAck(_)) => codes.push(0),
                    other => panic!("{other:?}"),
                },
                Message::Close(Some(frame)) => codes.push(u16::from(frame.code).into()),
                _ => {}
            }
        }
        let code = if explicit { 1008 } else { 1000 };
        assert_eq!(codes, [0, code, code]);
        drop(receiver);
    }
}
