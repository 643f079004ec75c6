//! The user plane: short access tokens of people who signed in.

use axum::extract::FromRequestParts;
use gc_policy::{Action, Actor, PermissionSet, decide};
use gc_types::{TenantId, UserId};
use http::HeaderMap;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::ApiError;
use crate::jwt;
use crate::planes::guard::bearer;
use crate::state::App;

/// What an access token says.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct AccessClaims {
    pub(crate) sub: UserId,
    pub(crate) login: Uuid,
    pub(crate) tenant: TenantId,
}

impl jwt::Kind for AccessClaims {
    const TYPE: &'static str = "access+jwt";
    const AUDIENCE: &'static str = "guruconnect/api";
    const LIFETIME_S: u64 = 600;
}

/// Somebody who is signed in, as they are at this moment and not as their token
/// said when it was made out.
#[derive(Debug, Clone)]
pub(crate) struct UserAccess {
    pub(crate) login: Uuid,
    pub(crate) user: UserId,
    pub(crate) tenant: TenantId,
    pub(crate) display_name: String,
    pub(crate) actor: Actor,
}

impl UserAccess {
    /// Whether they may do this at all.
    pub(crate) fn require(&self, action: Action) -> Result<(), ApiError> {
        Ok(decide(self.actor, action).into_result()?)
    }
}

pub(super) async fn verify(app: &App, headers: &HeaderMap) -> Result<UserAccess, ApiError> {
    let token = bearer(headers).ok_or_else(ApiError::unauthenticated)?;
    let token = jwt::verify::<AccessClaims>(&app.keys.access, token, app.clock.now())
        .ok_or_else(ApiError::unauthenticated)?;
    let claims = token.claims;
    let state = app.login(claims.login).await?.ok_or_else(ApiError::unauthenticated)?;
    if state.user != claims.sub || state.tenant != claims.tenant {
        return Err(ApiError::unauthenticated());
    }
    Ok(UserAccess {
        login: claims.login,
        user: state.user,
        tenant: state.tenant,
        display_name: state.display_name,
        actor: Actor {
            role: state.role,
            granted: state.permissions.into_iter().collect::<PermissionSet>(),
        },
    })
}

impl<S: Sync> FromRequestParts<S> for UserAccess {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::unauthenticated)
    }
}
