//! What the program can do on this system alone: be installed as a service, and be one.

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use super::{elevated, install, service};
use crate::logging;

#[derive(Subcommand)]
pub(crate) enum SystemCommand {
    /// Install GuruConnect as a service, for technicians to join at any time
    #[command(after_help = install::EXIT_CODES)]
    Install(install::Arguments),
    /// Put the installation right again: programs, services and their settings. Server and
    /// key stay
    #[command(after_help = install::EXIT_CODES)]
    Repair(install::Rights),
    /// Remove the service and all that belongs to it, the key too
    #[command(after_help = install::EXIT_CODES)]
    Uninstall(install::Rights),
    /// What the service manager starts
    #[command(hide = true)]
    ServiceRun,
    /// What Windows starts with the rights that a user gives to a one-time session
    #[command(hide = true, name = elevated::ELEVATE)]
    Elevate(elevated::Request),
    /// The service of such a session
    #[command(hide = true, name = elevated::SERVICE)]
    ElevatedService(elevated::ServiceName),
    /// What that service starts on the user's desktop
    #[command(hide = true, name = elevated::WORKER)]
    ElevatedWorker,
}

/// Whether a person started it.
pub(crate) const fn is_by_hand(command: &SystemCommand) -> bool {
    matches!(
        command,
        SystemCommand::Install(_) | SystemCommand::Repair(_) | SystemCommand::Uninstall(_)
    )
}

/// Does it.
pub(crate) fn run_system(command: SystemCommand) -> Result<ExitCode> {
    if is_by_hand(&command) {
        logging::to_standard_error();
    }
    match command {
        SystemCommand::Install(arguments) => Ok(install::install(&arguments)),
        SystemCommand::Repair(rights) => Ok(install::repair(&rights)),
        SystemCommand::Uninstall(rights) => Ok(install::uninstall(&rights)),
        SystemCommand::ServiceRun => service::run(),
        SystemCommand::Elevate(request) => Ok(elevated::elevate(&request)),
        SystemCommand::ElevatedService(name) => elevated::run_elevated_service(name),
        SystemCommand::ElevatedWorker => elevated::run_elevated_worker(),
    }
}
