//! The user gives a session administrator rights. Wine asks nobody and runs everything
//! with them, so that the way is walked from the viewer's menu to a service that is
//! really installed, and back.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Agent, Browser, Desktop, Keyboard, Page, steps};
use serde_json::json;

use crate::consent::{PATIENCE, answer, ask};
use crate::office::{Notepad, Office, SCREEN};

const SERVICES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services";
const SERVICE: &str = "GuruConnectSupport-";
/// Notepad, without its caret.
const REST: (u32, u32, u32, u32) = (0, 120, SCREEN.0, SCREEN.1 - 160);

/// A one-time session with a technician in control, and a notepad.
struct Session {
    agent: Agent,
    id: String,
    page: Page,
    notepad: Notepad,
    browser: Browser,
}

impl Session {
    async fn start(office: &Office) -> Result<Self> {
        clear(office)?;
        let (agent, id) = ask(office)?;
        answer(office, &id, &["shift+Tab", "shift+Tab", "Return"], "granted")?;
        let browser = Browser::start(1400, 950, office.folder()).await?;
        let page = steps::join(&office.server, &browser, &id, "control").await?;
        page.wait_for("window.__guruconnect.stats().inControl").await?;
        let notepad = office.notepad(&page, "elevated.txt").await?;
        steps::pin_toolbar(&page).await?;
        let session = Self { agent, id, page, notepad, browser };
        session.click_back().await?;
        Ok(session)
    }

    async fn elevate(&self) -> Result<()> {
        self.page.click("[data-testid=toolbar-actions]").await?;
        self.page.wait_until_uncovered("[data-testid=action-elevate]").await?;
        self.page.click("[data-testid=action-elevate]").await?;
        let given = self.page.wait_for("window.__guruconnect.stats().actions.elevate.on").await;
        given.with_context(|| format!("agent log:\n{}", self.agent.process.log()))?;
        self.click_back().await
    }

    /// Into the notepad, and its picture.
    async fn click_back(&self) -> Result<()> {
        steps::click_remote(&self.page, SCREEN.0 / 2, SCREEN.1 / 2).await
    }

    /// Types one letter again and again until notepad, which may still be coming to the
    /// front, has one, and takes it away again.
    async fn take_up(&self, desktop: &Desktop) -> Result<()> {
        for _ in 0..40 {
            self.page.type_keys("x").await?;
            if !self.saved(desktop)?.is_empty() {
                desktop.output("xdotool", &["key", "ctrl+a", "Delete"])?;
                ensure!(self.saved(desktop)?.is_empty(), "notepad was not emptied");
                return Ok(());
            }
        }
        anyhow::bail!("nothing comes to notepad\nagent log:\n{}", self.agent.process.log())
    }

    /// What notepad holds when the user saves it.
    fn saved(&self, desktop: &Desktop) -> Result<String> {
        desktop.output("xdotool", &["key", "ctrl+s"])?;
        std::thread::sleep(std::time::Duration::from_millis(400));
        self.notepad.held()
    }

    /// Types, and waits for what notepad holds then.
    async fn write(&self, desktop: &Desktop, text: &str, whole: &str) -> Result<()> {
        self.take_up(desktop).await?;
        self.page.type_keys(text).await?;
        let held = desktop.wait_until(&format!("'{whole}' in notepad"), |desktop| {
            Ok(self.saved(desktop)? == whole)
        });
        held.with_context(|| {
            let (log, held) = (self.agent.process.log(), self.notepad.held());
            format!("notepad holds {held:?}\nagent log:\n{log}")
        })
    }

    async fn rights(&self) -> Result<serde_json::Value> {
        self.page.eval("window.__guruconnect.stats().actions.elevate").await
    }
}

/// What there is of a temporary service, in words: services, files, processes.
fn left(office: &Office) -> Result<String> {
    let mut found = Vec::new();
    let keys = office.wine.run("wine", &["reg", "query", SERVICES])?;
    found.extend(keys.lines().filter(|line| line.contains(SERVICE)).map(|it| it.trim().to_owned()));
    let folder = programs(office);
    if folder.exists() {
        found.push(folder.display().to_string());
    }
    found.extend(processes(office)?.into_iter().map(|(_, line)| line));
    Ok(found.join("\n"))
}

/// What a run that was cut off has left: Windows would have cleared it at its start.
fn clear(office: &Office) -> Result<()> {
    let keys = office.wine.run("wine", &["reg", "query", SERVICES])?;
    for key in keys.lines().map(str::trim).filter(|line| line.contains(SERVICE)) {
        office.wine.run("wine", &["reg", "delete", key, "/f"])?;
    }
    if programs(office).exists() {
        std::fs::remove_dir_all(programs(office))?;
    }
    ensure!(left(office)?.is_empty(), "something was left before: {}", left(office)?);
    Ok(())
}

