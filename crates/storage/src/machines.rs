//! Managed machines.

use std::time::Duration;

use gc_types::{CauseCode, ConsentMode, MachineId, TenantId, UnixMillis};
use sqlx::any::AnyRow;

use crate::paging::page;
use crate::row::{millis, named, number, opt_millis, opt_text, parsed, stored, text};
use crate::{Cursor, Page, Storage, StorageError, TenantStore};

/// A machine. What the agent reports is hostile text, cleaned before it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineRow {
    /// Id.
    pub id: MachineId,
    /// For people.
    pub name: String,
    /// Company it belongs to.
    pub company: String,
    /// Site.
    pub site: String,
    /// Department.
    pub department: String,
    /// Kind of device.
    pub device_type: String,
    /// Tags.
    pub tags: Vec<String>,
    /// How its user is asked.
    pub consent_mode: ConsentMode,
    /// What its agent reported last.
    pub facts: MachineFacts,
    /// Since when its link is up, as last written.
    pub online: Option<UnixMillis>,
    /// When its link was last lost.
    pub offline: Option<UnixMillis>,
    /// What kept its agent from its link the last time that something did.
    pub trouble: Option<LinkTrouble>,
    /// When it was made.
    pub created: UnixMillis,
}

/// What kept an agent from its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkTrouble {
    /// Of the last attempt that failed.
    pub cause: CauseCode,
    /// What the machine's system said; may be empty.
    pub detail: String,
    /// Attempts that failed in a row.
    pub attempts: u32,
    /// From the first of them to the end.
    pub lasted: Duration,
    /// When it was over.
    pub ended: UnixMillis,
}

/// What an agent reports about its machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MachineFacts {
    /// Name in the network.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Its version.
    pub os_version: String,
    /// Processor architecture.
    pub architecture: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Who is logged on.
    pub logged_on_user: String,
}

const COLUMNS: &str = "id, name, company, site, department, device_type, tags, consent_mode, \
                       hostname, os, os_version, architecture, agent_version, logged_on_user, \
                       online_ms, offline_ms, created_ms, trouble_cause, trouble_detail, \
                       trouble_attempts, trouble_lasted_ms, trouble_ms";

fn read(row: &AnyRow) -> Result<MachineRow, StorageError> {
    Ok(MachineRow {
        id: parsed(row, "id")?,
        name: text(row, "name")?,
        company: text(row, "company")?,
        site: text(row, "site")?,
        department: text(row, "department")?,
        device_type: text(row, "device_type")?,
        tags: text(row, "tags")?.lines().map(str::to_owned).collect(),
        consent_mode: named(row, "consent_mode", ConsentMode::from_name)?,
        facts: MachineFacts {
            hostname: text(row, "hostname")?,
            os: text(row, "os")?,
            os_version: text(row, "os_version")?,
            architecture: text(row, "architecture")?,
            agent_version: text(row, "agent_version")?,
            logged_on_user: text(row, "logged_on_user")?,
        },
        online: opt_millis(row, "online_ms")?,
        offline: opt_millis(row, "offline_ms")?,
        trouble: trouble(row)?,
        created: millis(row, "created_ms")?,
    })
}

fn trouble(row: &AnyRow) -> Result<Option<LinkTrouble>, StorageError> {
    // A later version may have had causes that this one does not know.
    let cause = opt_text(row, "trouble_cause")?.and_then(|name| CauseCode::from_name(&name));
    let Some(cause) = cause else { return Ok(None) };
    let attempts = number(row, "trouble_attempts")?;
    Ok(Some(LinkTrouble {
        cause,
        detail: text(row, "trouble_detail")?,
        attempts: attempts.try_into().map_err(|_| StorageError::Corrupt("trouble_attempts"))?,
        lasted: Duration::from_millis(millis(row, "trouble_lasted_ms")?.0),
        ended: millis(row, "trouble_ms")?,
    }))
}

impl MachineRow {
    /// Everything that is searched, in lower case.
    fn search(&self) -> String {
        let facts = &self.facts;
        [
            &self.name,
            &self.company,
            &self.site,
            &self.department,
            &self.device_type,
            &self.tags.join(" "),
            &facts.hostname,
            &facts.os,
            &facts.os_version,
            &facts.agent_version,
            &facts.logged_on_user,
        ]
        .map(String::as_str)
        .join("\n")
        .to_lowercase()
    }
}

