//! A whole server in process: own database, a clock that moves when told, seeded
//! randomness, the real router and relay; one client type for each credential.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use gc_api::{ApiConfig, App, Build, NoWebFiles, PasswordCost, Peer, TrustedProxies, router};
use gc_relay::RelayConfig;
use gc_storage::Storage;
use gc_types::{ManualClock, Secret, SeededEntropy, UnixMillis};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const HOST: &str = "help.example.com";
const START: UnixMillis = UnixMillis(1_800_000_000_000);

/// What a request was answered with.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    /// `error_code` of the envelope, which must be whole.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        let correlation = body["correlation_id"].as_str().unwrap();
        assert_eq!(self.headers["x-correlation-id"], correlation);
        assert!(body["message"].as_str().unwrap().len() > 10, "{body}");
        body["error_code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Name and value of the refresh cookie that was set.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.headers[header::SET_COOKIE].to_str().unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }
}

/// The server and what it was made of.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) url: String,
    folder: tempfile::TempDir,
    peer: SocketAddr,
}

/// Sends requests with one credential, or with none.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    peer: SocketAddr,
    headers: Vec<(String, String)>,
}

/// Somebody signed in.
pub(crate) struct SignedIn {
    pub(crate) client: Client,
    pub(crate) cookie: String,
    pub(crate) access_token: String,
    pub(crate) id: String,
}

/// Cheap: tests sign in often.
const CHEAP: PasswordCost = PasswordCost { memory_kib: 8, passes: 1 };

