//! `POST /api/codes`

use std::time::Duration;

use axum::extract::State;
use gc_policy::Action;
use gc_storage::{NewCode, StorageError};
use gc_types::{SupportCode, SupportCodeId, UserId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::bus::Topic;
use crate::edge::Client;
use crate::error::{ApiError, ErrorBody};
use crate::json::{Created, Input, person_text};
use crate::planes::UserAccess;
use crate::routes::codes::{Code, show};
use crate::state::App;

const DAY_S: u64 = 24 * 3600;

/// A code to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCodeRequest {
    /// Seconds of validity: 60 to 604800; 86400 when left out.
    #[serde(default)]
    expires_in_s: Option<u64>,
    /// Who alone may take it; the maker when left out.
    #[serde(default)]
    assigned_to: Option<UserId>,
    /// For people, at most 200 characters.
    #[serde(default)]
    note: Option<String>,
}

/// Make a support code.
#[utoipa::path(post, path = "/api/codes", tag = "codes",
    operation_id = "codes_create", request_body = NewCodeRequest,
    security(("access_token" = [])),
    responses((status = 201, body = Code), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub(crate) async fn create(
    State(app): State<App>,
    client: Client,
    access: UserAccess,
    Input(request): Input<NewCodeRequest>,
) -> Result<Created<Code>, ApiError> {
    access.require(Action::SupportCodes)?;
    let seconds = request.expires_in_s.unwrap_or(DAY_S);
    if !(60..=7 * DAY_S).contains(&seconds) {
        return Err(ApiError::bad_request("A code is valid for 60 to 604800 seconds."));
    }
    let note = person_text(request.note.as_deref().unwrap_or(""), "note", 0..=200)?;
    let store = app.storage.tenant(access.tenant);
    if let Some(user) = request.assigned_to {
        let known = store.user(user).await?.filter(|user| user.disabled.is_none());
        known.ok_or_else(|| ApiError::bad_request("The assigned user is not there."))?;
    }
    let now = app.clock.now();
    // 31^9 codes: the same one twice is a matter of luck, twice in a row of a
    // broken random generator.
    for _ in 0..3 {
        let id = SupportCodeId::random(app.entropy.as_ref());
        let code = SupportCode::random(app.entropy.as_ref());
        let new = NewCode {
            id,
            code_hash: app.keys.code_hash(code),
            code_sealed: app.keys.seal_code(id, code),
            created_by: access.user,
            assigned_to: request.assigned_to,
            note: note.clone(),
            created: now,
            expires: now.plus(Duration::from_secs(seconds)),
        };
        match store.create_code(new).await {
            Ok(()) => {
                client
                    .event(&app, Some(&access), "code.created")
                    .target("code", id, "support code")
                    .detail(json!({ "assigned_to": request.assigned_to, "valid_s": seconds }))
                    .write(&app.journal);
                app.bus.changed(access.tenant, Topic::Codes);
                let row = store.code(id).await?;
                let row = row.ok_or_else(|| ApiError::internal("a new code is gone"))?;
                return Ok(Created(show(&app, row)));
            }
            Err(StorageError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::internal("three new codes in a row existed already"))
}
