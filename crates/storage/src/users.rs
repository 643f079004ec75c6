//! People who sign in.

use gc_types::{Permission, Role, TenantId, UnixMillis, UserId};
use sqlx::Any;
use sqlx::Transaction;
use sqlx::any::AnyRow;

use crate::paging::page;
use crate::row::{millis, named, opt_millis, parsed, stored, text};
use crate::{Cursor, Page, StorageError, TenantStore};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Id.
    pub id: UserId,
    /// As typed at creation; compared without case.
    pub username: String,
    /// For people.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Given beside the role.
    pub permissions: Vec<Permission>,
    /// PHC string.
    pub password_hash: String,
    /// When it was made.
    pub created: UnixMillis,
    /// When somebody last signed in with it.
    pub last_login: Option<UnixMillis>,
    /// Since when nobody can sign in with it.
    pub disabled: Option<UnixMillis>,
}

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Id.
    pub id: UserId,
    /// Name to sign in with.
    pub username: String,
    /// For people.
    pub display_name: String,
    /// Role.
    pub role: Role,
    /// Given beside the role.
    pub permissions: Vec<Permission>,
    /// PHC string.
    pub password_hash: String,
    /// Now.
    pub created: UnixMillis,
}

const COLUMNS: &str = "id, username, display_name, role, permissions, password_hash, created_ms, \
                       last_login_ms, disabled_ms";

pub(crate) fn permissions_text(permissions: &[Permission]) -> String {
    permissions.iter().map(|permission| permission.name()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn permissions_of(
    row: &AnyRow,
    column: &'static str,
) -> Result<Vec<Permission>, StorageError> {
    text(row, column)?
        .split_whitespace()
        .map(|name| Permission::from_name(name).ok_or(StorageError::Corrupt(column)))
        .collect()
}

fn read(row: &AnyRow) -> Result<UserRow, StorageError> {
    Ok(UserRow {
        id: parsed(row, "id")?,
        username: text(row, "username")?,
        display_name: text(row, "display_name")?,
        role: named(row, "role", Role::from_name)?,
        permissions: permissions_of(row, "permissions")?,
        password_hash: text(row, "password_hash")?,
        created: millis(row, "created_ms")?,
        last_login: opt_millis(row, "last_login_ms")?,
        disabled: opt_millis(row, "disabled_ms")?,
    })
}

pub(crate) async fn insert_user(
    transaction: &mut Transaction<'static, Any>,
    tenant: TenantId,
    user: NewUser,
) -> Result<UserRow, StorageError> {
    sqlx::query(
        "INSERT INTO users (tenant_id, id, username, username_key, display_name, role, \
         permissions, password_hash, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(tenant.to_string())
    .bind(user.id.to_string())
    .bind(user.username.clone())
    .bind(user.username.to_lowercase())
    .bind(user.display_name.clone())
    .bind(user.role.name())
    .bind(permissions_text(&user.permissions))
    .bind(user.password_hash.clone())
    .bind(stored(user.created))
    .execute(&mut **transaction)
    .await?;
    Ok(UserRow {
        id: user.id,
        username: user.username,
        display_name: user.display_name,
        role: user.role,
        permissions: user.permissions,
        password_hash: user.password_hash,
        created: user.created,
        last_login: None,
        disabled: None,
    })
}

impl TenantStore<'_> {
    /// Makes a user; [`StorageError::Conflict`] when the name is taken.
    pub async fn create_user(&self, user: NewUser) -> Result<UserRow, StorageError> {
        let mut transaction = self.storage.begin().await?;
        let row = insert_user(&mut transaction, self.id(), user).await?;
        transaction.commit().await?;
        Ok(row)
    }

    /// A user by id.
    pub async fn user(&self, id: UserId) -> Result<Option<UserRow>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM users WHERE tenant_id = $1 AND id = $2 AND deleted_ms IS NULL"
        );
        let row = self.query(&sql).bind(id.to_string()).fetch_optional(&self.storage.pool).await?;
        row.as_ref().map(read).transpose()
    }

    /// A user by the name they sign in with.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<UserRow>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM users WHERE tenant_id = $1 AND username_key = $2 \
             AND deleted_ms IS NULL"
        );
        let row = self
            .query(&sql)
            .bind(username.to_lowercase())
            .fetch_optional(&self.storage.pool)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// Users by name.
    pub async fn users(
        &self,
        limit: u32,
        after: Option<Cursor>,
    ) -> Result<Page<UserRow>, StorageError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM users WHERE tenant_id = $1 AND deleted_ms IS NULL \
             AND username_key > $2 ORDER BY username_key LIMIT $3"
        );
        let rows = self
            .query(&sql)
            .bind(after.map_or_else(String::new, |cursor| cursor.key))
            .bind(i64::from(limit) + 1)
            .fetch_all(&self.storage.pool)
            .await?;
        let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page(items, limit, |user| (user.username.to_lowercase(), user.id.to_string())))
    }

    /// Administrators who can sign in.
    pub async fn active_admins(&self) -> Result<u64, StorageError> {
        let rows = self
            .query(
                "SELECT id FROM users WHERE tenant_id = $1 AND role = 'admin' \
                 AND disabled_ms IS NULL AND deleted_ms IS NULL LIMIT 2",
            )
            .fetch_all(&self.storage.pool)
            .await?;
        Ok(rows.len() as u64)
    }

    /// Writes what can change of a user: display name, role, permissions,
    /// password, disabled. `false` when there is no such user, or when the change
    /// would leave the tenant without an administrator who can sign in.
    pub async fn update_user(&self, user: &UserRow) -> Result<bool, StorageError> {
        // The last condition makes two administrators who demote each other at
        // the same moment safe: the statement that comes second finds nobody else.
        let changed = self
            .query(
                "UPDATE users SET display_name = $3, role = $4, permissions = $5, \
                 password_hash = $6, disabled_ms = $7 \
                 WHERE tenant_id = $1 AND id = $2 AND deleted_ms IS NULL \
                 AND ($8 = 1 OR role <> 'admin' OR disabled_ms IS NOT NULL OR EXISTS ( \
                   SELECT 1 FROM users other WHERE other.tenant_id = users.tenant_id \
                   AND other.id <> users.id AND other.role = 'admin' \
                   AND other.disabled_ms IS NULL AND other.deleted_ms IS NULL))",
            )
            .bind(user.id.to_string())
            .bind(user.display_name.clone())
            .bind(user.role.name())
            .bind(permissions_text(&user.permissions))
            .bind(user.password_hash.clone())
            .bind(user.disabled.map(stored))
            .bind(i64::from(user.role == Role::Admin && user.disabled.is_none()))
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }

    /// Removes a user; what they did stays in the audit. `false` as for
    /// [`Self::update_user`].
    pub async fn delete_user(&self, id: UserId, now: UnixMillis) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE users SET deleted_ms = $3, password_hash = '' \
                 WHERE tenant_id = $1 AND id = $2 AND deleted_ms IS NULL \
                 AND (role <> 'admin' OR disabled_ms IS NOT NULL OR EXISTS ( \
                   SELECT 1 FROM users other WHERE other.tenant_id = users.tenant_id \
                   AND other.id <> users.id AND other.role = 'admin' \
                   AND other.disabled_ms IS NULL AND other.deleted_ms IS NULL))",
            )
            .bind(id.to_string())
            .bind(stored(now))
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }
}
