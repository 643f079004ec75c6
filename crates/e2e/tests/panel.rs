//! The panel of files with two sides, in a real browser with a real server and agent.
//!
//! A folder that a person chooses has the same interface as the folder that browsers keep
//! for each origin. The test puts that one in the place of the chooser, and nothing else.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Page, ServerOptions, Stack};
use serde_json::json;
use sha2::{Digest, Sha256};

fn hash(path: &Path) -> Result<String> {
    let data = std::fs::read(path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    for byte in Sha256::digest(data) {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

fn noise(length: usize) -> Vec<u8> {
    let mut state: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut data = Vec::with_capacity(length + 8);
    while data.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        data.extend_from_slice(&state.to_le_bytes());
    }
    data.truncate(length);
    data
}

/// The folder, with a file that is larger than what is on its way at once, and a tree.
const FOLDER: &str = r#"(async () => {
    const root = await navigator.storage.getDirectory();
    const write = async (folder, name, data) => {
        const stream = await (await folder.getFileHandle(name, { create: true })).createWritable();
        await stream.write(data);
        await stream.close();
    };
    const large = new Uint8Array(3_000_001);
    for (let at = 0; at < large.length; at += 65_536)
        crypto.getRandomValues(large.subarray(at, at + 65_536));
    await write(root, "here.bin", large);
    const docs = await root.getDirectoryHandle("docs", { create: true });
    await docs.getDirectoryHandle("hollow", { create: true });
    const deep = await docs.getDirectoryHandle("deep", { create: true });
    await write(deep, "grüße.txt", "hello");
    window.showDirectoryPicker = () => Promise.resolve(root);
})()"#;

/// Hash of one of its files.
const HASH: &str = "async (name) => {
    const root = await navigator.storage.getDirectory();
    const file = await (await root.getFileHandle(name)).getFile();
    const hash = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return [...new Uint8Array(hash)].map(byte => byte.toString(16).padStart(2, '0')).join('');
}";

const NAMES: &str = "(async () => {
    const names = [];
    for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name);
    return names.sort();
})()";

struct Panel {
    page: Page,
}

impl Panel {
    async fn press(&self, key: &str, modifiers: u32) -> Result<()> {
        self.page.key_event("keyDown", key, key, modifiers).await?;
        self.page.key_event("keyUp", key, key, modifiers).await
    }

    fn row(name: &str) -> String {
        format!("[data-testid='{name}']")
    }

    async fn shows(&self, name: &str) -> Result<()> {
        self.page.wait_for_element(&Self::row(name)).await
    }

    async fn lacks(&self, name: &str) -> Result<()> {
        self.page.wait_for(&format!("!document.querySelector({})", json!(Self::row(name)))).await
    }

    async fn click(&self, name: &str) -> Result<()> {
        self.page.click(&Self::row(name)).await
    }

    async fn hash_here(&self, name: &str) -> Result<String> {
        let hash = self.page.eval(&format!("({HASH})({})", json!(name))).await?;
        Ok(hash.as_str().context("no hash")?.to_owned())
    }

    /// Enters a folder of the machine by its way from the root.
    async fn enter(&self, way: &Path) -> Result<()> {
        let mut names = vec!["Computer".to_owned()];
        names.extend(way.iter().skip(1).map(|part| part.to_string_lossy().into_owned()));
        for name in names {
            let row = json!(Self::row(&format!("remote-{name}")));
            self.page
                .wait_for(&format!(
                    "(() => {{ const row = document.querySelector({row}); row?.dispatchEvent(new \
                     MouseEvent('dblclick', {{ bubbles: true }})); return row !== null; }})()"
                ))
                .await?;
        }
        Ok(())
    }

