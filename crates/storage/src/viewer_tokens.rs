//! Viewer tokens: each is redeemed once.

use gc_types::{SessionId, UnixMillis, UserId};
use uuid::Uuid;

use crate::row::stored;
use crate::{StorageError, TenantStore};

/// A viewer token that has been made out.
#[derive(Debug, Clone)]
pub struct NewViewerToken {
    /// Its `jti`.
    pub id: Uuid,
    /// The session it is for.
    pub session: SessionId,
    /// For whom.
    pub user: UserId,
    /// By which login.
    pub login: Uuid,
    /// When it ends.
    pub expires: UnixMillis,
}

impl TenantStore<'_> {
    /// Notes a token that has been made out.
    pub async fn create_viewer_token(&self, token: NewViewerToken) -> Result<(), StorageError> {
        self.query(
            "INSERT INTO viewer_tokens (tenant_id, id, session_id, user_id, login_id, expires_ms) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(token.id.to_string())
        .bind(token.session.to_string())
        .bind(token.user.to_string())
        .bind(token.login.to_string())
        .bind(stored(token.expires))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }

    /// Redeems a token; of several at once, one gets `true`.
    pub async fn redeem_viewer_token(
        &self,
        id: Uuid,
        session: SessionId,
        now: UnixMillis,
    ) -> Result<bool, StorageError> {
        let changed = self
            .query(
                "UPDATE viewer_tokens SET redeemed_ms = $4 WHERE tenant_id = $1 AND id = $2 \
                 AND session_id = $3 AND redeemed_ms IS NULL AND expires_ms > $4",
            )
            .bind(id.to_string())
            .bind(session.to_string())
            .bind(stored(now))
            .execute(&self.storage.pool)
            .await?
            .rows_affected();
        Ok(changed == 1)
    }
}
