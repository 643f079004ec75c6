//! Keys of machines. Only their SHA-256 is stored.

use gc_types::{AgentKeyId, MachineId, TenantId, UnixMillis, UserId};
use sqlx::any::AnyRow;

use crate::row::{millis, opt_millis, parsed, stored, text};
use crate::{Storage, StorageError, TenantStore};

/// A machine key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentKeyRow {
    /// Id.
    pub id: AgentKeyId,
    /// Whose key.
    pub machine: MachineId,
    /// For people.
    pub name: String,
    /// First characters of the secret, to tell keys apart.
    pub prefix: String,
    /// When it was made.
    pub created: UnixMillis,
    /// By whom.
    pub created_by: UserId,
    /// When an agent last came with it.
    pub last_used: Option<UnixMillis>,
    /// Since when it is worth nothing.
    pub revoked: Option<UnixMillis>,
}

/// Whom a valid key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyOwner {
    /// The key.
    pub key: AgentKeyId,
    /// Its machine.
    pub machine: MachineId,
    /// Tenant of both.
    pub tenant: TenantId,
}

fn read(row: &AnyRow) -> Result<AgentKeyRow, StorageError> {
    Ok(AgentKeyRow {
        id: parsed(row, "id")?,
        machine: parsed(row, "machine_id")?,
        name: text(row, "name")?,
        prefix: text(row, "prefix")?,
        created: millis(row, "created_ms")?,
        created_by: parsed(row, "created_by")?,
        last_used: opt_millis(row, "last_used_ms")?,
        revoked: opt_millis(row, "revoked_ms")?,
    })
}

fn owner(row: &AnyRow) -> Result<KeyOwner, StorageError> {
    Ok(KeyOwner {
        key: parsed(row, "id")?,
        machine: parsed(row, "machine_id")?,
        tenant: parsed(row, "tenant")?,
    })
}

const VALID: &str = "SELECT keys.id AS id, keys.machine_id AS machine_id, keys.tenant_id AS tenant \
     FROM connect_agent_keys keys JOIN connect_machines machines \
     ON machines.id = keys.machine_id AND machines.tenant_id = keys.tenant_id \
     WHERE keys.revoked_ms IS NULL";

impl Storage {
    /// Whom an unrevoked key belongs to, by the hash of its secret. Removed
    /// machines keep their keys: coming back revives them.
    pub async fn key_owner(&self, key_hash: &str) -> Result<Option<KeyOwner>, StorageError> {
        let sql = format!("{VALID} AND keys.key_hash = $1");
        let row = sqlx::query(&sql).bind(key_hash.to_owned()).fetch_optional(&self.pool).await?;
        row.as_ref().map(owner).transpose()
    }

    /// The same by id, for a key that was checked a moment ago.
    pub async fn key_still_valid(&self, key: AgentKeyId) -> Result<bool, StorageError> {
        let sql = format!("{VALID} AND keys.id = $1");
        let row = sqlx::query(&sql).bind(key.to_string()).fetch_optional(&self.pool).await?;
        Ok(row.is_some())
    }
}

impl TenantStore<'_> {
    /// Stores a key.
    pub async fn create_key(&self, key: &AgentKeyRow, key_hash: &str) -> Result<(), StorageError> {
        self.query(
            "INSERT INTO connect_agent_keys (tenant_id, id, machine_id, name, prefix, key_hash, \
             created_ms, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(key.id.to_string())
        .bind(key.machine.to_string())
        .bind(key.name.clone())
        .bind(key.prefix.clone())
        .bind(key_hash.to_owned())
        .bind(stored(key.created))
        .bind(key.created_by.to_string())
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// Keys of a machine, newest first.
    pub async fn keys(&self, machine: MachineId) -> Result<Vec<AgentKeyRow>, StorageError> {
        let rows = self
            .query(
                "SELECT id, machine_id, name, prefix, created_ms, created_by, last_used_ms, \
                 revoked_ms FROM connect_agent_keys WHERE tenant_id = $1 AND machine_id = $2 \
                 ORDER BY created_ms DESC, id LIMIT 200",
            )
            .bind(machine.to_string())
            .fetch_all(&self.storage.pool)
            .await?;
        rows.iter().map(read).collect()
    }

    /// Revokes a key of a machine; `false` when there is no such valid key.
    pub async fn revoke_key(
        &self,
        machine: MachineId,
        key: AgentKeyId,
        now: UnixMillis,
    ) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE connect_agent_keys SET revoked_ms = $4 WHERE tenant_id = $1 \
                 AND machine_id = $2 AND id = $3 AND revoked_ms IS NULL",
            )
            .bind(machine.to_string())
            .bind(key.to_string())
            .bind(stored(now))
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }

    /// Notes that a key was used.
    pub async fn touch_key(&self, key: AgentKeyId, now: UnixMillis) -> Result<(), StorageError> {
        self.query(
            "UPDATE connect_agent_keys SET last_used_ms = $3 WHERE tenant_id = $1 AND id = $2",
        )
        .bind(key.to_string())
        .bind(stored(now))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }
}
