//! The tenancy helper that every query on a scoped table passes.

use gc_types::TenantId;
use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

use crate::Storage;

/// The rows of one tenant; made by [`Storage::tenant`].
#[derive(Debug, Clone, Copy)]
pub struct TenantStore<'s> {
    pub(crate) storage: &'s Storage,
    tenant: TenantId,
}

impl<'s> TenantStore<'s> {
    pub(crate) const fn new(storage: &'s Storage, tenant: TenantId) -> Self {
        Self { storage, tenant }
    }

    /// Whose rows these are.
    pub const fn id(&self) -> TenantId {
        self.tenant
    }

    /// A query in which `$1` is the tenant. INVARIANT: the text compares or sets
    /// `tenant_id` with `$1`; a debug build refuses one that does not.
    pub(crate) fn query<'q>(&self, sql: &'q str) -> Query<'q, Any, AnyArguments<'q>> {
        debug_assert!(
            sql.contains("tenant_id = $1") || sql.contains("INSERT") && sql.contains("tenant_id"),
            "query without a tenant: {sql}"
        );
        sqlx::query(sql).bind(self.tenant.to_string())
    }
}
