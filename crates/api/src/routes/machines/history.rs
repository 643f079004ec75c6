//! `GET /api/machines/{id}/history`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_storage::AuditFilter;
use gc_types::MachineId;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::List;
use crate::json::{Path, Query};
use crate::paging::{list as page, paging};
use crate::planes::UserAccess;
use crate::routes::audit::AuditEvent;
use crate::state::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What happened to a machine, newest first; also after it was removed.
#[utoipa::path(get, path = "/api/machines/{id}/history", tag = "machines",
    operation_id = "machines_history",
    params(("id" = MachineId, Path), HistoryQuery), security(("access_token" = [])),
    responses((status = 200, body = List<AuditEvent>), (status = 403, body = ErrorBody)))]
pub(crate) async fn history(
    State(app): State<App>,
    access: UserAccess,
    Path(id): Path<MachineId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<List<AuditEvent>>, ApiError> {
    access.require(Action::ReadAudit)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let filter = AuditFilter { machine: Some(id), ..AuditFilter::default() };
    let events = app.storage.tenant(access.tenant).audit(&filter, limit, cursor).await?;
    Ok(Json(page(events, AuditEvent::from)))
}
