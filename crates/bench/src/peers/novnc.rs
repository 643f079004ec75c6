//! noVNC in Chromium, through websockify, towards Xvnc.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::group::Group;
use super::product::{
    Client, Host, PAGE, Product, Seat, free_port, loopback, need, package_version, wait_for_port,
};
use super::tab::Tab;
use super::tigervnc;
use crate::clock::monotonic;

const PAGES: &str = "/usr/share/novnc";

/// Xvnc and websockify.
pub(super) struct NoVnc;

impl NoVnc {
    /// Fails when something is not installed.
    pub(super) fn new() -> Result<Self> {
        need(&[
            ("Xtigervnc", "tigervnc-standalone-server"),
            ("websockify", "websockify"),
            ("/usr/share/novnc/vnc.html", "novnc"),
        ])?;
        Ok(Self)
    }
}

impl Product for NoVnc {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        ["novnc", "websockify", "tigervnc-standalone-server", "chromium"]
            .map(|name| (name, package_version(name)))
            .into()
    }

    fn client_size(&self) -> (u32, u32) {
        PAGE
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        let mut host = tigervnc::xvnc(folder, &[])?;
        let port = free_port()?;
        let mut command = Command::new("websockify");
        command.args(["--web", PAGES, &loopback(port).to_string(), &host.address.to_string()]);
        let mut proxy = Group::start("websockify", &mut command, folder)?;
        wait_for_port(&mut proxy, port)?;
        host.address = loopback(port);
        host.relay = vec![proxy.id()];
        host.keep.insert(0, Box::new(proxy));
        host.join = Box::new(join);
        Ok(host)
    }
}

fn join(seat: &Seat<'_>) -> Result<Client> {
    let tab = Tab::open(seat)?;
    let workers = vec![tab.id()];
    let started = monotonic();
    tab.go(&format!("http://{}/vnc.html?autoconnect=true&resize=off&path=", seat.host))?;
    let connected = "document.documentElement.classList.contains('noVNC_connected')";
    Ok(Client { workers, started, ready: Box::new(move || tab.wait_for(connected)) })
}
