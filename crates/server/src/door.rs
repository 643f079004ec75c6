//! The accept loop: how many sockets, how they are tuned, how long a stranger may
//! dawdle.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use gc_api::{Lingering, Peer};
use gc_transport::Socket;
use http::{Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::timeout;
use tower::Service;

use crate::tls::Tls;

/// A handshake, and the head of a request, must have come within this.
const PATIENCE: Duration = Duration::from_secs(10);
/// Head of a request in bytes; beyond it is answered with 431.
const MAX_HEAD: usize = 16 * 1024;

/// How many sockets there may be.
#[derive(Clone)]
pub(crate) struct Places(Arc<PlacesInner>);

struct PlacesInner {
    total: usize,
    per_address: usize,
    exempt: Box<dyn Fn(IpAddr) -> bool + Send + Sync>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// One taken place; free again when dropped.
struct Place {
    places: Places,
    address: IpAddr,
}

impl Places {
    /// At most `total`, and `per_address` of each address that is not `exempt`.
    pub(crate) fn new(
        total: usize,
        per_address: usize,
        exempt: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
    ) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(PlacesInner { total, per_address, exempt: Box::new(exempt), taken }))
    }

    /// Sockets at present.
    pub(crate) fn taken(&self) -> usize {
        self.lock().all
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let mut taken = self.lock();
        if taken.all >= self.0.total {
            return None;
        }
        let here = taken.by_address.entry(address).or_default();
        if *here >= self.0.per_address && !(self.0.exempt)(address) {
            return None;
        }
        *here += 1;
        taken.all += 1;
        Some(Place { places: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        taken.all -= 1;
        if let Some(here) = taken.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                taken.by_address.remove(&self.address);
            }
        }
    }
}

/// What answers requests; empty while the server is still starting.
pub(crate) type Answerer = Arc<OnceLock<Router>>;

/// Accepts until `stop` says so.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    places: Places,
    answerer: Answerer,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: live links go on, newcomers wait.
                tracing::warn!(%error, "no new connection can be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Some(place) = places.take(peer.ip()) else {
            // Closed at once: an answer would cost what the cap is to save.
            tracing::debug!(address = %peer.ip(), "too many connections");
            continue;
        };
        let stream = match Socket::new(stream) {
            Ok(stream) => stream,
            Err(error) => {
                tracing::debug!(%error, "socket could not be tuned");
                continue;
            }
        };
        let (tls, answerer, stop) = (tls.clone(), answerer.clone(), stop.clone());
        gc_runtime::spawn("connection", async move {
            match tls {
                None => serve(Lingering::new(stream, place), peer, answerer, stop).await,
                Some(tls) => {
                    let handshake = Box::pin(tls.acceptor().accept(stream));
                    match timeout(PATIENCE, handshake).await {
                        Ok(Ok(io)) => {
                            serve(Lingering::new(io, place), peer, answerer, stop).await;
                        }
                        Ok(Err(error)) => {
                            tracing::debug!(%error, address = %peer.ip(), "no TLS");
                        }
                        Err(_) => tracing::debug!(address = %peer.ip(), "TLS too slow"),
                    }
                }
            }
        });
    }
}

async fn serve<S>(io: S, peer: SocketAddr, answerer: Answerer, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let router = answerer.get().cloned();
        async move {
            match router {
                Some(mut router) => router.call(request.map(Body::new)).await,
                None => Ok::<Response, Infallible>(starting(&request)),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(MAX_HEAD)
        .max_headers(64)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut connection = Box::pin(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        _ = stop.changed() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, address = %peer.ip(), "connection broke");
    }
}

/// The answer while the database is being waited for.
fn starting<B>(request: &Request<B>) -> Response {
    let alive = request.uri().path() == "/health/live";
    let (status, body) = if alive {
        (StatusCode::OK, "{\"status\":\"ok\"}")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "{\"error_code\":\"starting\",\"message\":\"The server is starting: it waits for \
             its database.\",\"correlation_id\":\"00000000-0000-0000-0000-000000000000\"}",
        )
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::RETRY_AFTER, "2"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (status, headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn one_address_cannot_take_every_place() {
        let trusted: IpAddr = "10.0.0.1".parse().unwrap();
        let places = Places::new(4, 2, move |address| address == trusted);
        let guest: IpAddr = "192.0.2.1".parse().unwrap();
        let first = places.take(guest);
        let _second = places.take("::ffff:192.0.2.1".parse().unwrap()).unwrap();
        assert!(places.take(guest).is_none());
        let _proxied: Vec<_> = (0..2).map(|_| places.take(trusted).unwrap()).collect();
        assert!(places.take(trusted).is_none(), "the total holds for everyone");
        drop(first);
        assert!(places.take(guest).is_some());
    }

    /// Until the server closes, in the time of a paused clock.
    async fn closed_after(said: &str) -> Duration {
        let (mut client, server) = tokio::io::duplex(4_096);
        let (_stop, stopped) = watch::channel(false);
        let peer = "192.0.2.1:40000".parse().unwrap();
        gc_runtime::spawn("connection", serve(server, peer, Answerer::default(), stopped));
        let start = tokio::time::Instant::now();
        client.write_all(said.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = timeout(Duration::from_mins(10), client.read_to_end(&mut answer));
        read.await.expect("the connection stays open").unwrap();
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_dawdles_is_not_waited_for() {
        for said in ["", "GET /", "GET / HTTP/1.1\r\nHost: help.example.com\r\nX-Slow: "] {
            let closed = closed_after(said).await;
            assert!((PATIENCE..PATIENCE * 2).contains(&closed), "{said:?}: {closed:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_kept_connection_without_a_next_request_is_closed() {
        let closed = closed_after("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        assert!((PATIENCE..PATIENCE * 2).contains(&closed), "{closed:?}");
    }

    #[tokio::test]
    async fn a_server_that_waits_for_its_database_lives_and_is_not_ready() {
        for (path, status) in [
            ("/health/live", StatusCode::OK),
            ("/health/ready", StatusCode::SERVICE_UNAVAILABLE),
            ("/health", StatusCode::SERVICE_UNAVAILABLE),
            ("/api/version", StatusCode::SERVICE_UNAVAILABLE),
        ] {
            let answer = starting(&Request::builder().uri(path).body(()).unwrap());
            assert_eq!(answer.status(), status, "{path}");
        }
    }
}
