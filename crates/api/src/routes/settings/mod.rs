//! `GET /api/settings`

pub(crate) mod connection_notice;

pub(crate) mod files;

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::planes::UserAccess;
use crate::state::App;

/// What the server holds everyone to.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct SettingsLimits {
    /// Sign-ins per address and minute.
    pub logins_per_minute: u32,
    /// Password changes per address and minute.
    pub password_changes_per_minute: u32,
    /// Tried codes per address and minute.
    pub codes_per_minute: u32,
    /// Wrong codes in a row that lock an address.
    pub wrong_codes_in_a_row: u32,
    /// For how long, in seconds.
    pub code_lock_s: u32,
    /// Bytes of one message of an agent.
    pub agent_message_bytes: u64,
    /// Bytes of one message of a viewer.
    pub viewer_message_bytes: u64,
}

/// How the server was started.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Settings {
    /// Origin by which people reach it.
    pub public_url: String,
    /// Shown to guests.
    pub company: String,
    /// Version.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// It does TLS itself.
    pub tls: bool,
    /// Limits.
    pub limits: SettingsLimits,
}

/// How the server was started. Changed by its environment only.
#[utoipa::path(get, path = "/api/settings", tag = "server",
    operation_id = "settings_get", security(("access_token" = [])),
    responses((status = 200, body = Settings), (status = 403, body = ErrorBody)))]
pub(crate) async fn settings(
    State(app): State<App>,
    access: UserAccess,
) -> Result<Json<Settings>, ApiError> {
    access.require(Action::ReadSettings)?;
    Ok(Json(Settings {
        public_url: app.config.origin(),
        company: app.config.company.clone(),
        version: app.config.build.version.into(),
        database: app.storage.engine().name().into(),
        tls: app.config.tls,
        limits: SettingsLimits {
            logins_per_minute: 8,
            password_changes_per_minute: 5,
            codes_per_minute: 15,
            wrong_codes_in_a_row: 10,
            code_lock_s: 900,
            agent_message_bytes: gc_proto::MAX_AGENT_MESSAGE as u64,
            viewer_message_bytes: gc_proto::MAX_VIEWER_MESSAGE as u64,
        },
    }))
}
