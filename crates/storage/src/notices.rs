//! What a tenant shows its users when somebody connects.

use gc_types::UnixMillis;

use crate::row::{number, opt_millis, stored, text};
use crate::{StorageError, TenantStore};

/// Settings of the connection notice, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeRow {
    /// It is shown.
    pub enabled: bool,
    /// Text with placeholders.
    pub template: String,
    /// Seconds.
    pub duration_s: u32,
    /// Stable name of the place.
    pub position: String,
    /// A click closes it.
    pub dismissible: bool,
}

impl TenantStore<'_> {
    /// What was set; `None` while nothing was.
    pub async fn connection_notice(&self) -> Result<Option<NoticeRow>, StorageError> {
        let row = self
            .query(
                "SELECT enabled_ms, template, duration_s, position, dismissible_ms \
                 FROM connection_notices WHERE tenant_id = $1",
            )
            .fetch_optional(&self.storage.pool)
            .await?;
        row.map(|row| {
            Ok(NoticeRow {
                enabled: opt_millis(&row, "enabled_ms")?.is_some(),
                template: text(&row, "template")?,
                duration_s: u32::try_from(number(&row, "duration_s")?)
                    .map_err(|_| StorageError::Corrupt("duration_s"))?,
                position: text(&row, "position")?,
                dismissible: opt_millis(&row, "dismissible_ms")?.is_some(),
            })
        })
        .transpose()
    }

    /// Sets it, whatever was set before.
    pub async fn set_connection_notice(
        &self,
        notice: &NoticeRow,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        let now = stored(now);
        self.query(
            "INSERT INTO connection_notices (tenant_id, enabled_ms, template, duration_s, \
             position, dismissible_ms, changed_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (tenant_id) DO UPDATE SET enabled_ms = excluded.enabled_ms, \
             template = excluded.template, duration_s = excluded.duration_s, \
             position = excluded.position, dismissible_ms = excluded.dismissible_ms, \
             changed_ms = excluded.changed_ms",
        )
        .bind(notice.enabled.then_some(now))
        .bind(notice.template.clone())
        .bind(i64::from(notice.duration_s))
        .bind(notice.position.clone())
        .bind(notice.dismissible.then_some(now))
        .bind(now)
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }
}
