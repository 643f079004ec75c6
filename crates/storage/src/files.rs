//! What became of files, and what a tenant lets be moved.

use std::fmt::Write as _;

use gc_types::{CauseCode, EventId, MachineId, SessionId, TenantId, UnixMillis, UserId};
use sqlx::any::AnyRow;

use crate::paging::page;
use crate::row::{millis, named, number, opt_parsed, opt_text, parsed, stored, text};
use crate::{Cursor, Page, Storage, StorageError, TenantStore};

/// Which way a file went. Names are from the technician's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDirection {
    /// To the machine.
    Upload,
    /// From the machine.
    Download,
}

impl FileDirection {
    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Upload, Self::Download].into_iter().find(|it| it.name() == name)
    }
}

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileOutcome {
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

impl FileOutcome {
    const ALL: [Self; 5] = [Self::Done, Self::Skipped, Self::Failed, Self::Cancelled, Self::Denied];

    /// Stable name, as stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Denied => "denied",
        }
    }

    /// From its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTransferRow {
    /// Version 7 UUID: orders by time of writing.
    pub id: EventId,
    /// Tenant.
    pub tenant: TenantId,
    /// When it was over.
    pub at: UnixMillis,
    /// In which session.
    pub session: SessionId,
    /// Of which machine; none for a one-time agent.
    pub machine: Option<MachineId>,
    /// For people.
    pub machine_name: String,
    /// Who moved it, when that is known.
    pub user: Option<UserId>,
    /// For people.
    pub user_name: String,
    /// The transfer it was part of, as 32 hexadecimal digits.
    pub transfer: String,
    /// Which way.
    pub direction: FileDirection,
    /// Relative. Hostile text, cleaned.
    pub path: String,
    /// Bytes of the file.
    pub size: u64,
    /// Bytes that went over the wire.
    pub moved: u64,
    /// Lower-case hexadecimal, when it was moved whole.
    pub sha256: Option<String>,
    /// How it ended.
    pub outcome: FileOutcome,
    /// Why, when it is not done.
    pub cause: Option<CauseCode>,
    /// Milliseconds that it took.
    pub duration_ms: u32,
}

/// Which files to list.
#[derive(Debug, Clone, Default)]
pub struct FileFilter {
    /// Of this session only.
    pub session: Option<SessionId>,
    /// Of this machine only.
    pub machine: Option<MachineId>,
    /// By this user's id or name only.
    pub user: Option<String>,
    /// This way only.
    pub direction: Option<FileDirection>,
    /// With this end only.
    pub outcome: Option<FileOutcome>,
    /// With this text in the path, or this hash.
    pub search: Option<String>,
}

const COLUMNS: &str = "id, tenant_id, at_ms, session_id, machine_id, machine_name, user_id, \
                       user_name, transfer_id, direction, path, size_bytes, moved_bytes, sha256, \
                       outcome, cause, duration_ms";

fn bytes(row: &AnyRow, column: &'static str) -> Result<u64, StorageError> {
    u64::try_from(number(row, column)?).map_err(|_| StorageError::Corrupt(column))
}

fn read(row: &AnyRow) -> Result<FileTransferRow, StorageError> {
    let cause = opt_text(row, "cause")?
        .map(|name| CauseCode::from_name(&name).ok_or(StorageError::Corrupt("cause")))
        .transpose()?;
    Ok(FileTransferRow {
        id: parsed(row, "id")?,
        tenant: parsed(row, "tenant_id")?,
        at: millis(row, "at_ms")?,
        session: parsed(row, "session_id")?,
        machine: opt_parsed(row, "machine_id")?,
        machine_name: text(row, "machine_name")?,
        user: opt_parsed(row, "user_id")?,
        user_name: text(row, "user_name")?,
        transfer: text(row, "transfer_id")?,
        direction: named(row, "direction", FileDirection::from_name)?,
        path: text(row, "path")?,
        size: bytes(row, "size_bytes")?,
        moved: bytes(row, "moved_bytes")?,
        sha256: opt_text(row, "sha256")?,
        outcome: named(row, "outcome", FileOutcome::from_name)?,
        cause,
        duration_ms: u32::try_from(number(row, "duration_ms")?)
            .map_err(|_| StorageError::Corrupt("duration_ms"))?,
    })
}

