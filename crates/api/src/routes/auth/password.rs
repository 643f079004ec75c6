//! `POST /api/auth/password`

use axum::extract::State;
use gc_policy::Action;
use gc_types::Secret;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Input;
use crate::limits::Limited;
use crate::planes::UserAccess;
use crate::routes::users::new_password;
use crate::state::App;

/// Change of one's own password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordRequest {
    /// What it is.
    current_password: String,
    /// What it becomes; 12 to 256 characters.
    new_password: String,
}

/// Change one's own password. Every other login of the user ends.
#[utoipa::path(post, path = "/api/auth/password", tag = "auth",
    operation_id = "auth_password", request_body = PasswordRequest,
    security(("access_token" = [])),
    responses((status = 204), (status = 400, body = ErrorBody),
        (status = 403, description = "wrong_password", body = ErrorBody),
        (status = 429, body = ErrorBody)))]
pub(crate) async fn password(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(request): Input<PasswordRequest>,
) -> Result<StatusCode, ApiError> {
    access.require(Action::OwnAccount)?;
    app.limits
        .take(Limited::Password, client.address, app.clock.monotonic())
        .map_err(ApiError::limited)?;
    let (current, new) = (Secret::new(request.current_password), request.new_password);
    let store = app.storage.tenant(access.tenant);
    let mut user = store.user(access.user).await?.ok_or_else(ApiError::unauthenticated)?;
    let event = client.event(&app, Some(&access), "password.changed").target(
        "user",
        user.id,
        &user.display_name,
    );
    if !app.passwords.verify(current, Some(user.password_hash.clone())).await? {
        event.refused().write(&app.journal);
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "wrong_password",
            "The current password is wrong.",
        )
        .noted());
    }
    user.password_hash = new_password(&app, new).await?;
    if !store.update_user(&user).await? {
        return Err(ApiError::unauthenticated());
    }
    store
        .revoke_logins_of(user.id, Some(access.login), "password_changed", app.clock.now())
        .await?;
    app.cut_user(user.id);
    event.write(&app.journal);
    Ok(StatusCode::NO_CONTENT)
}
