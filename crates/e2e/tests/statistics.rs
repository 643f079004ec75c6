//! Where the time and the bytes of a session go, as a technician sees it.

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Page, ServerOptions, Stack, steps};

/// Ctrl + Alt + Shift with a letter.
async fn chord(page: &Page, letter: char) -> Result<()> {
    let code = format!("Key{letter}");
    page.key_event("keyDown", "ControlLeft", "Control", 2).await?;
    page.key_event("keyDown", "AltLeft", "Alt", 3).await?;
    page.key_event("keyDown", "ShiftLeft", "Shift", 11).await?;
    page.key_event("keyDown", &code, &letter.to_string(), 11).await?;
    page.key_event("keyUp", &code, &letter.to_string(), 11).await?;
    page.key_event("keyUp", "ShiftLeft", "Shift", 3).await?;
    page.key_event("keyUp", "AltLeft", "Alt", 2).await?;
    page.key_event("keyUp", "ControlLeft", "Control", 0).await
}

/// The median of a step, ms.
async fn median(page: &Page, step: &str) -> Result<f64> {
    let cell = format!("+document.querySelector('[data-testid=stats-{step}] td').dataset.value");
    page.eval(&cell).await?.as_f64().with_context(|| format!("no number for {step}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_and_outlines_show_what_a_session_does() -> Result<()> {
    let stack = Stack::start(1024, 768, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    steps::click_remote(&page, 200, 200).await?;

    chord(&page, 'S').await?;
    page.wait_for_element("[data-testid=stats-overlay]").await?;
    page.click("[data-testid=toggle-regions]").await?;
    page.wait_for_element("[data-testid=regions-canvas]").await?;
    let drawn = "[...document.querySelectorAll('[data-testid=regions-legend] b')]\
                 .reduce((sum, b) => sum + +b.textContent, 0)";
    let outlined = "(() => { const c = document.querySelector('[data-testid=regions-canvas]'); \
                    const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; \
                    return d.some((v, i) => i % 4 === 3 && v > 0) })()";
    // Outlines fade; whoever types on sees new ones.
    let mut seen = false;
    for _ in 0..30 {
        page.type_keys("true\n").await?;
        page.wait_for(&format!("{drawn} > 0")).await?;
        seen = page.eval(outlined).await? == true;
        if seen {
            break;
        }
    }
    ensure!(seen, "nothing was outlined");
    page.wait_for(&format!("!{outlined}")).await.context("outlines fade")?;

    page.type_keys("seq 1 60\n").await?;
    page.wait_for("+document.querySelector('[data-testid=stats-encode] td').dataset.value > 0")
        .await?;
    let all = median(&page, "total").await?;
    for step in ["capture", "encode", "network", "decode", "draw"] {
        let time = median(&page, step).await?;
        ensure!((0.0..10_000.0).contains(&time), "{step}: {time} ms");
        ensure!(time <= all, "{step} takes {time} ms of {all} ms");
    }
    page.wait_for("document.querySelector('[data-testid=stats-size]').innerText === '1024 × 768'")
        .await?;
    // It says how fast once something has come and gone over the line.
    page.wait_for(
        "/\\d ms/.test(document.querySelector('[data-testid=stats-round-trip]').innerText)",
    )
    .await?;

    // The viewer's own keys do not reach the machine, and the outlines are not part of
    // the picture.
    chord(&page, 'O').await?;
    page.wait_for("!document.querySelector('[data-testid=regions-canvas]')").await?;
    chord(&page, 'O').await?;
    page.wait_for_element("[data-testid=regions-canvas]").await?;
    let proof = stack.folder().join("proof");
    page.type_keys(&format!("echo Typed > {}\n", proof.display())).await?;
    stack.desktop.wait_until("the command ran", |_| {
        Ok(std::fs::read_to_string(&proof).is_ok_and(|text| text == "Typed\n"))
    })?;
    steps::wait_pixel_exact(&page, &stack.desktop, (0, 0, 1024, 768)).await?;
    chord(&page, 'S').await?;
    page.wait_for("!document.querySelector('[data-testid=stats-overlay]')").await?;

    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}
