//! TigerVNC: an X server that is a VNC server itself, or a VNC server that reads
//! another display; its viewer serves other VNC servers too.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

use super::group::Group;
use super::product::{
    Client, Host, Product, SIZE, Seat, client, display, free_port, loopback, need, package_version,
    wait_for_port, x_server,
};

const VIEWER: &str = "xtigervncviewer";

/// Xvnc or x0vncserver.
pub(super) struct TigerVnc {
    kind: Kind,
}

enum Kind {
    Virtual(&'static [&'static str]),
    Scraping,
}

impl TigerVnc {
    /// Xvnc with further options.
    pub(super) fn virtual_display(options: &'static [&'static str]) -> Result<Self> {
        need(&[("Xtigervnc", "tigervnc-standalone-server"), (VIEWER, "tigervnc-viewer")])?;
        Ok(Self { kind: Kind::Virtual(options) })
    }

    /// x0vncserver on Xvfb.
    pub(super) fn scraping() -> Result<Self> {
        need(&[("X0tigervnc", "tigervnc-scraping-server"), (VIEWER, "tigervnc-viewer")])?;
        Ok(Self { kind: Kind::Scraping })
    }
}

impl Product for TigerVnc {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        let server = match self.kind {
            Kind::Virtual(_) => "tigervnc-standalone-server",
            Kind::Scraping => "tigervnc-scraping-server",
        };
        [server, "tigervnc-viewer"].map(|name| (name, package_version(name))).into()
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        match self.kind {
            Kind::Virtual(options) => xvnc(folder, options),
            Kind::Scraping => {
                let desktop = display(folder, "a", SIZE)?;
                let port = free_port()?;
                let mut command = desktop.command("X0tigervnc");
                command.args(["-display", desktop.display(), "-localhost=1"]);
                command.args(["-rfbport", &port.to_string(), "-SecurityTypes", "None"]);
                let mut server = Group::start("x0vncserver", &mut command, folder)?;
                wait_for_port(&mut server, port)?;
                Ok(Host {
                    display: desktop.display().to_owned(),
                    address: loopback(port),
                    workers: vec![server.id()],
                    relay: Vec::new(),
                    x_server: x_server(&desktop)?,
                    keep: vec![Box::new(server), Box::new(desktop)],
                    join: Box::new(viewer),
                })
            }
        }
    }
}

/// An Xvnc on the next free display.
pub(super) fn xvnc(folder: &Path, options: &[&str]) -> Result<Host> {
    let port = free_port()?;
    let mut command = Command::new("Xtigervnc");
    command.args(["-displayfd", "1", "-geometry", &format!("{}x{}", SIZE.0, SIZE.1)]);
    command.args(["-depth", "24", "-SecurityTypes", "None", "-localhost", "-noreset"]);
    command.args(["-rfbport", &port.to_string()]).args(options);
    let mut server = Group::start("xvnc", &mut command, folder)?;
    // The number of the display stands on a line of its own.
    let number: u32 = server.wait("the number of its display", Duration::from_secs(20), |log| {
        let complete = log.rsplit_once('\n')?.0;
        complete.lines().find_map(|line| line.trim().parse().ok())
    })?;
    wait_for_port(&mut server, port)?;
    Ok(Host {
        display: format!(":{number}"),
        address: loopback(port),
        workers: vec![server.id()],
        relay: Vec::new(),
        x_server: server.id(),
        keep: vec![Box::new(server)],
        join: Box::new(viewer),
    })
}

/// vncviewer over the whole display.
pub(super) fn viewer(seat: &Seat<'_>) -> Result<Client> {
    let mut command = seat.desktop.command(VIEWER);
    command.args(["-FullScreen=1", "-Shared", "-SecurityTypes", "None", "-RemoteResize=0"]);
    command.arg(format!("{}::{}", seat.line.ip(), seat.line.port()));
    // It keeps its settings there.
    command.env("HOME", seat.folder);
    client("vncviewer", &mut command, seat)
}
