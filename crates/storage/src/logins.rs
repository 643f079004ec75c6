//! Logins, their rotating refresh tokens, and revocation.

use gc_types::{Permission, Role, TenantId, UnixMillis, UserId};
use uuid::Uuid;

use crate::row::{millis, named, opt_millis, parsed, stored, text};
use crate::users::permissions_of;
use crate::{Storage, StorageError, TenantStore};

/// A login to be recorded.
#[derive(Debug, Clone)]
pub struct NewLogin {
    /// Id; goes into every token of the login.
    pub id: Uuid,
    /// Who signed in.
    pub user: UserId,
    /// From where.
    pub address: String,
    /// Now.
    pub created: UnixMillis,
    /// When it ends whatever happens.
    pub expires: UnixMillis,
    /// Hash of its first refresh token.
    pub refresh_hash: String,
}

/// What a login is worth at this moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginState {
    /// Tenant.
    pub tenant: TenantId,
    /// Who.
    pub user: UserId,
    /// Name to sign in with.
    pub username: String,
    /// For people.
    pub display_name: String,
    /// Role as it is now.
    pub role: Role,
    /// Permissions as they are now.
    pub permissions: Vec<Permission>,
    /// When the login ends whatever happens.
    pub expires: UnixMillis,
    /// Not revoked, and its user neither disabled nor removed.
    pub alive: bool,
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// It was used up and the next one is in place.
    Rotated {
        /// Login.
        login: Uuid,
        /// Tenant.
        tenant: TenantId,
        /// When the login ends.
        expires: UnixMillis,
    },
    /// It had been used before: the login is revoked.
    Reused {
        /// Login.
        login: Uuid,
        /// Tenant.
        tenant: TenantId,
        /// Who.
        user: UserId,
    },
    /// It is unknown, or its login is over.
    Refused,
}

