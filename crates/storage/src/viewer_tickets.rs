//! Tickets of viewers that are programs: redeemed once, for a credential by which the
//! same program comes back.

use gc_types::{SessionId, TenantId, UnixMillis, UserId};
use sqlx::any::AnyRow;
use uuid::Uuid;

use crate::row::{number, parsed, stored};
use crate::{Storage, StorageError, TenantStore};

/// A ticket that has been made out.
#[derive(Debug, Clone)]
pub struct NewViewerTicket {
    /// SHA-256 of it.
    pub hash: String,
    /// The session it is for.
    pub session: SessionId,
    /// For whom.
    pub user: UserId,
    /// By which login.
    pub login: Uuid,
    /// Bits of the rights asked for.
    pub rights: u32,
    /// When it ends.
    pub expires: UnixMillis,
}

/// What a ticket, or what it was exchanged for, stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerSeat {
    /// Tenant.
    pub tenant: TenantId,
    /// The session.
    pub session: SessionId,
    /// Who.
    pub user: UserId,
    /// By which login.
    pub login: Uuid,
    /// Bits of the rights asked for.
    pub rights: u32,
}

const COLUMNS: &str = "tenant_id, session_id, user_id, login_id, rights";

fn seat(row: &AnyRow) -> Result<ViewerSeat, StorageError> {
    Ok(ViewerSeat {
        tenant: parsed(row, "tenant_id")?,
        session: parsed(row, "session_id")?,
        user: parsed(row, "user_id")?,
        login: parsed(row, "login_id")?,
        // Bits that no right has are lost here and mean nothing there.
        rights: number(row, "rights")? as u32,
    })
}

impl TenantStore<'_> {
    /// Notes a ticket that has been made out.
    pub async fn create_viewer_ticket(&self, ticket: NewViewerTicket) -> Result<(), StorageError> {
        self.query(
            "INSERT INTO viewer_tickets (tenant_id, ticket_hash, session_id, user_id, login_id, \
             rights, expires_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(ticket.hash)
        .bind(ticket.session.to_string())
        .bind(ticket.user.to_string())
        .bind(ticket.login.to_string())
        .bind(i64::from(ticket.rights))
        .bind(stored(ticket.expires))
        .execute(&self.storage.pool)
        .await?;
        Ok(())
    }
}

impl Storage {
    /// Redeems a ticket, and notes what it is exchanged for; of several at once, one
    /// gets something.
    pub async fn redeem_viewer_ticket(
        &self,
        hash: &str,
        seat_hash: &str,
        now: UnixMillis,
    ) -> Result<Option<ViewerSeat>, StorageError> {
        let changed = sqlx::query(
            "UPDATE viewer_tickets SET redeemed_ms = $3, seat_hash = $2 \
             WHERE ticket_hash = $1 AND redeemed_ms IS NULL AND expires_ms > $3",
        )
        .bind(hash.to_owned())
        .bind(seat_hash.to_owned())
        .bind(stored(now))
        .execute(&self.pool)
        .await?
        .rows_affected();
        if changed == 1 { self.viewer_seat(seat_hash).await } else { Ok(None) }
    }

    /// What a redeemed ticket was exchanged for.
    pub async fn viewer_seat(&self, seat_hash: &str) -> Result<Option<ViewerSeat>, StorageError> {
        let sql = format!("SELECT {COLUMNS} FROM viewer_tickets WHERE seat_hash = $1");
        let row = sqlx::query(&sql).bind(seat_hash.to_owned()).fetch_optional(&self.pool).await?;
        row.as_ref().map(seat).transpose()
    }
}
