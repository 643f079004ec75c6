//! The relay: forwards records between agents and viewers, one task per session.
//!
//! It reads a record's outer header and never its payload; it knows no SQL and no
//! HTTP. Credentials are checked by the gates in [`ports`], what happened goes out
//! as [`ports::RelayEvent`]s.

pub mod ports;
mod relay;

pub use relay::{AgentView, Relay, RelayConfig, RelayMetrics, SessionView, ViewerView};
