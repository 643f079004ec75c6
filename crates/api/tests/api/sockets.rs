//! Both sockets, over real connections, with the real relay behind them.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use gc_proto::v2::link_message::Body;
use gc_proto::v2::{self, hello};
use gc_proto::{MAX_VIEWER_MESSAGE, Packet, SUPPORTED_VERSIONS, encode_link};
use gc_types::Clock;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::harness::{SignedIn, TestApp};

pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

async fn open(
    server: SocketAddr,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, StatusCode> {
    let mut request = format!("ws://{server}{path}").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().append(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, answer)) => {
            assert!(!answer.headers().contains_key("sec-websocket-extensions"));
            Ok(Socket(socket))
        }
        Err(tungstenite::Error::Http(answer)) => Err(answer.status()),
        Err(other) => panic!("{other}"),
    }
}

impl Socket {
    pub(crate) async fn say(&mut self, body: Body) {
        self.0.send(Message::Binary(encode_link(body))).await.unwrap();
    }

    /// The next link message or the close code. Bounded in time.
    pub(crate) async fn next(&mut self) -> Result<Body, u16> {
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.0.next());
            match message.await.expect("nothing came within ten seconds") {
                Some(Ok(Message::Binary(bytes))) => match Packet::decode(bytes).unwrap() {
                    Packet::Link(Body::Heartbeat(_) | Body::Close(_)) => {}
                    Packet::Link(body) => return Ok(body),
                    Packet::Record(_) => panic!("no record was expected"),
                },
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }
}

pub(crate) fn agent_hello(mode: v2::AgentMode) -> Body {
    let agent = v2::AgentHello {
        mode: mode.into(),
        hostname: "desk\u{202e}\u{0}top".into(),
        os: "Linux".into(),
        ..v2::AgentHello::default()
    };
    Body::Hello(v2::Hello {
        versions: Some(SUPPORTED_VERSIONS),
        software: "1.0".into(),
        endpoint: Some(hello::Endpoint::Agent(agent)),
    })
}

fn viewer_hello(token: &str) -> Body {
    let viewer = v2::ViewerHello { token: token.into(), capabilities: None };
    Body::Hello(v2::Hello {
        versions: Some(SUPPORTED_VERSIONS),
        software: "1.0".into(),
        endpoint: Some(hello::Endpoint::Viewer(viewer)),
    })
}

pub(crate) async fn bearer_socket(server: SocketAddr, token: &str) -> Result<Socket, StatusCode> {
    open(server, "/ws/agent", &[("authorization", &format!("Bearer {token}"))]).await
}

/// A managed machine with a key and a silent session.
pub(crate) async fn managed(admin: &SignedIn) -> (String, String, Value) {
    let machine = json!({"name": "pc", "consent_mode": "silent"});
    let machine = admin.client.post("/api/machines", machine).await.json();
    let machine = machine["id"].as_str().unwrap().to_owned();
    let key =
        admin.client.post(&format!("/api/machines/{machine}/keys"), json!({"name": "k"})).await;
    let session = admin.client.post("/api/sessions", json!({"machine_id": machine})).await.json();
    (machine, session["id"].as_str().unwrap().to_owned(), key.json())
}

pub(crate) async fn viewer_token(who: &SignedIn, session: &str) -> String {
    let path = format!("/api/sessions/{session}/viewer-token");
    let made = who.client.post(&path, json!({"access": "control"})).await;
    made.expect(StatusCode::CREATED).json()["token"].as_str().unwrap().to_owned()
}

pub(crate) async fn join(server: SocketAddr, token: &str) -> Result<Socket, u16> {
    let mut viewer = open(server, "/ws/viewer", &[]).await.unwrap();
    viewer.say(viewer_hello(token)).await;
    match viewer.next().await? {
        Body::Welcome(welcome) => assert!(welcome.seat.is_some()),
        other => panic!("{other:?}"),
    }
    Ok(viewer)
}

