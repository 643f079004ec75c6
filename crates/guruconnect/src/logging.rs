//! Where the log goes: `RUST_LOG` chooses how much of it.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::platform;

fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"))
}

/// To whom started the program.
pub(crate) fn to_standard_error() {
    tracing_subscriber::fmt()
        .with_env_filter(filter())
        .with_ansi(std::io::stderr().is_terminal() && platform::COLORS)
        .with_writer(std::io::stderr)
        .init();
}