    /// Drags a row onto another element, as the browser tells pages of it.
    async fn drag(&self, from: &str, to: &str) -> Result<()> {
        let (from, to) = (json!(Self::row(from)), json!(Self::row(to)));
        let script = format!(
            "(() => {{
                const dataTransfer = new DataTransfer();
                const tell = (where, kind) => document.querySelector(where).dispatchEvent(
                    new DragEvent(kind, {{ bubbles: true, cancelable: true, dataTransfer }}));
                tell({from}, 'dragstart');
                const refused = tell({to}, 'dragover');
                tell({to}, 'drop');
                tell({from}, 'dragend');
                return !refused;
            }})()"
        );
        ensure!(self.page.eval(&script).await? == json!(true), "nothing can be dropped there");
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_go_from_side_to_side() -> Result<()> {
    let stack = Stack::start(640, 480, ServerOptions::default())?;
    let home = tempfile::tempdir()?;
    let way = home.path().join("in");
    std::fs::create_dir_all(way.join("below"))?;
    std::fs::write(way.join("there.bin"), noise(2_500_001))?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    page.eval(FOLDER).await?;
    let panel = Panel { page };
    panel.click("toolbar-files").await?;
    panel.click("local-open").await?;
    panel.shows("local-here.bin").await?;
    panel.enter(&way).await?;
    panel.shows("remote-there.bin").await?;

    // Up: everything of this side, by keys.
    panel.click("local-here.bin").await?;
    panel.press("a", 2).await?;
    panel.press("F5", 0).await?;
    panel.shows("remote-here.bin").await.with_context(|| stack.agent.process.log())?;
    ensure!(hash(&way.join("here.bin"))? == panel.hash_here("here.bin").await?, "here.bin differs");
    ensure!(std::fs::read(way.join("docs/deep/grüße.txt"))? == b"hello");
    ensure!(way.join("docs/hollow").is_dir(), "an empty folder is missing");

    // Down: found by its letters on the other side.
    panel.press("Tab", 0).await?;
    panel.page.type_keys("there").await?;
    panel.press("F5", 0).await?;
    panel.shows("local-there.bin").await?;
    let wanted = hash(&way.join("there.bin"))?;
    ensure!(panel.hash_here("there.bin").await? == wanted, "there.bin differs");

    // Once more: the name is taken, and both are kept. The mouse does it this time.
    panel.drag("remote-there.bin", "local-here.bin").await?;
    panel.shows("files-conflict").await?;
    panel.click("conflict-rename").await?;
    panel.shows("local-there (2).bin").await?;
    ensure!(panel.hash_here("there (2).bin").await? == wanted, "the second one differs");
    let names = panel.page.eval(NAMES).await?;
    ensure!(names == json!(["docs", "here.bin", "there (2).bin", "there.bin"]), "{names}");

    // Into a folder that stands in the other list.
    panel.drag("local-there (2).bin", "remote-below").await?;
    panel.page.click("[data-testid='remote-below']").await?;
    panel.press("Enter", 0).await?;
    panel.shows("remote-there (2).bin").await?;
    ensure!(hash(&way.join("below/there (2).bin"))? == wanted);
    panel.press("Backspace", 0).await?;
    panel.shows("remote-there.bin").await?;

    // Changes on either side.
    panel.click("local-there (2).bin").await?;
    panel.press("F2", 0).await?;
    panel.page.fill("[data-testid=remote-name]", "renamed.bin").await?;
    panel.click("remote-name-done").await?;
    panel.shows("local-renamed.bin").await?;
    panel.lacks("local-there (2).bin").await?;
    panel.page.wait_until_uncovered("[data-testid='remote-there.bin']").await?;
    panel.click("remote-there.bin").await?;
    panel.press("Delete", 0).await?;
    panel.page.wait_for_text("Delete 1 item").await?;
    ensure!(way.join("there.bin").exists(), "deleted before it was confirmed");
    panel.click("confirm").await?;
    panel.lacks("remote-there.bin").await?;
    ensure!(!way.join("there.bin").exists());
    panel.page.wait_until_uncovered("[data-testid='remote-list']").await?;
    panel.click("local-docs").await?;
    panel.press("F7", 0).await?;
    panel.page.fill("[data-testid=remote-name]", "docs").await?;
    panel.click("remote-name-done").await?;
    panel.page.wait_for_text("Something with this name is on this computer already.").await?;

    // Closed by Escape, it comes back as it was.
    panel.page.wait_until_uncovered("[data-testid='local-docs']").await?;
    panel.click("local-docs").await?;
    panel.press("Escape", 0).await?;
    panel.lacks("files-panel").await?;
    panel.click("toolbar-files").await?;
    panel.shows("local-renamed.bin").await?;
    panel.shows("remote-here.bin").await?;
    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_browser_opens_no_folders_the_machine_stands_alone() -> Result<()> {
    let stack = Stack::start(640, 480, ServerOptions::default())?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    page.eval("delete window.showDirectoryPicker").await?;
    let panel = Panel { page };
    panel.click("toolbar-files").await?;
    panel.click("files-tab-machine").await?;
    panel.shows("remote-Computer").await?;
    panel.page.wait_for_text("This browser cannot open folders of this computer.").await?;
    panel.lacks("local-list").await?;
    panel.lacks("files-copy").await
}