#[tokio::test]
async fn a_code_becomes_one_session_and_the_agent_can_come_back() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let code = admin.client.post("/api/codes", json!({})).await.json();
    let text = code["code"].as_str().unwrap();
    let bearer = format!("code_{}", text.replace('-', ""));
    let mut agent = bearer_socket(server, &bearer).await.unwrap();
    let mut second = bearer_socket(server, &bearer).await.unwrap();
    agent.say(agent_hello(v2::AgentMode::Support)).await;
    let resume = match agent.next().await {
        Ok(Body::Welcome(welcome)) => welcome.resume_token,
        other => panic!("{other:?}"),
    };
    let Ok(Body::SessionOffer(offer)) = agent.next().await else { panic!("no offer") };
    assert_eq!(offer.consent(), v2::ConsentMode::Ask);
    second.say(agent_hello(v2::AgentMode::Support)).await;
    assert_eq!(second.closed().await, 4401, "the code was used up by the first");
    assert_eq!(bearer_socket(server, &bearer).await.err(), Some(StatusCode::UNAUTHORIZED));

    let listed = admin.client.get("/api/codes").await.json();
    let session = listed["items"][0]["session_id"].as_str().unwrap().to_owned();
    assert_eq!(listed["items"][0]["status"], "used");
    let path = format!("/api/sessions/{session}/viewer-token");
    let pending = admin.client.post(&path, json!({"access": "control"})).await;
    assert_eq!(pending.code(), "consent_pending");
    let status = async || {
        app.app.flush().await;
        let asked = app.nobody().post("/api/codes/status", json!({"code": text})).await;
        asked.json()["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(status().await, "connected");
    agent
        .say(Body::SessionAnswer(v2::SessionAnswer {
            session_id: offer.session_id,
            consent: v2::ConsentState::Granted.into(),
            rights: 15,
            cause: None,
        }))
        .await;
    let mut tries = 0;
    while status().await != "granted" {
        tries += 1;
        assert!(tries < 1000, "consent never arrived");
        tokio::task::yield_now().await;
    }
    drop(agent);
    let mut back = bearer_socket(server, &resume).await.unwrap();
    back.say(agent_hello(v2::AgentMode::Support)).await;
    assert!(matches!(back.next().await, Ok(Body::Welcome(_))));
    assert!(matches!(back.next().await, Ok(Body::SessionOffer(_))));
    admin.client.post(&format!("/api/sessions/{session}/end"), json!({})).await;
    assert_eq!(bearer_socket(server, &resume).await.err(), Some(StatusCode::UNAUTHORIZED));
    let names = admin.client.get(&format!("/api/sessions/{session}")).await.json();
    assert_eq!(names["machine_name"], "desktop");
}

#[tokio::test]
async fn a_cancelled_code_never_binds() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let code = admin.client.post("/api/codes", json!({})).await.json();
    let text = code["code"].as_str().unwrap();
    let mut agent = bearer_socket(server, &format!("code_{text}")).await.unwrap();
    let cancel = admin.client.post(&format!("/api/codes/{text}/cancel"), json!({})).await;
    cancel.expect(StatusCode::NO_CONTENT);
    agent.say(agent_hello(v2::AgentMode::Support)).await;
    assert_eq!(agent.closed().await, 4401);
}

