//! The log of a process whose standard error nobody sees.

use gc_agent::worker::LogLines;
use gc_platform_windows::service::LogFile;
use tracing_subscriber::EnvFilter;

fn filter() -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Into the service's file.
pub(super) fn to_file(file: LogFile) {
    tracing_subscriber::fmt()
        .with_env_filter(filter())
        .with_ansi(false)
        .with_writer(move || file.clone())
        .init();
    tell_of_panics();
}

/// To the service, whose log has the time.
pub(super) fn to_service(lines: LogLines) {
    tracing_subscriber::fmt()
        .with_env_filter(filter())
        .with_ansi(false)
        .without_time()
        .with_writer(move || lines.clone())
        .init();
    tell_of_panics();
}

fn tell_of_panics() {
    std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
}