/// A search term as a LIKE pattern that matches itself anywhere.
fn pattern(term: &str) -> String {
    let mut out = String::from("%");
    for c in term.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('%');
    out
}

impl Storage {
    /// No machine is online any more: for the start, before any agent is back.
    pub async fn all_machines_offline(&self, now: UnixMillis) -> Result<(), StorageError> {
        sqlx::query(
            "UPDATE connect_machines SET online_ms = NULL, offline_ms = $1 \
             WHERE online_ms IS NOT NULL",
        )
        .bind(stored(now))
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Tenant of a machine, for events that name only the machine.
    pub async fn tenant_of_machine(&self, id: MachineId) -> Result<Option<TenantId>, StorageError> {
        let row = sqlx::query("SELECT tenant_id FROM connect_machines WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(|row| parsed(row, "tenant_id")).transpose()
    }
}

impl TenantStore<'_> {
    /// Stores a new machine.
    pub async fn create_machine(&self, machine: &MachineRow) -> Result<(), StorageError> {
        self.query(
            "INSERT INTO connect_machines (tenant_id, id, name, name_key, company, site, \
             department, device_type, tags, consent_mode, hostname, os, os_version, architecture, \
             agent_version, logged_on_user, search, created_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', '', '', '', '', $11, $12)",
        )
        .bind(machine.id.to_string())
        .bind(machine.name.clone())
        .bind(machine.name.to_lowercase())
        .bind(machine.company.clone())
        .bind(machine.site.clone())
        .bind(machine.department.clone())
        .bind(machine.device_type.clone())
        .bind(machine.tags.join("\n"))
        .bind(machine.consent_mode.name())
        .bind(machine.search())
        .bind(stored(machine.created))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// A machine that was not removed.
    pub async fn machine(&self, id: MachineId) -> Result<Option<MachineRow>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_machines \
             WHERE tenant_id = $1 AND id = $2 AND deleted_ms IS NULL"
        );
        let row = self.query(&sql).bind(id.to_string()).fetch_optional(&self.storage.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// Machines by name. Every one of `terms` (at most 5) must occur somewhere.
    pub async fn machines(
        &self,
        terms: &[String],
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<Page<MachineRow>, StorageError> {
        let pattern_at = |index: usize| pattern(terms.get(index).map_or("", String::as_str));
        // A row value comparison would be shorter, but keeps SQLite from the index.
        let sql = format!(
            "SELECT {COLUMNS} FROM connect_machines WHERE tenant_id = $1 AND deleted_ms IS NULL \
             AND name_key >= $2 AND (name_key > $2 OR id > $3) \
             AND search LIKE $4 ESCAPE '\\' AND search LIKE $5 ESCAPE '\\' \
             AND search LIKE $6 ESCAPE '\\' AND search LIKE $7 ESCAPE '\\' \
             AND search LIKE $8 ESCAPE '\\' ORDER BY name_key, id LIMIT $9"
        );
        let after = after.unwrap_or(Cursor { key: String::new(), id: String::new() });
        let rows = self
            .query(&sql)
            .bind(after.key)
            .bind(after.id)
            .bind(pattern_at(0))
            .bind(pattern_at(1))
            .bind(pattern_at(2))
            .bind(pattern_at(3))
            .bind(pattern_at(4))
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.storage.pool)
            .await?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |machine| (machine.name.to_lowercase(), machine.id.to_string())))
    }

