//! `POST /api/sessions/{id}/viewer-token`

use axum::extract::State;
use gc_policy::session_rights;
use gc_storage::NewViewerToken;
use gc_types::SessionId;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Created, Input, Path};
use crate::jwt::{self, Kind, random_uuid};
use crate::planes::{UserAccess, ViewerClaims};
use crate::routes::sessions::joinable;
use crate::state::App;

/// What a viewer wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ViewerAccess {
    /// Look, type, share clipboard and files as far as permissions go.
    Control,
    /// Look.
    ViewOnly,
}

/// A viewer token to be made out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewerTokenRequest {
    /// For what.
    access: ViewerAccess,
}

/// A viewer token: for one session, redeemed once, in the hello on `/ws/viewer`.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ViewerToken {
    /// The token.
    pub token: String,
    /// Seconds until it ends.
    pub expires_in_s: u64,
    /// For which session.
    pub session_id: SessionId,
    /// For what.
    pub access: ViewerAccess,
}

/// Make out a viewer token.
#[utoipa::path(post, path = "/api/sessions/{id}/viewer-token", tag = "sessions",
    operation_id = "sessions_viewer_token",
    request_body = ViewerTokenRequest, params(("id" = SessionId, Path)),
    security(("access_token" = [])),
    responses((status = 201, body = ViewerToken),
        (status = 403, description = "forbidden, consent_denied", body = ErrorBody),
        (status = 404, description = "session_unknown", body = ErrorBody),
        (status = 409, description = "consent_pending, session_ended", body = ErrorBody)))]
pub(crate) async fn viewer_token(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<SessionId>,
    Input(request): Input<ViewerTokenRequest>,
) -> Result<Created<ViewerToken>, ApiError> {
    let rights = session_rights(access.actor, request.access == ViewerAccess::Control)?;
    let store = app.storage.tenant(access.tenant);
    let session = joinable(&store, id).await?;
    let now = app.clock.now();
    let claims = ViewerClaims {
        sub: access.user,
        login: access.login,
        tenant: access.tenant,
        session: id,
        rights: rights.bits(),
    };
    let token_id = random_uuid(app.entropy.as_ref());
    let token = jwt::sign(&app.keys.viewer, token_id, claims, now)
        .ok_or_else(|| ApiError::internal("a viewer token could not be written"))?;
    store
        .create_viewer_token(NewViewerToken {
            id: token_id,
            session: id,
            user: access.user,
            login: access.login,
            expires: now.plus(std::time::Duration::from_secs(ViewerClaims::LIFETIME_S)),
        })
        .await?;
    client
        .event(&app, Some(&access), "viewer_token.issued")
        .target("session", id, &session.machine_name)
        .session(Some(id))
        .machine(session.machine)
        .detail(json!({ "access": request.access }))
        .write(&app.journal);
    Ok(Created(ViewerToken {
        token,
        expires_in_s: ViewerClaims::LIFETIME_S,
        session_id: id,
        access: request.access,
    }))
}
