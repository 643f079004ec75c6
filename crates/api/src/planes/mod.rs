//! The credential planes. Each has one type, one place that verifies it and one
//! extractor; a route belongs to exactly one of them.

mod agent;
mod guard;
mod refresh;
mod user;
mod viewer;

pub(crate) use agent::AgentAccess;
pub use guard::Plane;
pub(crate) use guard::guard;
pub(crate) use refresh::{RefreshAccess, refresh_cookie};
pub(crate) use user::{AccessClaims, UserAccess};
pub(crate) use viewer::{SEAT_PREFIX, TICKET_PREFIX, ViewerClaims, is_own_origin};
