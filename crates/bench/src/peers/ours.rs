//! This product: the agent on the customer's display, the server with TLS as relay,
//! and the viewer's own link and decoder in a bare window.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use gc_e2e::Process;

use super::group;
use super::product::{Client, Host, Product, SIZE, Seat, display, subfolder, x_server};
use crate::clock::monotonic;
use crate::seat::Ticket;
use crate::stage::Stage;
use crate::window::View;

/// Agent, server and window.
pub(super) struct Ours;

impl Ours {
    /// Fails when the programs are not beside this one.
    pub(super) fn new() -> Result<Self> {
        gc_e2e::Programs::beside_this()?;
        Ok(Self)
    }
}

impl Product for Ours {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        [("guruconnect", env!("CARGO_PKG_VERSION").to_owned())].into()
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        host(folder, join)
    }
}

/// Server, display and an agent that is online; `join` gets the server and the
/// machine.
pub(super) fn host(
    folder: &Path,
    join: impl Fn(&Stage, &str, &Seat<'_>) -> Result<Client> + 'static,
) -> Result<Host> {
    let mut stage = Stage::start(false, &subfolder(folder, "server")?)?;
    let desktop = display(folder, "a", SIZE)?;
    let (machine, key) = stage.rest.add_machine("Bench desktop", "silent")?;
    let program = stage.programs.path("guruconnect");
    let mut command = desktop.command(&program.to_string_lossy());
    command.args(["agent", "--server", stage.address()]).env("GURUCONNECT_KEY", key);
    let made = stage.certificates.as_ref().context("a server without TLS")?;
    command.arg("--ca-file").arg(&made.authority);
    group::note(folder, &Command::new("guruconnect-server"))?;
    group::note(folder, &command)?;
    let agent = Process::start("agent", &mut command, folder)?;
    stage.wait_online(&machine).with_context(|| format!("agent:\n{}", agent.log()))?;
    Ok(Host {
        display: desktop.display().to_owned(),
        address: stage.door.address,
        workers: vec![agent.id()],
        relay: vec![stage.process()],
        x_server: x_server(&desktop)?,
        keep: vec![Box::new(agent), Box::new(desktop)],
        join: Box::new(move |seat| join(&stage, &machine, seat)),
    })
}

fn join(stage: &Stage, machine: &str, seat: &Seat<'_>) -> Result<Client> {
    let started = monotonic();
    let session = stage.session(machine)?;
    let ticket = Ticket {
        token: stage.viewer_token(&session)?,
        server: format!("https://{}", seat.line),
        authority: stage.certificates.as_ref().map(|made| made.authority.clone()),
    };
    let mut words = Command::new("guruconnect-bench");
    group::note(seat.folder, words.args(["view", "--display", seat.desktop.display()]))?;
    let mut view = View::start(&ticket, seat.desktop.display(), seat.folder)?;
    let workers = vec![view.id()];
    Ok(Client { workers, started, ready: Box::new(move || view.wait_control()) })
}
