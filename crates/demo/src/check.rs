//! What a newcomer does with the demo, done by a headless browser.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::steps::{self, Answer};
use gc_e2e::{Agent, Browser, Page};

use crate::Demo;

/// Walks through everything; the first thing missing is the error.
pub(crate) async fn run(demo: &mut Demo, screenshots: &Path) -> Result<()> {
    std::fs::create_dir_all(screenshots)?;
    let browser = Browser::start(1280, 800, &demo.folder).await?;
    let shot = |name: &str| screenshots.join(format!("{name}.png"));
    let address = demo.server.address().to_owned();
    let setup_link = demo.facts["setup_link"].as_str().context("no set-up link")?.to_owned();

    say("create the first administrator");
    let console = browser.open(&setup_link, false).await?;
    console.wait_for_element("[data-testid=setup-form]").await?;
    console.screenshot(&shot("01-setup")).await?;
    steps::set_up(&console, "ada", "correct horse battery").await?;

    say("see the machine online");
    console.wait_for_element("[data-testid=machine-row][data-online=true]").await?;
    console.click("[data-testid=machine-row]").await?;
    console.wait_for_element("[data-testid=join-machine]").await?;
    console.screenshot(&shot("02-machines")).await?;

    say("join and see the desktop");
    console.click("[data-testid=join-machine]").await?;
    let viewer = browser.page_with("/session/").await?;
    steps::wait_for_picture(&viewer).await?;
    let size = viewer.eval("window.__guruconnect.surface()").await?;
    let (width, height) = (
        u32::try_from(size["width"].as_u64().unwrap_or(0))?,
        u32::try_from(size["height"].as_u64().unwrap_or(0))?,
    );
    // The consent window of the one-time agent covers the middle; it waits there.
    steps::consent_window(&demo.desktop)?;
    demo.desktop.screenshot(&shot("03-consent-on-the-desktop"))?;
    steps::answer_consent(&demo.desktop, Answer::Decline)?;
    demo.support_agent.process.wait(Duration::from_secs(15))?;

    say("type into the terminal");
    let home = demo.home.as_ref().context("--check needs a desktop of its own")?;
    let proof = home.join("hello.txt");
    demo.desktop
        .output("xdotool", &["search", "--name", "Terminal", "windowraise", "windowfocus"])?;
    steps::click_remote(&viewer, 200, 300).await?;
    viewer.type_keys("echo Hello from the browser > hello.txt\n").await?;
    demo.desktop.wait_until("the typed command ran in the terminal", |_| Ok(proof.exists()))?;
    let part = (0, 0, width.min(640), height.min(480));
    steps::wait_pixel_exact(&viewer, &demo.desktop, part).await?;
    viewer.screenshot(&shot("04-viewer")).await?;

    say("switch quality");
    viewer.click("[data-testid=toolbar-quality]").await?;
    viewer.click("[data-testid=quality-low]").await?;
    viewer.wait_for("window.__guruconnect.stats().quality?.preset === 'low'").await?;
    viewer.screenshot(&shot("05-quality")).await?;
    viewer.close().await?;

    say("create a support code and walk the attended flow");
    let code = new_code(&console).await?;
    console.screenshot(&shot("06-code")).await?;
    let guest = browser.open(&format!("{address}/j/{code}"), true).await?;
    guest.wait_for_element("[data-testid=join-who]").await?;
    guest.screenshot(&shot("07-join-page")).await?;
    demo.support_agent =
        Agent::support(&demo.programs, &demo.desktop, &address, &code, &demo.folder)?;
    steps::consent_window(&demo.desktop)?;
    guest
        .wait_for(
            "document.querySelector('[data-testid=join-state]')?.dataset.state === 'connected'",
        )
        .await?;
    console.go(&format!("{address}/sessions")).await?;
    console.wait_for_element("[data-testid=consent-badge][data-consent=pending]").await?;
    console.screenshot(&shot("08-consent-pending")).await?;
    steps::answer_consent(&demo.desktop, Answer::Allow)?;
    console.wait_for_element("[data-testid=consent-badge][data-consent=granted]").await?;
    let row = "[data-testid=session-row]:has([data-consent=granted])";
    console.click(&format!("{row} [data-testid=join-session]")).await?;
    let attended = browser.page_with("/session/").await?;
    steps::wait_for_picture(&attended).await?;
    demo.desktop.wait_for_window("GuruConnect")?;
    demo.desktop.screenshot(&shot("09-connected-bar"))?;
    attended.screenshot(&shot("10-attended-viewer")).await?;

    say("end the session");
    attended.click("[data-testid=toolbar-disconnect]").await?;
    attended.click("[data-testid=end-session]").await?;
    attended.click("[data-testid=confirm]").await?;
    let code = demo.support_agent.process.wait(Duration::from_secs(15))?;
    ensure!(code == Some(0), "the one-time agent ended with {code:?}");
    guest
        .wait_for("document.querySelector('[data-testid=join-state]')?.dataset.state === 'ended'")
        .await?;
    guest.screenshot(&shot("11-ended")).await?;

    ensure!(demo.agent.process.is_running(), "the managed agent is gone");
    let errors = browser.errors();
    ensure!(errors.is_empty(), "the pages reported errors: {errors:#?}");
    Ok(())
}

async fn new_code(console: &Page) -> Result<String> {
    console.click("[data-testid=new-code]").await?;
    console.wait_for_element("[data-testid=code-drawer]").await?;
    console.click_text("Create code").await?;
    console.wait_for_element("[data-testid=code-value]").await?;
    let code =
        console.eval("document.querySelector('[data-testid=code-value]').innerText.trim()").await?;
    Ok(code.as_str().context("no code shown")?.to_owned())
}

#[expect(clippy::print_stdout, reason = "progress for people")]
fn say(step: &str) {
    println!("check: {step}");
}
