//! A server, a Windows machine that it manages, and a technician's browser.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{
    ADMIN, Agent, Browser, Keyboard, Page, Programs, Rest, Server, ServerOptions, Wine, steps,
};
use serde_json::json;

/// No program takes longer to start or to end.
const PATIENCE: Duration = Duration::from_secs(30);
/// Size of the Windows desktop.
pub(crate) const SCREEN: (u32, u32) = (1280, 800);

/// Dropped in this order: the server is asked last.
pub(crate) struct Office {
    pub(crate) wine: Wine,
    pub(crate) server: Server,
    pub(crate) rest: Rest,
    folder: tempfile::TempDir,
}

impl Office {
    /// A server with an administrator, and a Windows desktop with this keyboard.
    pub(crate) fn start(keyboard: Keyboard) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let programs = Programs::beside_this()?;
        let server = Server::start(&programs, folder.path(), ServerOptions::default())?;
        let mut rest = Rest::new(server.address());
        rest.set_up(server.setup_link().context("no set-up link")?, ADMIN.0, ADMIN.1)?;
        let wine = Wine::start(SCREEN, keyboard, folder.path())?;
        Ok(Self { wine, server, rest, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A managed machine whose agent is online.
    pub(crate) fn machine(&self) -> Result<Machine> {
        let (id, key) = self.rest.add_machine("Windows desktop", "silent")?;
        let agent = self.wine.agent(self.server.address(), &key)?;
        let machine = Machine { id, key, agent };
        self.wait_online(&machine, true)?;
        Ok(machine)
    }

    pub(crate) fn wait_online(&self, machine: &Machine, online: bool) -> Result<()> {
        let path = format!("/api/machines/{}", machine.id);
        self.rest
            .wait_for(&path, "the machine's presence", |m| (m["online"] == online).then_some(()))
            .with_context(|| format!("agent log:\n{}", machine.agent.process.log()))
    }

    /// A viewer with control of the machine, in this browser.
    pub(crate) async fn join(&self, machine: &Machine, browser: &Browser) -> Result<Page> {
        let body = json!({"machine_id": machine.id});
        let session = self.rest.call("POST", "/api/sessions", Some(body))?;
        let session = session["id"].as_str().context("no session id")?;
        let page = steps::join(&self.server, browser, session, "control").await;
        page.with_context(|| {
            let log = machine.agent.process.log();
            format!("agent log:\n{log}\nerrors: {:?}", browser.errors())
        })
    }

    /// Opens an empty text file, marked as UTF-8, in a notepad that fills the desktop,
    /// and clicks into it in the viewer.
    pub(crate) async fn notepad(&self, page: &Page, name: &str) -> Result<Notepad> {
        let file = self.wine.drive_c().join(name);
        std::fs::write(&file, MARK)?;
        // It ends when notepad has started, which keeps what it was given to print to.
        let file_name = format!(r"C:\{name}");
        let arguments = ["/max", "notepad", &file_name];
        let exit = self.wine.launch("start", "start", &arguments)?.wait(PATIENCE)?;
        ensure!(exit == Some(0), "notepad did not start: {exit:?}");
        let (x, y) = (SCREEN.0 / 2, SCREEN.1 / 2);
        self.wine.desktop().wait_until("a notepad", |desktop| {
            Ok(desktop.pixels(x, y, 100, 100)?.iter().all(|part| *part == u8::MAX))
        })?;
        steps::click_remote(page, x, y).await?;
        Ok(Notepad { file })
    }
}

/// Of a text file in UTF-8, for Windows.
const MARK: &str = "\u{feff}";

pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) agent: Agent,
}

/// A text file, open in a notepad.
pub(crate) struct Notepad {
    file: PathBuf,
}

impl Notepad {
    /// What was saved last.
    pub(crate) fn held(&self) -> Result<String> {
        Ok(std::fs::read_to_string(&self.file)?.trim_start_matches(MARK).to_owned())
    }

    /// Saves by Ctrl+S until the file holds this text.
    pub(crate) async fn wait_for(&self, page: &Page, expected: &str) -> Result<()> {
        let mut held = String::new();
        for _ in 0..40 {
            page.key_event("keyDown", "ControlLeft", "Control", 2).await?;
            page.key_event("keyDown", "KeyS", "s", 2).await?;
            page.key_event("keyUp", "KeyS", "s", 2).await?;
            page.key_event("keyUp", "ControlLeft", "Control", 0).await?;
            for _ in 0..10 {
                held = std::fs::read_to_string(&self.file)?;
                if held.trim_start_matches(MARK) == expected {
                    return Ok(());
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
        anyhow::bail!("notepad holds {held:?}, not {expected:?}")
    }
}
