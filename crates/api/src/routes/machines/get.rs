//! `GET /api/machines/{id}`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_types::MachineId;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::{Machine, Snapshot};
use crate::json::Path;
use crate::planes::UserAccess;
use crate::routes::machines::unknown;
use crate::state::App;

/// A machine.
#[utoipa::path(get, path = "/api/machines/{id}", tag = "machines",
    operation_id = "machines_get",
    params(("id" = MachineId, Path)), security(("access_token" = [])),
    responses((status = 200, body = Machine), (status = 404, body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    access: UserAccess,
    Path(id): Path<MachineId>,
) -> Result<Json<Machine>, ApiError> {
    access.require(Action::ReadFleet)?;
    let row = app.storage.tenant(access.tenant).machine(id).await?.ok_or_else(unknown)?;
    Ok(Json(Snapshot::of(&app).machine(row)))
}