/// Of a guest who comes and a technician who takes the code back at the same time,
/// one wins, and the other learns that it has lost.
#[tokio::test]
async fn a_code_cancelled_while_it_binds_is_either_cancelled_or_bound() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    for round in 0..12 {
        let code = admin.client.post("/api/codes", json!({})).await.json();
        let text = code["code"].as_str().unwrap();
        let mut agent = bearer_socket(server, &format!("code_{text}")).await.unwrap();
        let path = format!("/api/codes/{text}/cancel");
        let cancel = admin.client.post(&path, json!({}));
        let come = async {
            agent.say(agent_hello(v2::AgentMode::Support)).await;
            agent.next().await
        };
        let (cancelled, came) = if round % 2 == 0 {
            tokio::join!(cancel, come)
        } else {
            let (came, cancelled) = tokio::join!(come, cancel);
            (cancelled, came)
        };
        let listed = admin.client.get("/api/codes").await.json();
        let listed = &listed["items"].as_array().unwrap().iter().find(|one| one["code"] == text);
        let listed = listed.unwrap();
        match came {
            Ok(Body::Welcome(_)) => {
                assert_eq!(cancelled.code(), "code_not_active", "round {round}");
                assert_eq!(listed["status"], "used", "round {round}");
            }
            Err(4401) => {
                cancelled.expect(StatusCode::NO_CONTENT);
                assert_eq!(listed["status"], "cancelled", "round {round}");
                assert_eq!(listed["session_id"], Value::Null, "round {round}");
            }
            other => panic!("round {round}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_viewer_token_opens_its_session_once() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, _) = managed(&admin).await;
    let token = viewer_token(&admin, &session).await;
    let viewer = join(server, &token).await;
    assert!(viewer.is_ok());
    assert_eq!(join(server, &token).await.err(), Some(4401));
    assert_eq!(join(server, &admin.access_token).await.err(), Some(4401));
    let late = viewer_token(&admin, &session).await;
    let weaker = viewer_token(&admin, &session).await;
    app.clock.advance(Duration::from_secs(121));
    assert_eq!(join(server, &late).await.err(), Some(4401));
    assert_eq!(join(server, &weaker).await.err(), Some(4401));
    let unused = viewer_token(&admin, &session).await;
    admin.client.post(&format!("/api/sessions/{session}/end"), json!({})).await;
    assert_eq!(join(server, &unused).await.err(), Some(4410));
}

pub(crate) async fn viewer_ticket(who: &SignedIn, session: &str) -> String {
    let path = format!("/api/sessions/{session}/viewer-ticket");
    let made = who.client.post(&path, json!({"access": "control"})).await;
    let made = made.expect(StatusCode::CREATED).json();
    let ticket = made["ticket"].as_str().unwrap().to_owned();
    let link = gc_types::LaunchTicket::parse(made["link"].as_str().unwrap()).unwrap();
    assert_eq!(link.secret().expose(), ticket);
    assert!(made["expires_in_s"].as_u64().unwrap() <= 60);
    ticket
}

/// The credential by which a program comes back.
async fn join_by_ticket(server: SocketAddr, credential: &str) -> Result<(Socket, String), u16> {
    let mut viewer = open(server, "/ws/viewer", &[]).await.unwrap();
    viewer.say(viewer_hello(credential)).await;
    match viewer.next().await? {
        Body::Welcome(welcome) => Ok((viewer, welcome.resume_token)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_viewer_ticket_opens_its_session_once_and_its_program_comes_back() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, _) = managed(&admin).await;
    let ticket = viewer_ticket(&admin, &session).await;
    let (_first, resume) = join_by_ticket(server, &ticket).await.ok().unwrap();
    assert!(!resume.is_empty() && !resume.contains(&ticket[3..]));
    assert_eq!(join_by_ticket(server, &ticket).await.err(), Some(4401), "used twice");
    let (_again, next) = join_by_ticket(server, &resume).await.ok().unwrap();
    assert_eq!(next, "", "the credential to come back stays the same");
    assert!(join_by_ticket(server, &resume).await.is_ok());

    let late = viewer_ticket(&admin, &session).await;
    app.clock.advance(Duration::from_secs(61));
    assert_eq!(join_by_ticket(server, &late).await.err(), Some(4401), "too late");
    for wrong in ["vt_", &late[..66], &late.to_uppercase(), &late.replace("vt_", "vs_")] {
        assert_eq!(join_by_ticket(server, wrong).await.err(), Some(4401), "{wrong}");
    }
    // Neither opens anything else than a viewer's socket.
    for credential in [&viewer_ticket(&admin, &session).await, &resume] {
        let client = app.nobody().bearer(credential);
        client.get("/api/machines").await.expect(StatusCode::UNAUTHORIZED);
        let refused = bearer_socket(server, credential).await.err();
        assert_eq!(refused, Some(StatusCode::UNAUTHORIZED));
    }
    let actions = app.actions(&admin).await;
    assert!(actions.iter().any(|(action, _)| action == "viewer_ticket.issued"), "{actions:?}");

    admin.client.post(&format!("/api/sessions/{session}/end"), json!({})).await;
    assert_eq!(join_by_ticket(server, &resume).await.err(), Some(4410));
}

#[tokio::test]
async fn of_two_programs_with_one_ticket_one_gets_in() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, _) = managed(&admin).await;
    for _ in 0..5 {
        let ticket = viewer_ticket(&admin, &session).await;
        let both = tokio::join!(join_by_ticket(server, &ticket), join_by_ticket(server, &ticket));
        assert!(both.0.is_ok() != both.1.is_ok());
    }
}

#[tokio::test]
async fn a_program_does_not_come_back_after_logout_or_without_the_right() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, _) = managed(&admin).await;
    let operator = app.user(&admin, "olga", "operator").await;
    let ticket = viewer_ticket(&operator, &session).await;
    let held = viewer_ticket(&operator, &session).await;
    let (mut socket, resume) = join_by_ticket(server, &ticket).await.ok().unwrap();
    let path = format!("/api/users/{}", operator.id);
    admin.client.patch(&path, json!({"role": "end_user"})).await.expect(StatusCode::OK);
    assert!(matches!(socket.closed().await, 4401 | 4403));
    assert_eq!(join_by_ticket(server, &resume).await.err(), Some(4403));
    assert_eq!(join_by_ticket(server, &held).await.err(), Some(4403));

    let ticket = viewer_ticket(&admin, &session).await;
    let (mut socket, resume) = join_by_ticket(server, &ticket).await.ok().unwrap();
    admin.client.delete("/api/auth/logout").await.expect(StatusCode::NO_CONTENT);
    assert_eq!(socket.closed().await, 4401);
    assert_eq!(join_by_ticket(server, &resume).await.err(), Some(4401));
}

