//! `guruconnect agent`

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use gc_agent::Mode;
use gc_types::Secret;

use crate::link::{self, ServerArguments};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
    /// Machine key (cak_…); from the environment only, so that it shows in no process
    /// list
    #[arg(skip = gc_runtime::env("GURUCONNECT_KEY"))]
    key: Option<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let key = arguments.key.context(
        "no machine key: set GURUCONNECT_KEY to the key that the console showed when it was \
         created",
    )?;
    let ended = link::keep(&arguments.server, Mode::Managed { key: Secret::new(key) })?;
    crate::say(&ended.to_string());
    Ok(link::exit_code(&ended))
}
