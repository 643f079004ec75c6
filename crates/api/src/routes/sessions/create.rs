//! `POST /api/sessions`

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use gc_policy::Action;
use gc_types::MachineId;
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::fleet::{Session, Snapshot};
use crate::json::{Input, person_text};
use crate::planes::UserAccess;
use crate::routes::machines::unknown;
use crate::sessions::open_for_machine;
use crate::state::App;

/// A session to be opened.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSessionRequest {
    /// With which machine.
    machine_id: MachineId,
    /// Ticket number.
    #[serde(default)]
    ticket: Option<String>,
}

/// The machine's live session, or a new one. Works while the machine is offline.
#[utoipa::path(post, path = "/api/sessions", tag = "sessions",
    operation_id = "sessions_create", request_body = NewSessionRequest,
    security(("access_token" = [])),
    responses((status = 200, description = "it was live", body = Session),
        (status = 201, description = "it is new", body = Session),
        (status = 404, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(request): Input<NewSessionRequest>,
) -> Result<Response, ApiError> {
    access.require(Action::Watch)?;
    let machine = app.storage.tenant(access.tenant).machine(request.machine_id).await?;
    let machine = machine.ok_or_else(unknown)?;
    let ticket = person_text(request.ticket.as_deref().unwrap_or(""), "ticket", 0..=100)?;
    let (row, new) = open_for_machine(&app, &access, &machine, ticket).await?;
    if new {
        client
            .event(&app, Some(&access), "session.opened")
            .target("machine", machine.id, &machine.name)
            .session(Some(row.id))
            .machine(Some(machine.id))
            .detail(json!({ "ticket": row.ticket, "consent": row.consent_mode }))
            .write(&app.journal);
    }
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    let session: Session = Snapshot::of(&app).session(row);
    Ok((status, Json(session)).into_response())
}