#[tokio::test]
async fn logout_and_a_lost_right_cut_the_open_socket() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, _) = managed(&admin).await;
    let operator = app.user(&admin, "olga", "operator").await;
    let mut first = join(server, &viewer_token(&operator, &session).await)
        .await
        .unwrap_or_else(|code| panic!("{code}"));
    let held = viewer_token(&operator, &session).await;
    let path = format!("/api/users/{}", operator.id);
    admin.client.patch(&path, json!({"role": "end_user"})).await.expect(StatusCode::OK);
    assert!(matches!(first.closed().await, 4401 | 4403));
    assert_eq!(join(server, &held).await.err(), Some(4403));
    let mut own = join(server, &viewer_token(&admin, &session).await)
        .await
        .unwrap_or_else(|code| panic!("{code}"));
    let held = viewer_token(&admin, &session).await;
    admin.client.delete("/api/auth/logout").await.expect(StatusCode::NO_CONTENT);
    assert_eq!(own.closed().await, 4401);
    assert_eq!(join(server, &held).await.err(), Some(4401));
}

#[tokio::test]
async fn a_token_made_out_before_a_right_was_taken_opens_nothing() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, _) = managed(&admin).await;
    for (name, change, code) in [
        ("olga", json!({"role": "viewer"}), 4403),
        ("otto", json!({"role": "end_user"}), 4403),
        ("omar", json!({"disabled": true}), 4401),
    ] {
        let operator = app.user(&admin, name, "operator").await;
        let held = viewer_token(&operator, &session).await;
        let path = format!("/api/users/{}", operator.id);
        admin.client.patch(&path, change).await.expect(StatusCode::OK);
        assert_eq!(join(server, &held).await.err(), Some(code), "{name}");
        assert_eq!(join(server, &held).await.err(), Some(4401), "{name}: it was used up");
    }
    let operator = app.user(&admin, "oleg", "operator").await;
    let held = viewer_token(&operator, &session).await;
    let path = format!("/api/users/{}", operator.id);
    admin.client.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(join(server, &held).await.err(), Some(4401));
}

