//! An end user with a support code, and what they answer.

use std::time::Duration;

use anyhow::{Result, ensure};
use gc_e2e::steps::{self, Answer};
use gc_e2e::{Agent, Browser, Process, Rest, ServerOptions, Stack};
use serde_json::json;

const PATIENCE: Duration = Duration::from_secs(20);

fn pending_session(stack: &Stack) -> Result<String> {
    stack.rest.wait_for("/api/sessions?state=live", "a session that waits for consent", |list| {
        let sessions = list["items"].as_array()?;
        let session = sessions.iter().find(|s| s["consent_state"] == "pending")?;
        session["id"].as_str().map(ToOwned::to_owned)
    })
}

fn wait_consent(rest: &Rest, session: &str, state: &str) -> Result<()> {
    rest.wait_for(&format!("/api/sessions/{session}"), &format!("consent is {state}"), |s| {
        (s["consent_state"] == state).then_some(())
    })
}

fn refusal(result: Result<serde_json::Value>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_shown_before_the_user_allows_and_the_code_works_once() -> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let code = stack.rest.add_code()?;
    let mut agent = stack.support_agent(&code)?;
    let session = pending_session(&stack)?;

    let token = stack.rest.call(
        "POST",
        &format!("/api/sessions/{session}/viewer-token"),
        Some(json!({"access": "control"})),
    );
    ensure!(refusal(token) == "409 consent_pending", "a pending session could be joined");

    // The code is used up: a second program with it is refused, and the first one
    // is not disturbed.
    let mut second = stack.support_agent(&code)?;
    let exit = second.process.wait(PATIENCE)?;
    ensure!(exit == Some(3), "a second agent was let in: {exit:?}\n{}", second.process.log());

    steps::answer_consent(&stack.desktop, Answer::Allow)?;
    wait_consent(&stack.rest, &session, "granted")?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &session, "control").await?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 300, 400, 300)).await?;

    stack.rest.call("POST", &format!("/api/sessions/{session}/end"), Some(json!({})))?;
    let exit = agent.process.wait(PATIENCE)?;
    ensure!(exit == Some(0), "the agent ended with {exit:?}");
    page.wait_for("document.querySelector('[data-testid=viewer-cause]')").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_session_is_over_and_its_code_gone() -> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let code = stack.rest.add_code()?;
    let mut agent = stack.support_agent(&code)?;
    let session = pending_session(&stack)?;
    steps::answer_consent(&stack.desktop, Answer::Decline)?;
    wait_consent(&stack.rest, &session, "denied")?;
    agent.process.wait(PATIENCE)?;
    let mut again = stack.support_agent(&code)?;
    ensure!(again.process.wait(PATIENCE)? == Some(3), "the code worked again");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_a_denial() -> Result<()> {
    let environment = vec![("CONNECT_CONSENT_TIMEOUT_S".to_owned(), "5".to_owned())];
    let stack = Stack::start(1024, 768, ServerOptions { port: 0, environment })?;
    let code = stack.rest.add_code()?;
    let mut agent = stack.support_agent(&code)?;
    let session = pending_session(&stack)?;
    steps::consent_window(&stack.desktop)?;
    wait_consent(&stack.rest, &session, "denied")?;
    agent.process.wait(PATIENCE)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn view_only_consent_never_becomes_control() -> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let code = stack.rest.add_code()?;
    let _agent: Agent = stack.support_agent(&code)?;
    let session = pending_session(&stack)?;
    steps::answer_consent(&stack.desktop, Answer::ViewOnly)?;
    wait_consent(&stack.rest, &session, "granted")?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &session, "control").await?;
    page.wait_for("window.__guruconnect.stats().inControl === false").await?;

    let proof = stack.folder().join("must-not-appear");
    steps::click_remote(&page, 200, 200).await?;
    page.type_keys(&format!("touch {}\n", proof.display())).await?;
    // What is typed by hand on the desktop afterwards must be all that arrives.
    let marker = stack.folder().join("marker");
    stack.desktop.output("xdotool", &["search", "--name", "Terminal", "windowfocus", "--sync"])?;
    stack.desktop.output("xdotool", &["type", &format!("touch {}\n", marker.display())])?;
    stack.desktop.wait_until("the desktop's own keyboard works", |_| Ok(marker.exists()))?;
    ensure!(!proof.exists(), "a view-only viewer typed into the machine");
    Ok(())
}

#[test]
fn a_one_time_program_removes_itself() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    let own = stack.folder().join("a one-time program");
    std::fs::copy(stack.programs.path("guruconnect"), &own)?;
    // A code that nobody made: the server refuses, and that is the end.
    let mut command = stack.desktop.command(&own.to_string_lossy());
    command.args(["support", "--server", stack.server.address(), "--code", "ABC-DEF-GHJ"]);
    let mut kept = Process::start("one-time", &mut command, stack.folder())?;
    ensure!(kept.wait(PATIENCE)? == Some(3) && own.exists(), "{}", kept.log());
    let mut gone = Process::start("one-time", command.arg("--remove"), stack.folder())?;
    ensure!(gone.wait(PATIENCE)? == Some(3) && !own.exists(), "{}", gone.log());
    Ok(())
}