impl Storage {
    /// What a login is worth at this moment; `None` when there never was one.
    pub async fn login_state(&self, login: Uuid) -> Result<Option<LoginState>, StorageError> {
        let row = sqlx::query(
            "SELECT logins.tenant_id AS tenant, users.id AS user_id, username, display_name, role, \
             permissions, expires_ms, revoked_ms, disabled_ms, deleted_ms FROM logins \
             JOIN users ON users.id = logins.user_id AND users.tenant_id = logins.tenant_id \
             WHERE logins.id = $1",
        )
        .bind(login.to_string())
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(LoginState {
            tenant: parsed(&row, "tenant")?,
            user: parsed(&row, "user_id")?,
            username: text(&row, "username")?,
            display_name: text(&row, "display_name")?,
            role: named(&row, "role", Role::from_name)?,
            permissions: permissions_of(&row, "permissions")?,
            expires: millis(&row, "expires_ms")?,
            alive: opt_millis(&row, "revoked_ms")?.is_none()
                && opt_millis(&row, "disabled_ms")?.is_none()
                && opt_millis(&row, "deleted_ms")?.is_none(),
        }))
    }

    /// The login of a refresh token that has not been used; for logging out.
    pub async fn login_of_refresh(&self, hash: &str) -> Result<Option<Uuid>, StorageError> {
        let row = sqlx::query(
            "SELECT login_id FROM refresh_tokens WHERE token_hash = $1 AND used_ms IS NULL",
        )
        .bind(hash.to_owned())
        .fetch_optional(&self.pool)
        .await?;
        row.as_ref().map(|row| parsed(row, "login_id")).transpose()
    }

    /// Uses a refresh token up and puts the next one in its place. A token that
    /// was used before revokes its whole login: one of the two who had it is not
    /// who signed in.
    pub async fn rotate_refresh(
        &self,
        hash: &str,
        next_hash: &str,
        now: UnixMillis,
    ) -> Result<Refreshed, StorageError> {
        let mut transaction = self.begin().await?;
        let row = sqlx::query(
            "SELECT login_id, logins.tenant_id AS tenant, logins.user_id AS user_id, expires_ms, \
             revoked_ms FROM refresh_tokens \
             JOIN logins ON logins.id = refresh_tokens.login_id WHERE token_hash = $1",
        )
        .bind(hash.to_owned())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(Refreshed::Refused) };
        let login: Uuid = parsed(&row, "login_id")?;
        let tenant: TenantId = parsed(&row, "tenant")?;
        let user: UserId = parsed(&row, "user_id")?;
        let expires = millis(&row, "expires_ms")?;
        let over = opt_millis(&row, "revoked_ms")?.is_some() || expires <= now;
        if over {
            return Ok(Refreshed::Refused);
        }
        let used = sqlx::query(
            "UPDATE refresh_tokens SET used_ms = $2 WHERE token_hash = $1 AND used_ms IS NULL",
        )
        .bind(hash.to_owned())
        .bind(stored(now))
        .execute(&mut *transaction)
        .await?
        .rows_affected();
        if used == 0 {
            sqlx::query(
                "UPDATE logins SET revoked_ms = $2, revoked_why = 'refresh_reused' \
                 WHERE id = $1 AND revoked_ms IS NULL",
            )
            .bind(login.to_string())
            .bind(stored(now))
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            return Ok(Refreshed::Reused { login, tenant, user });
        }
        sqlx::query(
            "INSERT INTO refresh_tokens (token_hash, tenant_id, login_id, created_ms) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(next_hash.to_owned())
        .bind(tenant.to_string())
        .bind(login.to_string())
        .bind(stored(now))
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(Refreshed::Rotated { login, tenant, expires })
    }

    /// Forgets logins, viewer tokens and tickets that ended before `before`.
    pub async fn forget_ended_logins(&self, before: UnixMillis) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        for sql in [
            "DELETE FROM refresh_tokens WHERE login_id IN \
             (SELECT id FROM logins WHERE expires_ms < $1 OR revoked_ms < $1)",
            "DELETE FROM logins WHERE expires_ms < $1 OR revoked_ms < $1",
            "DELETE FROM viewer_tokens WHERE expires_ms < $1",
            "DELETE FROM viewer_tickets WHERE expires_ms < $1 \
             AND (redeemed_ms IS NULL OR login_id NOT IN (SELECT id FROM logins))",
        ] {
            sqlx::query(sql).bind(stored(before)).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

impl TenantStore<'_> {
    /// Records a login with its first refresh token.
    pub async fn create_login(&self, login: NewLogin) -> Result<(), StorageError> {
        let mut transaction = self.storage.begin().await?;
        self.query(
            "INSERT INTO logins (tenant_id, id, user_id, address, created_ms, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(login.id.to_string())
        .bind(login.user.to_string())
        .bind(login.address)
        .bind(stored(login.created))
        .bind(stored(login.expires))
        .execute(&mut *transaction)
        .await?;
        self.query(
            "INSERT INTO refresh_tokens (tenant_id, token_hash, login_id, created_ms) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(login.refresh_hash)
        .bind(login.id.to_string())
        .bind(stored(login.created))
        .execute(&mut *transaction)
        .await?;
        self.query("UPDATE users SET last_login_ms = $3 WHERE tenant_id = $1 AND id = $2")
            .bind(login.user.to_string())
            .bind(stored(login.created))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Revokes one login; `false` when it was over already.
    pub async fn revoke_login(
        &self,
        login: Uuid,
        why: &'static str,
        now: UnixMillis,
    ) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE logins SET revoked_ms = $3, revoked_why = $4 \
                 WHERE tenant_id = $1 AND id = $2 AND revoked_ms IS NULL",
            )
            .bind(login.to_string())
            .bind(stored(now))
            .bind(why)
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }

    /// Revokes every login of a user but `except`.
    pub async fn revoke_logins_of(
        &self,
        user: UserId,
        except: Option<Uuid>,
        why: &'static str,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        self.query(
            "UPDATE logins SET revoked_ms = $3, revoked_why = $4 \
             WHERE tenant_id = $1 AND user_id = $2 AND revoked_ms IS NULL AND id <> $5",
        )
        .bind(user.to_string())
        .bind(stored(now))
        .bind(why)
        .bind(except.map_or_else(String::new, |login| login.to_string()))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }
}
