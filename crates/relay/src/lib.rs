//! The relay: forwards records between agents and viewers.
//!
//! It reads a record's outer header and never its payload; it knows no SQL and no
//! HTTP. Credentials are checked by the gates in [`ports`], what happened goes out
//! as [`ports::RelayEvent`]s.

mod agent;
mod conduct;
mod greet;
mod link;
pub mod ports;
mod relay;
mod session;
mod shared;
mod viewer;
mod writer;

pub use relay::{AgentView, Relay, RelayConfig, RelayMetrics, SessionView, ViewerView};
