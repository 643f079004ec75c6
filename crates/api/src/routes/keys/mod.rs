//! Keys of machines.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

use gc_storage::AgentKeyRow;
use gc_types::{AgentKeyId, UnixMillis, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A machine key, without its secret.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct AgentKey {
    /// Id.
    pub id: AgentKeyId,
    /// For people.
    pub name: String,
    /// First eight characters after `cak_`.
    pub prefix: String,
    /// When it was made.
    pub created_ms: UnixMillis,
    /// By whom.
    pub created_by: UserId,
    /// When an agent last came with it.
    #[schema(required = true)]
    pub last_used_ms: Option<UnixMillis>,
    /// Since when it is worth nothing.
    #[schema(required = true)]
    pub revoked_ms: Option<UnixMillis>,
}

impl From<AgentKeyRow> for AgentKey {
    fn from(row: AgentKeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            created_ms: row.created,
            created_by: row.created_by,
            last_used_ms: row.last_used,
            revoked_ms: row.revoked,
        }
    }
}
