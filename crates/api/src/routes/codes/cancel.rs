//! `POST /api/codes/{code}/cancel`

use axum::extract::State;
use gc_policy::Action;
use gc_types::SupportCodeId;
use http::StatusCode;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Path;
use crate::planes::UserAccess;
use crate::routes::codes::unknown;
use crate::state::App;

/// Take a code back, by the code itself or by its id. No agent binds it after the
/// answer.
#[utoipa::path(post, path = "/api/codes/{code}/cancel", tag = "codes",
    operation_id = "codes_cancel",
    params(("code" = String, Path, description = "Code or its id")),
    security(("access_token" = [])),
    responses((status = 204), (status = 404, body = ErrorBody),
        (status = 409, description = "code_not_active", body = ErrorBody)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Path(code): Path<String>,
) -> Result<StatusCode, ApiError> {
    access.require(Action::SupportCodes)?;
    let store = app.storage.tenant(access.tenant);
    let row = match code.parse::<SupportCodeId>() {
        Ok(id) => store.code(id).await?,
        Err(_) => match code.parse() {
            Ok(code) => app.storage.code_by_hash(&app.keys.code_hash(code)).await?,
            Err(_) => None,
        },
    };
    let row = row.filter(|row| row.tenant == access.tenant).ok_or_else(unknown)?;
    if !store.cancel_code(row.id, app.clock.now()).await? {
        return Err(ApiError::conflict(
            "code_not_active",
            "This code was used or cancelled already.",
        ));
    }
    client
        .event(&app, Some(&access), "code.cancelled")
        .target("code", row.id, "support code")
        .write(&app.journal);
    app.bus.changed(access.tenant, Topic::Codes);
    Ok(StatusCode::NO_CONTENT)
}
