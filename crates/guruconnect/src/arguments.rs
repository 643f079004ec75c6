//! The command line.

use clap::{Parser, Subcommand};

use crate::commands::{agent, launch, support, view, worker};
use crate::platform::{self, SystemCommand};

const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    " (",
    env!("GURUCONNECT_COMMIT"),
    " ",
    env!("GURUCONNECT_COMMIT_DATE"),
    ")"
);

/// Shares this machine's desktop with a technician, or shows that of another.
#[derive(Parser)]
#[command(name = "guruconnect", version = VERSION, after_help = "Logs go to standard error; \
    RUST_LOG chooses how much, for example RUST_LOG=debug.")]
pub(crate) struct Arguments {
    /// Without one, the program asks for a support code where it can show a window.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

impl Arguments {
    /// Whether a person has started the program, who may be told in a window what is
    /// wrong. Before a window of a worker's or the service's, nobody sits.
    pub(crate) fn is_by_hand(&self) -> bool {
        match &self.command {
            Some(Command::Worker(_)) => false,
            Some(Command::OfSystem(command)) => platform::is_by_hand(command),
            _ => true,
        }
    }
}

/// One file in `commands` each.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run for as long as the machine does; technicians join at any time
    Agent(agent::Arguments),
    /// Show the desktop for an agent in another process; only that starts it
    #[command(hide = true)]
    Worker(worker::Arguments),
    /// Take part in one support session, then end
    Support(support::Arguments),
    /// Show the desktop of another machine, as a technician
    View(view::Arguments),
    /// Open a link of the console's; browsers start it
    #[command(hide = true)]
    Launch(launch::Arguments),
    /// What this system has beside these
    #[command(flatten)]
    OfSystem(SystemCommand),
}
