//! `guruconnect agent`

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use gc_agent::Mode;

use crate::link::{self, ServerArguments};
use crate::{key, platform};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    server: ServerArguments,
    /// Machine key (cak_…); from the environment, so that it shows in no process list.
    /// Without it, the one that is kept on this machine
    #[arg(skip = gc_runtime::env("GURUCONNECT_KEY"))]
    key: Option<String>,
    /// Show the desktop from a process of its own, which may fail without the link
    #[arg(long)]
    worker: bool,
}

pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let key = match &arguments.key {
        Some(text) => key::parse(text).context("GURUCONNECT_KEY is not usable")?,
        None => platform::stored_key().context(
            "no machine key: set GURUCONNECT_KEY to the key that the console showed when it was \
             created, or keep it on this machine",
        )?,
    };
    let mode = Mode::Managed { key };
    let ended = if arguments.worker {
        link::keep_with_workers(&arguments.server, mode)?
    } else {
        link::keep(&arguments.server, mode)?
    };
    crate::say(&ended.to_string());
    Ok(link::exit_code(&ended))
}
