//! The GuruConnect server: settings, wiring, sockets and the console's files.

mod assets;
mod data;
mod door;
mod settings;
mod start;
mod tls;

use std::io::IsTerminal;
use std::process::ExitCode;

use crate::settings::Settings;

const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("GURUCONNECT_COMMIT"),
    ", ",
    env!("GURUCONNECT_COMMIT_DATE"),
    ")"
);

/// Exit code for a setting that is wrong, or an option that does not exist.
const WRONG_USE: u8 = 2;

#[expect(clippy::print_stdout, reason = "this is what people and scripts read")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "before there is a log, and for people at a terminal")]
fn complain(text: &str) {
    eprintln!("guruconnect-server: {text}");
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => {}
        (Some("--help" | "-h"), None) => {
            say(settings::help().trim_end());
            return ExitCode::SUCCESS;
        }
        (Some("--version" | "-V"), None) => {
            say(&format!("guruconnect-server {VERSION}"));
            return ExitCode::SUCCESS;
        }
        (Some(other), _) => {
            complain(&format!("there is no option '{other}'; --help lists what there is."));
            return ExitCode::from(WRONG_USE);
        }
    }
    let settings = match Settings::read(gc_runtime::env) {
        Ok(settings) => settings,
        Err(error) => {
            complain(&error.to_string());
            return ExitCode::from(WRONG_USE);
        }
    };
    let filter = match tracing_subscriber::EnvFilter::try_new(&settings.log) {
        Ok(filter) => filter,
        Err(error) => {
            complain(&format!("RUST_LOG is wrong: {error}."));
            return ExitCode::from(WRONG_USE);
        }
    };
    let terminal = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(terminal)
        .with_writer(std::io::stderr)
        .init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("no threads can be started: {error}."));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(start::run(settings)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}."));
            ExitCode::FAILURE
        }
    }
}