#[tokio::test]
async fn the_end_of_a_session_closes_every_viewer_and_no_other_session() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (_, session, key) = managed(&admin).await;
    let (_, other, _) = managed(&admin).await;
    let mut agent = bearer_socket(server, key["secret"].as_str().unwrap()).await.unwrap();
    agent.say(agent_hello(v2::AgentMode::Managed)).await;
    assert!(matches!(agent.next().await, Ok(Body::Welcome(_))));
    let mut viewers = Vec::new();
    for _ in 0..2 {
        let viewer = join(server, &viewer_token(&admin, &session).await).await;
        viewers.push(viewer.unwrap_or_else(|code| panic!("{code}")));
    }
    let bystander = join(server, &viewer_token(&admin, &other).await).await;
    assert!(bystander.is_ok());
    let end = format!("/api/sessions/{session}/end");
    admin.client.post(&end, json!({})).await.expect(StatusCode::NO_CONTENT);
    for viewer in &mut viewers {
        assert_eq!(viewer.closed().await, 4410);
    }
    loop {
        match agent.next().await {
            Ok(Body::SessionEnd(end)) => {
                assert_eq!(end.session_id, session.parse::<uuid::Uuid>().unwrap().as_bytes());
                break;
            }
            Ok(_) => {}
            Err(code) => panic!("the machine's link was closed too: {code}"),
        }
    }
    let view = app.app.relay().session(other.parse().unwrap()).unwrap();
    assert_eq!(view.viewers.len(), 1);
}

#[tokio::test]
async fn a_revoked_key_closes_its_link() {
    let app = TestApp::new().await;
    let admin = app.admin().await;
    let server = app.listen().await;
    let (machine, _, key) = managed(&admin).await;
    let keys = format!("/api/machines/{machine}/keys");
    let last_used = async || {
        let listed = admin.client.get(&keys).await.expect(StatusCode::OK).json();
        listed["items"][0]["last_used_ms"].clone()
    };
    assert_eq!(last_used().await, Value::Null);
    app.clock.advance(Duration::from_mins(3));
    let mut agent = bearer_socket(server, key["secret"].as_str().unwrap()).await.unwrap();
    agent.say(agent_hello(v2::AgentMode::Managed)).await;
    assert!(matches!(agent.next().await, Ok(Body::Welcome(_))));
    app.app.flush().await;
    let shown = admin.client.get(&format!("/api/machines/{machine}")).await.json();
    assert_eq!((&shown["online"], &shown["hostname"]), (&json!(true), &json!("desktop")));
    assert_eq!(last_used().await, app.clock.now().0, "the key was used just now");
    let path = format!("/api/machines/{machine}/keys/{}", key["key"]["id"].as_str().unwrap());
    admin.client.delete(&path).await.expect(StatusCode::NO_CONTENT);
    assert_eq!(agent.closed().await, 4401);
}

#[tokio::test]
async fn foreign_pages_and_credentials_in_the_address_are_refused_before_the_upgrade() {
    let app = TestApp::new().await;
    let server = app.listen().await;
    for (origins, opens) in [
        (&[][..], true),
        (&["https://help.example.com"], true),
        (&["http://localhost:8080"], true),
        (&["null"], false),
        (&["https://help.example.com.evil.example"], false),
        (&["https://evil-help.example.com"], false),
        (&["http://help.example.com"], false),
        (&["https://help.example.com:444"], false),
        (&["https://help.example.com", "https://help.example.com"], false),
    ] {
        let headers: Vec<(&'static str, &str)> =
            origins.iter().map(|one| ("origin", *one)).collect();
        let opened = open(server, "/ws/viewer", &headers).await;
        let expected = (!opens).then_some(StatusCode::FORBIDDEN);
        assert_eq!(opened.err(), expected, "{origins:?}");
    }
    for path in ["/ws/viewer?token=x", "/ws/agent?key=x", "/ws/viewer?"] {
        assert_eq!(open(server, path, &[]).await.err(), Some(StatusCode::BAD_REQUEST), "{path}");
    }
    assert_eq!(open(server, "/ws/agent", &[]).await.err(), Some(StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn what_breaks_the_rules_is_closed_with_its_code() {
    let app = TestApp::new().await;
    let server = app.listen().await;
    let large = Message::Binary(Bytes::from(vec![2; MAX_VIEWER_MESSAGE + 1]));
    for (message, code) in [(large, 1009), (Message::Text("hello".into()), 1003)] {
        let mut viewer = open(server, "/ws/viewer", &[]).await.unwrap();
        viewer.0.send(message).await.unwrap();
        assert_eq!(viewer.closed().await, code);
    }
}
