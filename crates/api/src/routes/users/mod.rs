//! People who sign in.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod update;

use gc_policy::{AccountChange, Actor, PermissionSet, check_account_change};
use gc_storage::UserRow;
use gc_types::{Permission, Role, Secret, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::password::LENGTH;
use crate::planes::UserAccess;
use crate::state::App;

/// A user.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct User {
    /// Id.
    pub id: UserId,
    /// Name to sign in with.
    pub username: String,
    /// For people.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Everything the user may do: what the role opens and what was given beside it.
    pub permissions: Vec<Permission>,
    /// Nobody can sign in with it.
    pub disabled: bool,
    /// When it was made.
    pub created_ms: UnixMillis,
    /// Last sign-in.
    #[schema(required = true)]
    pub last_login_ms: Option<UnixMillis>,
}

fn actor(row: &UserRow) -> Actor {
    Actor { role: row.role, granted: row.permissions.iter().copied().collect::<PermissionSet>() }
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            permissions: actor(&row).permissions().iter().collect(),
            id: row.id,
            username: row.username,
            display_name: row.display_name,
            role: row.role,
            disabled: row.disabled.is_some(),
            created_ms: row.created,
            last_login_ms: row.last_login,
        }
    }
}

/// A name to sign in with: letters, digits and `.-_@+`, 2 to 64 of them.
pub(crate) fn username(text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let fits = (2..=64).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || ".-_@+".contains(c));
    if fits {
        return Ok(text.to_owned());
    }
    Err(ApiError {
        code: "invalid_field",
        ..ApiError::bad_request(
            "The field username must have 2 to 64 letters, digits or any of . - _ @ +.",
        )
    })
}

/// The PHC string of a new password of allowed length.
pub(crate) async fn new_password(app: &App, password: String) -> Result<String, ApiError> {
    let password = Secret::new(password);
    if !LENGTH.contains(&password.expose().chars().count()) {
        return Err(ApiError {
            code: "password_length",
            ..ApiError::bad_request("A password must have 12 to 256 characters.")
        });
    }
    Ok(app.passwords.hash(password, app.entropy.as_ref()).await?)
}

/// Whether `access` may turn the account `before` into `after`.
pub(crate) async fn may_change(
    app: &App,
    access: &UserAccess,
    before: Option<&UserRow>,
    after: Option<Actor>,
) -> Result<(), ApiError> {
    let change = AccountChange {
        actor: access.actor,
        own: before.is_some_and(|row| row.id == access.user),
        before: before.map(actor),
        after,
        active_admins: app.storage.tenant(access.tenant).active_admins().await?,
        active: before.is_some_and(|row| row.disabled.is_none()),
    };
    Ok(check_account_change(change).into_result()?)
}

fn unknown() -> ApiError {
    ApiError::not_found("user_unknown", "There is no such user.")
}
