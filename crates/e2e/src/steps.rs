//! What a person does, step by step.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{ADMIN, Browser, Desktop, Page, Server};

/// Fills in a form field by its label.
pub async fn fill_label(page: &Page, label: &str, text: &str) -> Result<()> {
    let find = format!(
        "(() => {{ for (const l of document.querySelectorAll('label')) {{ \
           if (!l.innerText.trim().startsWith({label})) continue; \
           const e = l.control || l.querySelector('input,textarea,select'); \
           if (e) {{ e.setAttribute('data-e2e', {label}); return true }} }} return false }})()",
        label = Value::from(label)
    );
    page.wait_for(&find).await?;
    page.fill(&format!("[data-e2e={}]", Value::from(label)), text).await
}

/// Creates the first administrator on the page of the set-up link.
pub async fn set_up(page: &Page, username: &str, password: &str) -> Result<()> {
    page.wait_for_element("[data-testid=setup-form]").await?;
    fill_label(page, "User name", username).await?;
    fill_label(page, "Your name", "Ada Admin").await?;
    fill_label(page, "Password", password).await?;
    fill_label(page, "Repeat password", password).await?;
    page.click("[data-testid=setup-submit]").await?;
    page.wait_for_element("[data-testid=nav-machines]").await
}

/// Signs in.
pub async fn log_in(page: &Page, username: &str, password: &str) -> Result<()> {
    page.wait_for_element("[data-testid=login-form]").await?;
    fill_label(page, "User name", username).await?;
    fill_label(page, "Password", password).await?;
    page.click("[data-testid=login-submit]").await?;
    page.wait_for_element("[data-testid=nav-machines]").await
}

/// Opens a viewer for a session as the administrator and waits for the picture.
pub async fn join(server: &Server, browser: &Browser, session: &str, access: &str) -> Result<Page> {
    let page = browser.open(&format!("{}/machines", server.address()), false).await?;
    page.allow_clipboard(server.address()).await?;
    let login = "document.querySelector('[data-testid=login-form]')";
    let inside = "document.querySelector('[data-testid=nav-machines]')";
    page.wait_for(&format!("{login} || {inside}")).await?;
    if page.eval(&format!("!!{login}")).await? == Value::Bool(true) {
        log_in(&page, ADMIN.0, ADMIN.1).await?;
    }
    page.go(&format!("{}/session/{session}?access={access}", server.address())).await?;
    wait_for_picture(&page).await?;
    Ok(page)
}

/// Waits until the viewer shows a picture.
pub async fn wait_for_picture(page: &Page) -> Result<()> {
    page.wait_for("window.__guruconnect && window.__guruconnect.stats().framesPresented > 0").await
}

/// Brings the toolbar back, which goes out of the way, and keeps it.
pub async fn pin_toolbar(page: &Page) -> Result<()> {
    let pin = "document.querySelector('[data-testid=toolbar-pin]')";
    let handle = "document.querySelector('[data-testid=toolbar-handle]')";
    page.wait_for(&format!("{pin} || ({handle}?.click(), false)")).await?;
    page.click("[data-testid=toolbar-pin]").await
}

/// Clicks in the viewer's picture at a place of the remote screen, in its pixels.
pub async fn click_remote(page: &Page, x: u32, y: u32) -> Result<()> {
    let (x, y) = remote_place(page, x, y).await?;
    page.click_at(x, y).await
}

/// Where a place of the remote screen is on the page, in CSS pixels.
pub async fn remote_place(page: &Page, x: u32, y: u32) -> Result<(f64, f64)> {
    let place = page
        .eval(&format!(
            "(() => {{ const r = document.querySelector('[data-testid=viewer-canvas]').getBoundingClientRect(); \
             const s = window.__guruconnect.surface(); \
             return {{x: r.x + ({x} + 0.5) * r.width / s.width, y: r.y + ({y} + 0.5) * r.height / s.height}} }})()"
        ))
        .await?;
    let number = |name: &str| place[name].as_f64().context("no place in the picture");
    Ok((number("x")?, number("y")?))
}

/// Waits until a rectangle of the viewer's picture has exactly the pixels of the
/// remote display.
pub async fn wait_pixel_exact(
    page: &Page,
    desktop: &Desktop,
    (x, y, width, height): (u32, u32, u32, u32),
) -> Result<()> {
    let mut different = usize::MAX;
    for _ in 0..100 {
        let there = desktop.pixels(x, y, width, height)?;
        let script = format!(
            "window.__guruconnect.readPixels({x},{y},{width},{height}).then(p => Array.from(p))"
        );
        let here = page.eval(&script).await?;
        let here: Vec<u8> = here
            .as_array()
            .context("no pixels")?
            .chunks_exact(4)
            .flat_map(|rgba| {
                rgba.iter().take(3).map(|v| u8::try_from(v.as_u64().unwrap_or(0)).unwrap_or(0))
            })
            .collect();
        if here.len() != there.len() {
            bail!("the viewer gave {} bytes, the display {}", here.len(), there.len());
        }
        different = here.chunks_exact(3).zip(there.chunks_exact(3)).filter(|(a, b)| a != b).count();
        if different == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("{different} of {} pixels still differ after 10 s", width * height)
}

/// The user's answer in the consent window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Allow.
    Allow,
    /// View only.
    ViewOnly,
    /// Decline.
    Decline,
}

/// Waits for the consent window and answers it by keyboard. The window starts with
/// the focus on Decline, the last of its three buttons.
pub fn answer_consent(desktop: &Desktop, answer: Answer) -> Result<()> {
    let window = consent_window(desktop)?;
    // The prompt ignores keys while it is new, against a stray Enter: press until
    // it closes.
    let back = match answer {
        Answer::Allow => 2,
        Answer::ViewOnly => 1,
        Answer::Decline => 0,
    };
    std::thread::sleep(Duration::from_millis(700));
    desktop.output("xdotool", &["windowfocus", "--sync", &window])?;
    for _ in 0..back {
        desktop.output("xdotool", &["key", "shift+Tab"])?;
    }
    desktop.output("xdotool", &["key", "Return"])?;
    desktop.wait_until("the consent window closes", |desktop| {
        Ok(desktop.output("xdotool", &["search", "--class", "guruconnect-consent"]).is_err())
    })
}

/// Waits for the consent window; its X id.
pub fn consent_window(desktop: &Desktop) -> Result<String> {
    desktop.find_window("--class", "guruconnect-consent")
}
