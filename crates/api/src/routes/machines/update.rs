//! `PATCH /api/machines/{id}`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_types::{ConsentMode, MachineId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::fleet::{Machine, Snapshot};
use crate::json::{Input, Path, person_text};
use crate::planes::UserAccess;
use crate::routes::machines::{label, tags, unknown};
use crate::state::App;

/// What of a machine changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MachinePatch {
    /// Name.
    name: Option<String>,
    /// Company.
    company: Option<String>,
    /// Site.
    site: Option<String>,
    /// Department.
    department: Option<String>,
    /// Kind of device.
    device_type: Option<String>,
    /// Tags, all of them.
    tags: Option<Vec<String>>,
    /// How its user is asked, from the next session on.
    consent_mode: Option<ConsentMode>,
}

/// Change a machine.
#[utoipa::path(patch, path = "/api/machines/{id}", tag = "machines",
    operation_id = "machines_update", request_body = MachinePatch,
    params(("id" = MachineId, Path)), security(("access_token" = [])),
    responses((status = 200, body = Machine), (status = 400, body = ErrorBody),
        (status = 404, body = ErrorBody)))]
pub(crate) async fn update(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<MachineId>,
    Input(patch): Input<MachinePatch>,
) -> Result<Json<Machine>, ApiError> {
    access.require(Action::ManageMachines)?;
    let store = app.storage.tenant(access.tenant);
    let mut row = store.machine(id).await?.ok_or_else(unknown)?;
    if let Some(name) = patch.name {
        row.name = person_text(&name, "name", 1..=100)?;
    }
    for (field, value, name) in [
        (&mut row.company, patch.company, "company"),
        (&mut row.site, patch.site, "site"),
        (&mut row.department, patch.department, "department"),
        (&mut row.device_type, patch.device_type, "device_type"),
    ] {
        if let Some(value) = value {
            *field = label(&value, name)?;
        }
    }
    if let Some(new) = patch.tags {
        row.tags = tags(new)?;
    }
    row.consent_mode = patch.consent_mode.unwrap_or(row.consent_mode);
    if !store.update_machine(&row).await? {
        return Err(unknown());
    }
    client
        .event(&app, Some(&access), "machine.changed")
        .target("machine", id, &row.name)
        .machine(Some(id))
        .detail(json!({ "consent_mode": row.consent_mode }))
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Machines);
    Ok(Json(Snapshot::of(&app).machine(row)))
}
