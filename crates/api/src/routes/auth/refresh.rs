//! `POST /api/auth/refresh`

use axum::extract::State;
use axum::response::Response;
use gc_storage::Refreshed;
use http::StatusCode;
use serde_json::json;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::planes::RefreshAccess;
use crate::routes::auth::{LoginResponse, answer, new_refresh};
use crate::state::App;

/// A new access token for the refresh cookie, which is replaced. A cookie that was
/// used before ends the whole login. Needs the header `X-GuruConnect: 1`.
#[utoipa::path(post, path = "/api/auth/refresh", tag = "auth",
    operation_id = "auth_refresh",
    security(("refresh_cookie" = [])),
    responses((status = 200, body = LoginResponse), (status = 401, body = ErrorBody),
        (status = 403, description = "cross_site", body = ErrorBody)))]
pub(crate) async fn refresh(
    State(app): State<App>,
    client: Client,
    RefreshAccess(hash): RefreshAccess,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let (next, next_hash) = new_refresh(&app);
    match app.storage.rotate_refresh(&hash, &next_hash, now).await? {
        Refreshed::Rotated { login, tenant, expires } => {
            app.forget_login(login);
            let state = app.login(login).await?.ok_or_else(ApiError::unauthenticated)?;
            answer(&app, tenant, state.user, login, &next, expires, StatusCode::OK).await
        }
        Refreshed::Reused { login, tenant, user } => {
            tracing::warn!(%user, correlation = %client.correlation, "refresh token used twice");
            app.journal
                .event(tenant, "refresh.reused")
                .from(client.address, client.correlation)
                .target("user", user, "")
                .refused()
                .detail(json!({ "login": login.to_string(), "alert": true }))
                .write(&app.journal);
            app.cut_login(login);
            Err(ApiError::unauthenticated().noted())
        }
        Refreshed::Refused => Err(ApiError::unauthenticated()),
    }
}
