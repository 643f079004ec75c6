//! Agents in this process, against a relay that does as the test says.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failed step is a failed test"
)]

mod clipboard;
mod drags;
mod hostile_relay;
mod relay;
mod workers;
