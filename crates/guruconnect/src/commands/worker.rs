//! `guruconnect worker`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use gc_types::Secret;

use crate::{link, platform};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What the agent gave it; from the environment only
    #[arg(skip = gc_runtime::env(gc_platform::WORKER_TICKET_VARIABLE))]
    ticket: Option<String>,
}

/// The part of an agent that is in a user's session.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode> {
    let log = platform::worker_log();
    let ticket = arguments.ticket.ok_or(gc_agent::worker::WorkerError::NoTicket)?;
    let stream = platform::worker_stream()?;
    let clock = link::clock();
    let runtime = link::runtime()?;
    let _inside = runtime.enter();
    let _guard = platform::WorkerGuard::new()?;
    let platform = platform::open_for_worker(&clock)?;
    gc_agent::worker::run(platform, stream, &Secret::new(ticket), clock, log)?;
    Ok(ExitCode::SUCCESS)
}
