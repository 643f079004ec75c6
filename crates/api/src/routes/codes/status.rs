//! `POST /api/codes/status`

use axum::Json;
use axum::extract::State;
use gc_storage::CodeStatus;
use gc_types::ConsentState;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Input;
use crate::limits::Limited;
use crate::routes::codes::{CodeRequest, parse, unknown};
use crate::state::App;

/// How far a guest has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GuestState {
    /// No agent has come with the code.
    Waiting,
    /// An agent has; the user has not answered.
    Connected,
    /// The user said yes.
    Granted,
    /// The user said no, or nothing in time.
    Denied,
    /// The session is over.
    Ended,
}

/// How far a guest has come.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct GuestProgress {
    /// State.
    pub state: GuestState,
}

/// How the session of a code goes, for the join page. A used code keeps answering.
#[utoipa::path(post, path = "/api/codes/status", tag = "codes",
    operation_id = "codes_status", request_body = CodeRequest,
    responses((status = 200, body = GuestProgress),
        (status = 404, description = "code_unknown", body = ErrorBody),
        (status = 429, description = "rate_limited, with Retry-After", body = ErrorBody)))]
pub(crate) async fn status(
    State(app): State<App>,
    client: Client,
    Input(request): Input<CodeRequest>,
) -> Result<Json<GuestProgress>, ApiError> {
    let code = parse(&request.code)?;
    let now = app.clock.monotonic();
    app.limits
        .code_lock(client.address, now)
        .and_then(|()| app.limits.take(Limited::CodeStatus, client.address, now))
        .map_err(ApiError::limited)?;
    let Some(row) = app.storage.code_by_hash(&app.keys.code_hash(code)).await? else {
        app.limits.wrong_code(client.address, now);
        return Err(unknown());
    };
    let state = match (row.status(app.clock.now()), row.consent) {
        (CodeStatus::Active, _) => GuestState::Waiting,
        (CodeStatus::Used, Some(ConsentState::Denied)) => GuestState::Denied,
        (CodeStatus::Used, _) if row.session_ended => GuestState::Ended,
        (CodeStatus::Used, Some(consent)) if consent.permits() => GuestState::Granted,
        (CodeStatus::Used, _) => GuestState::Connected,
        (CodeStatus::Cancelled | CodeStatus::Expired, _) => return Err(unknown()),
    };
    Ok(Json(GuestProgress { state }))
}
