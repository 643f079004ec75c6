//! `GET /health`, `/health/live` and `/health/ready`

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{ApiError, ErrorBody};
use crate::state::App;

/// The server is well.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`.
    pub status: String,
}

fn well() -> Json<Health> {
    Json(Health { status: "ok".into() })
}

/// Whether the server can do its work; the same as `/health/ready`.
#[utoipa::path(get, path = "/health", tag = "server",
    operation_id = "health_get",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)))]
pub(crate) async fn health(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    ready(State(app)).await
}

/// Whether the process answers at all.
#[utoipa::path(get, path = "/health/live", tag = "server",
    operation_id = "health_live", responses((status = 200, body = Health)))]
pub(crate) async fn live() -> Json<Health> {
    well()
}

/// Whether the server can do its work: its database answers.
#[utoipa::path(get, path = "/health/ready", tag = "server",
    operation_id = "health_ready",
    responses((status = 200, body = Health), (status = 503, body = ErrorBody)))]
pub(crate) async fn ready(State(app): State<App>) -> Result<Json<Health>, ApiError> {
    app.storage.ping().await?;
    Ok(well())
}
