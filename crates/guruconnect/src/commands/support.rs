//! `guruconnect support`

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use gc_agent::Mode;

use crate::link::{self, ServerArguments};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
    /// The support code that your technician gave you
    #[arg(long, value_name = "XXX-XXX-XXX")]
    code: String,
    /// Delete this program from disk at the end of the session
    #[arg(long)]
    remove: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let code = arguments.code.parse().context("that is not a support code")?;
    let ended = link::keep(&arguments.server, Mode::Support { code })?;
    crate::say(&ended.to_string());
    if arguments.remove {
        super::remove_self()?;
    }
    Ok(link::exit_code(&ended))
}
