//! Support codes.

pub(crate) mod cancel;
pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod status;
pub(crate) mod validate;

use gc_storage::{CodeRow, CodeStatus};
use gc_types::{ConsentState, SessionId, SupportCode, SupportCodeId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::state::App;

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CodeStatusName {
    /// Waits for a guest.
    Active,
    /// A guest has come in with it.
    Used,
    /// Taken back.
    Cancelled,
    /// Too old.
    Expired,
}

impl From<CodeStatus> for CodeStatusName {
    fn from(status: CodeStatus) -> Self {
        match status {
            CodeStatus::Active => Self::Active,
            CodeStatus::Used => Self::Used,
            CodeStatus::Cancelled => Self::Cancelled,
            CodeStatus::Expired => Self::Expired,
        }
    }
}

/// A support code.
#[expect(clippy::struct_field_names, reason = "the name is fixed by the interface")]
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Code {
    /// Id.
    pub id: SupportCodeId,
    /// `XXX-XXX-XXX`.
    pub code: String,
    /// Page that fills the code in.
    pub link: String,
    /// What it is worth.
    pub status: CodeStatusName,
    /// Who waits for the guest.
    pub technician: String,
    /// Who alone may take it.
    #[schema(required = true)]
    pub assigned_to: Option<UserId>,
    /// For people.
    pub note: String,
    /// When it was made.
    pub created_ms: UnixMillis,
    /// End of validity.
    pub expires_ms: UnixMillis,
    /// When a guest came in with it.
    #[schema(required = true)]
    pub used_ms: Option<UnixMillis>,
    /// The session it became.
    #[schema(required = true)]
    pub session_id: Option<SessionId>,
    /// Consent of that session.
    #[schema(required = true)]
    pub consent_state: Option<ConsentState>,
}

fn show(app: &App, row: CodeRow) -> Code {
    let status = row.status(app.clock.now()).into();
    // Sealed under an earlier secret: worth nothing any more, and shown as such.
    let code = app.keys.open_code(row.id, &row.code_sealed);
    let code = code.map_or_else(|| "???-???-???".to_owned(), |code| code.to_string());
    Code {
        link: app.config.page(&format!("j/{code}")),
        code,
        id: row.id,
        status,
        technician: row.technician,
        assigned_to: row.assigned_to,
        note: row.note,
        created_ms: row.created,
        expires_ms: row.expires,
        used_ms: row.used,
        session_id: row.session,
        consent_state: row.consent,
    }
}

/// The one answer to every code that opens nothing.
fn unknown() -> ApiError {
    ApiError::not_found(
        "code_unknown",
        "This code is not valid: it was mistyped, used already, cancelled or has expired.",
    )
}

fn parse(text: &str) -> Result<SupportCode, ApiError> {
    let short = text.len() <= 100;
    text.parse().ok().filter(|_| short).ok_or(ApiError {
        code: "code_malformed",
        ..ApiError::bad_request(
            "A code has nine characters; 0, 1, I, L and O are never among them.",
        )
    })
}

/// A code that somebody typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeRequest {
    /// In any case, with or without dashes and spaces.
    code: String,
}
