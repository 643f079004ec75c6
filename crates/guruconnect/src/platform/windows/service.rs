//! `guruconnect service-run`: the service itself.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Result;
use gc_agent::{Ended, Mode};
use gc_platform::{KeyStore, KeyStoreError};
use gc_platform_windows::WindowsInventory;
use gc_platform_windows::credentials::DpapiKeyStore;
use gc_platform_windows::process::{WindowsWorkerHost, WorkerProgram};
use gc_platform_windows::service::{
    AGENT_SERVICE, EventLog, ServiceContext, ServiceFailure, ServiceSettings, Severity,
    data_folder, open_log, run_service,
};
use gc_runtime::OsEntropy;
use gc_types::{Entropy, Secret};

use super::logging;
use crate::link::{self, ServerArguments};

/// Exit codes of the service, which `sc query GuruConnectAgent` and the event log name.
mod failure {
    /// Settings or key are missing: the installation is not whole.
    pub(super) const NOT_INSTALLED: u32 = 1;
    /// The key is there, and cannot be used.
    pub(super) const KEY: u32 = 2;
    /// The settings cannot be used.
    pub(super) const SETTINGS: u32 = 3;
    /// Windows has not given what it needs: threads, a job for the workers.
    pub(super) const START: u32 = 4;
    /// The server does not want this agent.
    pub(super) const REFUSED: u32 = 5;
}

/// Number of the one kind of event that is written.
const EVENT: u16 = 1;
/// Handed on to the workers: how much is logged.
const LOG_VARIABLE: &str = "RUST_LOG";

/// Becomes the service until the service manager wants it to end.
pub(super) fn run() -> Result<ExitCode> {
    log();
    run_service(AGENT_SERVICE, |context| {
        tracing::info!(version = gc_types::VERSION, "service starts");
        let ended = serve(context);
        match &ended {
            Ok(()) => tracing::info!("service ends"),
            Err(failure) => tell_administrator(failure),
        }
        ended
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Into the folder that the installation has made; where there is none, the event log
/// has to do.
fn log() {
    let file = data_folder().map_err(Into::into).and_then(|data| open_log(&data, "service"));
    match file {
        Ok(file) => logging::to_file(file),
        Err(error) => write_event(&format!("there is no log: {error}")),
    }
}

fn tell_administrator(failure: &ServiceFailure) {
    write_event(&format!("the service cannot go on (code {}): {failure}", failure.code));
}

fn write_event(text: &str) {
    let written =
        EventLog::open(AGENT_SERVICE).and_then(|log| log.write(Severity::Error, EVENT, text));
    if let Err(error) = written {
        tracing::warn!(%error, "event log not written");
    }
}

fn failed(code: u32) -> impl Fn(&dyn std::fmt::Display) -> ServiceFailure {
    move |reason| ServiceFailure { code, reason: format!("{reason:#}") }
}

/// What the installation has left for the service.
fn settings() -> Result<(ServerArguments, Secret), ServiceFailure> {
    let missing = failed(failure::NOT_INSTALLED);
    let settings = ServiceSettings::load()
        .map_err(|error| missing(&error))?
        .ok_or_else(|| missing(&"no server is known: install again with --server"))?;
    let key = stored_key().map_err(|error| match error {
        KeyStoreError::Absent => missing(&error),
        error => failed(failure::KEY)(&error),
    })?;
    Ok((ServerArguments { server: settings.server, ca_file: settings.ca_file }, key))
}

/// The key that the installation keeps; for SYSTEM and administrators.
pub(crate) fn stored_key() -> Result<Secret, KeyStoreError> {
    DpapiKeyStore::of_this_machine(Arc::new(OsEntropy))
        .map_err(|error| KeyStoreError::Failed(error.to_string()))?
        .load()
}

/// Holds the link until the service is to end. A server that cannot be reached is no
/// failure: it is tried for as long as it takes.
fn serve(context: ServiceContext) -> Result<(), ServiceFailure> {
    let (server, key) = settings()?;
    let settings = link::settings(&server, Mode::Managed { key })
        .map_err(|error| failed(failure::SETTINGS)(&error))?;
    let start = failed(failure::START);
    let runtime = link::runtime().map_err(|error| start(&error))?;
    let clock = link::clock();
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    let log = gc_runtime::env(LOG_VARIABLE).map(|value| (LOG_VARIABLE.to_owned(), value));
    let program = WorkerProgram {
        path: std::env::current_exe().map_err(|error| start(&error))?,
        arguments: vec!["worker".to_owned()],
        environment: log.into_iter().collect(),
    };
    let sessions = Arc::clone(&context.sessions);
    let host = WindowsWorkerHost::new(program, sessions, Arc::clone(&clock), Arc::clone(&entropy))
        .map_err(|error| start(&error))?;
    context.running().map_err(|error| start(&error))?;
    let signal = context.stop.clone();
    let ended = runtime.block_on(async {
        let stopped = tokio::task::spawn_blocking(move || signal.wait());
        let stop = async move {
            if let Err(error) = stopped.await {
                tracing::error!(%error, "the stop of the service cannot be waited for");
            }
        };
        let inventory = Arc::new(WindowsInventory);
        gc_agent::run_with_workers(settings, Arc::new(host), inventory, clock, entropy, stop).await
    });
    // The thread that waits for the stop hears of none when the agent ends by itself.
    runtime.shutdown_background();
    match ended.map_err(|error| start(&error))? {
        Ended::Stopped | Ended::SessionOver(_) => Ok(()),
        refused @ (Ended::Refused(_) | Ended::NoLink(_)) => Err(failed(failure::REFUSED)(&refused)),
    }
}
