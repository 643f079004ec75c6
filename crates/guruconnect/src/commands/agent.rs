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
    /// Show the desktop from a process of its own, which may fail without the link
    #[arg(long)]
    worker: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let key = arguments.key.context(
        "no machine key: set GURUCONNECT_KEY to the key that the console showed when it was \
         created",
    )?;
    let mode = Mode::Managed { key: Secret::new(key) };
    let ended = if arguments.worker {
        link::keep_with_workers(&arguments.server, mode)?
    } else {
        link::keep(&arguments.server, mode)?
    };
    crate::say(&ended.to_string());
    Ok(link::exit_code(&ended))
}
