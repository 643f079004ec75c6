//! Server, desktop and managed agent together.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{Agent, Browser, Desktop, Page, Programs, Rest, Server, ServerOptions, steps};

/// Name and password of the administrator that [`Stack::start`] creates.
pub const ADMIN: (&str, &str) = ("ada", "correct horse battery");

/// A whole installation on one machine. Dropping it ends everything it started:
/// agents first, then the server, then the desktop.
#[derive(Debug)]
pub struct Stack {
    /// The managed agent.
    pub agent: Agent,
    /// The server.
    pub server: Server,
    /// The desktop that the agent shows.
    pub desktop: Desktop,
    /// Signed in as the administrator.
    pub rest: Rest,
    /// The managed machine.
    pub machine: String,
    /// The product's programs.
    pub programs: Programs,
    /// Logs and data.
    folder: PathBuf,
    _owned: tempfile::TempDir,
}

impl Stack {
    /// Starts a server with an administrator, a desktop with a terminal, and a
    /// managed agent that is online.
    pub fn start(width: u32, height: u32, options: ServerOptions) -> Result<Self> {
        Self::start_agent(width, height, options, Agent::managed)
    }

    /// The same with the agent's desktop in a process of its own.
    pub fn start_with_worker(width: u32, height: u32, options: ServerOptions) -> Result<Self> {
        Self::start_agent(width, height, options, Agent::managed_with_worker)
    }

    fn start_agent(
        width: u32,
        height: u32,
        options: ServerOptions,
        start: impl FnOnce(&Programs, &Desktop, &str, &str, &Path) -> Result<Agent>,
    ) -> Result<Self> {
        let owned = tempfile::tempdir()?;
        let folder = owned.path().to_owned();
        let programs = Programs::beside_this()?;
        let mut desktop = Desktop::start(width, height, &folder)?;
        desktop.manage_windows()?;
        desktop.run(
            "xterm",
            "xterm",
            &["-geometry", "80x24+20+40", "-fa", "DejaVu Sans Mono", "-fs", "11", "-T", "Terminal"],
        )?;
        desktop.wait_for_window("Terminal")?;

        let server = Server::start(&programs, &folder, options)?;
        let mut rest = Rest::new(server.address());
        let link = server.setup_link().context("no set-up link")?;
        rest.set_up(link, ADMIN.0, ADMIN.1)?;
        let (machine, key) = rest.add_machine("Test desktop", "silent")?;
        let agent = start(&programs, &desktop, server.address(), &key, &folder)?;
        let stack = Self { agent, server, desktop, rest, machine, programs, folder, _owned: owned };
        stack.wait_online(true)?;
        Ok(stack)
    }

    /// Where logs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Waits until the server shows the machine as online or offline.
    pub fn wait_online(&self, online: bool) -> Result<()> {
        let path = format!("/api/machines/{}", self.machine);
        self.rest
            .wait_for(&path, "the machine's presence", |m| (m["online"] == online).then_some(()))
            .with_context(|| format!("agent log:\n{}", self.agent.process.log()))
    }

    /// Starts a one-time agent with a support code.
    pub fn support_agent(&self, code: &str) -> Result<Agent> {
        Agent::support(&self.programs, &self.desktop, self.server.address(), code, &self.folder)
    }

    /// The live session of the managed machine, opened when there is none.
    pub fn session(&self) -> Result<String> {
        let body = serde_json::json!({"machine_id": self.machine});
        let session = self.rest.call("POST", "/api/sessions", Some(body))?;
        Ok(session["id"].as_str().context("no session id")?.to_owned())
    }

    /// Opens a viewer for a session as the administrator and waits for the picture.
    pub async fn join(&self, browser: &Browser, session: &str, access: &str) -> Result<Page> {
        steps::join(&self.server, browser, session, access).await.with_context(|| {
            format!("agent log:\n{}\nerrors: {:?}", self.agent.process.log(), browser.errors())
        })
    }
}
