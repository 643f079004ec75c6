//! Deny by default: the guard of a route's plane runs before its handler and is
//! the only place that puts a verified credential into the request.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::edge::Client;
use crate::error::ApiError;
use crate::planes::{agent, refresh, user, viewer};
use crate::state::App;

/// Which credential opens a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plane {
    /// Open to everyone.
    Public,
    /// Open to clients on this machine.
    Local,
    /// An access token in the `Authorization` header.
    User,
    /// The refresh cookie.
    Refresh,
    /// An access token or the refresh cookie.
    UserOrRefresh,
    /// A machine key, a support code or a resume token in the `Authorization` header.
    Agent,
    /// A viewer token in the hello; before that, the right origin.
    Viewer,
}

/// Lets a request through that has the credential of `plane`.
pub(crate) async fn guard(
    State((app, plane)): State<(App, Plane)>,
    mut request: Request,
    next: Next,
) -> Response {
    match admit(&app, plane, &mut request).await {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

async fn admit(app: &App, plane: Plane, request: &mut Request) -> Result<(), ApiError> {
    let client = request
        .extensions()
        .get::<Client>()
        .cloned()
        .ok_or_else(|| ApiError::internal("the edge has not seen this request"))?;
    let headers = request.headers();
    match plane {
        Plane::Public => {}
        Plane::Local => {
            if !client.address.is_loopback() {
                return Err(ApiError::new(
                    http::StatusCode::FORBIDDEN,
                    "forbidden",
                    "This is open to this machine only.",
                ));
            }
        }
        Plane::User => {
            let access = user::verify(app, headers).await?;
            client.identify(&access);
            request.extensions_mut().insert(access);
        }
        Plane::Refresh => {
            let access = refresh::verify(app, headers)?;
            request.extensions_mut().insert(access);
        }
        Plane::UserOrRefresh => {
            if headers.contains_key(http::header::AUTHORIZATION) {
                let access = user::verify(app, headers).await?;
                client.identify(&access);
                request.extensions_mut().insert(access);
            } else {
                let access = refresh::verify(app, headers)?;
                request.extensions_mut().insert(access);
            }
        }
        Plane::Agent => {
            viewer::no_query(request.uri())?;
            let access = agent::verify(app, &client, headers).await?;
            request.extensions_mut().insert(access);
        }
        Plane::Viewer => {
            viewer::no_query(request.uri())?;
            viewer::check_origin(&app.config, headers)?;
        }
    }
    Ok(())
}

/// The one bearer credential of a request; two are none.
pub(crate) fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(http::header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (values.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}
