//! A technician works on a managed machine in a real browser.

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, ServerOptions, Stack, steps};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_in_the_viewer_appears_in_the_terminal_and_pixel_exact_in_the_picture()
-> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;

    steps::click_remote(&page, 200, 200).await?;
    let proof = stack.folder().join("proof");
    page.type_keys(&format!("echo Typed-By_Viewer > {}\n", proof.display())).await?;
    stack.desktop.wait_until("the command ran", |_| Ok(proof.exists()))?;
    stack.desktop.wait_until("the file is written", |_| {
        Ok(std::fs::read_to_string(&proof)? == "Typed-By_Viewer\n")
    })?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 1024, 768)).await?;

    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn clipboard_texts_travel_both_ways() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    // There before anybody connects: it must arrive at connect.
    copy_on_desktop(&stack, "from the machine: äß€ 1")?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    page.focus().await?;
    steps::click_remote(&page, 200, 200).await?;
    page.wait_for("navigator.clipboard.readText().then(t => t === 'from the machine: äß€ 1')")
        .await
        .context("the machine's clipboard at connect")?;

    copy_on_desktop(&stack, "from the machine, later")?;
    page.wait_for("navigator.clipboard.readText().then(t => t === 'from the machine, later')")
        .await
        .context("the machine's clipboard on change")?;

    page.eval("navigator.clipboard.writeText('from the browser: Жあ 2')").await?;
    // A person copies in another window and comes back to this one.
    page.eval("window.dispatchEvent(new Event('focus'))").await?;
    stack
        .desktop
        .wait_until("the browser's clipboard on the machine", |desktop| {
            let text = desktop.output("timeout", &["2", "xclip", "-selection", "clipboard", "-o"]);
            Ok(text.is_ok_and(|text| text == "from the browser: Жあ 2"))
        })
        .with_context(|| format!("agent log:\n{}", stack.agent.process.log()))
}

fn copy_on_desktop(stack: &Stack, text: &str) -> Result<()> {
    let file = stack.folder().join("clip.txt");
    std::fs::write(&file, text)?;
    let file = file.to_str().context("path is not UTF-8")?;
    // xclip stays in the background as the owner; it ends when another takes over.
    let copy = format!("xclip -selection clipboard -i {file} >/dev/null 2>&1");
    stack.desktop.output("sh", &["-c", &copy]).map(|_| ())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_follows_a_change_of_resolution() -> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    let timing = "38.25 800 832 912 1024 600 603 607 624";
    let timing: Vec<&str> = timing.split(' ').collect();
    stack.desktop.output("xrandr", &[&["--newmode", "small"], timing.as_slice()].concat())?;
    stack.desktop.output("xrandr", &["--addmode", "screen", "small"])?;
    stack.desktop.output("xrandr", &["--output", "screen", "--mode", "small"])?;
    page.wait_for("window.__guruconnect.surface().width === 800").await?;
    page.wait_for("window.__guruconnect.surface().height === 600").await?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 800, 600)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn control_changes_hands_only_by_the_word_of_who_has_it() -> Result<()> {
    let stack = Stack::start(800, 600, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let session = stack.session()?;
    let first = stack.join(&browser, &session, "control").await?;
    let second = stack.join(&browser, &session, "control").await?;
    let in_control = "window.__guruconnect.stats().inControl";
    first.wait_for(in_control).await?;
    second.wait_for(&format!("!{in_control}")).await?;

    second.click("[data-testid=toolbar-people]").await?;
    second.click("[data-testid=control-ask]").await?;
    first.focus().await?;
    first.click("[data-testid=toolbar-people]").await?;
    first.wait_for_element("[data-testid^=control-give]").await?;
    ensure!(first.eval(in_control).await? == true, "control went before it was given");
    first.click("[data-testid^=control-give]").await?;
    second.wait_for(in_control).await?;
    first.wait_for(&format!("!{in_control}")).await
}
