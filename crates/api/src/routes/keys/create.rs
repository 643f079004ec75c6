//! `POST /api/machines/{id}/keys`

use axum::extract::State;
use gc_policy::Action;
use gc_storage::AgentKeyRow;
use gc_types::{AgentKeyId, MachineId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Created, Input, Path, person_text};
use crate::planes::UserAccess;
use crate::routes::keys::AgentKey;
use crate::routes::machines::unknown;
use crate::secrets::{fingerprint, random_secret};
use crate::state::App;

/// A key to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyRequest {
    /// For people, 1 to 100 characters.
    name: String,
}

/// A new key.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct NewKey {
    /// The key.
    pub key: AgentKey,
    /// Its secret, `cak_` and 64 hexadecimal digits. Shown this once and never again.
    pub secret: String,
}

/// Make a key for a machine's agent.
#[utoipa::path(post, path = "/api/machines/{id}/keys", tag = "machines",
    operation_id = "keys_create",
    request_body = NewKeyRequest, params(("id" = MachineId, Path)),
    security(("access_token" = [])),
    responses((status = 201, body = NewKey), (status = 404, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<MachineId>,
    Input(request): Input<NewKeyRequest>,
) -> Result<Created<NewKey>, ApiError> {
    access.require(Action::ManageMachines)?;
    let store = app.storage.tenant(access.tenant);
    let machine = store.machine(id).await?.ok_or_else(unknown)?;
    let secret = random_secret("cak_", app.entropy.as_ref());
    let row = AgentKeyRow {
        id: AgentKeyId::random(app.entropy.as_ref()),
        machine: id,
        name: person_text(&request.name, "name", 1..=100)?,
        prefix: secret.expose().chars().skip(4).take(8).collect(),
        created: app.clock.now(),
        created_by: access.user,
        last_used: None,
        revoked: None,
    };
    store.create_key(&row, &fingerprint(secret.expose())).await?;
    client
        .event(&app, Some(&access), "key.created")
        .target("machine", id, &machine.name)
        .machine(Some(id))
        .detail(json!({ "key": row.id, "name": row.name, "prefix": row.prefix }))
        .write(&app.journal);
    Ok(Created(NewKey { key: row.into(), secret: secret.expose().to_owned() }))
}
