//! The service that presses Ctrl+Alt+Del when GuruConnect's own service asks.

use std::process::ExitCode;

/// This is no service, or not on Windows.
const NOT_A_SERVICE: u8 = 2;

#[cfg(windows)]
fn main() -> ExitCode {
    match windows::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&error.to_string());
            ExitCode::from(NOT_A_SERVICE)
        }
    }
}

#[cfg(not(windows))]
fn main() -> ExitCode {
    say("Ctrl+Alt+Del is a matter of Windows: this program does nothing elsewhere.");
    ExitCode::from(NOT_A_SERVICE)
}

#[expect(clippy::print_stderr, reason = "the program's word to the person who started it")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[cfg(windows)]
mod windows {
    use gc_platform_windows::sas::{HELPER_PIPE, HELPER_SERVICE, HelperSettings, press, serve};
    use gc_platform_windows::service::{
        AGENT_SERVICE, HostError, ServiceContext, ServiceFailure, data_folder, open_log,
        run_service,
    };
    use tracing_subscriber::EnvFilter;

    /// It ends when nobody has asked for so many milliseconds.
    const IDLE: u32 = 60_000;
    /// The pipe could not be served.
    const PIPE_FAILED: u32 = 1;

    /// Names that a test may replace: service, pipe and asker, in this order.
    struct Names {
        service: String,
        pipe: String,
        asker: String,
    }

    fn names() -> Names {
        let mut given = std::env::args().skip(1);
        let mut next = |name: &str| given.next().unwrap_or_else(|| name.to_owned());
        Names { service: next(HELPER_SERVICE), pipe: next(HELPER_PIPE), asker: next(AGENT_SERVICE) }
    }

    pub(super) fn run() -> Result<(), HostError> {
        log();
        let Names { service, pipe, asker } = names();
        run_service(&service, move |context| {
            body(context, HelperSettings { pipe, asker, idle: IDLE })
        })
    }

    /// Into the folder of the installation; without one there is no log.
    fn log() {
        let Ok(folder) = data_folder() else { return };
        if let Ok(file) = open_log(&folder, "sas-service") {
            tracing_subscriber::fmt()
                .with_env_filter(EnvFilter::new("info"))
                .with_ansi(false)
                .with_writer(move || file.clone())
                .init();
        }
    }

    fn body(context: ServiceContext, settings: HelperSettings) -> Result<(), ServiceFailure> {
        let failed = |error: gc_platform_windows::CallError| ServiceFailure {
            code: PIPE_FAILED,
            reason: error.to_string(),
        };
        context.running().map_err(failed)?;
        serve(&settings, &context.stop, &press).map_err(failed)
    }
}
