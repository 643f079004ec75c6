//! A server for the run, and an administrator's access to it.

use std::path::Path;

use anyhow::{Context, Result};
use gc_e2e::{ADMIN, Programs, Rest, Server, ServerOptions};
use serde_json::json;

use crate::certificate::Certificates;
use crate::usage::Worker;
use crate::wire::Door;

/// A running server.
pub(crate) struct Stage {
    /// Signed in as the administrator.
    pub(crate) rest: Rest,
    /// For clients that speak the wire themselves.
    pub(crate) door: Door,
    /// The product's programs.
    pub(crate) programs: Programs,
    /// Unless it is plain.
    pub(crate) certificates: Option<Certificates>,
    server: Server,
}

impl Stage {
    /// Starts it with TLS, or plain on the loopback network.
    pub(crate) fn start(plain: bool, folder: &Path) -> Result<Self> {
        let programs = Programs::beside_this()?;
        let mut environment = vec![("RUST_LOG".to_owned(), "warn".to_owned())];
        let certificates = if plain { None } else { Some(Certificates::make(folder)?) };
        if let Some(made) = &certificates {
            environment.push(("CONNECT_TLS_CERT".into(), made.chain.display().to_string()));
            environment.push(("CONNECT_TLS_KEY".into(), made.key.display().to_string()));
        }
        let server = Server::start(&programs, folder, ServerOptions { port: 0, environment })?;
        let tls = certificates.as_ref().map(Certificates::client).transpose()?;
        let mut rest = match &certificates {
            Some(made) => Rest::trusting(server.address(), &made.trusted),
            None => Rest::new(server.address()),
        };
        rest.set_up(server.setup_link().context("no set-up link")?, ADMIN.0, ADMIN.1)?;
        let door = Door::new(server.address(), tls)?;
        Ok(Self { rest, door, programs, certificates, server })
    }

    /// `http(s)://127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        self.server.address()
    }

    /// The server's process.
    pub(crate) fn process(&mut self) -> u32 {
        self.server.process().id()
    }

    /// The same, to be measured.
    pub(crate) fn worker(&mut self) -> Worker {
        Worker(self.process())
    }

    /// What the server has logged.
    pub(crate) fn log(&mut self) -> String {
        self.server.process().log()
    }

    /// Opens a session of a machine; its id.
    pub(crate) fn session(&self, machine: &str) -> Result<String> {
        let body = json!({"machine_id": machine});
        let session = self.rest.call("POST", "/api/sessions", Some(body))?;
        Ok(session["id"].as_str().context("no session id")?.to_owned())
    }

    /// A token with which one viewer can join with control.
    pub(crate) fn viewer_token(&self, session: &str) -> Result<String> {
        let path = format!("/api/sessions/{session}/viewer-token");
        let answer = self.rest.call("POST", &path, Some(json!({"access": "control"})))?;
        Ok(answer["token"].as_str().context("no token")?.to_owned())
    }

    /// Waits until a machine's agent has linked up.
    pub(crate) fn wait_online(&self, machine: &str) -> Result<()> {
        let path = format!("/api/machines/{machine}");
        self.rest.wait_for(&path, "the agent's link", |machine| {
            (machine["online"] == true).then_some(())
        })
    }
}
