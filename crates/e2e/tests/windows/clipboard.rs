//! What is copied in a Windows program is pasted in the browser, and the other way.

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Keyboard, Page};

use crate::office::Office;

async fn with_control(page: &Page, code: &str, key: &str) -> Result<()> {
    page.key_event("keyDown", "ControlLeft", "Control", 2).await?;
    page.key_event("keyDown", code, key, 2).await?;
    page.key_event("keyUp", code, key, 2).await?;
    page.key_event("keyUp", "ControlLeft", "Control", 0).await
}

#[tokio::test(flavor = "multi_thread")]
async fn text_crosses_both_ways_between_notepad_and_the_browser() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let machine = office.machine()?;
    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = office.join(&machine, &browser).await?;
    page.focus().await?;
    let notepad = office.notepad(&page, "clipboard.txt").await?;
    page.type_keys("From Windows").await?;
    notepad.wait_for(&page, "From Windows").await?;
    with_control(&page, "KeyA", "a").await?;
    with_control(&page, "KeyC", "c").await?;
    let read = "navigator.clipboard.readText().then((text) => text === 'From Windows')";
    let came = page.wait_for(read).await;
    came.with_context(|| format!("agent log:\n{}", machine.agent.process.log()))?;

    let before = page.eval("window.__guruconnect.stats().clipboard.delivered").await?;
    let write = "navigator.clipboard.writeText('Zum Gerät: ß ğ 漢\\nzwei').then(() => true)";
    page.wait_for(write).await?;
    page.eval("window.dispatchEvent(new Event('focus'))").await?;
    page.wait_for(&format!("window.__guruconnect.stats().clipboard.delivered > {before}")).await?;
    // Over what is marked.
    with_control(&page, "KeyV", "v").await?;
    let pasted = notepad.wait_for(&page, "Zum Gerät: ß ğ 漢\r\nzwei").await;
    pasted.with_context(|| format!("agent log:\n{}", machine.agent.process.log()))?;
    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}
