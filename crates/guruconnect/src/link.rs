//! An agent of this process: it holds its own link to the server.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use gc_agent::{AgentSettings, Ended, Mode, Platform};
use gc_platform::{Inventory, MachineFacts, UserActivity};
use gc_runtime::{OsEntropy, SystemClock};
use gc_transport::Endpoint;
use gc_types::Clock;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc::unbounded_channel;
use url::Url;

use crate::platform;

/// Which server.
#[derive(Args)]
pub(crate) struct ServerArguments {
    /// Address of the server's console; starts with https://
    #[arg(long, value_name = "URL", env = "GURUCONNECT_SERVER")]
    pub(crate) server: String,
    /// Also trust the certificates in this PEM file
    #[arg(long, value_name = "FILE", env = "GURUCONNECT_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// Keeps the link until the agent's end, or the program's.
pub(crate) fn keep(server: &ServerArguments, mode: Mode) -> Result<Ended> {
    let one_time = matches!(mode, Mode::Support { .. });
    let settings = settings(server, mode)?;
    let clock = clock();
    runtime()?.block_on(async {
        let mut stop = platform::StopSignal::watch()?;
        let (leave, mut left) = unbounded_channel();
        let leave: platform::Leave = Box::new(move || {
            // With nobody listening the program is ending.
            let _ = leave.send(());
        });
        // The installed agent is not the user's to end.
        let platform = platform::open_with_icon(&clock, one_time.then_some(leave));
        let gone = async {
            tokio::select! {
                () = stop.wait() => {}
                Some(()) = left.recv() => {}
            }
        };
        let entropy = Arc::new(OsEntropy);
        Ok(gc_agent::run(settings, platform, clock, entropy, gone).await)
    })
}

/// The same with the desktop in processes of its own.
pub(crate) fn keep_with_workers(server: &ServerArguments, mode: Mode) -> Result<Ended> {
    let settings = settings(server, mode)?;
    let clock = clock();
    runtime()?.block_on(async {
        let mut stop = platform::StopSignal::watch()?;
        let (host, entropy) = (platform::worker_host()?, Arc::new(OsEntropy));
        let inventory = Arc::new(InventoryOf(platform::open(&clock)));
        gc_agent::run_with_workers(settings, host, inventory, clock, entropy, stop.wait())
            .await
            .context("the program could not start its threads")
    })
}

/// What is known of the machine, without its desktop.
struct InventoryOf(Arc<dyn Platform>);

impl Inventory for InventoryOf {
    fn facts(&self) -> MachineFacts {
        self.0.inventory().facts()
    }

    fn activity(&self) -> UserActivity {
        self.0.inventory().activity()
    }
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

/// What runs the link.
pub(crate) fn runtime() -> Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the program could not start its threads")
}

/// What scripts are told.
pub(crate) fn exit_code(ended: &Ended) -> ExitCode {
    match ended {
        Ended::Stopped | Ended::SessionOver(_) => ExitCode::SUCCESS,
        Ended::Refused(_) | Ended::NoLink(_) => ExitCode::from(3),
    }
}

/// What an agent of this server is started with.
pub(crate) fn settings(server: &ServerArguments, mode: Mode) -> Result<AgentSettings> {
    let url = agent_url(&server.server)
        .with_context(|| format!("'{}' cannot be used as the server", server.server))?;
    let connector = platform::connector(server.ca_file.as_deref())?;
    Ok(AgentSettings { url, connector, mode, software: gc_types::VERSION.to_owned() })
}

/// The WebSocket address of the server whose console is at `server`.
pub(crate) fn agent_url(server: &str) -> Result<Url> {
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

/// The same for viewers.
pub(crate) fn viewer_url(server: &str) -> Result<Url> {
    let mut url = agent_url(server)?;
    let base = url.path().strip_suffix("agent").unwrap_or_default();
    let path = format!("{base}viewer");
    url.set_path(&path);
    Ok(url)
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
        let viewer = viewer_url("https://a.example:444/gc").unwrap();
        assert_eq!(viewer.as_str(), "wss://a.example:444/gc/ws/viewer");
        for refused in ["a.example", "http://a.example", "ftp://a.example", "https://u:p@a.example"]
        {
            assert!(url(refused).is_err(), "{refused}");
        }
    }
}
