//! `GET` and `PUT /api/settings/files`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use serde_json::json;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::file_rules::FileRules;
use crate::json::Input;
use crate::planes::UserAccess;
use crate::state::App;

/// What files may be moved in sessions.
#[utoipa::path(get, path = "/api/settings/files", tag = "server",
    operation_id = "settings_files", security(("access_token" = [])),
    responses((status = 200, body = FileRules), (status = 403, body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    access: UserAccess,
) -> Result<Json<FileRules>, ApiError> {
    access.require(Action::ReadSettings)?;
    Ok(Json(FileRules::load(&app.storage, access.tenant).await?))
}

/// Set it. Sessions that are open keep what they were opened with.
#[utoipa::path(put, path = "/api/settings/files", tag = "server",
    operation_id = "settings_set_files", request_body = FileRules,
    security(("access_token" = [])),
    responses((status = 200, body = FileRules), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(rules): Input<FileRules>,
) -> Result<Json<FileRules>, ApiError> {
    access.require(Action::ManageSettings)?;
    let rules = rules.cleaned()?;
    let store = app.storage.tenant(access.tenant);
    store.set_file_rules(&rules.to_stored(), app.clock.now()).await?;
    client
        .event(&app, Some(&access), "settings.changed")
        .target("settings", "files", "Files")
        .detail(json!(rules))
        .write(&app.journal);
    Ok(Json(rules))
}
