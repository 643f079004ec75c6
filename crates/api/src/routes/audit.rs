//! `GET /api/audit`

use axum::Json;
use axum::extract::State;
use gc_policy::Action;
use gc_storage::{ActorKind, AuditFilter, AuditRow, Outcome};
use gc_types::{CorrelationId, EventId, MachineId, SessionId, UnixMillis};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{ApiError, ErrorBody};
use crate::fleet::List;
use crate::json::Query;
use crate::paging::{list as page, paging};
use crate::planes::UserAccess;
use crate::state::App;

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ActorKindName {
    /// Somebody signed in.
    User,
    /// An agent.
    Agent,
    /// Somebody not signed in.
    Guest,
    /// The server itself.
    System,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutcomeName {
    /// Done.
    Ok,
    /// Refused.
    Refused,
}

/// An event of the audit.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AuditEvent {
    /// Id.
    pub id: EventId,
    /// When.
    pub at_ms: UnixMillis,
    /// What, as `thing.verb`.
    pub action: String,
    /// Who, by kind.
    pub actor_kind: ActorKindName,
    /// Who, by id.
    #[schema(required = true)]
    pub actor_id: Option<String>,
    /// Who, for people.
    pub actor_name: String,
    /// On what, by kind.
    pub target_kind: String,
    /// On what, by id; may be empty.
    pub target_id: String,
    /// On what, for people.
    pub target_name: String,
    /// In which session.
    #[schema(required = true)]
    pub session_id: Option<SessionId>,
    /// On which machine.
    #[schema(required = true)]
    pub machine_id: Option<MachineId>,
    /// How it went.
    pub outcome: OutcomeName,
    /// From where.
    pub address: String,
    /// Ties it to an answer and its log lines.
    pub correlation_id: CorrelationId,
    /// More, by action.
    #[schema(value_type = Object)]
    pub detail: serde_json::Value,
}

impl From<AuditRow> for AuditEvent {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at_ms: row.at,
            action: row.action,
            actor_kind: match row.actor_kind {
                ActorKind::User => ActorKindName::User,
                ActorKind::Agent => ActorKindName::Agent,
                ActorKind::Guest => ActorKindName::Guest,
                ActorKind::System => ActorKindName::System,
            },
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            session_id: row.session,
            machine_id: row.machine,
            outcome: match row.outcome {
                Outcome::Ok => OutcomeName::Ok,
                Outcome::Refused => OutcomeName::Refused,
            },
            address: row.address,
            correlation_id: row.correlation,
            detail: serde_json::from_str(&row.detail)
                .unwrap_or_else(|_| serde_json::Value::Object(serde_json::Map::new())),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Rows of a page, 1 to 200; 50 when left out.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// This action only.
    action: Option<String>,
    /// This actor only, by id or name.
    actor: Option<String>,
    /// Of this session only.
    session_id: Option<SessionId>,
    /// Of this machine only.
    machine_id: Option<MachineId>,
}

/// The audit, newest first.
#[utoipa::path(get, path = "/api/audit", tag = "audit",
    operation_id = "audit_list", params(AuditQuery),
    security(("access_token" = [])),
    responses((status = 200, body = List<AuditEvent>), (status = 403, body = ErrorBody)))]
pub(crate) async fn audit(
    State(app): State<App>,
    access: UserAccess,
    Query(query): Query<AuditQuery>,
) -> Result<Json<List<AuditEvent>>, ApiError> {
    access.require(Action::ReadAudit)?;
    let (limit, cursor) = paging(query.limit, query.cursor.as_deref())?;
    let filter = AuditFilter {
        action: query.action.filter(|text| !text.is_empty()),
        actor: query.actor.filter(|text| !text.is_empty()),
        session: query.session_id,
        machine: query.machine_id,
    };
    let events = app.storage.tenant(access.tenant).audit(&filter, limit, cursor).await?;
    Ok(Json(page(events, AuditEvent::from)))
}
