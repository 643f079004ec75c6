//! Sessions: live ones and those that were.

use gc_types::{
    CauseCode, ConsentMode, ConsentState, GrantId, MachineId, Rights, SessionId, TenantId,
    UnixMillis, UserId,
};
use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};

use crate::paging::page;
use crate::row::{millis, named, number, opt_millis, opt_parsed, opt_text, parsed, stored, text};
use crate::{Cursor, Page, Storage, StorageError, TenantStore};

/// Whether somebody at the machine started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// With a support code.
    Attended,
    /// To an enrolled machine.
    Unattended,
}

impl SessionKind {
    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Attended => "attended",
            Self::Unattended => "unattended",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Attended, Self::Unattended].into_iter().find(|kind| kind.name() == name)
    }
}

/// A session to be made.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Id.
    pub id: SessionId,
    /// Attended or not.
    pub kind: SessionKind,
    /// Whose screen; none for a one-time agent.
    pub machine: Option<MachineId>,
    /// For people; of a one-time agent its host name, cleaned.
    pub machine_name: String,
    /// Who asked for it.
    pub technician_id: UserId,
    /// For people.
    pub technician: String,
    /// For people.
    pub company: String,
    /// Ticket number, may be empty.
    pub ticket: String,
    /// Authority for the agent.
    pub grant: GrantId,
    /// What the grant allows at most.
    pub grant_rights: Rights,
    /// End of the grant.
    pub grant_expires: UnixMillis,
    /// How the user is asked.
    pub consent_mode: ConsentMode,
    /// How it starts.
    pub consent_state: ConsentState,
    /// Hash of what a one-time agent comes back with.
    pub resume_hash: Option<String>,
    /// Now.
    pub created: UnixMillis,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Id.
    pub id: SessionId,
    /// Tenant.
    pub tenant: TenantId,
    /// Attended or not.
    pub kind: SessionKind,
    /// Which product asked for it.
    pub source: String,
    /// Whose screen; none for a one-time agent.
    pub machine: Option<MachineId>,
    /// For people.
    pub machine_name: String,
    /// Who asked for it.
    pub technician_id: UserId,
    /// For people.
    pub technician: String,
    /// For people.
    pub company: String,
    /// Ticket number, may be empty.
    pub ticket: String,
    /// Authority for the agent.
    pub grant: GrantId,
    /// What the grant allows at most.
    pub grant_rights: Rights,
    /// End of the grant.
    pub grant_expires: UnixMillis,
    /// How the user is asked.
    pub consent_mode: ConsentMode,
    /// What was answered.
    pub consent_state: ConsentState,
    /// What the user allowed.
    pub rights: Rights,
    /// When it was made.
    pub created: UnixMillis,
    /// When it ended.
    pub ended: Option<UnixMillis>,
    /// Why it ended.
    pub end_cause: Option<CauseCode>,
    /// What the technician wrote at the end.
    pub note: String,
}

const COLUMNS: &str = "id, tenant_id, kind, source, machine_id, machine_name, technician_id, \
                       technician, company, ticket, grant_id, grant_rights, grant_expires_ms, \
                       consent_mode, consent_state, rights, created_ms, ended_ms, end_cause, note";

fn rights(row: &AnyRow, column: &'static str) -> Result<Rights, StorageError> {
    u32::try_from(number(row, column)?)
        .map(Rights::from_bits)
        .map_err(|_| StorageError::Corrupt(column))
}

fn read(row: &AnyRow) -> Result<SessionRow, StorageError> {
    let end_cause = opt_text(row, "end_cause")?
        .map(|name| CauseCode::from_name(&name).ok_or(StorageError::Corrupt("end_cause")))
        .transpose()?;
    Ok(SessionRow {
        id: parsed(row, "id")?,
        tenant: parsed(row, "tenant_id")?,
        kind: named(row, "kind", SessionKind::from_name)?,
        source: text(row, "source")?,
        machine: opt_parsed(row, "machine_id")?,
        machine_name: text(row, "machine_name")?,
        technician_id: parsed(row, "technician_id")?,
        technician: text(row, "technician")?,
        company: text(row, "company")?,
        ticket: text(row, "ticket")?,
        grant: parsed(row, "grant_id")?,
        grant_rights: rights(row, "grant_rights")?,
        grant_expires: millis(row, "grant_expires_ms")?,
        consent_mode: named(row, "consent_mode", ConsentMode::from_name)?,
        consent_state: named(row, "consent_state", ConsentState::from_name)?,
        rights: rights(row, "rights")?,
        created: millis(row, "created_ms")?,
        ended: opt_millis(row, "ended_ms")?,
        end_cause,
        note: text(row, "note")?,
    })
}

