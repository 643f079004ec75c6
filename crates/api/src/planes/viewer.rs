//! The viewer plane: one-use tokens and tickets for one session, and the checks on a
//! browser's socket before it has shown one.

use gc_types::{SessionId, TenantId, UserId};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::config::ApiConfig;
use crate::error::ApiError;
use crate::jwt;

/// What a viewer token says. Its `jti` is redeemed once.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct ViewerClaims {
    pub(crate) sub: UserId,
    pub(crate) login: Uuid,
    pub(crate) tenant: TenantId,
    pub(crate) session: SessionId,
    /// Bits of the rights asked for.
    pub(crate) rights: u32,
}

/// A ticket: opens one session once, within a minute.
pub(crate) const TICKET_PREFIX: &str = "vt_";
/// What a ticket is exchanged for.
pub(crate) const SEAT_PREFIX: &str = "vs_";

impl jwt::Kind for ViewerClaims {
    const TYPE: &'static str = "viewer+jwt";
    const AUDIENCE: &'static str = "guruconnect/viewer";
    const LIFETIME_S: u64 = 120;
}

/// A socket's URL carries no credential, so it carries no query.
pub(super) fn no_query(uri: &Uri) -> Result<(), ApiError> {
    if uri.query().is_none() {
        Ok(())
    } else {
        Err(ApiError::bad_request("This address takes no query, and never a credential in it."))
    }
}

/// Whether an `Origin` is that of this server's pages.
pub(crate) fn is_own_origin(config: &ApiConfig, origin: &HeaderValue) -> bool {
    origin.to_str().is_ok_and(|origin| {
        origin == config.origin() || config.local_origins.iter().any(|local| local == origin)
    })
}

/// A browser always sends one `Origin`; other programs send none.
pub(super) fn check_origin(config: &ApiConfig, headers: &HeaderMap) -> Result<(), ApiError> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (None, _) => Ok(()),
        (Some(origin), None) if is_own_origin(config, origin) => Ok(()),
        _ => Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "This socket is open to this server's own pages only.",
        )),
    }
}