    /// Writes what people set; `false` when there is no such machine.
    pub async fn update_machine(&self, machine: &MachineRow) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE connect_machines SET name = $3, name_key = $4, company = $5, site = $6, \
                 department = $7, device_type = $8, tags = $9, consent_mode = $10, search = $11 \
                 WHERE tenant_id = $1 AND id = $2 AND deleted_ms IS NULL",
            )
            .bind(machine.id.to_string())
            .bind(machine.name.clone())
            .bind(machine.name.to_lowercase())
            .bind(machine.company.clone())
            .bind(machine.site.clone())
            .bind(machine.department.clone())
            .bind(machine.device_type.clone())
            .bind(machine.tags.join("\n"))
            .bind(machine.consent_mode.name())
            .bind(machine.search())
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }

    /// Notes that a machine's link is up, with what its agent reported. Brings a
    /// removed machine back. Without trouble the one from before stays known.
    pub async fn machine_online(
        &self,
        id: MachineId,
        facts: MachineFacts,
        trouble: Option<&LinkTrouble>,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        let mut transaction = self.storage.begin().await?;
        let sql =
            format!("SELECT {COLUMNS} FROM connect_machines WHERE tenant_id = $1 AND id = $2");
        let row = self.query(&sql).bind(id.to_string()).fetch_optional(&mut *transaction).await?;
        let Some(row) = row else { return Ok(()) };
        let machine = MachineRow { facts, ..read(&row)? };
        self.query(
            "UPDATE connect_machines SET hostname = $3, os = $4, os_version = $5, \
             architecture = $6, agent_version = $7, logged_on_user = $8, search = $9, \
             online_ms = $10, deleted_ms = NULL WHERE tenant_id = $1 AND id = $2",
        )
        .bind(id.to_string())
        .bind(machine.facts.hostname.clone())
        .bind(machine.facts.os.clone())
        .bind(machine.facts.os_version.clone())
        .bind(machine.facts.architecture.clone())
        .bind(machine.facts.agent_version.clone())
        .bind(machine.facts.logged_on_user.clone())
        .bind(machine.search())
        .bind(stored(now))
        .execute(&mut *transaction)
        .await?;
        if let Some(trouble) = trouble {
            self.query(
                "UPDATE connect_machines SET trouble_cause = $3, trouble_detail = $4, \
                 trouble_attempts = $5, trouble_lasted_ms = $6, trouble_ms = $7 \
                 WHERE tenant_id = $1 AND id = $2",
            )
            .bind(id.to_string())
            .bind(trouble.cause.name())
            .bind(trouble.detail.clone())
            .bind(i64::from(trouble.attempts))
            .bind(i64::try_from(trouble.lasted.as_millis()).unwrap_or(i64::MAX))
            .bind(stored(trouble.ended))
            .execute(&mut *transaction)
            .await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// Notes that a machine's link is down.
    pub async fn machine_offline(
        &self,
        id: MachineId,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        self.query(
            "UPDATE connect_machines SET online_ms = NULL, offline_ms = $3 \
             WHERE tenant_id = $1 AND id = $2",
        )
        .bind(id.to_string())
        .bind(stored(now))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// Notes who is logged on.
    pub async fn machine_user(&self, id: MachineId, user: &str) -> Result<(), StorageError> {
        self.query(
            "UPDATE connect_machines SET logged_on_user = $3 WHERE tenant_id = $1 AND id = $2 \
             AND logged_on_user <> $3",
        )
        .bind(id.to_string())
        .bind(user.to_owned())
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// Takes a machine off the lists; `false` when there is no such machine.
    pub async fn delete_machine(
        &self,
        id: MachineId,
        now: UnixMillis,
    ) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE connect_machines SET deleted_ms = $3 WHERE tenant_id = $1 AND id = $2 \
                 AND deleted_ms IS NULL",
            )
            .bind(id.to_string())
            .bind(stored(now))
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }

    /// Removes a machine, its keys and who was granted it, for good. Sessions and
    /// audit stay. `false` when there is no such machine.
    pub async fn purge_machine(&self, id: MachineId) -> Result<bool, StorageError> {
        let mut transaction = self.storage.begin().await?;
        let mut removed = 0;
        for sql in [
            "DELETE FROM connect_agent_keys WHERE tenant_id = $1 AND machine_id = $2",
            "DELETE FROM user_client_access WHERE tenant_id = $1 AND machine_id = $2",
            "DELETE FROM connect_machines WHERE tenant_id = $1 AND id = $2",
        ] {
            removed = self
                .query(sql)
                .bind(id.to_string())
                .execute(&mut *transaction)
                .await?
                .rows_affected();
        }
        transaction.commit().await?;
        Ok(removed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_term_matches_only_itself() {
        assert_eq!(pattern("50%_\\A"), "%50\\%\\_\\\\a%");
    }
}
