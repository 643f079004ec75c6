//! The connection notice: set in the console, seen on the machine.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Desktop, ServerOptions, Stack, steps};
use serde_json::json;

const WIDTH: i32 = 1024;

fn shots() -> Option<PathBuf> {
    gc_runtime::env("GURUCONNECT_SHOTS").map(PathBuf::from)
}

/// Where the notice is on the display, and how wide; waits for it.
fn notice(desktop: &Desktop) -> Result<(i32, i32, i32)> {
    let window = desktop.find_window("--class", "guruconnect-notice")?;
    let text = desktop.output("xdotool", &["getwindowgeometry", "--shell", &window])?;
    let value = |name: &str| -> Result<i32> {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.with_context(|| format!("no {name} in {text}"))?.parse().context("no number")
    };
    Ok((value("X")?, value("Y")?, value("WIDTH")?))
}

fn gone(desktop: &Desktop) -> Result<()> {
    desktop.wait_until("the notice goes", |desktop| {
        let search = ["search", "--onlyvisible", "--class", "guruconnect-notice"];
        Ok(desktop.output("xdotool", &search).is_err())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_is_told_who_has_connected_each_time_somebody_comes() -> Result<()> {
    let stack = Stack::start(WIDTH.cast_unsigned(), 768, ServerOptions::default())?;
    let session = stack.session()?;
    // The session is open already: it takes the change up.
    stack.rest.show_notice(json!({"position": "top_right", "duration_s": 5}))?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &session, "control").await?;
    let (x, y, width) = notice(&stack.desktop).context("with the first viewer")?;
    ensure!((x + width, y) == (WIDTH - 16, 48), "at {x},{y}, {width} wide");
    if let Some(folder) = shots() {
        stack.desktop.screenshot(&folder.join("notice-x11.png"))?;
    }
    gone(&stack.desktop).context("by itself")?;

    // A second viewer is no news; the first one after all have left is.
    let second = stack.join(&browser, &session, "view_only").await?;
    page.wait_for("window.__guruconnect.stats().participants.length === 2").await?;
    let search = ["search", "--onlyvisible", "--class", "guruconnect-notice"];
    ensure!(stack.desktop.output("xdotool", &search).is_err(), "told of the second viewer");
    page.close().await?;
    second.close().await?;
    stack.rest.wait_for(&format!("/api/sessions/{session}"), "nobody watches", |session| {
        session["viewers"].as_array().is_some_and(Vec::is_empty).then_some(())
    })?;
    stack.rest.show_notice(json!({"position": "bottom_left", "duration_s": 60}))?;
    let page = stack.join(&browser, &session, "control").await?;
    let (x, ..) = notice(&stack.desktop).context("with the next viewer")?;
    ensure!(x == 16, "at {x}");
    page.close().await?;
    gone(&stack.desktop).context("with the last viewer")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_sets_it_with_a_preview_and_does_not_lose_it() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    stack.rest.show_notice(json!({}))?;
    let browser = Browser::start(1280, 1000, stack.folder()).await?;
    let page = browser.open(&format!("{}/login", stack.server.address()), false).await?;
    steps::log_in(&page, gc_e2e::ADMIN.0, gc_e2e::ADMIN.1).await?;
    page.click("[data-testid=nav-settings]").await?;
    page.wait_for_element("[data-testid=notice-form]").await?;
    if let Some(folder) = shots() {
        for scheme in ["light", "dark"] {
            page.color_scheme(scheme).await?;
            page.screenshot(&folder.join(format!("notice-settings-{scheme}.png"))).await?;
        }
    }
    let preview = "document.querySelector('[data-testid=notice-preview]').innerText";
    page.fill("[data-testid=notice-template]", "{{technician_name}} helps you").await?;
    page.wait_for(&format!("{preview}.includes('Ada Admin helps you')")).await?;
    let save_disabled = "document.querySelector('[data-testid=notice-save]').disabled";
    page.wait_for(&format!("!{save_disabled}")).await?;
    page.fill("[data-testid=notice-template]", "{{nobody}}").await?;
    page.wait_for(save_disabled).await?;
    page.wait_for_text("There is no placeholder {{nobody}}.").await?;

    // Going elsewhere asks first.
    page.fill("[data-testid=notice-template]", "{{company}} is here").await?;
    page.click("[data-testid=nav-users]").await?;
    page.wait_for_text("Leave without saving?").await?;
    page.click_text("Stay").await?;
    page.wait_for("!document.body.innerText.includes('Leave without saving?')").await?;
    page.wait_until_uncovered("[data-testid=notice-save]").await?;
    page.click("[data-testid=notice-save]").await?;
    page.wait_for_text("The connection notice was saved").await?;
    stack.rest.wait_for("/api/settings/connection-notice", "the new text", |settings| {
        (settings["current"]["template"] == "{{company}} is here").then_some(())
    })?;
    page.wait_for(save_disabled).await?;

    page.click("[data-testid=notice-reset]").await?;
    page.click("[data-testid=notice-save]").await?;
    stack.rest.wait_for(
        "/api/settings/connection-notice",
        "the text as delivered",
        |settings| (settings["current"] == settings["default"]).then_some(()),
    )?;
    page.click("[data-testid=nav-users]").await?;
    page.wait_for_element("[data-testid=user-row]").await
}
