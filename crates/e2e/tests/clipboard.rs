//! What is copied on one side is pasted on the other, in every format, in a real
//! browser and with real programs on the desktop.

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use gc_e2e::{Browser, Page, ServerOptions, Stack, noise_picture, picture_pixels, steps};
use serde_json::Value;

struct Session {
    stack: Stack,
    browser: Browser,
    page: Page,
}

impl Session {
    async fn start() -> Result<Self> {
        let stack = Stack::start(800, 600, ServerOptions::default())?;
        let browser = Browser::start(1280, 900, stack.folder()).await?;
        let page = stack.join(&browser, &stack.session()?, "control").await?;
        page.focus().await?;
        steps::click_remote(&page, 200, 200).await?;
        Ok(Self { stack, browser, page })
    }

    /// Copies on the desktop, by a program that offers one format.
    fn copy(&self, target: &str, bytes: &[u8]) -> Result<()> {
        self.stack.desktop.copy(target, bytes)
    }

    /// Pastes on the desktop as soon as it is right.
    fn pasted(&self, target: &str, right: impl Fn(&[u8]) -> bool) -> Result<()> {
        self.stack
            .desktop
            .paste_until(target, right)
            .with_context(|| format!("agent log:\n{}", self.stack.agent.process.log()))
    }

    async fn counts(&self) -> Result<Value> {
        counts(&self.page).await
    }

    /// A person copies in another window and comes back to this one.
    async fn come_back(&self) -> Result<()> {
        self.page.eval("window.dispatchEvent(new Event('focus'))").await.map(|_| ())
    }
}

async fn counts(page: &Page) -> Result<Value> {
    page.eval("window.__guruconnect.stats().clipboard").await
}

/// In the page: what the browser's clipboard holds of a type, as text or base64.
fn read_back(kind: &str, then: &str) -> String {
    format!(
        "navigator.clipboard.read().then(async ([item]) => item.types.includes('{kind}') && \
         (({then})(await item.getType('{kind}'))))"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn html_and_pictures_come_from_the_machine() -> Result<()> {
    let session = Session::start().await?;
    let html = "<b>fett: äß€</b><script>alert(1)</script><img src=\"http://127.0.0.1:9/x.png\">";
    session.copy("text/html", html.as_bytes())?;
    let harmless = "async (blob) => { const html = await blob.text(); \
        return html.includes('<b') && html.includes('fett: äß€') && !html.includes('script') \
        && !html.includes('x.png'); }";
    session.page.wait_for(&read_back("text/html", harmless)).await.context("HTML")?;
    ensure!(session.counts().await?["last"]["formats"] == serde_json::json!(["HTML"]));

    let picture = noise_picture(7)?;
    session.copy("image/png", &picture)?;
    let same = format!(
        "async (blob) => {{ \
           const draw = async (blob) => {{ const bitmap = await createImageBitmap(blob); \
             const canvas = new OffscreenCanvas(bitmap.width, bitmap.height); \
             const context = canvas.getContext('2d'); context.drawImage(bitmap, 0, 0); \
             return context.getImageData(0, 0, bitmap.width, bitmap.height).data; }}; \
           const bytes = Uint8Array.from(atob('{}'), (c) => c.charCodeAt(0)); \
           const meant = new Blob([bytes], {{ type: 'image/png' }}); \
           const [a, b] = [await draw(blob), await draw(meant)]; \
           return a.length === b.length && a.every((value, i) => value === b[i]); }}",
        STANDARD.encode(&picture),
    );
    session.page.wait_for(&read_back("image/png", &same)).await.context("the picture")?;
    ensure!(session.counts().await?["last"]["formats"] == serde_json::json!(["image"]));

    // What came is not sent back when the page looks at the clipboard.
    session.come_back().await?;
    session.page.wait_for("window.__guruconnect.stats().clipboard.known > 0").await?;
    ensure!(session.counts().await?["out"] == 0, "an echo: {}", session.counts().await?);
    session.pasted("TARGETS", |targets| !targets.windows(9).any(|part| part == b"TIMESTAMP"))?;

    session.page.screenshot(&session.stack.folder().join("clipboard.png")).await?;
    let errors = session.browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn html_and_pictures_go_to_the_machine() -> Result<()> {
    let session = Session::start().await?;
    let write = "navigator.clipboard.write([new ClipboardItem({ \
        'text/plain': new Blob(['kursiv'], { type: 'text/plain' }), \
        'text/html': new Blob(['<i>kursiv</i>'], { type: 'text/html' }) })]).then(() => true)";
    session.page.wait_for(write).await?;
    session.come_back().await?;
    session.pasted("UTF8_STRING", |text| text == b"kursiv")?;
    session.pasted("text/html", |html| {
        String::from_utf8_lossy(html).contains("<i") && html.ends_with(b"kursiv</i>")
    })?;
    session.page.wait_for("window.__guruconnect.stats().clipboard.delivered > 0").await?;

    let picture = noise_picture(7)?;
    let write = format!(
        "navigator.clipboard.write([new ClipboardItem({{ 'image/png': new Blob( \
           [Uint8Array.from(atob('{}'), (c) => c.charCodeAt(0))], {{ type: 'image/png' }}) }})]) \
           .then(() => true)",
        STANDARD.encode(&picture)
    );
    session.page.wait_for(&write).await?;
    session.come_back().await?;
    let expected = picture_pixels(&picture)?;
    session
        .pasted("image/png", |png| picture_pixels(png).is_ok_and(|pixels| pixels == expected))?;
    let before = session.counts().await?;
    ensure!(before["in"] == 0, "an echo came back: {before}");

    // Switched off, nothing crosses; on again, what is there does.
    session.page.click("[data-testid=toolbar-clipboard]").await?;
    session.copy("UTF8_STRING", b"while it was off")?;
    session
        .page
        .wait_for(
            "document.querySelector('[data-testid=toolbar-clipboard]').ariaPressed === 'false'",
        )
        .await?;
    ensure!(session.counts().await?["in"] == 0, "it crossed while it was off");
    session.page.click("[data-testid=toolbar-clipboard]").await?;
    session.page.wait_for("window.__guruconnect.stats().clipboard.in === 1").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_viewer_gets_what_the_first_one_copies() -> Result<()> {
    let session = Session::start().await?;
    // Another browser, since the pages of one share their clipboard.
    let other = Browser::start(1280, 900, session.stack.folder()).await?;
    let second = session.stack.join(&other, &session.stack.session()?, "control").await?;
    second.focus().await?;
    session
        .page
        .wait_for("navigator.clipboard.writeText('for both of us').then(() => true)")
        .await?;
    session.come_back().await?;
    session.pasted("UTF8_STRING", |text| text == b"for both of us")?;
    second
        .wait_for("navigator.clipboard.readText().then((text) => text === 'for both of us')")
        .await
        .context("the second viewer")?;
    // It looks at its clipboard, and the first one does: nothing crosses once more.
    second.eval("window.dispatchEvent(new Event('focus'))").await?;
    second.wait_for("window.__guruconnect.stats().clipboard.known > 0").await?;
    session.come_back().await?;
    session.page.wait_for("window.__guruconnect.stats().clipboard.known > 0").await?;
    let (first, second) = (session.counts().await?, counts(&second).await?);
    ensure!(first["in"] == 0 && first["out"] == 1, "the first: {first}");
    ensure!(second["in"] == 1 && second["out"] == 0, "the second: {second}");
    Ok(())
}
