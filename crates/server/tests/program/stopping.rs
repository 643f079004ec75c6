//! SIGTERM while a link is open.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, CloseCode, hello};
use gc_proto::{Packet, SUPPORTED_VERSIONS, encode_link};
use rustix::process::Signal;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::process::Server;
use crate::requests::{post, set_up};

type Socket = WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>;

/// The next link message, or the code of the close. Bounded in time.
async fn next(socket: &mut Socket) -> Result<Body, u16> {
    loop {
        let message = tokio::time::timeout(Duration::from_mins(1), socket.next());
        match message.await.expect("nothing came within a minute") {
            Some(Ok(Message::Binary(bytes))) => match Packet::decode(bytes).unwrap() {
                Packet::Link(body) => return Ok(body),
                Packet::Record(_) => panic!("no record was expected"),
            },
            Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
            Some(Ok(_)) => {}
            Some(Err(error)) => panic!("{error}"),
            None => panic!("the connection broke without a close"),
        }
    }
}

/// What is said last, and the code of the close.
async fn end(socket: &mut Socket) -> (v2::Close, u16) {
    let mut told = None;
    loop {
        match next(socket).await {
            Ok(Body::Close(close)) => told = Some(close),
            Ok(_) => {}
            Err(code) => return (told.expect("closed without a word"), code),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_told_to_stop_says_goodbye_and_ends_well() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let (mut server, port, ready) = Server::start(folder.path(), &[]);
        let token = set_up(port, &ready);
        let machine = json!({"name": "pc", "consent_mode": "silent"});
        let machine = post(port, "/api/machines", &token, &machine);
        let keys = format!("/api/machines/{}/keys", machine["id"].as_str().unwrap());
        let key = post(port, &keys, &token, &json!({"name": "k"}));
        let key = key["secret"].as_str().unwrap();

        let url = format!("ws://127.0.0.1:{port}/ws/agent");
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().append("authorization", format!("Bearer {key}").parse().unwrap());
        let (mut socket, _) = connect_async(request).await.unwrap();
        let agent = v2::AgentHello {
            mode: v2::AgentMode::Managed.into(),
            hostname: "desktop".into(),
            ..v2::AgentHello::default()
        };
        let hello = Body::Hello(v2::Hello {
            versions: Some(SUPPORTED_VERSIONS),
            software: "1.0".into(),
            endpoint: Some(hello::Endpoint::Agent(agent)),
        });
        socket.send(Message::Binary(encode_link(hello))).await.unwrap();
        assert!(matches!(next(&mut socket).await, Ok(Body::Welcome(_))));
        // A stranger who has not said hello yet must not hold up the end either.
        let stranger = format!("ws://127.0.0.1:{port}/ws/viewer");
        let (stranger, _) = connect_async(stranger).await.unwrap();

        server.signal(signal);
        for mut socket in [socket, stranger] {
            let (told, code) = end(&mut socket).await;
            assert!(told.retry_after_ms > 0, "{told:?}");
            assert_eq!(i32::from(code), CloseCode::GoingAway as i32, "{signal:?}");
        }
        assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    }
}
