//! Repositories over SQLite and PostgreSQL with one set of queries.
//!
//! Everything that belongs to a tenant is reached through [`Storage::tenant`]; the
//! few look-ups that come before a tenant is known go by the hash of a secret and
//! stand on [`Storage`] itself. See `docs/adr/0002-one-sql-dialect.md`.

mod audit;
mod codes;
mod connect;
mod error;
mod files;
mod keys;
mod logins;
mod machines;
mod notices;
mod paging;
mod row;
mod scope;
mod sessions;
mod setup;
mod users;
mod viewer_tickets;
mod viewer_tokens;

pub use audit::{ActorKind, AuditFilter, AuditRow, Outcome};
pub use codes::{BoundCode, CodeRow, CodeStatus, NewCode};
pub use connect::{Engine, Storage};
pub use error::StorageError;
pub use files::{FileDirection, FileFilter, FileOutcome, FileTransferRow};
pub use keys::{AgentKeyRow, KeyOwner};
pub use logins::{LoginState, NewLogin, Refreshed};
pub use machines::{LinkTrouble, MachineFacts, MachineRow};
pub use notices::NoticeRow;
pub use paging::{Cursor, CursorError, MAX_PAGE, Page};
pub use scope::TenantStore;
pub use sessions::{NewSession, SessionKind, SessionRow};
pub use users::{NewUser, UserRow};
pub use viewer_tickets::{NewViewerTicket, ViewerSeat};
pub use viewer_tokens::NewViewerToken;
