//! A Chromium on the technician's display, for clients that are pages.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use gc_e2e::{Browser, Page};
use serde_json::Value;
use tokio::runtime::Runtime;

use super::group;
use super::product::Seat;

/// A browser that fills the display, and its only tab.
pub(super) struct Tab {
    // Ended in this order: the connection before what drives it.
    page: Page,
    browser: Browser,
    runtime: Runtime,
    folder: PathBuf,
}

impl Tab {
    /// Starts it on an empty page, a pixel smaller than the display; see `PAGE`. Its connections to the host take the line, under
    /// the host's own address: servers refuse pages of another origin.
    pub(super) fn open(seat: &Seat<'_>) -> Result<Self> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let (browser, page) = runtime.block_on(async {
            let display = seat.desktop.display();
            let instead = (seat.host, seat.line);
            let size = (seat.size.0 - 1, seat.size.1 - 1);
            let browser =
                Browser::on_display(display, size, instead, seat.temporary, seat.folder).await?;
            let page = browser.page_with("about:blank").await?;
            anyhow::Ok((browser, page))
        })?;
        Ok(Self { page, browser, runtime, folder: seat.folder.to_owned() })
    }

    /// Process id of the browser.
    pub(super) fn id(&self) -> u32 {
        self.browser.id()
    }

    /// Goes to an address.
    pub(super) fn go(&self, url: &str) -> Result<()> {
        let mut words = Command::new("chromium");
        group::note(&self.folder, words.args(["--kiosk", "--disable-gpu", url]))?;
        self.runtime.block_on(self.page.go(url))
    }

    /// Waits until an expression is true.
    pub(super) fn wait_for(&self, expression: &str) -> Result<()> {
        self.runtime.block_on(self.page.wait_for(expression))
    }

    /// The value of an expression.
    pub(super) fn eval(&self, expression: &str) -> Result<Value> {
        self.runtime.block_on(self.page.eval(expression))
    }

    /// Does some steps as a person would.
    pub(super) fn act<T>(&self, steps: impl AsyncFnOnce(&Page) -> Result<T>) -> Result<T> {
        self.runtime.block_on(steps(&self.page))
    }
}