fn programs(office: &Office) -> PathBuf {
    office.wine.drive_c().join("Program Files/GuruConnect Support")
}

/// Number and command line of what runs elevated on this desktop.
fn processes(office: &Office) -> Result<Vec<(u32, String)>> {
    let prefix = office.wine.drive_c();
    let prefix = prefix.parent().context("no prefix")?.as_os_str().as_encoded_bytes().to_vec();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc")? {
        let path = entry?.path();
        let number = path.file_name().and_then(|name| name.to_str()?.parse().ok());
        let Some(number) = number else { continue };
        // One that ends meanwhile is none.
        let Ok(line) = std::fs::read(path.join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let words = ["elevated-service", "elevated-worker", " elevate "];
        let environment = std::fs::read(path.join("environ")).unwrap_or_default();
        let here = environment.windows(prefix.len()).any(|part| part == prefix);
        if here && line.contains("guruconnect") && words.iter().any(|word| line.contains(word)) {
            found.push((number, line));
        }
    }
    Ok(found)
}

fn wait_until_nothing_is_left(office: &Office) -> Result<()> {
    let gone =
        office.wine.desktop().wait_until("nothing is left", |_| Ok(left(office)?.is_empty()));
    gone.with_context(|| left(office).unwrap_or_default())
}

#[test]
fn by_hand_it_gives_nobody_anything() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    clear(&office)?;
    let program = office.wine.program().display().to_string();
    let run = |words: &[&str]| office.wine.finish("wine", &[&[program.as_str()], words].concat());
    let digest = "ab".repeat(32);
    // A process of Windows, and not this program.
    let listed = office.wine.run("wine", &["winedbg", "--command", "info proc"])?;
    let line = listed.lines().find(|line| line.contains("services.exe")).context("no services")?;
    let number = line.split_whitespace().find_map(|word| u32::from_str_radix(word, 16).ok());
    let number = number.with_context(|| listed.clone())?.to_string();
    let (code, said) = run(&["elevate", &number, "0123456789abcdef", &digest])?;
    ensure!(code == Some(3), "{code:?}: {said}");
    let (code, said) = run(&["elevate", &number, r"..\..\evil", &digest])?;
    ensure!(code == Some(2) && said.contains("not by hand"), "{code:?}: {said}");
    let (code, said) = run(&["elevated-service", "GuruConnectSupport-0123456789abcdef"])?;
    ensure!(code == Some(2) && said.contains("service manager"), "{code:?}: {said}");
    let (code, said) = run(&["elevated-worker"])?;
    ensure!(code == Some(2) && said.contains("not by hand"), "{code:?}: {said}");
    ensure!(left(&office)?.is_empty(), "{}", left(&office)?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_goes_on_with_more_rights_and_leaves_nothing() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let mut session = Session::start(&office).await?;
    let desktop = office.wine.desktop();
    session.write(desktop, "User ", "User ").await?;
    let before = session.rights().await?;
    ensure!(before["unavailable"].is_null(), "{before}");

    session.elevate().await?;
    session.page.wait_for_text("You have administrator rights now").await?;
    let kinds = processes(&office)?;
    for word in [" elevate ", "elevated-service", "elevated-worker"] {
        ensure!(kinds.iter().any(|(_, line)| line.contains(word)), "no {word}: {kinds:?}");
    }
    desktop.wait_until("the helper's screen", |_| {
        Ok(session.agent.process.log().contains("screen taken over"))
    })?;
    session.write(desktop, "then more", "then more").await?;
    steps::wait_pixel_exact(&session.page, desktop, REST).await?;
    let overlay = session.page.eval("!!document.querySelector('[data-testid=viewer-overlay]')");
    ensure!(overlay.await? == false, "the viewer was interrupted");

    // Twice is once.
    let again = session.rights().await?;
    ensure!(again["unavailable"]["code"] == "elevation_active", "{again}");
    let audit =
        office.rest.call("GET", "/api/audit?action=agent.machine_action", None)?.to_string();
    ensure!(audit.contains("elevate by") && audit.contains("the user is asked"), "{audit}");

    let path = format!("/api/sessions/{}/end", session.id);
    office.rest.call("POST", &path, Some(json!({})))?;
    let exit = session.agent.process.wait(PATIENCE)?;
    ensure!(exit == Some(0), "it ended with {exit:?}:\n{}", session.agent.process.log());
    wait_until_nothing_is_left(&office)?;
    let errors = session.browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}
