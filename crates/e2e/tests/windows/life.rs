//! A managed agent's session: picture, typing, what is held, a crash.

use anyhow::{Result, ensure};
use gc_e2e::{Browser, Keyboard, steps};

use crate::office::{Office, SCREEN};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_in_the_viewer_is_in_notepad_and_pixel_exact_in_the_picture() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let mut machine = office.machine()?;
    let path = format!("/api/machines/{}", machine.id);
    let facts = office.rest.call("GET", &path, None)?;
    ensure!(facts["os"] == "windows", "{facts}");
    ensure!(!facts["hostname"].as_str().unwrap_or_default().is_empty(), "{facts}");

    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    let notepad = office.notepad(&page, "typed.txt").await?;
    page.type_keys("Typed by 1 Viewer\n").await?;
    for (code, key) in [("ArrowLeft", "ArrowLeft"), ("Home", "Home"), ("Delete", "Delete")] {
        page.key_event("keyDown", code, key, 0).await?;
        page.key_event("keyUp", code, key, 0).await?;
    }
    notepad.wait_for(&page, "yped by 1 Viewer\r\n").await?;
    // The caret blinks in the first line.
    let rest = (0, 120, SCREEN.0, SCREEN.1 - 160);
    steps::wait_pixel_exact(&page, office.wine.desktop(), rest).await?;

    // The agent dies with the viewer there, and comes back to the same session.
    machine.agent.process.kill()?;
    page.wait_for_element("[data-testid=viewer-cause]").await?;
    machine.agent = office.wine.agent(office.server.address(), &machine.key)?;
    office.wait_online(&machine, true)?;
    steps::wait_pixel_exact(&page, office.wine.desktop(), rest).await?;
    steps::click_remote(&page, SCREEN.0 / 2, SCREEN.1 / 2).await?;
    page.type_keys("z").await?;
    notepad.wait_for(&page, "yped by 1 Viewer\r\nz").await?;

    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_leaving_viewer_holds_goes_up() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let machine = office.machine()?;
    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    let notepad = office.notepad(&page, "held.txt").await?;
    page.key_event("keyDown", "ShiftLeft", "Shift", 8).await?;
    page.key_event("keyDown", "KeyA", "A", 8).await?;
    page.key_event("keyUp", "KeyA", "A", 8).await?;
    // Shift stays down, and the picture shows what it made before the viewer goes.
    let shown = page.eval("window.__guruconnect.stats().framesPresented").await?;
    page.wait_for(&format!("window.__guruconnect.stats().framesPresented > {shown}")).await?;
    page.close().await?;

    let page = office.join(&machine, &browser).await?;
    steps::click_remote(&page, SCREEN.0 / 2, SCREEN.1 / 2).await?;
    page.type_keys("b").await?;
    notepad.wait_for(&page, "Ab").await
}
