//! Files are copied on one side and pasted on the other, in a real browser and with a
//! real file manager on the desktop.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Page, ServerOptions, Stack, steps};
use serde_json::json;

const SIZE: usize = 300_001;

/// The same bytes as the page makes.
fn bytes() -> Vec<u8> {
    (0..SIZE).map(|at| (at * 7 + at / 256) as u8).collect()
}

struct Session {
    stack: Stack,
    browser: Browser,
    page: Page,
    home: tempfile::TempDir,
}

impl Session {
    async fn start(rules: Option<serde_json::Value>) -> Result<Self> {
        let stack = Stack::start(1000, 700, ServerOptions::default())?;
        if let Some(rules) = rules {
            stack.rest.call("PUT", "/api/settings/files", Some(rules))?;
        }
        let browser = Browser::start(1280, 900, stack.folder()).await?;
        let page = stack.join(&browser, &stack.session()?, "control").await?;
        page.focus().await?;
        steps::click_remote(&page, 20, 20).await?;
        page.wait_for("window.__guruconnect.stats().inControl").await?;
        Ok(Self { stack, browser, page, home: tempfile::tempdir()? })
    }

    /// A folder of the machine.
    fn make(&self, name: &str) -> Result<PathBuf> {
        let folder = self.home.path().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The file manager shows it and has the keyboard.
    fn open(&mut self, folder: &Path) -> Result<()> {
        let desktop = &mut self.stack.desktop;
        let window = desktop.show_folder(self.home.path(), folder)?;
        // Into the list of files, below what is in it.
        desktop
            .output("xdotool", &["mousemove", "--window", &window, "400", "350", "click", "1"])?;
        Ok(())
    }

    fn strike(&self, keys: &str) -> Result<()> {
        self.stack.desktop.output("xdotool", &["key", "--clearmodifiers", keys]).map(|_| ())
    }

    /// A person strikes Ctrl+V while the browser's clipboard holds these files.
    async fn paste(&self, names: &[&str]) -> Result<()> {
        let script = format!(
            "(() => {{ \
               const keys = document.querySelector('.viewer-keys'); \
               const data = new DataTransfer(); \
               for (const name of {names}) {{ \
                 const bytes = Uint8Array.from({{ length: {SIZE} }}, (_, at) => at * 7 + (at >> 8)); \
                 data.items.add(new File([bytes], name, {{ lastModified: 1700000000000 }})); }} \
               const key = (kind, code, key) => keys.dispatchEvent(new KeyboardEvent(kind, \
                 {{ code, key, ctrlKey: kind === 'keydown', bubbles: true, cancelable: true }})); \
               key('keydown', 'ControlLeft', 'Control'); key('keydown', 'KeyV', 'v'); \
               keys.dispatchEvent(new ClipboardEvent('paste', \
                 {{ clipboardData: data, bubbles: true, cancelable: true }})); \
               key('keyup', 'KeyV', 'v'); key('keyup', 'ControlLeft', 'Control'); \
               return true; }})()",
            names = json!(names),
        );
        self.page.eval(&script).await.map(|_| ())
    }

    fn wait_for(&self, folder: &Path, names: &[&str]) -> Result<()> {
        let expected = bytes();
        let there = |name: &&str| fs::read(folder.join(name)).is_ok_and(|got| got == expected);
        self.stack
            .desktop
            .wait_until(&format!("{names:?} in {}", folder.display()), |_| {
                Ok(names.iter().all(there))
            })
            .with_context(|| format!("agent log:\n{}", self.stack.agent.process.log()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_copied_on_the_machine_are_offered_and_fetched() -> Result<()> {
    let mut session = Session::start(None).await?;
    let names = ["grüße 1.bin", "b.txt"];
    let folder = session.make("source")?;
    for name in names {
        fs::write(folder.join(name), bytes())?;
    }
    session.open(&folder)?;
    session.strike("ctrl+a")?;
    session.strike("ctrl+c")?;
    let page = &session.page;
    page.wait_for_element("[data-testid=file-offer]")
        .await
        .with_context(|| session.stack.agent.process.log())?;
    for part in ["2 items copied on the machine", "grüße 1.bin", "b.txt"] {
        page.wait_for_text(part).await?;
    }
    let saved = session.home.path().join("saved");
    fs::create_dir(&saved)?;
    page.download_to(&saved).await?;
    page.click("[data-testid=file-offer-download]").await?;
    session.wait_for(&saved, &names)?;

    // In the panel it stays, until something else is copied there.
    page.click("[data-testid=toolbar-files]").await?;
    page.wait_for_element("[data-testid=files-copied-download]").await?;
    let copy = "printf text | xclip -selection clipboard -i >/dev/null 2>&1";
    session.stack.desktop.output("sh", &["-c", copy])?;
    page.wait_for("!document.querySelector('[data-testid=files-copied]')").await?;
    let errors = session.browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_pasted_in_the_browser_reach_the_file_manager() -> Result<()> {
    let mut session = Session::start(None).await?;
    let names = ["grüße 1.bin", "b.txt"];
    let first = session.make("first")?;
    session.open(&first)?;
    session.paste(&names).await?;
    session.wait_for(&first, &names)?;
    let list = session.stack.desktop.output(
        "xclip",
        &["-selection", "clipboard", "-out", "-target", "x-special/gnome-copied-files"],
    )?;
    let uri = list.lines().find(|line| line.ends_with("/b.txt")).context("not on the clipboard")?;
    let way = uri.strip_prefix("file://").context("no file")?.replace("%20", " ");
    let pasted = Path::new(&way).parent().context("no folder")?;
    ensure!(fs::read(pasted.join("b.txt"))? == bytes(), "where it waited");

    // The same once more, elsewhere: nothing is sent again.
    let second = session.make("second")?;
    session.open(&second)?;
    session.paste(&names).await?;
    session.wait_for(&second, &names)?;
    let page = &session.page;
    page.click("[data-testid=toolbar-files]").await?;
    page.wait_for("document.querySelector('[data-testid=transfer-1]')?.dataset.status === 'done'")
        .await?;
    let transfers = page.eval("document.querySelectorAll('[data-testid=transfers] > li').length");
    ensure!(transfers.await? == 1, "sent twice");
    let errors = session.browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    // The agent clears it away in a day.
    fs::remove_dir_all(pasted)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rules_forbid_is_said_and_not_pasted() -> Result<()> {
    let rules = json!({
        "upload": false, "download": false, "max_file_bytes": null,
        "allowed_extensions": [], "blocked_extensions": [],
    });
    let mut session = Session::start(Some(rules)).await?;
    let folder = session.make("source")?;
    fs::write(folder.join("a.txt"), "a")?;
    session.open(&folder)?;
    session.strike("ctrl+a")?;
    session.strike("ctrl+c")?;
    session.paste(&["b.txt"]).await?;
    let page = &session.page;
    page.wait_for_element("[data-testid=file-paste][data-at=failed]").await?;
    page.wait_for_text("The rules of this server do not allow").await?;
    // A text that is copied after the files has come; they have not.
    let copy = "printf after | xclip -selection clipboard -i >/dev/null 2>&1";
    session.stack.desktop.output("sh", &["-c", copy])?;
    page.wait_for("window.__guruconnect.stats().clipboard.in === 1").await?;
    ensure!(page.eval("!document.querySelector('[data-testid=file-offer]')").await? == true);
    ensure!(fs::read_dir(&folder)?.count() == 1, "something was pasted");
    Ok(())
}
