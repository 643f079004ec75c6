//! `POST /api/users`

use axum::extract::State;
use gc_policy::{Action, Actor, PermissionSet};
use gc_storage::{NewUser, StorageError};
use gc_types::{Permission, Role, UserId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Created, Input, person_text};
use crate::planes::UserAccess;
use crate::routes::users::{User, may_change, new_password, username};
use crate::state::App;

/// A user to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUserRequest {
    /// Name to sign in with: 2 to 64 letters, digits or any of `. - _ @ +`.
    username: String,
    /// For people.
    display_name: String,
    /// Role.
    role: Role,
    /// Given beside the role.
    #[serde(default)]
    permissions: Vec<Permission>,
    /// 12 to 256 characters.
    password: String,
}

/// Make a user. Nobody can give what they do not hold themselves.
#[utoipa::path(post, path = "/api/users", tag = "users",
    operation_id = "users_create", request_body = NewUserRequest,
    security(("access_token" = [])),
    responses((status = 201, body = User), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 409, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(request): Input<NewUserRequest>,
) -> Result<Created<User>, ApiError> {
    access.require(Action::ManageUsers)?;
    let granted: PermissionSet = request.permissions.iter().copied().collect();
    may_change(&app, &access, None, Some(Actor { role: request.role, granted })).await?;
    let new = NewUser {
        id: UserId::random(app.entropy.as_ref()),
        username: username(&request.username)?,
        display_name: person_text(&request.display_name, "display_name", 1..=100)?,
        role: request.role,
        permissions: granted.iter().collect(),
        password_hash: new_password(&app, request.password).await?,
        created: app.clock.now(),
    };
    let made = app.storage.tenant(access.tenant).create_user(new).await;
    let row = made.map_err(|error| match error {
        StorageError::Conflict => {
            ApiError::conflict("username_taken", "Somebody has that name already.")
        }
        other => other.into(),
    })?;
    client
        .event(&app, Some(&access), "user.created")
        .target("user", row.id, &row.display_name)
        .detail(json!({ "role": row.role, "permissions": row.permissions }))
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Users);
    Ok(Created(row.into()))
}
