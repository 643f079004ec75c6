//! xpra's shadow of a display. Without `--mmap=no` its pixels would go by shared
//! memory instead of the line.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::group::Group;
use super::product::{
    Client, Host, Product, SIZE, Seat, client, display, free_port, loopback, need, package_version,
    subfolder, wait_for_port, x_server,
};

/// xpra on Xvfb.
pub(super) struct Xpra;

impl Xpra {
    /// Fails when it is not installed.
    pub(super) fn new() -> Result<Self> {
        // The client shows nothing without the second one.
        need(&[("xpra", "xpra"), ("/usr/share/doc/python3-gi-cairo", "python3-gi-cairo")])?;
        Ok(Self)
    }
}

impl Product for Xpra {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        [("xpra", package_version("xpra"))].into()
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        let desktop = display(folder, "a", SIZE)?;
        let port = free_port()?;
        let mut command = desktop.command("xpra");
        command.args(["shadow", desktop.display(), "--daemon=no", "--mmap=no"]);
        command.arg(format!("--bind-tcp=127.0.0.1:{port}"));
        command.args(["--start-new-commands=no", "--html=off", "--mdns=no", "--speaker=off"]);
        command.args(["--microphone=off", "--webcam=no", "--printing=no", "--notifications=no"]);
        homely(&mut command, folder)?;
        let mut server = Group::start("xpra-shadow", &mut command, folder)?;
        wait_for_port(&mut server, port)?;
        Ok(Host {
            display: desktop.display().to_owned(),
            address: loopback(port),
            workers: vec![server.id()],
            relay: Vec::new(),
            x_server: x_server(&desktop)?,
            keep: vec![Box::new(server), Box::new(desktop)],
            join: Box::new(attach),
        })
    }
}

fn attach(seat: &Seat<'_>) -> Result<Client> {
    let mut command = seat.desktop.command("xpra");
    command.args(["attach", &format!("tcp://{}/", seat.line), "--mmap=no", "--opengl=no"]);
    command.args(["--speaker=off", "--microphone=off", "--tray=no", "--notifications=no"]);
    homely(&mut command, seat.folder)?;
    client("xpra-attach", &mut command, seat)
}

/// Keeps its sockets and settings out of the user's own folders.
fn homely(command: &mut Command, folder: &Path) -> Result<()> {
    let home = subfolder(folder, "home")?;
    command.env("HOME", &home).env("XDG_RUNTIME_DIR", &home).env_remove("DBUS_SESSION_BUS_ADDRESS");
    Ok(())
}
