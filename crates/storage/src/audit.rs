//! The audit: every decision, with actor, target, address and correlation id.

use std::fmt::Write as _;

use gc_types::{CorrelationId, EventId, MachineId, SessionId, TenantId, UnixMillis};
use sqlx::any::AnyRow;

use crate::paging::page;
use crate::row::{millis, named, opt_parsed, opt_text, parsed, stored, text};
use crate::{Cursor, Page, Storage, StorageError, TenantStore};

/// Who did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActorKind {
    /// Somebody signed in.
    User,
    /// An agent.
    Agent,
    /// Somebody not signed in.
    Guest,
    /// The server itself.
    System,
}

impl ActorKind {
    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
            Self::Guest => "guest",
            Self::System => "system",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::User, Self::Agent, Self::Guest, Self::System]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Done.
    Ok,
    /// Refused.
    Refused,
}

impl Outcome {
    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Ok, Self::Refused].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// An event of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Version 7 UUID: orders by time of making.
    pub id: EventId,
    /// Tenant.
    pub tenant: TenantId,
    /// When.
    pub at: UnixMillis,
    /// What, as `thing.verb`.
    pub action: String,
    /// Who, by kind.
    pub actor_kind: ActorKind,
    /// Who, by id.
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
    pub session: Option<SessionId>,
    /// On which machine.
    pub machine: Option<MachineId>,
    /// How it went.
    pub outcome: Outcome,
    /// From where.
    pub address: String,
    /// Ties it to a request's log lines.
    pub correlation: CorrelationId,
    /// JSON object.
    pub detail: String,
}

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// This action only.
    pub action: Option<String>,
    /// By this actor's id or name only.
    pub actor: Option<String>,
    /// Of this session only.
    pub session: Option<SessionId>,
    /// Of this machine only.
    pub machine: Option<MachineId>,
}

const COLUMNS: &str = "id, tenant_id, at_ms, action, actor_kind, actor_id, actor_name, target_kind, \
                       target_id, target_name, session_id, machine_id, outcome, address, \
                       correlation_id, detail";

fn read(row: &AnyRow) -> Result<AuditRow, StorageError> {
    Ok(AuditRow {
        id: parsed(row, "id")?,
        tenant: parsed(row, "tenant_id")?,
        at: millis(row, "at_ms")?,
        action: text(row, "action")?,
        actor_kind: named(row, "actor_kind", ActorKind::from_name)?,
        actor_id: opt_text(row, "actor_id")?,
        actor_name: text(row, "actor_name")?,
        target_kind: text(row, "target_kind")?,
        target_id: text(row, "target_id")?,
        target_name: text(row, "target_name")?,
        session: opt_parsed(row, "session_id")?,
        machine: opt_parsed(row, "machine_id")?,
        outcome: named(row, "outcome", Outcome::from_name)?,
        address: text(row, "address")?,
        correlation: parsed(row, "correlation_id")?,
        detail: text(row, "detail")?,
    })
}

impl Storage {
    /// Writes events in one transaction. One that was written before is left as it
    /// is, so that a batch can be written again after a failure.
    pub async fn write_audit(&self, events: &[AuditRow]) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        for event in events {
            sqlx::query(
                "INSERT INTO connect_session_events (tenant_id, id, at_ms, action, actor_kind, \
                 actor_id, actor_name, target_kind, target_id, target_name, session_id, \
                 machine_id, outcome, address, correlation_id, detail) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) \
                 ON CONFLICT (id) DO NOTHING",
            )
            .bind(event.tenant.to_string())
            .bind(event.id.to_string())
            .bind(stored(event.at))
            .bind(event.action.clone())
            .bind(event.actor_kind.name())
            .bind(event.actor_id.clone())
            .bind(event.actor_name.clone())
            .bind(event.target_kind.clone())
            .bind(event.target_id.clone())
            .bind(event.target_name.clone())
            .bind(event.session.map(|id| id.to_string()))
            .bind(event.machine.map(|id| id.to_string()))
            .bind(event.outcome.name())
            .bind(event.address.clone())
            .bind(event.correlation.to_string())
            .bind(event.detail.clone())
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

impl TenantStore<'_> {
    /// Events, newest first.
    pub async fn audit(
        &self,
        filter: &AuditFilter,
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<Page<AuditRow>, StorageError> {
        let before = after.map_or_else(|| "g".to_owned(), |cursor| cursor.id);
        let mut sql = format!(
            "SELECT {COLUMNS} FROM connect_session_events WHERE tenant_id = $1 AND id < $2"
        );
        let mut values = Vec::new();
        let mut add = |condition: &str, value: Option<String>| {
            if let Some(value) = value {
                values.push(value);
                sql.push_str(&condition.replace('?', &format!("${}", values.len() + 2)));
            }
        };
        add(" AND action = ?", filter.action.clone());
        add(" AND (actor_id = ? OR actor_name = ?)", filter.actor.clone());
        add(" AND session_id = ?", filter.session.map(|id| id.to_string()));
        add(" AND machine_id = ?", filter.machine.map(|id| id.to_string()));
        // The limit is a number of ours, not a client's text. Writing to a string
        // cannot fail.
        let _ = write!(sql, " ORDER BY id DESC LIMIT {}", u64::from(limit) + 1);
        let mut query = self.query(&sql).bind(before);
        for value in values {
            query = query.bind(value);
        }
        let rows = query.fetch_all(&self.storage.pool).await?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |event| (String::new(), event.id.to_string())))
    }
}