pub(crate) async fn insert_session(
    transaction: &mut Transaction<'static, Any>,
    tenant: TenantId,
    session: NewSession,
) -> Result<SessionRow, StorageError> {
    let rights = session.grant_rights;
    sqlx::query(
        "INSERT INTO connect_sessions (tenant_id, id, kind, source, machine_id, machine_name, \
         technician_id, technician, company, ticket, grant_id, grant_rights, grant_expires_ms, \
         consent_mode, consent_state, rights, resume_hash, created_ms, note) \
         VALUES ($1, $2, $3, 'standalone', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
         $16, $17, '')",
    )
    .bind(tenant.to_string())
    .bind(session.id.to_string())
    .bind(session.kind.name())
    .bind(session.machine.map(|id| id.to_string()))
    .bind(session.machine_name.clone())
    .bind(session.technician_id.to_string())
    .bind(session.technician.clone())
    .bind(session.company.clone())
    .bind(session.ticket.clone())
    .bind(session.grant.to_string())
    .bind(i64::from(rights.bits()))
    .bind(stored(session.grant_expires))
    .bind(session.consent_mode.name())
    .bind(session.consent_state.name())
    .bind(i64::from(rights.bits()))
    .bind(session.resume_hash)
    .bind(stored(session.created))
    .execute(&mut **transaction)
    .await?;
    Ok(SessionRow {
        id: session.id,
        tenant,
        kind: session.kind,
        source: "standalone".into(),
        machine: session.machine,
        machine_name: session.machine_name,
        technician_id: session.technician_id,
        technician: session.technician,
        company: session.company,
        ticket: session.ticket,
        grant: session.grant,
        grant_rights: rights,
        grant_expires: session.grant_expires,
        consent_mode: session.consent_mode,
        consent_state: session.consent_state,
        rights,
        created: session.created,
        ended: None,
        end_cause: None,
        note: String::new(),
    })
}

impl Storage {
    /// A session by id alone; for events of the relay, which name nothing else.
    pub async fn session_any_tenant(
        &self,
        id: SessionId,
    ) -> Result<Option<SessionRow>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM connect_sessions WHERE id = $1");
        let row = sqlx::query(&sql).bind(id.to_string()).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// The live session of a one-time agent that comes back.
    pub async fn session_by_resume(
        &self,
        resume_hash: &str,
    ) -> Result<Option<SessionRow>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_sessions WHERE resume_hash = $1 AND ended_ms IS NULL"
        );
        let row = sqlx::query(&sql).bind(resume_hash.to_owned()).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Every live session, for the start of the server.
    pub async fn live_sessions_of_all(&self) -> Result<Vec<SessionRow>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM connect_sessions WHERE ended_ms IS NULL");
        let rows = sqlx::query(&sql).fetch_all(&self.pool).await?;
        rows.iter().map(read).collect()
    }
}

impl TenantStore<'_> {
    /// A session.
    pub async fn session(&self, id: SessionId) -> Result<Option<SessionRow>, StorageError> {
        let sql =
            format!("SELECT {COLUMNS} FROM connect_sessions WHERE tenant_id = $1 AND id = $2");
        let row = self.query(&sql).bind(id.to_string()).fetch_optional(&self.storage.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// The live session of a machine.
    pub async fn live_session_of(
        &self,
        machine: MachineId,
    ) -> Result<Option<SessionRow>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_sessions WHERE tenant_id = $1 AND machine_id = $2 \
             AND ended_ms IS NULL"
        );
        let row =
            self.query(&sql).bind(machine.to_string()).fetch_optional(&self.storage.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Live (`true`) or ended sessions, newest first; all of them for `None`.
    pub async fn sessions(
        &self,
        live: Option<bool>,
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<Page<SessionRow>, StorageError> {
        let state = match live {
            None => "",
            Some(true) => "AND ended_ms IS NULL",
            Some(false) => "AND ended_ms IS NOT NULL",
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_sessions WHERE tenant_id = $1 {state} \
             AND created_ms <= $2 AND (created_ms < $2 OR id < $3) \
             ORDER BY created_ms DESC, id DESC LIMIT $4"
        );
        let (time, id) =
            after.map_or((i64::MAX, String::new()), |cursor| (cursor.number(), cursor.id));
        let rows = self
            .query(&sql)
            .bind(time)
            .bind(id)
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.storage.pool)
            .await?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |session| (session.created.0.to_string(), session.id.to_string())))
    }

    /// Makes a session; [`StorageError::Conflict`] when its machine has a live one.
    pub async fn create_session(&self, session: NewSession) -> Result<SessionRow, StorageError> {
        let mut transaction = self.storage.begin().await?;
        let row = insert_session(&mut transaction, self.id(), session).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// Writes what the user answered.
    pub async fn set_consent(
        &self,
        id: SessionId,
        state: ConsentState,
        rights: Rights,
    ) -> Result<(), StorageError> {
        self.query(
            "UPDATE connect_sessions SET consent_state = $3, rights = $4 \
             WHERE tenant_id = $1 AND id = $2 AND ended_ms IS NULL",
        )
        .bind(id.to_string())
        .bind(state.name())
        .bind(i64::from(rights.bits()))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// Ends a session; `false` when it is over already or there is none.
    pub async fn end_session(
        &self,
        id: SessionId,
        cause: CauseCode,
        by: Option<UserId>,
        note: &str,
        now: UnixMillis,
    ) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE connect_sessions SET ended_ms = $3, end_cause = $4, ended_by = $5, \
                 note = $6, resume_hash = NULL \
                 WHERE tenant_id = $1 AND id = $2 AND ended_ms IS NULL",
            )
            .bind(id.to_string())
            .bind(stored(now))
            .bind(cause.name())
            .bind(by.map(|user| user.to_string()))
            .bind(note.to_owned())
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }
}
