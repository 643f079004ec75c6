//! The refresh plane: an opaque token in a cookie that only two routes take.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use gc_types::Secret;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::config::ApiConfig;
use crate::error::ApiError;
use crate::planes::is_own_origin;
use crate::secrets::{fingerprint, is_secret};
use crate::state::App;

pub(crate) const PREFIX: &str = "rt_";

/// Hash of the refresh token that came with the request. Whether it is known and
/// unused is found out where it is used up.
#[derive(Debug, Clone)]
pub(crate) struct RefreshAccess(pub(crate) String);

/// Without TLS, on this machine, browsers need not keep a Secure cookie.
const fn name(secure: bool) -> &'static str {
    if secure { "__Host-gc_refresh" } else { "gc_refresh" }
}

/// The `Set-Cookie` of a token; of none, the one that removes it.
pub(crate) fn refresh_cookie(
    config: &ApiConfig,
    token: Option<&Secret>,
    lifetime_s: u64,
) -> Option<HeaderValue> {
    let secure = config.secure();
    let value = token.map_or("", Secret::expose);
    let age = if token.is_some() { lifetime_s } else { 0 };
    let attributes = if secure { "; Secure" } else { "" };
    let cookie = format!(
        "{}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{attributes}",
        name(secure)
    );
    let mut value = HeaderValue::from_str(&cookie).ok()?;
    value.set_sensitive(true);
    Some(value)
}

pub(super) fn verify(app: &App, headers: &HeaderMap) -> Result<RefreshAccess, ApiError> {
    // A cookie comes along with forged requests too; this header does not.
    let meant = headers.get("x-guruconnect").is_some_and(|value| value == "1");
    let foreign =
        headers.get_all(header::ORIGIN).iter().any(|origin| !is_own_origin(&app.config, origin));
    if !meant || foreign {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "cross_site",
            "The request must come from this server's own pages with the header X-GuruConnect: 1.",
        ));
    }
    let wanted = name(app.config.secure());
    let mut tokens = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(name, _)| *name == wanted)
        .map(|(_, value)| value);
    match (tokens.next(), tokens.next()) {
        (Some(token), None) if is_secret(token, PREFIX) => Ok(RefreshAccess(fingerprint(token))),
        _ => Err(ApiError::unauthenticated()),
    }
}

impl<S: Sync> FromRequestParts<S> for RefreshAccess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::unauthenticated)
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for RefreshAccess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, ApiError> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
