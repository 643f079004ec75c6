//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("GURUCONNECT_COMMIT"),
    " ",
    env!("GURUCONNECT_COMMIT_DATE"),
    ")"
);

/// Shares this machine's desktop with a technician.
#[derive(Parser)]
#[command(name = "guruconnect", version = VERSION, after_help = "Logs go to standard error; \
    RUST_LOG chooses how much, for example RUST_LOG=debug.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run for as long as the machine does; technicians join at any time
    Agent {
        #[command(flatten)]
        server: ServerArguments,
        /// Machine key (cak_…); from the environment only, so that it shows in no
        /// process list
        #[arg(skip = gc_runtime::env("GURUCONNECT_KEY"))]
        key: Option<String>,
        /// Show the desktop from a process of its own, which may fail without the
        /// link
        #[arg(long)]
        worker: bool,
    },
    /// Show the desktop for an agent in another process; only that starts it
    #[command(hide = true)]
    Worker {
        /// What the agent gave it; from the environment only
        #[arg(skip = gc_runtime::env(gc_platform::WORKER_TICKET_VARIABLE))]
        ticket: Option<String>,
    },
    /// Take part in one support session, then end
    Support {
        #[command(flatten)]
        server: ServerArguments,
        /// The support code that your technician gave you
        #[arg(long, value_name = "XXX-XXX-XXX")]
        code: String,
        /// Delete this program from disk at the end of the session
        #[arg(long)]
        remove: bool,
    },
}

#[derive(Args)]
pub(crate) struct ServerArguments {
    /// Address of the server's console; starts with https://
    #[arg(long, value_name = "URL", env = "GURUCONNECT_SERVER")]
    pub(crate) server: String,
    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE", env = "GURUCONNECT_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}
