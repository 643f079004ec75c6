//! Files are dropped at a point of the picture, dragged out of it, and pasted from one
//! session into another: a real browser, a real file manager.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::steps::{self, Answer};
use gc_e2e::{Agent, Browser, Desktop, Page, ServerOptions, Stack};
use serde_json::{Value, json};

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
    async fn start() -> Result<Self> {
        let mut stack = Stack::start(1000, 700, ServerOptions::default())?;
        stack.desktop.manage_windows()?;
        let browser = Browser::start(1280, 900, stack.folder()).await?;
        let page = stack.join(&browser, &stack.session()?, "control").await?;
        take_control(&page).await?;
        Ok(Self { stack, browser, page, home: tempfile::tempdir()? })
    }

    /// A folder of the machine.
    fn make(&self, name: &str) -> Result<PathBuf> {
        let folder = self.home.path().join(name);
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// The file manager shows it, and has the keyboard.
    fn open(&mut self, folder: &Path) -> Result<()> {
        open(&mut self.stack.desktop, self.home.path(), folder)
    }

    /// Somebody drags files of their own over the picture and lets go at a point.
    async fn drop_at(&self, x: u32, y: u32, names: &[&str]) -> Result<()> {
        let (x, y) = steps::remote_place(&self.page, x, y).await?;
        let script = format!(
            "(() => {{ \
               const canvas = document.querySelector('[data-testid=viewer-canvas]'); \
               const data = new DataTransfer(); \
               for (const name of {names}) {{ \
                 const bytes = Uint8Array.from({{ length: {SIZE} }}, (_, at) => at * 7 + (at >> 8)); \
                 data.items.add(new File([bytes], name, {{ lastModified: 1700000000000 }})); }} \
               const tell = (kind) => canvas.dispatchEvent(new DragEvent(kind, {{ dataTransfer: data, \
                 clientX: {x}, clientY: {y}, bubbles: true, cancelable: true }})); \
               tell('dragenter'); tell('dragover'); tell('drop'); return true; }})()",
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

    fn ends_well(&self) -> Result<()> {
        let errors = self.browser.errors();
        ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
        Ok(())
    }
}

/// The file manager shows a folder at the left of the screen, and has the keyboard.
fn open(desktop: &mut Desktop, home: &Path, folder: &Path) -> Result<()> {
    let window = desktop.show_folder(home, folder)?;
    desktop.output("xdotool", &["windowmove", "--sync", &window, "0", "0"])?;
    desktop.output("xdotool", &["windowsize", "--sync", &window, "600", "450"])?;
    // Into the list of files, below what is in it.
    desktop.output("xdotool", &["mousemove", "--window", &window, "450", "350", "click", "1"])?;
    Ok(())
}

async fn take_control(page: &Page) -> Result<()> {
    page.focus().await?;
    steps::click_remote(page, 990, 690).await?;
    page.wait_for("window.__guruconnect.stats().inControl").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_on_the_window_of_a_file_manager_is_in_its_folder() -> Result<()> {
    let mut session = Session::start().await?;
    let folder = session.make("target")?;
    session.open(&folder)?;
    let names = ["grüße 1.bin", "b.txt"];
    session.drop_at(450, 300, &names).await?;
    session.wait_for(&folder, &names)?;
    let page = &session.page;
    page.wait_for("!document.querySelector('[data-testid=file-drop]')").await?;
    session.ends_well()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_window_takes_is_in_the_folder_for_drops_and_the_viewer_says_so() -> Result<()> {
    let session = Session::start().await?;
    // Nobody else has a file of this name.
    let name = format!("guruconnect drop {}.bin", std::process::id());
    session.drop_at(800, 600, &[&name]).await?;
    let page = &session.page;
    page.wait_for_element("[data-testid=file-drop][data-at=kept]")
        .await
        .with_context(|| session.stack.agent.process.log())?;
    page.wait_for_text("The window at that point takes no files.").await?;
    let told = "document.querySelector('[data-testid=file-drop] small').innerText";
    let told = page.eval(told).await?;
    let told = told.as_str().context("nothing is told")?.to_owned();
    let home = PathBuf::from(std::env::var_os("HOME").context("no home")?);
    let places = [home.join("Downloads"), home.clone()];
    let kept = places.iter().map(|place| place.join(&name)).find(|path| path.exists());
    let kept = kept.with_context(|| format!("{told}: it is nowhere"))?;
    let right = fs::read(&kept)? == bytes();
    fs::remove_file(&kept)?;
    ensure!(right, "it is another file");
    let folder = kept.parent().and_then(Path::file_name).context("no folder")?;
    ensure!(told.contains(&*folder.to_string_lossy()), "{told}");
    session.ends_well()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dragged_out_of_the_picture_can_be_fetched() -> Result<()> {
    let mut session = Session::start().await?;
    let folder = session.make("source")?;
    fs::write(folder.join("a.bin"), bytes())?;
    session.open(&folder)?;
    // Where its icon is: the one place in the list that the pointer can mark.
    let page = &session.page;
    let (x, y) = icon(&session).await?;
    let (from_x, from_y) = steps::remote_place(page, x, y).await?;
    page.press_at(from_x, from_y).await?;
    for step in 1..=10 {
        page.drag_to(from_x + f64::from(step) * 12.0, from_y + f64::from(step) * 4.0).await?;
    }
    let edge =
        "document.querySelector('[data-testid=viewer-canvas]').getBoundingClientRect().right";
    let edge = page.eval(edge).await?.as_f64().context("no picture")?;
    // Until the file manager has begun its drag and the offer is there.
    let offered = "!!document.querySelector('[data-testid=file-offer]')";
    let mut left = 40;
    while page.eval(offered).await? != Value::Bool(true) {
        ensure!(left > 0, "no offer; agent log:\n{}", session.stack.agent.process.log());
        left -= 1;
        page.drag_to(edge - 100.0, from_y + 40.0).await?;
        page.drag_to(edge + 20.0, from_y + 40.0).await?;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    page.release_at(edge + 20.0, from_y + 40.0).await?;
    page.wait_for_text("1 item dragged out of the machine").await?;
    let saved = session.make("saved")?;
    page.download_to(&saved).await?;
    page.click("[data-testid=file-offer-download]").await?;
    session.wait_for(&saved, &["a.bin"])?;
    // The drag ended there: the file is where it was.
    ensure!(folder.join("a.bin").exists());
    session.ends_well()
}

/// The middle of the only icon in the file manager's list, in pixels of the screen: what
/// differs from the paper below it.
async fn icon(session: &Session) -> Result<(u32, u32)> {
    let (left, top, width, height) = (165, 90, 400, 200);
    let mut found = None;
    for _ in 0..200 {
        let pixels = session.stack.desktop.pixels(left, top, width, height)?;
        let step = pixels.len() / (width * height) as usize;
        let paper: Vec<u8> = pixels[pixels.len() - step..].to_vec();
        let marks: Vec<u32> = (0..width * height)
            .filter(|at| {
                let at = *at as usize * step;
                pixels[at..at + step] != paper[..]
            })
            .collect();
        if marks.len() > 300 {
            let x = marks.iter().map(|at| at % width).sum::<u32>() / marks.len() as u32;
            let first = marks.iter().map(|at| at / width).min().unwrap_or(0);
            found = Some((left + x, top + first + 20));
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    found.context("there is no icon")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_copied_in_one_session_is_pasted_in_another() -> Result<()> {
    let mut session = Session::start().await?;
    // A second session, in another tab of the same browser, with another machine: two
    // agents of one desktop would hear each other copy.
    let code = session.stack.rest.add_code()?;
    let beside = session.make("beside")?;
    let mut desktop = Desktop::start(1000, 700, &beside)?;
    desktop.manage_windows()?;
    let server = session.stack.server.address();
    let second = Agent::support(&session.stack.programs, &desktop, server, &code, &beside)?;
    let pending = session.stack.rest.wait_for(
        "/api/sessions?state=live",
        "a session that waits for consent",
        |list| {
            let sessions = list["items"].as_array()?;
            let found = sessions.iter().find(|s| s["consent_state"] == "pending")?;
            found["id"].as_str().map(ToOwned::to_owned)
        },
    )?;
    steps::answer_consent(&desktop, Answer::Allow)?;
    session.stack.rest.wait_for(&format!("/api/sessions/{pending}"), "consent", |s| {
        (s["consent_state"] == "granted").then_some(())
    })?;
    let other = session.stack.join(&session.browser, &pending, "control").await?;
    take_control(&other).await?;

    let names = ["grüße 1.bin", "b.txt"];
    let source = session.make("source")?;
    for name in names {
        fs::write(source.join(name), bytes())?;
    }
    session.open(&source)?;
    let keys = |keys: &str| {
        session.stack.desktop.output("xdotool", &["key", "--clearmodifiers", keys]).map(|_| ())
    };
    keys("ctrl+a")?;
    keys("ctrl+c")?;
    session.page.wait_for_element("[data-testid=file-offer]").await?;
    other.wait_for_element("[data-testid=peer-offer-paste]").await?;
    other.wait_for_text("Paste 2 files from").await?;

    let target = session.make("target")?;
    open(&mut desktop, session.home.path(), &target)?;
    other.focus().await?;
    other.click("[data-testid=peer-offer-paste]").await?;
    session
        .wait_for(&target, &names)
        .with_context(|| format!("other agent log:\n{}", second.process.log()))?;
    // Both machines tell of it.
    for (id, direction) in [(session.stack.session()?, "download"), (pending, "upload")] {
        let path = format!("/api/sessions/{id}/file-transfers");
        session.stack.rest.wait_for(&path, "the files in the audit", |list: &Value| {
            let items = list["items"].as_array()?;
            let done = |name: &str| {
                items.iter().any(|it| {
                    it["path"].as_str().is_some_and(|path| path.ends_with(name))
                        && it["direction"] == direction
                        && it["outcome"] == "done"
                })
            };
            names.iter().all(|name| done(name)).then_some(())
        })?;
    }

    // Something else is copied: there is nothing to be pasted any more.
    let copy = "printf text | xclip -selection clipboard -i >/dev/null 2>&1";
    session.stack.desktop.output("sh", &["-c", copy])?;
    other.wait_for("!document.querySelector('[data-testid=peer-offer]')").await?;
    session.ends_well()
}
