//! `GET` and `PUT /api/settings/connection-notice`

use axum::Json;
use axum::extract::State;
use gc_actions::PLACEHOLDERS;
use gc_policy::Action;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Input;
use crate::notices::ConnectionNotice;
use crate::planes::UserAccess;
use crate::state::App;

/// The connection notice, and what a page that sets it has to know.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ConnectionNoticeSettings {
    /// As it is.
    pub current: ConnectionNotice,
    /// As it was delivered.
    pub default: ConnectionNotice,
    /// What a template may name, without the braces.
    pub placeholders: Vec<String>,
    /// Shown for `{{company}}`.
    pub company: String,
}

impl ConnectionNoticeSettings {
    fn new(app: &App, current: ConnectionNotice) -> Self {
        Self {
            current,
            default: ConnectionNotice::default(),
            placeholders: PLACEHOLDERS.map(Into::into).to_vec(),
            company: app.config.company.clone(),
        }
    }
}

/// What users are shown when somebody connects to their machine.
#[utoipa::path(get, path = "/api/settings/connection-notice", tag = "server",
    operation_id = "settings_connection_notice", security(("access_token" = [])),
    responses((status = 200, body = ConnectionNoticeSettings), (status = 403, body = ErrorBody)))]
pub(crate) async fn get(
    State(app): State<App>,
    access: UserAccess,
) -> Result<Json<ConnectionNoticeSettings>, ApiError> {
    access.require(Action::ReadSettings)?;
    let current = ConnectionNotice::load(&app.storage, access.tenant).await?;
    Ok(Json(ConnectionNoticeSettings::new(&app, current)))
}

/// Set it. Sessions that nobody watches show it from the next viewer on, the others
/// once all viewers have left.
#[utoipa::path(put, path = "/api/settings/connection-notice", tag = "server",
    operation_id = "settings_set_connection_notice", request_body = ConnectionNotice,
    security(("access_token" = [])),
    responses((status = 200, body = ConnectionNoticeSettings), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub(crate) async fn put(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(notice): Input<ConnectionNotice>,
) -> Result<Json<ConnectionNoticeSettings>, ApiError> {
    access.require(Action::ManageSettings)?;
    notice.check()?;
    let store = app.storage.tenant(access.tenant);
    store.set_connection_notice(&notice.to_row(), app.clock.now()).await?;
    app.relay.set_notice(access.tenant, notice.to_wire().as_ref());
    client
        .event(&app, Some(&access), "settings.changed")
        .target("settings", "connection-notice", "Connection notice")
        .detail(json!(notice))
        .write(&app.journal);
    Ok(Json(ConnectionNoticeSettings::new(&app, notice)))
}
