//! A crashed server does not end a session.

use anyhow::{Context as _, Result, ensure};
use gc_e2e::{ADMIN, Browser, ServerOptions, Stack, steps};

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_after_the_server_was_killed() -> Result<()> {
    let mut stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let session = stack.session()?;
    let page = stack.join(&browser, &session, "control").await?;

    stack.server.crash_and_restart()?;
    stack.wait_online(true)?;
    page.wait_for("window.__guruconnect.stats().state === 'live'").await?;
    steps::click_remote(&page, 200, 200).await?;
    let proof = stack.folder().join("proof");
    page.type_keys(&format!("echo again > {}\n", proof.display())).await?;
    stack.desktop.wait_until("typing goes on", |_| Ok(proof.exists()))?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 800, 600)).await?;

    ensure!(stack.session()? == session, "the session is another one");
    ensure!(stack.agent.process.is_running(), "the agent ended");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kept_a_machine_away_is_told_in_the_console() -> Result<()> {
    let mut stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    stack.server.crash()?;
    let agent = &stack.agent.process;
    stack.desktop.wait_until("a failed attempt", |_| Ok(agent.log().contains("link_refused")))?;
    stack.server.start_again()?;
    stack.wait_online(true)?;

    let machine = format!("/api/machines/{}", stack.machine);
    let trouble = stack.rest.wait_for(&machine, "the trouble is told", |machine| {
        Some(machine["link_trouble"].clone()).filter(|trouble| !trouble.is_null())
    })?;
    // A server that is just starting answers that it is busy.
    let cause = trouble["cause"]["code"].as_str().unwrap_or_default();
    ensure!(["link_refused", "link_server_busy"].contains(&cause), "{trouble}");
    ensure!(trouble["attempts"].as_u64() >= Some(1), "{trouble}");

    let page = browser.open(&format!("{}/machines", stack.server.address()), false).await?;
    steps::log_in(&page, ADMIN.0, ADMIN.1).await?;
    page.click("[data-testid=machine-row]").await?;
    page.click_text("Info").await?;
    page.wait_for_element("[data-testid=link-trouble]").await?;
    page.wait_for_text(trouble["cause"]["sentence"].as_str().context("no sentence")?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_agent_comes_back_into_the_session() -> Result<()> {
    let mut stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let session = stack.session()?;
    let page = stack.join(&browser, &session, "control").await?;
    stack.agent.process.kill()?;
    page.wait_for_element("[data-testid=viewer-cause]").await?;

    let key = {
        let path = format!("/api/machines/{}/keys", stack.machine);
        let body = serde_json::json!({"name": "second"});
        let key = stack.rest.call("POST", &path, Some(body))?;
        key["secret"].as_str().unwrap_or_default().to_owned()
    };
    stack.agent = gc_e2e::Agent::managed(
        &stack.programs,
        &stack.desktop,
        stack.server.address(),
        &key,
        stack.folder(),
    )?;
    stack.wait_online(true)?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 800, 600)).await
}