impl Storage {
    /// Writes what became of files in one transaction; one that was written before is
    /// left as it is.
    pub async fn write_file_transfers(
        &self,
        files: &[FileTransferRow],
    ) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        for file in files {
            let size = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
            sqlx::query(
                "INSERT INTO connect_file_transfers (tenant_id, id, at_ms, session_id, \
                 machine_id, machine_name, user_id, user_name, transfer_id, direction, path, \
                 path_key, size_bytes, moved_bytes, sha256, outcome, cause, duration_ms) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
                 $17, $18) ON CONFLICT (id) DO NOTHING",
            )
            .bind(file.tenant.to_string())
            .bind(file.id.to_string())
            .bind(stored(file.at))
            .bind(file.session.to_string())
            .bind(file.machine.map(|id| id.to_string()))
            .bind(file.machine_name.clone())
            .bind(file.user.map(|id| id.to_string()))
            .bind(file.user_name.clone())
            .bind(file.transfer.clone())
            .bind(file.direction.name())
            .bind(file.path.clone())
            .bind(file.path.to_lowercase())
            .bind(size(file.size))
            .bind(size(file.moved))
            .bind(file.sha256.clone())
            .bind(file.outcome.name())
            .bind(file.cause.map(CauseCode::name))
            .bind(i64::from(file.duration_ms))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

impl TenantStore<'_> {
    /// Files that were moved, or were to be, newest first.
    pub async fn file_transfers(
        &self,
        filter: &FileFilter,
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<Page<FileTransferRow>, StorageError> {
        let before = after.map_or_else(|| "g".to_owned(), |cursor| cursor.id);
        let mut sql = format!(
            "SELECT {COLUMNS} FROM connect_file_transfers WHERE tenant_id = $1 AND id < $2"
        );
        let mut values = Vec::new();
        let mut add = |condition: &str, value: Option<String>| {
            if let Some(value) = value {
                values.push(value);
                sql.push_str(&condition.replace('?', &format!("${}", values.len() + 2)));
            }
        };
        add(" AND session_id = ?", filter.session.map(|id| id.to_string()));
        add(" AND machine_id = ?", filter.machine.map(|id| id.to_string()));
        add(" AND (user_id = ? OR user_name = ?)", filter.user.clone());
        add(" AND direction = ?", filter.direction.map(|it| it.name().into()));
        add(" AND outcome = ?", filter.outcome.map(|it| it.name().into()));
        add(
            " AND path_key LIKE ? ESCAPE '!'",
            filter.search.as_ref().map(|search| {
                let mut pattern = String::from("%");
                for c in search.to_lowercase().chars() {
                    if matches!(c, '%' | '_' | '!') {
                        pattern.push('!');
                    }
                    pattern.push(c);
                }
                pattern.push('%');
                pattern
            }),
        );
        // The limit is a number of ours, not a client's text. Writing to a string
        // cannot fail.
        let _ = write!(sql, " ORDER BY id DESC LIMIT {}", u64::from(limit) + 1);
        let mut query = self.query(&sql).bind(before);
        for value in values {
            query = query.bind(value);
        }
        let rows = query.fetch_all(&self.storage.pool).await?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |file| (String::new(), file.id.to_string())))
    }

    /// What may be moved, as JSON; `None` when nobody has said.
    pub async fn file_rules(&self) -> Result<Option<String>, StorageError> {
        let row = self
            .query("SELECT rules FROM file_rules WHERE tenant_id = $1")
            .fetch_optional(&self.storage.pool)
            .await?;
        row.as_ref().map(|row| text(row, "rules")).transpose()
    }

    /// Sets what may be moved.
    pub async fn set_file_rules(&self, rules: &str, now: UnixMillis) -> Result<(), StorageError> {
        self.query(
            "INSERT INTO file_rules (tenant_id, rules, changed_ms) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant_id) DO UPDATE SET rules = excluded.rules, \
             changed_ms = excluded.changed_ms",
        )
        .bind(rules.to_owned())
        .bind(stored(now))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }
}
