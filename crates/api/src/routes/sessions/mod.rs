//! Sessions.

pub(crate) mod create;
pub(crate) mod end;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod viewer_ticket;
pub(crate) mod viewer_token;

use gc_storage::{SessionRow, TenantStore};
use gc_types::{ConsentState, SessionId};
use http::StatusCode;

use crate::error::ApiError;

fn unknown() -> ApiError {
    ApiError::not_found("session_unknown", "There is no such session.")
}

/// A session that viewers may join now.
async fn joinable(store: &TenantStore<'_>, id: SessionId) -> Result<SessionRow, ApiError> {
    let session = store.session(id).await?.ok_or_else(unknown)?;
    if session.consent_state == ConsentState::Denied {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "consent_denied",
            "The user declined this session.",
        ));
    }
    if session.ended.is_some() {
        return Err(ApiError::conflict("session_ended", "This session is over."));
    }
    if !session.consent_state.permits() {
        return Err(ApiError::conflict(
            "consent_pending",
            "The user has not answered yet. Wait for their consent.",
        ));
    }
    Ok(session)
}
