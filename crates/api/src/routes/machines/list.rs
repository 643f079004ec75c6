//! `GET /api/machines`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::{List, Machine, Snapshot};
use crate::json::Query;
use crate::paging::{list as page, paging};
use crate::planes::UserAccess;
use crate::state::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MachinesQuery {
    /// Words that must all occur somewhere; at most 5 words and 200 characters.
    q: Option<String>,
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Machines by name.
#[utoipa::path(get, path = "/api/machines", tag = "machines",
    operation_id = "machines_list", params(MachinesQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<Machine>), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    access: UserAccess,
    Query(query): Query<MachinesQuery>,
) -> Result<Json<List<Machine>>, ApiError> {
    access.require(Action::ReadFleet)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let search = query.q.unwrap_or_default();
    let terms: Vec<String> = search.split_whitespace().map(str::to_owned).collect();
    if terms.len() > 5 || search.chars().count() > 200 {
        return Err(ApiError::bad_request("A search has at most 5 words and 200 characters."));
    }
    let machines = app.storage.tenant(access.tenant).machines(&terms, limit, cursor).await?;
    let now = Snapshot::of(&app);
    Ok(Json(page(machines, |row| now.machine(row))))
}
