//! `POST /api/machines`

use axum::extract::State;
use gc_policy::Action;
use gc_storage::{MachineFacts, MachineRow};
use gc_types::{ConsentMode, MachineId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::fleet::{Machine, Snapshot};
use crate::json::{Created, Input, person_text};
use crate::planes::UserAccess;
use crate::routes::machines::{label, tags};
use crate::state::App;

/// A machine to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMachineRequest {
    /// Name, 1 to 100 characters.
    name: String,
    /// Company.
    #[serde(default)]
    company: String,
    /// Site.
    #[serde(default)]
    site: String,
    /// Department.
    #[serde(default)]
    department: String,
    /// Kind of device.
    #[serde(default)]
    device_type: String,
    /// Tags.
    #[serde(default)]
    tags: Vec<String>,
    /// How its user is asked; `ask` when left out.
    #[serde(default = "ask")]
    consent_mode: ConsentMode,
}

const fn ask() -> ConsentMode {
    ConsentMode::Ask
}

/// Make a machine. Its agent needs a key: see `/api/machines/{id}/keys`.
#[utoipa::path(post, path = "/api/machines", tag = "machines",
    operation_id = "machines_create", request_body = NewMachineRequest,
    security(("access_token" = [])),
    responses((status = 201, body = Machine), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(request): Input<NewMachineRequest>,
) -> Result<Created<Machine>, ApiError> {
    access.require(Action::ManageMachines)?;
    let row = MachineRow {
        id: MachineId::random(app.entropy.as_ref()),
        name: person_text(&request.name, "name", 1..=100)?,
        company: label(&request.company, "company")?,
        site: label(&request.site, "site")?,
        department: label(&request.department, "department")?,
        device_type: label(&request.device_type, "device_type")?,
        tags: tags(request.tags)?,
        consent_mode: request.consent_mode,
        facts: MachineFacts::default(),
        online: None,
        offline: None,
        trouble: None,
        created: app.clock.now(),
    };
    app.storage.tenant(access.tenant).create_machine(&row).await?;
    client
        .event(&app, Some(&access), "machine.created")
        .target("machine", row.id, &row.name)
        .machine(Some(row.id))
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Machines);
    Ok(Created(Snapshot::of(&app).machine(row)))
}
