//! Services, workers and their pipes, with the service manager and processes of this
//! system (under Wine: of the prefix).
#![cfg(windows)]
#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod elevation;
mod install;
mod manager;
mod selves;
mod temporary;
mod workers;
