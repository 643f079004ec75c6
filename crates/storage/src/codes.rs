//! Support codes. Found by a keyed hash; kept sealed so that a list can show them.

use gc_types::{ConsentState, SessionId, SupportCodeId, TenantId, UnixMillis, UserId};
use sqlx::any::AnyRow;

use crate::paging::page;
use crate::row::{millis, opt_millis, opt_parsed, opt_text, parsed, stored, text};
use crate::sessions::insert_session;
use crate::{Cursor, NewSession, Page, SessionRow, Storage, StorageError, TenantStore};

/// A support code to be stored.
#[derive(Debug, Clone)]
pub struct NewCode {
    /// Id.
    pub id: SupportCodeId,
    /// Keyed hash.
    pub code_hash: String,
    /// Sealed code.
    pub code_sealed: String,
    /// Who made it.
    pub created_by: UserId,
    /// Who alone may take it.
    pub assigned_to: Option<UserId>,
    /// For people.
    pub note: String,
    /// Now.
    pub created: UnixMillis,
    /// End of validity.
    pub expires: UnixMillis,
}

/// A support code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRow {
    /// Id.
    pub id: SupportCodeId,
    /// Tenant.
    pub tenant: TenantId,
    /// Sealed code.
    pub code_sealed: String,
    /// Who waits for the guest: who it is assigned to, or who made it.
    pub technician_id: UserId,
    /// Their name.
    pub technician: String,
    /// Whether they can still sign in.
    pub technician_active: bool,
    /// Who alone may take it.
    pub assigned_to: Option<UserId>,
    /// For people.
    pub note: String,
    /// When it was made.
    pub created: UnixMillis,
    /// End of validity.
    pub expires: UnixMillis,
    /// When it was cancelled.
    pub cancelled: Option<UnixMillis>,
    /// When an agent bound it.
    pub used: Option<UnixMillis>,
    /// The session it became.
    pub session: Option<SessionId>,
    /// Consent of that session.
    pub consent: Option<ConsentState>,
    /// Whether that session is over.
    pub session_ended: bool,
}

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeStatus {
    /// Waits for a guest.
    Active,
    /// A guest has bound it.
    Used,
    /// Taken back.
    Cancelled,
    /// Too old.
    Expired,
}

impl CodeStatus {
    /// Stable name, as sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Used => "used",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
        }
    }
}

impl CodeRow {
    /// What the code is worth at `now`.
    pub fn status(&self, now: UnixMillis) -> CodeStatus {
        if self.used.is_some() {
            CodeStatus::Used
        } else if self.cancelled.is_some() {
            CodeStatus::Cancelled
        } else if self.expires <= now {
            CodeStatus::Expired
        } else {
            CodeStatus::Active
        }
    }

    /// Whether a guest may come in with it at `now`.
    pub fn usable(&self, now: UnixMillis) -> bool {
        self.status(now) == CodeStatus::Active && self.technician_active
    }
}

/// A code that has just become a session.
#[derive(Debug, Clone)]
pub struct BoundCode {
    /// The code.
    pub code: SupportCodeId,
    /// The session.
    pub session: SessionRow,
}

const SELECT: &str = "SELECT codes.id AS id, codes.tenant_id AS tenant_id, code_sealed, \
     users.id AS technician_id, users.display_name AS technician, users.disabled_ms AS disabled_ms, \
     users.deleted_ms AS deleted_ms, assigned_to, codes.note AS note, codes.created_ms AS created_ms, \
     expires_ms, cancelled_ms, used_ms, codes.session_id AS session_id, \
     sessions.consent_state AS consent_state, sessions.ended_ms AS ended_ms \
     FROM connect_support_codes codes \
     JOIN users ON users.id = COALESCE(assigned_to, created_by) \
     LEFT JOIN connect_sessions sessions ON sessions.id = codes.session_id";

