//! `DELETE /api/auth/logout`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::planes::{RefreshAccess, UserAccess, refresh_cookie};
use crate::routes::auth::revoke;
use crate::state::App;

/// Sign out: the login is over for every token and socket of it, at once and for
/// good. Takes the access token, or the refresh cookie with `X-GuruConnect: 1`.
#[utoipa::path(delete, path = "/api/auth/logout", tag = "auth",
    operation_id = "auth_logout",
    security(("access_token" = []), ("refresh_cookie" = [])),
    responses((status = 204), (status = 401, body = ErrorBody)))]
pub(crate) async fn logout(
    State(app): State<App>,
    client: Client,
    access: Result<UserAccess, ApiError>,
    refresh: Option<RefreshAccess>,
) -> Result<Response, ApiError> {
    let login = match (access, refresh) {
        (Ok(access), _) => Some(access.login),
        (Err(_), Some(RefreshAccess(hash))) => app.storage.login_of_refresh(&hash).await?,
        (Err(error), None) => return Err(error),
    };
    let login = login.ok_or_else(ApiError::unauthenticated)?;
    let state = app.storage.login_state(login).await?.ok_or_else(ApiError::unauthenticated)?;
    revoke(&app, &client, login, &state, "logout").await?;
    let cookie = refresh_cookie(&app.config, None, 0)
        .ok_or_else(|| ApiError::internal("a cookie could not be written"))?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}
