//! `GET /api/codes`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::{ApiError, ErrorBody};
use crate::fleet::List;
use crate::json::Query;
use crate::paging::{list as page, paging};
use crate::planes::UserAccess;
use crate::routes::codes::{Code, show};
use crate::state::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodesQuery {
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Support codes, newest first.
#[utoipa::path(get, path = "/api/codes", tag = "codes",
    operation_id = "codes_list", params(CodesQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<Code>), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    access: UserAccess,
    Query(query): Query<CodesQuery>,
) -> Result<Json<List<Code>>, ApiError> {
    access.require(Action::SupportCodes)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let codes = app.storage.tenant(access.tenant).codes(limit, cursor).await?;
    Ok(Json(page(codes, |row| show(&app, row))))
}
