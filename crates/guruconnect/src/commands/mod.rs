//! What the program can do; one file for each subcommand.

pub(crate) mod agent;
mod attended;
pub(crate) mod launch;
mod sessions;
pub(crate) mod support;
pub(crate) mod view;
pub(crate) mod worker;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::CommandFactory;

use crate::arguments::{Arguments, Command};
use crate::{logging, platform};

/// Runs a subcommand, or, without one, asks for a support code.
pub(crate) fn run(command: Option<Command>) -> Result<ExitCode> {
    match command {
        Some(Command::Agent(arguments)) => {
            logging::to_standard_error();
            agent::run(arguments)
        }
        Some(Command::Support(arguments)) => {
            logging::to_standard_error();
            support::run(arguments)
        }
        Some(Command::View(arguments)) => {
            logging::to_standard_error();
            view::run(arguments)
        }
        Some(Command::Launch(arguments)) => {
            logging::to_standard_error();
            launch::run(&arguments)
        }
        Some(Command::Worker(arguments)) => worker::run(arguments),
        Some(Command::OfSystem(command)) => platform::run_system(command),
        None => {
            logging::to_standard_error();
            if let Some(window) = platform::code_window() {
                return attended::run(window.as_ref());
            }
            let usage = Arguments::command().render_long_help().to_string();
            crate::say(&usage);
            platform::complain(&usage);
            Ok(ExitCode::from(2))
        }
    }
}

/// The one-time program leaves nothing behind.
fn remove_self() -> Result<()> {
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    platform::remove_after_end(&program)
        .with_context(|| format!("please delete {} yourself", program.display()))?;
    crate::say("This program has removed itself.");
    Ok(())
}
