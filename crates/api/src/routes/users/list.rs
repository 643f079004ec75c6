//! `GET /api/users`

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
use crate::routes::users::User;
use crate::state::App;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UsersQuery {
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Users by name.
#[utoipa::path(get, path = "/api/users", tag = "users",
    operation_id = "users_list", params(UsersQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<User>), (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    access: UserAccess,
    Query(query): Query<UsersQuery>,
) -> Result<Json<List<User>>, ApiError> {
    access.require(Action::ReadUsers)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let users = app.storage.tenant(access.tenant).users(limit, cursor).await?;
    Ok(Json(page(users, User::from)))
}
