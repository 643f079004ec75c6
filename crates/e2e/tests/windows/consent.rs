//! An end user on Windows with a support code, and what they answer.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Agent, Browser, Keyboard, steps};
use serde_json::json;

use crate::office::{Office, SCREEN};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the one-time program, and waits for its window; the session that asks.
pub(crate) fn ask(office: &Office) -> Result<(Agent, String)> {
    let desktop = office.wine.desktop();
    // The desktop itself, before anything is on it.
    office.wine.run("wine", &["cmd", "/c", "ver"])?;
    let middle = (SCREEN.0 / 2 - 60, SCREEN.1 / 2 - 60, 120, 120);
    let before = desktop.pixels(middle.0, middle.1, middle.2, middle.3)?;
    let code = office.rest.add_code()?;
    let arguments = ["--server", office.server.address(), "--code", &code];
    let agent = office.wine.support(office.wine.program(), &arguments)?;
    let session =
        office.rest.wait_for("/api/sessions?state=live", "a session that waits", |list| {
            let sessions = list["items"].as_array()?;
            let session = sessions.iter().find(|s| s["consent_state"] == "pending")?;
            session["id"].as_str().map(ToOwned::to_owned)
        });
    let session = session.with_context(|| format!("agent log:\n{}", agent.process.log()))?;
    desktop.wait_until("the consent window", |desktop| {
        Ok(desktop.pixels(middle.0, middle.1, middle.2, middle.3)? != before)
    })?;
    Ok((agent, session))
}

/// Presses keys until the server knows of this answer: a window that is new ignores
/// them.
pub(crate) fn answer(office: &Office, session: &str, keys: &[&str], state: &str) -> Result<()> {
    let path = format!("/api/sessions/{session}");
    office.wine.desktop().wait_until(&format!("consent is {state}"), |desktop| {
        std::thread::sleep(Duration::from_millis(700));
        if office.rest.call("GET", &path, None)?["consent_state"] == "pending" {
            desktop.output("xdotool", &[&["key"], keys].concat())?;
        }
        Ok(office.rest.call("GET", &path, None)?["consent_state"] == state)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_user_allows_and_the_session_ends_with_the_program() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let (mut agent, session) = ask(&office)?;
    let token = format!("/api/sessions/{session}/viewer-token");
    let early = office.rest.call("POST", &token, Some(json!({"access": "control"})));
    ensure!(early.is_err(), "a pending session could be joined");
    // The focus is on Decline, the last of three.
    answer(&office, &session, &["shift+Tab", "shift+Tab", "Return"], "granted")?;

    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = steps::join(&office.server, &browser, &session, "control").await?;
    page.wait_for("window.__guruconnect.stats().inControl").await?;
    let corner = (SCREEN.0 - 300, SCREEN.1 - 300, 300, 300);
    steps::wait_pixel_exact(&page, office.wine.desktop(), corner).await?;
    office.rest.call("POST", &format!("/api/sessions/{session}/end"), Some(json!({})))?;
    let exit = agent.process.wait(PATIENCE)?;
    ensure!(exit == Some(0), "it ended with {exit:?}:\n{}", agent.process.log());
    Ok(())
}

#[test]
fn the_user_declines() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let (mut agent, session) = ask(&office)?;
    answer(&office, &session, &["Return"], "denied")?;
    agent.process.wait(PATIENCE)?;
    Ok(())
}
