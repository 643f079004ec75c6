//! The one-time token with which the first administrator is made.

use gc_types::{TenantId, UnixMillis};

use crate::row::stored;
use crate::users::insert_user;
use crate::{NewUser, Storage, StorageError, UserRow};

impl Storage {
    /// Whether nobody has ever been an administrator here. Removed and disabled
    /// ones count: set-up must not open again behind their backs.
    pub async fn setup_required(&self) -> Result<bool, StorageError> {
        let row = sqlx::query("SELECT id FROM users WHERE role = 'admin' LIMIT 1")
            .fetch_optional(&self.pool)
            .await?;
        Ok(row.is_none())
    }

    /// Makes `token_hash` the only set-up token there is.
    pub async fn replace_setup_token(
        &self,
        token_hash: &str,
        now: UnixMillis,
    ) -> Result<(), StorageError> {
        let mut transaction = self.begin().await?;
        sqlx::query("DELETE FROM setup_tokens").execute(&mut *transaction).await?;
        sqlx::query("INSERT INTO setup_tokens (token_hash, created_ms) VALUES ($1, $2)")
            .bind(token_hash.to_owned())
            .bind(stored(now))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Uses the token up and makes the first administrator; `None` when the token
    /// is not the one, or an administrator exists. Of several at once, one wins.
    pub async fn redeem_setup_token(
        &self,
        token_hash: &str,
        user: NewUser,
    ) -> Result<Option<UserRow>, StorageError> {
        let mut transaction = self.begin().await?;
        let used = sqlx::query("DELETE FROM setup_tokens WHERE token_hash = $1")
            .bind(token_hash.to_owned())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        let taken = sqlx::query("SELECT id FROM users WHERE role = 'admin' LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await?
            .is_some();
        if used != 1 || taken {
            return Ok(None);
        }
        let row = insert_user(&mut transaction, TenantId::DEFAULT, user).await?;
        transaction.commit().await?;
        Ok(Some(row))
    }
}
