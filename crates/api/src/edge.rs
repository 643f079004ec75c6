//! The outermost layer: who the client is, one correlation id for everything about
//! a request, security headers, and one form for every error.

use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use axum::Json;
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use gc_storage::ActorKind;
use gc_types::{CorrelationId, TenantId};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use serde_json::json;

use crate::config::ApiConfig;
use crate::error::{ApiError, ErrorBody};
use crate::journal::Event;
use crate::limits::Limited;
use crate::planes::UserAccess;
use crate::state::{App, Core};

/// The socket's other end; the accept loop puts it into each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// Who asks, as far as every request tells.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) address: IpAddr,
    pub(crate) correlation: CorrelationId,
    user: Arc<OnceLock<(TenantId, String, String)>>,
}

impl Client {
    /// The guard has found out who it is.
    pub(crate) fn identify(&self, access: &UserAccess) {
        // Set twice only by a second guard, which the router has none of.
        let _ =
            self.user.set((access.tenant, access.user.to_string(), access.display_name.clone()));
    }

    /// Begins an audit event of what this client did.
    pub(crate) fn event(&self, core: &Core, access: Option<&UserAccess>, action: &str) -> Event {
        let tenant = access.map_or(TenantId::DEFAULT, |access| access.tenant);
        let event = core.journal.event(tenant, action).from(self.address, self.correlation);
        match access {
            Some(access) => {
                event.actor(ActorKind::User, Some(access.user.to_string()), &access.display_name)
            }
            None => event.actor(ActorKind::Guest, None, "guest"),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Client {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| ApiError::internal("the edge has not seen this request"))
    }
}

/// Wraps every request, also those that match no route.
pub(crate) async fn edge(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let start = app.clock.monotonic();
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let Some(peer) = peer else {
        tracing::error!("a request came without its peer");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let client = Client {
        address: app.config.proxies.client(peer, request.headers()),
        correlation: CorrelationId::random(app.entropy.as_ref()),
        user: Arc::default(),
    };
    let method = request.method().clone();
    // The pattern, never the path itself: that may hold a support code.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "-".to_owned(), |path| path.as_str().to_owned());
    let known_host = is_known_host(&app.config, request.uri(), request.headers());
    request.extensions_mut().insert(client.clone());
    let answer = async {
        if known_host {
            next.run(request).await
        } else {
            ApiError::new(
                StatusCode::MISDIRECTED_REQUEST,
                "unknown_host",
                "This server does not answer under that name. Check CONNECT_PUBLIC_URL.",
            )
            .into_response()
        }
    };
    let mut response = AssertUnwindSafe(answer)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| ApiError::internal("a handler panicked").into_response());
    let error = finish_error(&app, &client, &method, &route, &mut response);
    let elapsed = app.clock.monotonic().saturating_sub(start);
    tracing::info!(
        correlation = %client.correlation,
        address = %client.address,
        %method,
        route,
        status = response.status().as_u16(),
        micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX),
        error,
        "request"
    );
    secure(&app.config, client.correlation, response.headers_mut());
    response
}

/// Gives an error its body, its log line and its audit event. Returns its code.
fn finish_error(
    app: &App,
    client: &Client,
    method: &http::Method,
    route: &str,
    response: &mut Response,
) -> &'static str {
    let status = response.status();
    let error = match response.extensions_mut().remove::<ApiError>() {
        Some(error) => error,
        None if status.is_client_error() || status.is_server_error() => framework_error(status),
        None => return "",
    };
    if let Some(cause) = &error.cause {
        tracing::error!(correlation = %client.correlation, cause, "request failed");
    }
    let refusal = matches!(status.as_u16(), 401 | 403 | 421 | 429);
    if refusal && !error.noted {
        note_refusal(app, client, method, route, &error);
    }
    let body = Json(ErrorBody {
        error_code: error.code.to_owned(),
        message: error.message.into_owned(),
        correlation_id: client.correlation,
    });
    let mut whole = (status, body).into_response();
    for (name, value) in response.headers() {
        if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
            whole.headers_mut().append(name, value.clone());
        }
    }
    *response = whole;
    error.code
}

/// Errors that the framework answers before any handler of ours.
fn framework_error(status: StatusCode) -> ApiError {
    let (code, message) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method_not_allowed", "This address does not take that method.")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "The request is too large."),
        StatusCode::UPGRADE_REQUIRED => {
            ("upgrade_required", "This address takes WebSocket upgrades only.")
        }
        status if status.is_client_error() => {
            ("bad_request", "The request is not what this address takes.")
        }
        _ => ("internal", "Something went wrong in the server."),
    };
    ApiError::new(status, code, message)
}

fn note_refusal(app: &App, client: &Client, method: &http::Method, route: &str, error: &ApiError) {
    let now = app.clock.monotonic();
    if app.limits.take(Limited::RefusalNoted, client.address, now).is_err() {
        // A flood of refusals is in the log line by line, and must not fill the
        // database.
        return;
    }
    let (tenant, actor) = match client.user.get() {
        Some((tenant, id, name)) => (*tenant, Some((id.clone(), name.as_str()))),
        None => (TenantId::DEFAULT, None),
    };
    let event =
        app.journal.event(tenant, "request.refused").from(client.address, client.correlation);
    let event = match actor {
        Some((id, name)) => event.actor(ActorKind::User, Some(id), name),
        None => event.actor(ActorKind::Guest, None, "guest"),
    };
    event
        .target("route", route, &format!("{method} {route}"))
        .refused()
        .detail(json!({ "error_code": error.code }))
        .write(&app.journal);
}

/// Whether a request is meant for this server: by its public name, or by a name of
/// this machine itself.
fn is_known_host(config: &ApiConfig, uri: &Uri, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let named = hosts.next().and_then(|host| host.to_str().ok());
    if hosts.next().is_some() {
        return false;
    }
    let Some(authority) = uri.authority().map(http::uri::Authority::as_str).or(named) else {
        return false;
    };
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let host = authority.host();
    let public = config.public_url.host_str().is_some_and(|own| own.eq_ignore_ascii_case(host));
    public || matches!(host, "127.0.0.1" | "[::1]") || host.eq_ignore_ascii_case("localhost")
}

fn secure(config: &ApiConfig, correlation: CorrelationId, headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let sockets = config.origin().replacen("http", "ws", 1);
    set(
        header::CONTENT_SECURITY_POLICY,
        &format!(
            "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; \
             style-src 'self'; img-src 'self' data: blob:; connect-src 'self' {sockets}; object-src 'none'; \
             base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
        ),
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::REFERRER_POLICY, "no-referrer");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), \
         clipboard-read=(self), clipboard-write=(self), fullscreen=(self), keyboard-map=(self)",
    );
    if config.secure() {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    set(HeaderName::from_static("x-correlation-id"), &correlation.to_string());
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
