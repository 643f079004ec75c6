//! Vocabulary that every tier shares: ids, rights, roles, the support-code
//! format, secrets that do not print, and the seams for clock and entropy.
//!
//! Nothing here reads a clock, draws randomness or does I/O; those come in
//! through [`Clock`] and [`Entropy`].

mod cause;
mod clock;
mod id;
mod launch_link;
mod rights;
mod secret;
mod support_code;

pub use cause::CauseCode;
pub use clock::{Clock, Entropy, ManualClock, SeededEntropy, UnixMillis};
pub use id::{
    AgentKeyId, CorrelationId, EventId, GrantId, IdError, MachineId, SessionId, SupportCodeId,
    TenantId, UserId,
};
pub use launch_link::{LAUNCH_SCHEME, LaunchLinkError, LaunchTicket};
pub use rights::{AgentMode, ConsentMode, ConsentState, Permission, Right, Rights, Role};
pub use secret::Secret;
pub use support_code::{SUPPORT_CODE_ALPHABET, SupportCode, SupportCodeError};

/// Product version from Cargo.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
