//! `GET /api/auth/me`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;

use crate::error::{ApiError, ErrorBody};
use crate::planes::UserAccess;
use crate::routes::users::User;
use crate::state::App;

/// Who is signed in.
#[utoipa::path(get, path = "/api/auth/me", tag = "auth",
    operation_id = "auth_me", security(("access_token" = [])),
    responses((status = 200, body = User), (status = 401, body = ErrorBody)))]
pub(crate) async fn me(State(app): State<App>, access: UserAccess) -> Result<Json<User>, ApiError> {
    access.require(Action::OwnAccount)?;
    let row = app.storage.tenant(access.tenant).user(access.user).await?;
    Ok(Json(row.ok_or_else(ApiError::unauthenticated)?.into()))
}
