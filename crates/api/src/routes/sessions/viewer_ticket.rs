//! `POST /api/sessions/{id}/viewer-ticket`

use std::time::Duration;

use axum::extract::State;
use gc_policy::session_rights;
use gc_storage::NewViewerTicket;
use gc_types::{LAUNCH_SCHEME, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Created, Input, Path};
use crate::planes::{TICKET_PREFIX, UserAccess};
use crate::routes::sessions::joinable;
use crate::routes::sessions::viewer_token::ViewerAccess;
use crate::secrets::{fingerprint, random_secret};
use crate::state::App;

/// Long enough for a click and for a browser's question.
const LIFETIME: Duration = Duration::from_mins(1);

/// A viewer ticket to be made out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewerTicketRequest {
    /// For what.
    access: ViewerAccess,
}

/// A viewer ticket: for one session, redeemed once by the program in its hello on
/// `/ws/viewer`.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct ViewerTicket {
    /// The ticket.
    pub ticket: String,
    /// What opens the program with it; carries nothing else.
    pub link: String,
    /// Seconds until it ends.
    pub expires_in_s: u64,
    /// For which session.
    pub session_id: SessionId,
    /// For what.
    pub access: ViewerAccess,
}

/// Make out a viewer ticket for the program.
#[utoipa::path(post, path = "/api/sessions/{id}/viewer-ticket", tag = "sessions",
    operation_id = "sessions_viewer_ticket",
    request_body = ViewerTicketRequest, params(("id" = SessionId, Path)),
    security(("access_token" = [])),
    responses((status = 201, body = ViewerTicket),
        (status = 403, description = "forbidden, consent_denied", body = ErrorBody),
        (status = 404, description = "session_unknown", body = ErrorBody),
        (status = 409, description = "consent_pending, session_ended", body = ErrorBody)))]
pub(crate) async fn viewer_ticket(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<SessionId>,
    Input(request): Input<ViewerTicketRequest>,
) -> Result<Created<ViewerTicket>, ApiError> {
    let rights = session_rights(access.actor, request.access == ViewerAccess::Control)?;
    let store = app.storage.tenant(access.tenant);
    let session = joinable(&store, id).await?;
    let ticket = random_secret(TICKET_PREFIX, app.entropy.as_ref());
    store
        .create_viewer_ticket(NewViewerTicket {
            hash: fingerprint(ticket.expose()),
            session: id,
            user: access.user,
            login: access.login,
            rights: rights.bits(),
            expires: app.clock.now().plus(LIFETIME),
        })
        .await?;
    client
        .event(&app, Some(&access), "viewer_ticket.issued")
        .target("session", id, &session.machine_name)
        .session(Some(id))
        .machine(session.machine)
        .detail(json!({ "access": request.access }))
        .write(&app.journal);
    Ok(Created(ViewerTicket {
        link: format!("{LAUNCH_SCHEME}://join/{}", ticket.expose()),
        ticket: ticket.expose().to_owned(),
        expires_in_s: LIFETIME.as_secs(),
        session_id: id,
        access: request.access,
    }))
}
