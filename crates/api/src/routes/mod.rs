//! Every route, in one table. A route that is not in the table does not exist; one
//! without a plane cannot be written down.

pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod codes;
pub(crate) mod downloads;
pub(crate) mod events;
pub(crate) mod file_transfers;
pub(crate) mod keys;
pub(crate) mod machines;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod sockets;
pub(crate) mod status;
pub(crate) mod users;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::handler::Handler;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::{Method, StatusCode};

use crate::edge::edge;
use crate::json::MAX_BODY;
use crate::planes::{Plane, guard};
use crate::state::App;
use crate::web;

/// A route: what opens it and what answers it.
struct Route {
    method: Method,
    path: &'static str,
    plane: Plane,
    handler: MethodRouter<App>,
}

fn route<H, T>(method: Method, path: &'static str, plane: Plane, handler: H) -> Route
where
    H: Handler<T, App>,
    T: 'static,
{
    let filter = match method {
        Method::POST => MethodFilter::POST,
        Method::PATCH => MethodFilter::PATCH,
        Method::PUT => MethodFilter::PUT,
        Method::DELETE => MethodFilter::DELETE,
        _ => MethodFilter::GET,
    };
    Route { method, path, plane, handler: on(filter, handler) }
}

fn table() -> Vec<Route> {
    use Plane::{Agent, Local, Public, Refresh, User, UserOrRefresh, Viewer};
    vec![
        route(Method::GET, "/health", Public, status::health::health),
        route(Method::GET, "/health/live", Public, status::health::live),
        route(Method::GET, "/health/ready", Public, status::health::ready),
        route(Method::GET, "/metrics", Local, status::metrics::metrics),
        route(Method::GET, "/api/version", Public, status::version::version),
        route(Method::GET, "/api/openapi.json", Public, status::docs::openapi),
        route(Method::GET, "/api/docs", Public, status::docs::docs),
        route(Method::GET, "/api/settings", User, settings::settings),
        route(
            Method::GET,
            "/api/settings/connection-notice",
            User,
            settings::connection_notice::get,
        ),
        route(
            Method::PUT,
            "/api/settings/connection-notice",
            User,
            settings::connection_notice::put,
        ),
        route(Method::GET, "/api/settings/files", User, settings::files::get),
        route(Method::PUT, "/api/settings/files", User, settings::files::put),
        route(Method::POST, "/api/setup", Public, auth::setup::setup),
        route(Method::POST, "/api/auth/login", Public, auth::login::login),
        route(Method::POST, "/api/auth/refresh", Refresh, auth::refresh::refresh),
        route(Method::DELETE, "/api/auth/logout", UserOrRefresh, auth::logout::logout),
        route(Method::GET, "/api/auth/me", User, auth::me::me),
        route(Method::POST, "/api/auth/password", User, auth::password::password),
        route(Method::GET, "/api/users", User, users::list::list),
        route(Method::POST, "/api/users", User, users::create::create),
        route(Method::GET, "/api/users/{id}", User, users::get::get),
        route(Method::PATCH, "/api/users/{id}", User, users::update::update),
        route(Method::DELETE, "/api/users/{id}", User, users::delete::delete),
        route(Method::GET, "/api/machines", User, machines::list::list),
        route(Method::POST, "/api/machines", User, machines::create::create),
        route(Method::GET, "/api/machines/{id}", User, machines::get::get),
        route(Method::PATCH, "/api/machines/{id}", User, machines::update::update),
        route(Method::DELETE, "/api/machines/{id}", User, machines::delete::delete),
        route(Method::GET, "/api/machines/{id}/history", User, machines::history::history),
        route(Method::GET, "/api/machines/{id}/keys", User, keys::list::list),
        route(Method::POST, "/api/machines/{id}/keys", User, keys::create::create),
        route(Method::DELETE, "/api/machines/{id}/keys/{key_id}", User, keys::revoke::revoke),
        route(Method::GET, "/api/sessions", User, sessions::list::list),
        route(Method::POST, "/api/sessions", User, sessions::create::create),
        route(Method::GET, "/api/sessions/{id}", User, sessions::get::get),
        route(Method::POST, "/api/sessions/{id}/end", User, sessions::end::end),
        route(
            Method::POST,
            "/api/sessions/{id}/viewer-token",
            User,
            sessions::viewer_token::viewer_token,
        ),
        route(
            Method::POST,
            "/api/sessions/{id}/viewer-ticket",
            User,
            sessions::viewer_ticket::viewer_ticket,
        ),
        route(Method::GET, "/api/sessions/{id}/file-transfers", User, file_transfers::of_session),
        route(Method::GET, "/api/file-transfers", User, file_transfers::list),
        route(Method::GET, "/api/codes", User, codes::list::list),
        route(Method::POST, "/api/codes", User, codes::create::create),
        route(Method::POST, "/api/codes/validate", Public, codes::validate::validate),
        route(Method::POST, "/api/codes/status", Public, codes::status::status),
        route(Method::POST, "/api/codes/{code}/cancel", User, codes::cancel::cancel),
        route(Method::GET, "/api/audit", User, audit::audit),
        route(Method::GET, "/api/events", User, events::events),
        route(Method::GET, "/api/downloads/linux/guruconnect", Public, downloads::linux),
        route(Method::GET, "/ws/agent", Agent, sockets::agent::agent),
        route(Method::GET, "/ws/viewer", Viewer, sockets::viewer::viewer),
    ]
}

/// Method, path and plane of every route.
pub fn routes() -> Vec<(Method, &'static str, Plane)> {
    table().into_iter().map(|route| (route.method, route.path, route.plane)).collect()
}

/// The whole server as a service. Each request must carry a [`crate::Peer`].
pub fn router(app: App) -> Router {
    let mut router = Router::new();
    for Route { path, plane, handler, .. } in table() {
        let guarded = handler.route_layer(from_fn_with_state((app.clone(), plane), guard));
        router = router.route(path, guarded);
    }
    router
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .fallback(web::fallback)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(app.clone(), edge))
        .with_state(app)
}
