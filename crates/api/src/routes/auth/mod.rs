//! Signing in and out.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod password;
pub(crate) mod refresh;
pub(crate) mod setup;

use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use gc_storage::{LoginState, NewLogin};
use gc_types::{Secret, TenantId, UnixMillis, UserId};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::edge::Client;
use crate::error::ApiError;
use crate::jwt::{self, Kind, random_uuid};
use crate::planes::{AccessClaims, refresh_cookie};
use crate::routes::users::User;
use crate::secrets::{fingerprint, random_secret};
use crate::state::App;

/// A login ends after this, however often it was refreshed.
const LOGIN_LIFETIME: Duration = Duration::from_hours(720);

/// A successful sign-in. The refresh token is in a cookie beside it.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct LoginResponse {
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// Seconds until the access token ends.
    pub expires_in_s: u64,
    /// Who signed in.
    pub user: User,
}

/// A new refresh token and its hash.
pub(crate) fn new_refresh(app: &App) -> (Secret, String) {
    let token = random_secret("rt_", app.entropy.as_ref());
    let hash = fingerprint(token.expose());
    (token, hash)
}

/// Records a login and answers with its tokens.
pub(crate) async fn sign_in(
    app: &App,
    client: &Client,
    tenant: TenantId,
    user: UserId,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let (refresh, refresh_hash) = new_refresh(app);
    let login = random_uuid(app.entropy.as_ref());
    let expires = now.plus(LOGIN_LIFETIME);
    app.storage
        .tenant(tenant)
        .create_login(NewLogin {
            id: login,
            user,
            address: client.address.to_string(),
            created: now,
            expires,
            refresh_hash,
        })
        .await?;
    answer(app, tenant, user, login, &refresh, expires, status).await
}

/// The tokens of a login.
pub(crate) async fn answer(
    app: &App,
    tenant: TenantId,
    user: UserId,
    login: Uuid,
    refresh: &Secret,
    expires: UnixMillis,
    status: StatusCode,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let row = app.storage.tenant(tenant).user(user).await?;
    let row = row.ok_or_else(ApiError::unauthenticated)?;
    let claims = AccessClaims { sub: user, login, tenant };
    let access = jwt::sign(&app.keys.access, random_uuid(app.entropy.as_ref()), claims, now)
        .ok_or_else(|| ApiError::internal("an access token could not be written"))?;
    let cookie = refresh_cookie(&app.config, Some(refresh), expires.since(now).as_secs())
        .ok_or_else(|| ApiError::internal("a cookie could not be written"))?;
    let body = LoginResponse {
        access_token: access,
        expires_in_s: AccessClaims::LIFETIME_S,
        user: User::from(row),
    };
    Ok((status, [(header::SET_COOKIE, cookie)], Json(body)).into_response())
}

/// Revokes one login and cuts what hangs on it.
pub(crate) async fn revoke(
    app: &App,
    client: &Client,
    login: Uuid,
    state: &LoginState,
    why: &'static str,
) -> Result<(), ApiError> {
    let store = app.storage.tenant(state.tenant);
    if store.revoke_login(login, why, app.clock.now()).await? {
        app.journal
            .event(state.tenant, "login.ended")
            .from(client.address, client.correlation)
            .actor(gc_storage::ActorKind::User, Some(state.user.to_string()), &state.display_name)
            .target("user", state.user, &state.display_name)
            .detail(serde_json::json!({ "why": why }))
            .write(&app.journal);
    }
    app.cut_login(login);
    Ok(())
}