fn read(row: &AnyRow) -> Result<CodeRow, StorageError> {
    let consent = opt_text(row, "consent_state")?
        .map(|name| ConsentState::from_name(&name).ok_or(StorageError::Corrupt("consent_state")))
        .transpose()?;
    Ok(CodeRow {
        id: parsed(row, "id")?,
        tenant: parsed(row, "tenant_id")?,
        code_sealed: text(row, "code_sealed")?,
        technician_id: parsed(row, "technician_id")?,
        technician: text(row, "technician")?,
        technician_active: opt_millis(row, "disabled_ms")?.is_none()
            && opt_millis(row, "deleted_ms")?.is_none(),
        assigned_to: opt_parsed(row, "assigned_to")?,
        note: text(row, "note")?,
        created: millis(row, "created_ms")?,
        expires: millis(row, "expires_ms")?,
        cancelled: opt_millis(row, "cancelled_ms")?,
        used: opt_millis(row, "used_ms")?,
        session: opt_parsed(row, "session_id")?,
        consent,
        session_ended: opt_millis(row, "ended_ms")?.is_some(),
    })
}

impl Storage {
    /// A code in any state, by its keyed hash.
    pub async fn code_by_hash(&self, code_hash: &str) -> Result<Option<CodeRow>, StorageError> {
        let sql = format!("{SELECT} WHERE code_hash = $1");
        let row = sqlx::query(&sql).bind(code_hash.to_owned()).fetch_optional(&self.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Binds an active code to a new session, both or neither. `session` makes the
    /// session from the code. `None` when the code cannot be used (any more); of
    /// several agents at once, one wins.
    pub async fn bind_code(
        &self,
        code_hash: &str,
        now: UnixMillis,
        session: impl FnOnce(&CodeRow) -> NewSession,
    ) -> Result<Option<BoundCode>, StorageError> {
        let mut transaction = self.begin().await?;
        let sql = format!("{SELECT} WHERE code_hash = $1");
        let row =
            sqlx::query(&sql).bind(code_hash.to_owned()).fetch_optional(&mut *transaction).await?;
        let Some(code) = row.as_ref().map(read).transpose()? else { return Ok(None) };
        if !code.usable(now) {
            return Ok(None);
        }
        let new = session(&code);
        let bound = sqlx::query(
            "UPDATE connect_support_codes SET used_ms = $2, session_id = $3 WHERE code_hash = $1 \
             AND used_ms IS NULL AND cancelled_ms IS NULL AND expires_ms > $2",
        )
        .bind(code_hash.to_owned())
        .bind(stored(now))
        .bind(new.id.to_string())
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if bound != 1 {
            return Ok(None);
        }
        let session = insert_session(&mut transaction, code.tenant, new).await?;
        transaction.commit().await?;
        Ok(Some(BoundCode { code: code.id, session }))
    }
}

impl TenantStore<'_> {
    /// Stores a code; [`StorageError::Conflict`] when it exists already.
    pub async fn create_code(&self, code: NewCode) -> Result<(), StorageError> {
        self.query(
            "INSERT INTO connect_support_codes (tenant_id, id, code_hash, code_sealed, created_by, \
             assigned_to, note, created_ms, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(code.id.to_string())
        .bind(code.code_hash)
        .bind(code.code_sealed)
        .bind(code.created_by.to_string())
        .bind(code.assigned_to.map(|user| user.to_string()))
        .bind(code.note)
        .bind(stored(code.created))
        .bind(stored(code.expires))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// A code by id.
    pub async fn code(&self, id: SupportCodeId) -> Result<Option<CodeRow>, StorageError> {
        let sql = format!("{SELECT} WHERE codes.tenant_id = $1 AND codes.id = $2");
        let row = self.query(&sql).bind(id.to_string()).fetch_optional(&self.storage.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Codes, newest first.
    pub async fn codes(
        &self,
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<Page<CodeRow>, StorageError> {
        let sql = format!(
            "{SELECT} WHERE codes.tenant_id = $1 AND codes.created_ms <= $2 \
             AND (codes.created_ms < $2 OR codes.id < $3) \
             ORDER BY codes.created_ms DESC, codes.id DESC LIMIT $4"
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
        Ok(page(items, limit, |code| (code.created.0.to_string(), code.id.to_string())))
    }

    /// Takes a code back; `false` when it cannot be any more.
    pub async fn cancel_code(
        &self,
        id: SupportCodeId,
        now: UnixMillis,
    ) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE connect_support_codes SET cancelled_ms = $3 WHERE tenant_id = $1 \
                 AND id = $2 AND used_ms IS NULL AND cancelled_ms IS NULL",
            )
            .bind(id.to_string())
            .bind(stored(now))
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }
}
