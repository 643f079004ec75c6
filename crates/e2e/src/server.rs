//! The real server process.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{Process, Programs};

/// How to start a server.
#[derive(Debug, Clone, Default)]
pub struct ServerOptions {
    /// Port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// Further environment.
    pub environment: Vec<(String, String)>,
}

/// A running server with its own data folder.
#[derive(Debug)]
pub struct Server {
    process: Process,
    programs: Programs,
    folder: PathBuf,
    options: ServerOptions,
    address: String,
    setup_link: Option<String>,
}

impl Server {
    /// Starts it and waits until it is ready. `folder` holds its data and log.
    pub fn start(programs: &Programs, folder: &Path, options: ServerOptions) -> Result<Self> {
        let (process, ready) = launch(programs, folder, &options)?;
        let address = ready["address"].as_str().context("the server gave no address")?.to_owned();
        let setup_link = ready["setup_link"].as_str().map(ToOwned::to_owned);
        Ok(Self {
            process,
            programs: programs.clone(),
            folder: folder.to_owned(),
            options,
            address,
            setup_link,
        })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The one-time link for the first administrator.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// The process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// Its data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Kills it as a crash would and starts it again on the same port and data.
    pub fn crash_and_restart(&mut self) -> Result<()> {
        self.crash()?;
        self.start_again()
    }

    /// Kills it as a crash would.
    pub fn crash(&mut self) -> Result<()> {
        self.process.kill()
    }

    /// Starts a crashed one on the same port and data.
    pub fn start_again(&mut self) -> Result<()> {
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok());
        self.options.port = port.context("the address has no port")?;
        let (process, _) = launch(&self.programs, &self.folder, &self.options)?;
        self.process = process;
        Ok(())
    }

    /// Runs one of the server's own commands on the same data, for example
    /// `["machine", "add", "NAME"]`, and returns what it printed.
    pub fn administer(&self, arguments: &[&str]) -> Result<String> {
        let output = command(&self.programs, &self.folder, &self.options)
            .args(arguments)
            .output()
            .context("cannot start the server program")?;
        if !output.status.success() {
            bail!("{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

fn command(programs: &Programs, folder: &Path, options: &ServerOptions) -> Command {
    let mut command = Command::new(programs.path("guruconnect-server"));
    command
        .env("CONNECT_DATA_DIR", folder.join("data"))
        .env("CONNECT_LISTEN", format!("127.0.0.1:{}", options.port))
        .env("CONNECT_READY_JSON", folder.join("ready.json"));
    for (name, value) in &options.environment {
        command.env(name, value);
    }
    command
}

fn launch(programs: &Programs, folder: &Path, options: &ServerOptions) -> Result<(Process, Value)> {
    let ready = folder.join("ready.json");
    if ready.exists() {
        std::fs::remove_file(&ready)?;
    }
    let mut process = Process::start("server", &mut command(programs, folder, options), folder)?;
    for _ in 0..1_000 {
        if let Ok(text) = std::fs::read_to_string(&ready) {
            return Ok((process, serde_json::from_str(&text)?));
        }
        if !process.is_running() {
            bail!("the server did not start:\n{}", process.log());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    bail!("the server was not ready after 20 s:\n{}", process.log())
}
