//! What the program can do; one file for each subcommand.

pub(crate) mod agent;
pub(crate) mod support;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::arguments::Command;
use crate::platform;

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Agent(arguments) => agent::run(arguments),
        Command::Support(arguments) => support::run(arguments),
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
