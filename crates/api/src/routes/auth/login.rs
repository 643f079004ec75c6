//! `POST /api/auth/login`

use axum::extract::State;
use axum::response::Response;
use gc_types::{Secret, TenantId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Input;
use crate::limits::Limited;
use crate::password::LENGTH;
use crate::routes::auth::{LoginResponse, sign_in};
use crate::state::App;

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginRequest {
    /// Name; case does not matter.
    username: String,
    /// Password.
    password: String,
}

/// Sign in. An unknown name and a wrong password are answered alike, after the
/// same work.
#[utoipa::path(post, path = "/api/auth/login", tag = "auth",
    operation_id = "auth_login", request_body = LoginRequest,
    responses((status = 200, body = LoginResponse),
        (status = 401, description = "login_failed", body = ErrorBody),
        (status = 429, description = "rate_limited, with Retry-After", body = ErrorBody)))]
pub(crate) async fn login(
    State(app): State<App>,
    client: Client,
    Input(request): Input<LoginRequest>,
) -> Result<Response, ApiError> {
    app.limits
        .take(Limited::Login, client.address, app.clock.monotonic())
        .map_err(ApiError::limited)?;
    let password = Secret::new(request.password);
    let short = request.username.chars().count() <= 64
        && password.expose().chars().count() <= *LENGTH.end();
    let user = if short {
        app.storage.tenant(TenantId::DEFAULT).user_by_name(request.username.trim()).await?
    } else {
        None
    };
    let active = user.as_ref().filter(|user| user.disabled.is_none());
    let stored = active.map(|user| user.password_hash.clone());
    let right = app.passwords.verify(password, stored).await?;
    let event = client.event(&app, None, "login");
    let event = match &user {
        Some(user) => event.target("user", user.id, &user.display_name),
        // What was typed is not written down: it may have been the password.
        None => event.target("user", "", "unknown"),
    };
    let Some(user) = user.filter(|_| right) else {
        event.refused().write(&app.journal);
        return Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "login_failed",
            "The name or the password is wrong.",
        )
        .noted());
    };
    event
        .actor(gc_storage::ActorKind::User, Some(user.id.to_string()), &user.display_name)
        .write(&app.journal);
    sign_in(&app, &client, TenantId::DEFAULT, user.id, StatusCode::OK).await
}
