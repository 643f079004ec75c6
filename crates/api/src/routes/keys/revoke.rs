//! `DELETE /api/machines/{id}/keys/{key_id}`

use axum::extract::State;
use gc_policy::Action;
use gc_types::{AgentKeyId, MachineId};
use http::StatusCode;
use serde_json::json;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Path;
use crate::planes::UserAccess;
use crate::state::App;

/// Revoke a key. The link that was opened with it closes.
#[utoipa::path(delete, path = "/api/machines/{id}/keys/{key_id}", tag = "machines",
    operation_id = "keys_revoke",
    params(("id" = MachineId, Path), ("key_id" = AgentKeyId, Path)),
    security(("access_token" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn revoke(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path((id, key)): Path<(MachineId, AgentKeyId)>,
) -> Result<StatusCode, ApiError> {
    access.require(Action::ManageMachines)?;
    let store = app.storage.tenant(access.tenant);
    if !store.revoke_key(id, key, app.clock.now()).await? {
        return Err(ApiError::not_found("key_unknown", "This machine has no such valid key."));
    }
    app.relay.cut_agent_key(key);
    let name = store.machine(id).await?.map_or_else(String::new, |machine| machine.name);
    client
        .event(&app, Some(&access), "key.revoked")
        .target("machine", id, &name)
        .machine(Some(id))
        .detail(json!({ "key": key }))
        .write(&app.journal);
    Ok(StatusCode::NO_CONTENT)
}
