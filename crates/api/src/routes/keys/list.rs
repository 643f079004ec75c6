//! `GET /api/machines/{id}/keys`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_types::MachineId;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::List;
use crate::json::Path;
use crate::planes::UserAccess;
use crate::routes::keys::AgentKey;
use crate::routes::machines::unknown;
use crate::state::App;

/// Keys of a machine, newest first, revoked ones too.
#[utoipa::path(get, path = "/api/machines/{id}/keys", tag = "machines",
    operation_id = "keys_list",
    params(("id" = MachineId, Path)), security(("access_token" = [])),
    responses((status = 200, body = List<AgentKey>), (status = 404, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    access: UserAccess,
    Path(id): Path<MachineId>,
) -> Result<Json<List<AgentKey>>, ApiError> {
    access.require(Action::ManageMachines)?;
    let store = app.storage.tenant(access.tenant);
    store.machine(id).await?.ok_or_else(unknown)?;
    let items = store.keys(id).await?.into_iter().map(AgentKey::from).collect();
    Ok(Json(List { items, next_cursor: None }))
}
