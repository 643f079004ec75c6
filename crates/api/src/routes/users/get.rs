//! `GET /api/users/{id}`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_types::UserId;

use crate::error::{ApiError, ErrorBody};
use crate::json::Path;
use crate::planes::UserAccess;
use crate::routes::users::{User, unknown};
use crate::state::App;

/// A user.
#[utoipa::path(get, path = "/api/users/{id}", tag = "users",
    operation_id = "users_get", params(("id" = UserId, Path)),
    security(("access_token" = [])),
    responses((status = 200, body = User), (status = 404, body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    access: UserAccess,
    Path(id): Path<UserId>,
) -> Result<Json<User>, ApiError> {
    access.require(Action::ReadUsers)?;
    let row = app.storage.tenant(access.tenant).user(id).await?;
    Ok(Json(row.ok_or_else(unknown)?.into()))
}
