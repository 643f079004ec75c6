//! `POST /api/setup`

use axum::extract::{FromRequest, State};
use axum::response::Response;
use gc_storage::NewUser;
use gc_types::{Role, Secret, TenantId, UserId};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Input, person_text};
use crate::limits::Limited;
use crate::routes::auth::{LoginResponse, sign_in};
use crate::routes::users::{new_password, username};
use crate::secrets::{fingerprint, is_secret};
use crate::state::App;

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetupRequest {
    /// One-time token from the link that the server printed.
    token: String,
    /// Name to sign in with.
    username: String,
    /// For people.
    display_name: String,
    /// 12 to 256 characters.
    password: String,
}

/// Make the first administrator. There is nothing at this address once one exists.
#[utoipa::path(post, path = "/api/setup", tag = "auth",
    operation_id = "auth_setup", request_body = SetupRequest,
    responses((status = 201, body = LoginResponse), (status = 400, body = ErrorBody),
        (status = 401, description = "setup_token_wrong", body = ErrorBody),
        (status = 404, description = "an administrator exists", body = ErrorBody)))]
pub(crate) async fn setup(
    State(app): State<App>,
    client: Client,
    request: axum::extract::Request,
) -> Result<Response, ApiError> {
    // Before anything of the request is looked at: afterwards nothing is here.
    if !app.storage.setup_required().await? {
        return Err(ApiError::not_found("not_found", "There is nothing at this address."));
    }
    app.limits
        .take(Limited::Login, client.address, app.clock.monotonic())
        .map_err(ApiError::limited)?;
    let Input(request): Input<SetupRequest> = Input::from_request(request, &app).await?;
    let token = Secret::new(request.token);
    let event = client.event(&app, None, "setup");
    let wrong = || {
        ApiError::new(
            StatusCode::UNAUTHORIZED,
            "setup_token_wrong",
            "The set-up token is wrong or was replaced. Use the link that the server printed last.",
        )
        .noted()
    };
    let user = NewUser {
        id: UserId::random(app.entropy.as_ref()),
        username: username(&request.username)?,
        display_name: person_text(&request.display_name, "display_name", 1..=100)?,
        role: Role::Admin,
        permissions: Vec::new(),
        password_hash: if is_secret(token.expose(), "") {
            new_password(&app, request.password).await?
        } else {
            event.refused().write(&app.journal);
            return Err(wrong());
        },
        created: app.clock.now(),
    };
    let made = app.storage.redeem_setup_token(&fingerprint(token.expose()), user).await?;
    let Some(made) = made else {
        event.refused().write(&app.journal);
        return Err(wrong());
    };
    event
        .actor(gc_storage::ActorKind::User, Some(made.id.to_string()), &made.display_name)
        .target("user", made.id, &made.display_name)
        .write(&app.journal);
    sign_in(&app, &client, TenantId::DEFAULT, made.id, StatusCode::CREATED).await
}
