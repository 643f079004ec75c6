//! What a technician does to a machine from the viewer, felt at the machine itself.

use anyhow::{Context, Result, bail, ensure};
use gc_e2e::{Browser, Desktop, Page, ServerOptions, Stack, steps};
use serde_json::json;

/// Whether the machine's own keyboard is attached to its desktop.
fn is_attached(desktop: &Desktop) -> Result<bool> {
    let list = desktop.output("xinput", &["list", "--long"])?;
    let mut lines = list.lines().filter(|line| line.contains("Xvfb") && line.contains("keyboard"));
    let line = lines.next().with_context(|| format!("no keyboard in:\n{list}"))?;
    Ok(!line.contains("floating"))
}

async fn choose(page: &Page, menu: &str, item: &str) -> Result<()> {
    // One that is still closing would take the click.
    page.wait_for("!document.querySelector('[role=menu], [role=dialog]')").await?;
    for selector in [menu, item] {
        let selector = format!("[data-testid={selector}]");
        page.wait_until_uncovered(&selector).await?;
        page.click(&selector).await?;
    }
    Ok(())
}

/// Only one action a second is carried out: a refusal is answered by another try.
async fn block(page: &Page) -> Result<()> {
    page.wait_for("window.__guruconnect.stats().actions").await?;
    for _ in 0..5 {
        choose(page, "toolbar-actions", "action-block-input").await?;
        page.wait_until_uncovered("[data-testid=confirm]").await?;
        page.click("[data-testid=confirm]").await?;
        let on = "window.__guruconnect.stats().actions.block_input.on";
        page.wait_for(&format!("{on} || document.querySelector('[data-testid=toast]')")).await?;
        if page.eval(on).await? == true {
            // The question is still there until the machine has answered.
            return page.wait_for("!document.querySelector('[role=dialog], .backdrop')").await;
        }
        page.click("[data-testid=toast] [aria-label=Dismiss]").await?;
        page.wait_for("!document.querySelector('[data-testid=toast]')").await?;
    }
    bail!("the keyboard was not blocked")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_keyboard_is_the_users_again_when_the_technician_is_gone() -> Result<()> {
    let mut stack = Stack::start(1024, 768, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let session = stack.session()?;
    let page = stack.join(&browser, &session, "control").await?;
    page.wait_for("window.__guruconnect.stats().actions").await?;
    ensure!(is_attached(&stack.desktop)?, "the test's keyboard is not there");

    // Blocked; what the technician types still arrives.
    block(&page).await.with_context(|| stack.agent.process.log())?;
    ensure!(!is_attached(&stack.desktop)?, "shown as blocked, and is not");
    steps::click_remote(&page, 200, 200).await?;
    let proof = stack.folder().join("proof");
    page.type_keys(&format!("touch {}\n", proof.display())).await?;
    stack.desktop.wait_until("the command ran", |_| Ok(proof.exists()))?;

    // Off again by hand: nothing is asked.
    choose(&page, "toolbar-actions", "action-block-input").await?;
    page.wait_for("!window.__guruconnect.stats().actions.block_input.on").await?;
    ensure!(is_attached(&stack.desktop)?, "shown as free, and is not");

    // By itself, when they leave.
    block(&page).await?;
    page.close().await?;
    stack.desktop.wait_until("the keyboard without the technician", is_attached)?;

    // A killed agent leaves nothing behind.
    let page = stack.join(&browser, &session, "control").await?;
    block(&page).await?;
    stack.agent.process.kill()?;
    stack.desktop.wait_until("the keyboard without the agent", is_attached)?;

    let audit = stack.rest.call("GET", "/api/audit?action=agent.machine_action", None)?;
    let written = audit.to_string();
    for event in ["block_input on by", "block_input off by", "because of viewer_left"] {
        ensure!(written.contains(event), "the audit lacks '{event}': {written}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_machine_cannot_do_is_disabled_with_its_reason() -> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let session = stack.session()?;
    let page = stack.join(&browser, &session, "control").await?;
    page.wait_for("window.__guruconnect.stats().actions").await?;
    page.click("[data-testid=toolbar-actions]").await?;
    let reason = json!("An X display shows its user what it shows the technician.");
    let text = format!(
        "(() => {{ const e = document.querySelector('[data-testid=action-blank-screen]'); \
         return e?.hasAttribute('data-disabled') && e.innerText.includes({reason}) }})()"
    );
    page.wait_for(&text).await?;
    if let Some(folder) = gc_runtime::env("GURUCONNECT_SHOTS") {
        page.wait_for("getComputedStyle(document.querySelector('[role=menu]')).opacity === '1'")
            .await?;
        let folder = std::path::PathBuf::from(folder);
        page.screenshot(&folder.join("actions-menu.png")).await?;
    }

    // Who may only look is offered nothing. That the agent refuses it, too, is a test
    // of the agent's.
    let page = stack.join(&browser, &session, "view_only").await?;
    page.wait_for("window.__guruconnect.stats().actions").await?;
    page.click("[data-testid=toolbar-actions]").await?;
    for item in ["action-lock", "action-block-input", "action-lock-at-end"] {
        let disabled = format!(
            "document.querySelector('[data-testid={item}]')?.hasAttribute('data-disabled')"
        );
        page.wait_for(&disabled).await?;
    }
    Ok(())
}
