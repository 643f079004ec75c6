//! GuruConnect on a machine.

mod arguments;
mod platform;

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Parser;
use gc_agent::{AgentSettings, Ended, Mode};
use gc_runtime::{OsEntropy, SystemClock};
use gc_transport::{Connector, Endpoint};
use gc_types::{Clock, Secret};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::arguments::{Arguments, Command, ServerArguments};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    match run(arguments) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> Result<ExitCode> {
    let (settings, remove, workers) = match arguments.command {
        Command::Worker { ticket } => return serve_as_worker(ticket),
        Command::Agent { server, key, worker } => {
            let key = key.context(
                "no machine key: set GURUCONNECT_KEY to the key that the console showed when it \
                 was created",
            )?;
            (settings(&server, Mode::Managed { key: Secret::new(key) })?, false, worker)
        }
        Command::Support { server, code, remove } => {
            let code = code.parse().context("that is not a support code")?;
            (settings(&server, Mode::Support { code })?, remove, false)
        }
    };
    let runtime = runtime()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let ended: Ended = runtime.block_on(async {
        let (platform, entropy) = (platform::open(&clock), Arc::new(OsEntropy));
        if !workers {
            return Ok(gc_agent::run(settings, platform, clock, entropy, stop_signal()?).await);
        }
        let (host, inventory) = (platform::worker_host()?, platform::inventory(platform));
        gc_agent::run_with_workers(settings, host, inventory, clock, entropy, stop_signal()?)
            .await
            .context("the program could not start its threads")
    })?;
    say(&ended.to_string());
    if remove {
        remove_self()?;
    }
    Ok(match ended {
        Ended::Stopped | Ended::SessionOver(_) => ExitCode::SUCCESS,
        Ended::Refused(_) => ExitCode::from(3),
    })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the program could not start its threads")
}

/// The part of an agent that is in a user's session.
fn serve_as_worker(ticket: Option<String>) -> Result<ExitCode> {
    let ticket = ticket.ok_or(gc_agent::worker::WorkerError::NoTicket)?;
    let stream = platform::worker_stream()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let runtime = runtime()?;
    let _inside = runtime.enter();
    // Whoever ends the agent may mean both; this process ends after it, in order.
    let _ignored = stop_signal()?;
    let platform = platform::open(&clock);
    gc_agent::worker::run(platform, stream, &Secret::new(ticket), clock)?;
    Ok(ExitCode::SUCCESS)
}

fn settings(server: &ServerArguments, mode: Mode) -> Result<AgentSettings> {
    let url = agent_url(&server.server)
        .with_context(|| format!("'{}' cannot be used as the server", server.server))?;
    let connector = Connector::new(server.ca_file.as_deref())?;
    Ok(AgentSettings { url, connector, mode, software: gc_types::VERSION.to_owned() })
}

/// The WebSocket address of the server whose console is at `server`.
fn agent_url(server: &str) -> Result<Url> {
    let mut url: Url = server.parse().context("it must look like https://support.example.com")?;
    let scheme = match url.scheme() {
        "https" => "wss",
        "http" => "ws",
        other => anyhow::bail!("it must start with https://, not {other}://"),
    };
    if url.set_scheme(scheme).is_err() {
        anyhow::bail!("it names no server");
    }
    let path = format!("{}/ws/agent", url.path().trim_end_matches('/'));
    url.set_path(&path);
    // Checked here too, so that a wrong address stops the start and not every attempt.
    Endpoint::new(url.clone(), None)?;
    Ok(url)
}

/// The one-time program leaves nothing behind.
fn remove_self() -> Result<()> {
    let program = std::env::current_exe().context("where this program is cannot be told")?;
    std::fs::remove_file(&program)
        .with_context(|| format!("please delete {} yourself", program.display()))?;
    say("This program has removed itself.");
    Ok(())
}

/// Ready when the system or the person wants the program to end.
fn stop_signal() -> Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        Ok(async {
            if let Err(error) = tokio::signal::ctrl_c().await {
                tracing::error!(%error, "no signal can be waited for");
                std::future::pending::<()>().await;
            }
        })
    }
}

#[expect(clippy::print_stderr, reason = "the program's word to the person who started it")]
fn say(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_address_becomes_that_of_its_agents() {
        let url = |text: &str| agent_url(text).map(|url| url.to_string());
        assert_eq!(url("https://a.example").unwrap(), "wss://a.example/ws/agent");
        assert_eq!(url("https://a.example:444/gc/").unwrap(), "wss://a.example:444/gc/ws/agent");
        assert_eq!(url("http://127.0.0.1:8080").unwrap(), "ws://127.0.0.1:8080/ws/agent");
        for refused in ["a.example", "http://a.example", "ftp://a.example", "https://u:p@a.example"]
        {
            assert!(url(refused).is_err(), "{refused}");
        }
    }
}
