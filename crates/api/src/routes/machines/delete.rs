//! `DELETE /api/machines/{id}`

use axum::extract::State;
use gc_policy::Action;
use gc_relay::ports::AgentRef;
use gc_types::{CauseCode, MachineId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Path, Query};
use crate::planes::UserAccess;
use crate::routes::machines::unknown;
use crate::state::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteQuery {
    /// Remove it and its keys for good, and cut its agent off.
    #[serde(default)]
    purge: bool,
}

/// Take a machine off the lists. It comes back by itself when its agent connects
/// anew, unless it was purged. Sessions and audit stay.
#[utoipa::path(delete, path = "/api/machines/{id}", tag = "machines",
    operation_id = "machines_delete",
    params(("id" = MachineId, Path), DeleteQuery), security(("access_token" = [])),
    responses((status = 204), (status = 404, body = ErrorBody)))]
pub(crate) async fn delete(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<MachineId>,
    Query(query): Query<DeleteQuery>,
) -> Result<StatusCode, ApiError> {
    access.require(Action::ManageMachines)?;
    let store = app.storage.tenant(access.tenant);
    let row = store.machine(id).await?;
    let live = store.live_session_of(id).await?;
    let removed = if query.purge {
        store.purge_machine(id).await?
    } else {
        store.delete_machine(id, app.clock.now()).await?
    };
    if !removed {
        return Err(unknown());
    }
    if let Some(live) = live {
        crate::sessions::end(&app, &live, CauseCode::EndedByTechnician, Some(access.user), "")
            .await?;
    }
    if query.purge {
        app.relay.cut_agent(AgentRef::Machine(id));
    }
    client
        .event(&app, Some(&access), "machine.removed")
        .target("machine", id, row.as_ref().map_or("", |row| &row.name))
        .machine(Some(id))
        .detail(json!({ "purge": query.purge }))
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Machines);
    Ok(StatusCode::NO_CONTENT)
}
