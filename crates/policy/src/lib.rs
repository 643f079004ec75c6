//! Pure decisions. Who may do what becomes [`Decision::Allow`] or a denial with
//! its reason; nothing is allowed that is not named here. How a session's consent
//! starts is resolved here too.

mod access;
mod accounts;
mod consent;

pub use access::{Action, Actor, Decision, Denial, PermissionSet, decide, session_rights};
pub use accounts::{AccountChange, check_account_change};
pub use consent::{AttendedConsent, initial_consent};
