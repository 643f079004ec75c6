//! The program as it is installed: started with settings, asked over loopback,
//! told to stop.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends where its preparation fails"
)]

mod database;
mod encryption;
mod process;
mod refusals;
mod requests;
mod stopping;
