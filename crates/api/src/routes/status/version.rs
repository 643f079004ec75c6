//! `GET /api/version`

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::state::App;

/// Which build runs, and whether it has an administrator yet.
#[expect(clippy::struct_field_names, reason = "the name is fixed by the interface")]
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Version {
    /// Version.
    pub version: String,
    /// Commit, or `unknown`.
    pub commit: String,
    /// Its date, or `unknown`.
    pub commit_date: String,
    /// There is no administrator yet.
    pub setup_required: bool,
    /// Shown to guests.
    pub company: String,
}

/// Which build runs.
#[utoipa::path(get, path = "/api/version", tag = "server",
    operation_id = "version_get",
    responses((status = 200, body = Version), (status = 503, body = ErrorBody)))]
pub(crate) async fn version(State(app): State<App>) -> Result<Json<Version>, ApiError> {
    let build = app.config.build;
    Ok(Json(Version {
        version: build.version.into(),
        commit: build.commit.into(),
        commit_date: build.commit_date.into(),
        setup_required: app.storage.setup_required().await?,
        company: app.config.company.clone(),
    }))
}
