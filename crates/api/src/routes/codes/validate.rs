//! `POST /api/codes/validate`

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::codes::{CodeRefusal, find_usable};
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::Input;
use crate::routes::codes::{CodeRequest, parse, unknown};
use crate::state::App;

/// How a guest starts the support program.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Commands {
    /// For a shell on Linux.
    pub linux: String,
}

/// Who waits behind a code.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ValidCode {
    /// Always true.
    pub valid: bool,
    /// Name of the technician.
    pub technician: String,
    /// Their company.
    pub company: String,
    /// Origin of this server.
    pub server_url: String,
    /// How to start the support program.
    pub commands: Commands,
}

/// Whether a guest can come in with a code, and who waits. Does not use it up.
#[utoipa::path(post, path = "/api/codes/validate", tag = "codes",
    operation_id = "codes_validate", request_body = CodeRequest,
    responses((status = 200, body = ValidCode),
        (status = 400, description = "code_malformed", body = ErrorBody),
        (status = 404, description = "code_unknown", body = ErrorBody),
        (status = 429, description = "rate_limited, with Retry-After", body = ErrorBody)))]
pub(crate) async fn validate(
    State(app): State<App>,
    client: Client,
    Input(request): Input<CodeRequest>,
) -> Result<Json<ValidCode>, ApiError> {
    let code = parse(&request.code)?;
    let row = find_usable(&app, &client, code).await.map_err(|refusal| match refusal {
        CodeRefusal::Unknown => {
            client
                .event(&app, None, "code.validated")
                .target("code", "", "unknown code")
                .refused()
                .write(&app.journal);
            unknown()
        }
        CodeRefusal::Other(error) => error,
    })?;
    let server = app.config.origin();
    let command = format!(
        "curl -fLo guruconnect {server}/api/downloads/linux/guruconnect && chmod +x guruconnect \
         && ./guruconnect support --server {server} --code {code} --remove"
    );
    Ok(Json(ValidCode {
        valid: true,
        technician: row.technician,
        company: app.config.company.clone(),
        server_url: server,
        commands: Commands { linux: command },
    }))
}
