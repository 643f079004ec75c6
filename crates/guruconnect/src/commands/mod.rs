//! What the program can do; one file for each subcommand.

pub(crate) mod agent;
pub(crate) mod support;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::Command;

pub(crate) fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Agent(arguments) => agent::run(arguments),
        Command::Support(arguments) => support::run(arguments),
    }
}
