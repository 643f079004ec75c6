//! What a technician tells a Windows machine, and what its user is told.

use anyhow::{Result, ensure};
use gc_e2e::{Browser, Keyboard, steps};
use serde_json::json;

use crate::office::Office;

/// A part of the notice when it is at the upper left, below the connected bar.
const NOTICE: (u32, u32, u32, u32) = (24, 56, 200, 32);

#[tokio::test(flavor = "multi_thread")]
async fn the_user_is_told_who_comes_and_the_technician_what_cannot_be_done() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let machine = office.machine()?;
    let desktop = office.wine.desktop();
    let part = || desktop.pixels(NOTICE.0, NOTICE.1, NOTICE.2, NOTICE.3);
    // The desktop itself, before anything is on it.
    office.wine.run("wine", &["cmd", "/c", "ver"])?;
    let before = part()?;
    office.rest.show_notice(json!({"position": "top_left", "duration_s": 5}))?;
    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    desktop.wait_until("the notice", |_| Ok(part()? != before))?;
    desktop.wait_until("its end", |_| Ok(part()? == before))?;

    steps::pin_toolbar(&page).await?;

    // No helper is installed, and Wine hides no window from pictures.
    page.wait_for("window.__guruconnect.stats().actions").await?;
    page.click("[data-testid=toolbar-keys]").await?;
    page.wait_until_uncovered("[data-testid=key-ctrl-alt-del]").await?;
    page.click("[data-testid=key-ctrl-alt-del]").await?;
    page.wait_for_text("install GuruConnect as a service").await?;
    let blank = page.eval("window.__guruconnect.stats().actions.blank_screen.unavailable").await?;
    ensure!(blank["code"] == "action_unsupported", "{blank}");
    Ok(())
}
