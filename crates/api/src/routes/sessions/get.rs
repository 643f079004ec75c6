//! `GET /api/sessions/{id}`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_types::SessionId;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::{Session, Snapshot};
use crate::json::Path;
use crate::planes::UserAccess;
use crate::routes::sessions::unknown;
use crate::state::App;

/// A session.
#[utoipa::path(get, path = "/api/sessions/{id}", tag = "sessions",
    operation_id = "sessions_get",
    params(("id" = SessionId, Path)), security(("access_token" = [])),
    responses((status = 200, body = Session), (status = 404, body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    access: UserAccess,
    Path(id): Path<SessionId>,
) -> Result<Json<Session>, ApiError> {
    access.require(Action::ReadFleet)?;
    let row = app.storage.tenant(access.tenant).session(id).await?.ok_or_else(unknown)?;
    Ok(Json(Snapshot::of(&app).session(row)))
}
