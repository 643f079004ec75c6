//! `PATCH /api/users/{id}`

use axum::Json;
use axum::extract::State;
use gc_policy::{Action, Actor, PermissionSet};
use gc_types::{Permission, Role, UserId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Input, Path, person_text};
use crate::planes::UserAccess;
use crate::routes::users::{User, actor, may_change, new_password, unknown};
use crate::state::App;

/// What of a user changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserPatch {
    /// For people.
    display_name: Option<String>,
    /// Role.
    role: Option<Role>,
    /// Given beside the role.
    permissions: Option<Vec<Permission>>,
    /// Nobody can sign in with it.
    disabled: Option<bool>,
    /// 12 to 256 characters. Ends the user's logins.
    password: Option<String>,
}

/// Change a user. What they may do changes at once, on open sockets too.
#[utoipa::path(patch, path = "/api/users/{id}", tag = "users",
    operation_id = "users_update", request_body = UserPatch,
    params(("id" = UserId, Path)), security(("access_token" = [])),
    responses((status = 200, body = User), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "cannot_change_self, last_admin", body = ErrorBody)))]
pub(crate) async fn update(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(id): Path<UserId>,
    Input(patch): Input<UserPatch>,
) -> Result<Json<User>, ApiError> {
    access.require(Action::ManageUsers)?;
    let store = app.storage.tenant(access.tenant);
    let before = store.user(id).await?.ok_or_else(unknown)?;
    let mut after = before.clone();
    if let Some(name) = patch.display_name {
        after.display_name = person_text(&name, "display_name", 1..=100)?;
    }
    after.role = patch.role.unwrap_or(after.role);
    if let Some(permissions) = patch.permissions {
        // The web sends back everything a user holds; what the role opens anyway
        // is not stored, or a later demotion would leave it behind.
        let of_role = PermissionSet::of_role(after.role);
        let given: PermissionSet = permissions.into_iter().collect();
        after.permissions = given.iter().filter(|one| !of_role.has(*one)).collect();
    }
    if let Some(disabled) = patch.disabled {
        let since = after.disabled.unwrap_or_else(|| app.clock.now());
        after.disabled = disabled.then_some(since);
    }
    let becomes: Option<Actor> = after.disabled.is_none().then(|| actor(&after));
    let switched = before.disabled.is_some() != after.disabled.is_some();
    if before.disabled.is_none() || switched {
        may_change(&app, &access, Some(&before), becomes).await?;
    } else {
        may_change(&app, &access, Some(&before), Some(actor(&after))).await?;
    }
    let new_secret = patch.password.is_some();
    if let Some(password) = patch.password {
        after.password_hash = new_password(&app, password).await?;
    }
    if !store.update_user(&after).await? {
        // It was there a moment ago: the database found it to be the last
        // administrator, or somebody else has removed it.
        return Err(gc_policy::Denial::LastAdmin.into());
    }
    if new_secret || after.disabled.is_some() {
        let why = if new_secret { "password_changed" } else { "disabled" };
        let keep = (id == access.user).then_some(access.login);
        store.revoke_logins_of(id, keep, why, app.clock.now()).await?;
    }
    let weaker = actor(&before) != actor(&after) || after.disabled.is_some() || new_secret;
    if weaker {
        app.cut_user(id);
    } else {
        app.forget_user(id);
    }
    client
        .event(&app, Some(&access), "user.changed")
        .target("user", id, &after.display_name)
        .detail(json!({
            "role": after.role,
            "permissions": after.permissions,
            "disabled": after.disabled.is_some(),
            "password": new_secret,
        }))
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Users);
    Ok(Json(after.into()))
}
