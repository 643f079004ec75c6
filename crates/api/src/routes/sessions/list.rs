//! `GET /api/sessions`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::{List, Session, SessionStateName, Snapshot};
use crate::json::Query;
use crate::paging::{list as page, paging};
use crate::planes::UserAccess;
use crate::state::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SessionsQuery {
    /// Live or ended ones; both when left out.
    state: Option<SessionStateName>,
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Sessions, newest first.
#[utoipa::path(get, path = "/api/sessions", tag = "sessions",
    operation_id = "sessions_list", params(SessionsQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<Session>), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    access: UserAccess,
    Query(query): Query<SessionsQuery>,
) -> Result<Json<List<Session>>, ApiError> {
    access.require(Action::ReadFleet)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let live = query.state.map(|state| state == SessionStateName::Live);
    let sessions = app.storage.tenant(access.tenant).sessions(live, limit, cursor).await?;
    let now = Snapshot::of(&app);
    Ok(Json(page(sessions, |row| now.session(row))))
}
