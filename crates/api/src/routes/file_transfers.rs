//! `GET /api/file-transfers` and `GET /api/sessions/{id}/file-transfers`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_storage::{FileDirection, FileFilter, FileOutcome, FileTransferRow};
use gc_types::{CauseCode, EventId, MachineId, SessionId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ErrorBody};
use crate::fleet::List;
use crate::json::{Path, Query};
use crate::paging::{list as page, paging};
use crate::planes::UserAccess;
use crate::state::App;

/// Which way a file went, from the technician's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileDirectionName {
    /// To the machine.
    Upload,
    /// From the machine.
    Download,
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FileOutcomeName {
    /// Moved whole; its hash agreed.
    Done,
    /// Not wanted.
    Skipped,
    /// Could not be moved.
    Failed,
    /// Stopped by a person.
    Cancelled,
    /// Forbidden by the rules.
    Denied,
}

/// One file that was moved, or was to be.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct FileTransfer {
    /// Id.
    pub id: EventId,
    /// When it was over.
    pub at_ms: UnixMillis,
    /// In which session.
    pub session_id: SessionId,
    /// Of which machine; none for a one-time session.
    #[schema(required = true)]
    pub machine_id: Option<MachineId>,
    /// For people.
    pub machine_name: String,
    /// Who moved it, when that is known.
    #[schema(required = true)]
    pub user_id: Option<UserId>,
    /// For people.
    pub user_name: String,
    /// The transfer it was part of.
    pub transfer_id: String,
    /// Which way.
    pub direction: FileDirectionName,
    /// Relative, as it was sent.
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes that went over the wire.
    pub moved: u64,
    /// Lower-case hexadecimal, when it was moved whole.
    #[schema(required = true)]
    pub sha256: Option<String>,
    /// How it ended.
    pub outcome: FileOutcomeName,
    /// Stable name of why, when it is not done.
    #[schema(required = true)]
    pub cause: Option<String>,
    /// The same for people.
    #[schema(required = true)]
    pub cause_sentence: Option<String>,
    /// Milliseconds that it took.
    pub duration_ms: u32,
}

impl From<FileTransferRow> for FileTransfer {
    fn from(row: FileTransferRow) -> Self {
        Self {
            id: row.id,
            at_ms: row.at,
            session_id: row.session,
            machine_id: row.machine,
            machine_name: row.machine_name,
            user_id: row.user,
            user_name: row.user_name,
            transfer_id: row.transfer,
            direction: match row.direction {
                FileDirection::Upload => FileDirectionName::Upload,
                FileDirection::Download => FileDirectionName::Download,
            },
            path: row.path,
            size: row.size,
            moved: row.moved,
            sha256: row.sha256,
            outcome: match row.outcome {
                FileOutcome::Done => FileOutcomeName::Done,
                FileOutcome::Skipped => FileOutcomeName::Skipped,
                FileOutcome::Failed => FileOutcomeName::Failed,
                FileOutcome::Cancelled => FileOutcomeName::Cancelled,
                FileOutcome::Denied => FileOutcomeName::Denied,
            },
            cause: row.cause.map(|cause| cause.name().into()),
            cause_sentence: row.cause.map(CauseCode::sentence).map(Into::into),
            duration_ms: row.duration_ms,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileTransferQuery {
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Of this session only.
    session_id: Option<SessionId>,
    /// Of this machine only.
    machine_id: Option<MachineId>,
    /// By this user only, by id or name.
    user: Option<String>,
    /// This way only.
    direction: Option<FileDirectionName>,
    /// With this end only.
    outcome: Option<FileOutcomeName>,
    /// With this text in the path; at most 200 characters.
    q: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OfSessionQuery {
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// Files that were moved in sessions, or were to be, newest first.
#[utoipa::path(get, path = "/api/file-transfers", tag = "audit",
    operation_id = "file_transfers_list", params(FileTransferQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<FileTransfer>), (status = 400, body = ErrorBody),
        (status = 403, body = ErrorBody)))]
pub(crate) async fn list(
    State(app): State<App>,
    access: UserAccess,
    Query(query): Query<FileTransferQuery>,
) -> Result<Json<List<FileTransfer>>, ApiError> {
    access.require(Action::ReadAudit)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let search = given(query.q);
    if search.as_ref().is_some_and(|text| text.chars().count() > 200) {
        return Err(ApiError::bad_request("The search may have 200 characters."));
    }
    let filter = FileFilter {
        session: query.session_id,
        machine: query.machine_id,
        user: given(query.user),
        direction: query.direction.map(|it| match it {
            FileDirectionName::Upload => FileDirection::Upload,
            FileDirectionName::Download => FileDirection::Download,
        }),
        outcome: query.outcome.map(|it| match it {
            FileOutcomeName::Done => FileOutcome::Done,
            FileOutcomeName::Skipped => FileOutcome::Skipped,
            FileOutcomeName::Failed => FileOutcome::Failed,
            FileOutcomeName::Cancelled => FileOutcome::Cancelled,
            FileOutcomeName::Denied => FileOutcome::Denied,
        }),
        search,
    };
    let files = app.storage.tenant(access.tenant).file_transfers(&filter, limit, cursor).await?;
    Ok(Json(page(files, FileTransfer::from)))
}

/// Files of one session, newest first.
#[utoipa::path(get, path = "/api/sessions/{id}/file-transfers", tag = "sessions",
    operation_id = "sessions_file_transfers", params(("id" = SessionId, Path), OfSessionQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<FileTransfer>), (status = 403, body = ErrorBody)))]
pub(crate) async fn of_session(
    State(app): State<App>,
    access: UserAccess,
    Path(session): Path<SessionId>,
    Query(query): Query<OfSessionQuery>,
) -> Result<Json<List<FileTransfer>>, ApiError> {
    access.require(Action::ReadAudit)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let filter = FileFilter { session: Some(session), ..FileFilter::default() };
    let files = app.storage.tenant(access.tenant).file_transfers(&filter, limit, cursor).await?;
    Ok(Json(page(files, FileTransfer::from)))
}
