//! `DELETE /api/users/{id}`

use axum::extract::State;
use gc_policy::Action;
use gc_types::UserId;
use http::StatusCode;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Path;
use crate::planes::UserAccess;
use crate::routes::users::{may_change, unknown};
use crate::state::App;

/// Remove a user. What they did stays in the audit.
#[utoipa::path(delete, path = "/api/users/{id}", tag = "users",
    operation_id = "users_delete", params(("id" = UserId, Path)),
    security(("access_token" = [])),
    responses((status = 204), (status = 404, body = ErrorBody),
        (status = 409, description = "cannot_change_self, last_admin", body = ErrorBody)))]
pub(crate) async fn delete(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<UserId>,
) -> Result<StatusCode, ApiError> {
    access.require(Action::ManageUsers)?;
    let store = app.storage.tenant(access.tenant);
    let row = store.user(id).await?.ok_or_else(unknown)?;
    may_change(&app, &access, Some(&row), None).await?;
    let now = app.clock.now();
    if !store.delete_user(id, now).await? {
        return Err(gc_policy::Denial::LastAdmin.into());
    }
    store.revoke_logins_of(id, None, "removed", now).await?;
    app.cut_user(id);
    client
        .event(&app, Some(&access), "user.removed")
        .target("user", id, &row.display_name)
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Users);
    Ok(StatusCode::NO_CONTENT)
}
