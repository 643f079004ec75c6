//! The desktop in a process of its own: it is killed, and the technician works on.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Page, ServerOptions, Stack, steps};

/// Presented frames and what the viewer shows as cause.
async fn presented(page: &Page) -> Result<u64> {
    let frames = page.eval("window.__guruconnect.stats().framesPresented").await?;
    frames.as_u64().context("no count of frames")
}

/// The process that shows the desktop: the agent's only child.
fn worker(stack: &Stack) -> Result<u32> {
    let agent = stack.agent.process.id();
    let children = std::fs::read_to_string(format!("/proc/{agent}/task/{agent}/children"))?;
    // Children belong to the thread that started them, so every thread is asked.
    let mut all = children;
    for task in std::fs::read_dir(format!("/proc/{agent}/task"))? {
        all.push(' ');
        all.push_str(&std::fs::read_to_string(task?.path().join("children")).unwrap_or_default());
    }
    let ids: std::collections::BTreeSet<u32> =
        all.split_whitespace().filter_map(|id| id.parse().ok()).collect();
    ensure!(ids.len() == 1, "the agent has {} workers", ids.len());
    ids.first().copied().context("no worker")
}

fn kill(process: u32) -> Result<()> {
    let status = std::process::Command::new("kill").args(["-9", &process.to_string()]).status()?;
    ensure!(status.success(), "the worker could not be killed");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_worker_is_back_and_typing_works_on() -> Result<()> {
    let stack = Stack::start_with_worker(1024, 768, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    steps::click_remote(&page, 200, 200).await?;
    page.type_keys("echo one > /dev/null\n").await?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 1024, 768)).await?;

    let first = worker(&stack)?;
    let before = presented(&page).await?;
    kill(first)?;
    page.wait_for(&format!("window.__guruconnect.stats().framesPresented > {before}")).await?;
    page.wait_for("!document.querySelector('[data-testid=viewer-overlay]')").await?;
    ensure!(worker(&stack)? != first, "no new worker");

    let proof = stack.folder().join("proof");
    page.type_keys(&format!("echo Typed-After_Kill > {}\n", proof.display())).await?;
    stack
        .desktop
        .wait_until("the command ran", |_| {
            Ok(std::fs::read_to_string(&proof).is_ok_and(|text| text == "Typed-After_Kill\n"))
        })
        .with_context(|| format!("agent log:\n{}", stack.agent.process.log()))?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 1024, 768)).await?;
    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_killed_worker_held_does_not_stay_down() -> Result<()> {
    let stack = Stack::start_with_worker(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    steps::click_remote(&page, 200, 200).await?;
    page.key_event("keyDown", "ShiftLeft", "Shift", 8).await?;
    // Behind it, so that the worker has pressed it by then.
    page.type_keys("\n").await?;
    let proof = std::env::temp_dir().join(format!("gc-worker-{}", std::process::id()));
    let before = presented(&page).await?;
    kill(worker(&stack)?)?;
    page.wait_for(&format!("window.__guruconnect.stats().framesPresented > {before}")).await?;
    page.wait_for("!document.querySelector('[data-testid=viewer-overlay]')").await?;
    // Would be TOUCH with the key down, and that is no command.
    page.type_keys(&format!("touch {}\n", proof.display())).await?;
    let seen = stack
        .desktop
        .wait_until("the command ran", |_| Ok(proof.exists()))
        .with_context(|| format!("agent log:\n{}", stack.agent.process.log()));
    drop(std::fs::remove_file(&proof));
    seen
}

/// Stopping the agent ends its worker, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_the_agent_is_the_end_of_its_worker() -> Result<()> {
    let mut stack = Stack::start_with_worker(800, 600, ServerOptions::default())?;
    let process = worker(&stack)?;
    stack.agent.process.terminate()?;
    stack.agent.process.wait(Duration::from_secs(10))?;
    ensure!(!std::path::Path::new(&format!("/proc/{process}")).exists(), "a worker is left");
    Ok(())
}
