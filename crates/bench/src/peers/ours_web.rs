//! This product in the browser: agent, server with TLS, web viewer in Chromium.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use gc_e2e::{ADMIN, steps};

use super::ours;
use super::product::{Client, Host, PAGE, Product, Seat, package_version};
use super::tab::Tab;
use crate::clock::monotonic;
use crate::stage::Stage;

/// Agent, server and web viewer.
pub(super) struct OursWeb;

impl OursWeb {
    /// Fails when the programs are not beside this one.
    pub(super) fn new() -> Result<Self> {
        gc_e2e::Programs::beside_this()?;
        Ok(Self)
    }
}

impl Product for OursWeb {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        let own = env!("CARGO_PKG_VERSION").to_owned();
        [("guruconnect", own), ("chromium", package_version("chromium"))].into()
    }

    fn client_size(&self) -> (u32, u32) {
        PAGE
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        ours::host(folder, join)
    }
}

/// The page fills the display, so that the picture is shown pixel by pixel.
fn join(stage: &Stage, machine: &str, seat: &Seat<'_>) -> Result<Client> {
    let tab = Tab::open(seat)?;
    let workers = vec![tab.id()];
    let address = format!("https://{}", seat.host);
    tab.go(&format!("{address}/login"))?;
    tab.act(async |page| steps::log_in(page, ADMIN.0, ADMIN.1).await)?;
    let session = stage.session(machine)?;
    let started = monotonic();
    tab.go(&format!("{address}/session/{session}?access=control"))?;
    let in_control = "window.__guruconnect && window.__guruconnect.stats().inControl";
    Ok(Client { workers, started, ready: Box::new(move || tab.wait_for(in_control)) })
}
