//! What was withdrawn ends at once, on open connections too.

use anyhow::{Result, ensure};
use gc_e2e::{Browser, ServerOptions, Stack, steps};

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_machine_key_cuts_the_agent_and_stays_dead() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    let path = format!("/api/machines/{}/keys", stack.machine);
    let keys = stack.rest.call("GET", &path, None)?;
    let key = keys["items"][0]["id"].as_str().unwrap_or_default();
    stack.rest.call("DELETE", &format!("{path}/{key}"), None)?;
    stack.wait_online(false)?;
    stack.desktop.wait_until("the agent is told that its key is refused", |_| {
        Ok(stack.agent.process.log().contains("does not accept the machine key"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_cuts_the_live_picture() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    let console = browser.open(&format!("{}/machines", stack.server.address()), false).await?;
    console.click("[data-testid=user-menu]").await?;
    console.click("[data-testid=log-out]").await?;
    console.wait_for_element("[data-testid=sign-in-link], [data-testid=login-form]").await?;
    page.wait_for("window.__guruconnect?.stats().state !== 'live'").await?;
    page.wait_for_element("[data-testid=viewer-cause]").await?;

    let machine = stack.rest.wait_for(
        &format!("/api/machines/{}", stack.machine),
        "no viewer is left",
        |machine| {
            let viewers = machine["session"]["viewers"].as_array()?;
            viewers.is_empty().then(|| machine.clone())
        },
    )?;
    ensure!(machine["online"] == true, "the agent was cut too");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watcher_cannot_type() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "view_only").await?;
    page.wait_for_element("[data-testid=viewer-banner]").await?;
    let proof = stack.folder().join("must-not-appear");
    steps::click_remote(&page, 200, 200).await?;
    page.type_keys(&format!("touch {}\n", proof.display())).await?;
    let marker = stack.folder().join("marker");
    stack.desktop.output("xdotool", &["search", "--name", "Terminal", "windowfocus", "--sync"])?;
    stack.desktop.output("xdotool", &["type", &format!("touch {}\n", marker.display())])?;
    stack.desktop.wait_until("the desktop's own keyboard works", |_| Ok(marker.exists()))?;
    ensure!(!proof.exists(), "a view-only viewer typed into the machine");
    Ok(())
}
