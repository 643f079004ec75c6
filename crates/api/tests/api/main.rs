//! The server in process, driven like its clients drive it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where its preparation fails"
)]

mod accounts;
mod auth;
mod codes;
mod contract;
mod edge;
mod files;
mod harness;
mod machines;
mod planes;
mod reaper;
mod sessions;
mod settings;
mod sockets;
