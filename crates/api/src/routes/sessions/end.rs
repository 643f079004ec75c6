//! `POST /api/sessions/{id}/end`

use axum::extract::State;
use gc_policy::Action;
use gc_types::{CauseCode, SessionId};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Input, Path, person_text};
use crate::planes::UserAccess;
use crate::routes::sessions::unknown;
use crate::state::App;

/// How a session ends.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndRequest {
    /// For the record, at most 2000 characters.
    #[serde(default)]
    note: Option<String>,
}

/// End a session for everyone in it.
#[utoipa::path(post, path = "/api/sessions/{id}/end", tag = "sessions",
    operation_id = "sessions_end", request_body = EndRequest,
    params(("id" = SessionId, Path)), security(("access_token" = [])),
    responses((status = 204), (status = 404, body = ErrorBody),
        (status = 409, description = "session_ended", body = ErrorBody)))]
pub(crate) async fn end(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<SessionId>,
    Input(request): Input<EndRequest>,
) -> Result<StatusCode, ApiError> {
    access.require(Action::EndSession)?;
    let note = person_text(request.note.as_deref().unwrap_or(""), "note", 0..=2000)?;
    let row = app.storage.tenant(access.tenant).session(id).await?.ok_or_else(unknown)?;
    let cause = CauseCode::EndedByTechnician;
    if !crate::sessions::end(&app, &row, cause, Some(access.user), &note).await? {
        return Err(ApiError::conflict("session_ended", "This session is over already."));
    }
    client
        .event(&app, Some(&access), "session.ended")
        .target("session", id, &row.machine_name)
        .session(Some(id))
        .machine(row.machine)
        .detail(json!({ "cause": cause.name(), "note": note }))
        .write(&app.journal);
    Ok(StatusCode::NO_CONTENT)
}
