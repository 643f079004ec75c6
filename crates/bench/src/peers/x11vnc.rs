//! x11vnc reads a display, partly by polling; seen in TigerVNC's viewer.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::group::Group;
use super::product::{
    Host, Product, SIZE, display, free_port, loopback, need, package_version, wait_for_port,
    x_server,
};
use super::tigervnc;

/// x11vnc on Xvfb.
pub(super) struct X11vnc;

impl X11vnc {
    /// Fails when it is not installed.
    pub(super) fn new() -> Result<Self> {
        need(&[("x11vnc", "x11vnc"), ("xtigervncviewer", "tigervnc-viewer")])?;
        Ok(Self)
    }
}

impl Product for X11vnc {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        ["x11vnc", "tigervnc-viewer"].map(|name| (name, package_version(name))).into()
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        let desktop = display(folder, "a", SIZE)?;
        let port = free_port()?;
        let mut command = desktop.command("x11vnc");
        command.args(["-display", desktop.display(), "-rfbport", &port.to_string()]);
        command.args(["-localhost", "-nopw", "-forever", "-shared", "-noxrecord", "-norc"]);
        let mut server = Group::start("x11vnc", &mut command, folder)?;
        wait_for_port(&mut server, port)?;
        Ok(Host {
            display: desktop.display().to_owned(),
            address: loopback(port),
            workers: vec![server.id()],
            relay: Vec::new(),
            x_server: x_server(&desktop)?,
            keep: vec![Box::new(server), Box::new(desktop)],
            join: Box::new(tigervnc::viewer),
        })
    }
}