fn config(folder: &std::path::Path, password_cost: PasswordCost) -> ApiConfig {
    ApiConfig {
        public_url: format!("https://{HOST}").parse().unwrap(),
        local_origins: vec!["http://localhost:8080".into()],
        company: "Test Ltd".into(),
        secret: Secret::new("a secret of more than thirty-two characters"),
        proxies: TrustedProxies::parse("127.0.0.1, 10.0.0.0/8").unwrap(),
        tls: false,
        downloads: folder.to_path_buf(),
        consent_timeout: Duration::from_mins(1),
        password_cost,
        reap_after: Duration::from_mins(10),
        build: Build { version: "0.0.0", commit: "unknown", commit_date: "unknown" },
    }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with_cost(CHEAP).await
    }

    /// With passwords that cost what is asked for.
    pub(crate) async fn with_cost(cost: PasswordCost) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/test.db", folder.path().display());
        let clock = Arc::new(ManualClock::new(START));
        Self::start(folder, url, clock, 1, cost).await
    }

    async fn start(
        folder: tempfile::TempDir,
        url: String,
        clock: Arc<ManualClock>,
        seed: u64,
        cost: PasswordCost,
    ) -> Self {
        let storage = Storage::connect(&url).await.unwrap();
        storage.migrate().await.unwrap();
        let app = App::start(
            config(folder.path(), cost),
            RelayConfig::default(),
            storage,
            clock.clone(),
            Arc::new(SeededEntropy::new(seed)),
            Arc::new(NoWebFiles),
        )
        .await
        .unwrap();
        let peer = "192.0.2.1:40000".parse().unwrap();
        Self { app, clock, url, folder, peer }
    }

    /// The same database under a new process.
    pub(crate) async fn restart(self) -> Self {
        self.app.shutdown(Duration::from_secs(2)).await;
        Self::start(self.folder, self.url, self.clock, 2, CHEAP).await
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Nobody, from an address of its own.
    pub(crate) fn from(&self, address: &str) -> Client {
        let peer = SocketAddr::new(address.parse().unwrap(), 40000);
        Client { router: router(self.app.clone()), peer, headers: Vec::new() }
    }

    /// Nobody.
    pub(crate) fn nobody(&self) -> Client {
        Client { router: router(self.app.clone()), peer: self.peer, headers: Vec::new() }
    }

    /// Makes the first administrator.
    pub(crate) async fn admin(&self) -> SignedIn {
        let link = self.app.setup_link().await.unwrap().unwrap();
        let token = link.split_once("/setup#").unwrap().1.to_owned();
        let body = json!({"token": token, "username": "admin", "display_name": "Ada Admin",
                          "password": PASSWORD});
        let answer = self.nobody().post("/api/setup", body).await.expect(StatusCode::CREATED);
        self.signed_in(&answer)
    }

    pub(crate) fn signed_in(&self, answer: &Answer) -> SignedIn {
        let body = answer.json();
        let access_token = body["access_token"].as_str().unwrap().to_owned();
        SignedIn {
            client: self.nobody().bearer(&access_token),
            cookie: answer.cookie(),
            access_token,
            id: body["user"]["id"].as_str().unwrap().to_owned(),
        }
    }

    pub(crate) async fn login(&self, name: &str) -> SignedIn {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = self.from("198.51.100.99").post("/api/auth/login", body).await;
        self.signed_in(&answer.expect(StatusCode::OK))
    }

    /// Makes a user and signs in.
    pub(crate) async fn user(&self, admin: &SignedIn, name: &str, role: &str) -> SignedIn {
        let body = json!({"username": name, "display_name": name, "role": role,
                          "permissions": [], "password": PASSWORD});
        admin.client.post("/api/users", body).await.expect(StatusCode::CREATED);
        self.clock.advance(Duration::from_mins(1));
        self.login(name).await
    }

    /// Actions in the audit, newest first.
    pub(crate) async fn actions(&self, admin: &SignedIn) -> Vec<(String, String)> {
        self.app.flush().await;
        let events = admin.client.get("/api/audit?limit=200").await.expect(StatusCode::OK).json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        events["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| (text(&event["action"]), text(&event["outcome"])))
            .collect()
    }
}

impl TestApp {
    async fn until(&self, session: &str, what: impl Fn(&gc_relay::SessionView) -> bool) {
        let session = session.parse().unwrap();
        for _ in 0..1_000 {
            if what(&self.app.relay().session(session).expect("no such session in the relay")) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not happen within ten seconds");
    }

    /// Waits until the relay has seen the agent of a session go.
    pub(crate) async fn offline(&self, session: &str) {
        self.until(session, |view| !view.agent_online).await;
    }

    /// Waits until the relay has seen the last viewer of a session go.
    pub(crate) async fn unwatched(&self, session: &str) {
        self.until(session, |view| view.viewers.is_empty()).await;
    }
}

impl Client {
    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.headers.push(("authorization".into(), format!("Bearer {token}")));
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The refresh cookie with the header that shows it is meant.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie).header("x-guruconnect", "1")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body.to_string())).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body.to_string())).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header(header::HOST, HOST);
        }
        if body.is_some() && !self.headers.iter().any(|(name, _)| name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::from(body.unwrap_or_default())).unwrap();
        request.extensions_mut().insert(Peer(self.peer));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        // Streams without an end are not read.
        let endless = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value == "text/event-stream");
        let text = if endless {
            String::new()
        } else {
            String::from_utf8_lossy(&body.collect().await.unwrap().to_bytes()).into_owned()
        };
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Opens an endless answer for reading.
    pub(crate) async fn stream(&self, path: &str) -> Body {
        let mut request = Request::builder().uri(path).header(header::HOST, HOST);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(self.peer));
        let answer = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.into_body()
    }
}

/// The next piece of an endless answer; `None` at its end. Bounded in time.
pub(crate) async fn next_piece(body: &mut Body) -> Option<String> {
    let frame = tokio::time::timeout(Duration::from_secs(10), body.frame());
    let frame = frame.await.expect("nothing came within ten seconds")?;
    let bytes = frame.unwrap().into_data().unwrap();
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

impl TestApp {
    /// Listens on loopback; requests come from 127.0.0.1.
    pub(crate) async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = router(self.app.clone());
        gc_runtime::spawn("test listener", async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let router = router.clone();
                let service = hyper::service::service_fn(
                    move |mut request: Request<hyper::body::Incoming>| {
                        request.extensions_mut().insert(Peer(peer));
                        router.clone().oneshot(request.map(Body::new))
                    },
                );
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(
                        hyper_util::rt::TokioIo::new(gc_api::Lingering::new(stream, ())),
                        service,
                    )
                    .with_upgrades();
                gc_runtime::spawn("test connection", async move {
                    let _ = connection.await;
                });
            }
        });
        address
    }
}
