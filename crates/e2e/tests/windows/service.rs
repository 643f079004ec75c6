//! The service: installed by Windows' own service manager, used, disturbed, removed.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{Browser, Desktop, Keyboard, Page, steps};
use serde_json::json;

use crate::office::{Office, SCREEN};

const SERVICE: &str = "GuruConnectAgent";
const HELPER: &str = "GuruConnectSas";
/// What an installation writes into the registry.
const KEYS: [&str; 3] = [
    r"HKLM\SOFTWARE\GuruConnect",
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall\GuruConnect",
    r"HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\GuruConnectAgent",
];
const POLICY: [&str; 5] = [
    "reg",
    "query",
    r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System",
    "/v",
    "SoftwareSASGeneration",
];

/// A machine on which the service is installed. Dropping it removes it.
struct Machine<'office> {
    office: &'office Office,
    id: String,
    key: String,
}

impl<'office> Machine<'office> {
    /// Known to the server, and nothing installed yet.
    fn new(office: &'office Office) -> Result<Self> {
        let (id, key) = office.rest.add_machine("Windows service", "silent")?;
        let machine = Self { office, id, key };
        // What an interrupted run has left.
        machine.remove()?;
        ensure!(!machine.data().exists() && !machine.programs().exists(), "something is left");
        Ok(machine)
    }

    fn programs(&self) -> PathBuf {
        self.office.wine.drive_c().join("Program Files/GuruConnect")
    }

    fn data(&self) -> PathBuf {
        self.office.wine.drive_c().join("ProgramData/GuruConnect")
    }

    /// Runs `guruconnect.exe` to its end.
    fn guruconnect(&self, program: &Path, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let program = program.to_string_lossy();
        self.office.wine.finish("wine", &[&[program.as_ref()], arguments].concat())
    }

    fn install(&self) -> Result<()> {
        let file = self.office.folder().join("the key.txt");
        std::fs::write(&file, format!("{}\r\n", self.key))?;
        let name = format!("Z:{}", file.display().to_string().replace('/', "\\"));
        let server = self.office.server.address();
        let arguments = ["install", "--server", server, "--key-file", &name];
        let (code, said) = self.guruconnect(self.office.wine.program(), &arguments)?;
        std::fs::remove_file(&file)?;
        ensure!(code == Some(0), "{code:?}: {said}\n{}", self.log());
        ensure!(said.contains("is installed"), "{said}");
        Ok(())
    }

    /// Starts Windows anew, and with it the service. On the way it is marked as interactive:
    /// Wine gives the threads of what a service starts the desktop of the service, whatever
    /// desktop it is started on, and Windows does not.
    fn restart_windows(&self) -> Result<()> {
        let wine = &self.office.wine;
        let key = format!(r"HKLM\SYSTEM\CurrentControlSet\Services\{SERVICE}");
        wine.run(
            "wine",
            &["reg", "add", &key, "/v", "Type", "/t", "REG_DWORD", "/d", "272", "/f"],
        )?;
        for argument in ["--kill", "--wait"] {
            wine.run("wineserver", &[argument])?;
        }
        self.wait_online(false)?;
        wine.run("wine", &["reg", "query", &key])?;
        self.wait_online(true)
    }

    /// By a program that stays.
    fn remove(&self) -> Result<()> {
        let (code, said) = self.guruconnect(self.office.wine.program(), &["uninstall"])?;
        ensure!(code == Some(0), "{code:?}: {said}");
        Ok(())
    }

    /// The service's log so far.
    fn log(&self) -> String {
        std::fs::read_to_string(self.data().join("logs/service.log")).unwrap_or_default()
    }

    fn wait_online(&self, online: bool) -> Result<()> {
        let path = format!("/api/machines/{}", self.id);
        let there = |m: &serde_json::Value| (m["online"] == online).then_some(());
        self.office
            .rest
            .wait_for(&path, "the machine's presence", there)
            .with_context(|| format!("service log:\n{}", self.log()))
    }

    async fn join(&self, browser: &Browser) -> Result<Page> {
        let session =
            self.office.rest.call("POST", "/api/sessions", Some(json!({"machine_id": self.id})))?;
        let session = session["id"].as_str().context("no session id")?;
        let page = steps::join(&self.office.server, browser, session, "control").await;
        page.with_context(|| format!("log:\n{}\nerrors: {:?}", self.log(), browser.errors()))
    }

    /// The number of the worker's process, by the last line of the log that names one.
    fn worker(&self) -> Result<u32> {
        let log = self.log();
        let line = log.lines().rev().find(|line| line.contains("worker started"));
        let line = line.with_context(|| format!("no worker was started:\n{log}"))?;
        let number = line.split("process=").nth(1).context("no process")?;
        let number = number.split_whitespace().next().context("no process")?;
        number.parse().with_context(|| format!("no number of a process: {line}"))
    }

    /// Starts or stops the service by Windows' own means.
    fn net(&self, what: &str) -> Result<()> {
        self.office.wine.run("wine", &["net", what, SERVICE]).map(drop)
    }

    fn service_is_there(&self, name: &str) -> bool {
        self.office.wine.run("wine", &["sc", "query", name]).is_ok()
    }

    fn registry_has(&self, query: &[&str]) -> bool {
        self.office.wine.run("wine", query).is_ok()
    }

    fn ensure_nothing_is_left(&self) -> Result<()> {
        for name in [SERVICE, HELPER] {
            ensure!(!self.service_is_there(name), "{name} is left");
        }
        for key in KEYS {
            ensure!(!self.registry_has(&["reg", "query", key]), "{key} is left");
        }
        ensure!(!self.registry_has(&POLICY), "the policy is left");
        for folder in [self.programs(), self.data()] {
            ensure!(!folder.exists(), "{} is left", folder.display());
        }
        Ok(())
    }
}

impl Drop for Machine<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            tracing::warn!("the service may be left over: {error:#}");
        }
    }
}

async fn presented(page: &Page) -> Result<u64> {
    let frames = page.eval("window.__guruconnect.stats().framesPresented").await?;
    frames.as_u64().context("no count of frames")
}

/// Leaves Shift down, and returns when the picture shows what it made of the key.
async fn hold_shift_and_strike(page: &Page, (code, key): (&str, &str)) -> Result<()> {
    let shown = presented(page).await?;
    page.key_event("keyDown", "ShiftLeft", "Shift", 8).await?;
    page.key_event("keyDown", code, key, 8).await?;
    page.key_event("keyUp", code, key, 8).await?;
    page.wait_for(&format!("window.__guruconnect.stats().framesPresented > {shown}")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_shows_the_desktop_and_outlives_its_worker() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let machine = Machine::new(&office)?;
    machine.install()?;
    machine.wait_online(true)?;
    machine.restart_windows()?;

    let browser = Browser::start(1400, 950, office.folder()).await?;
    let page = machine.join(&browser).await?;
    let notepad = office.notepad(&page, "service.txt").await?;
    page.type_keys("By a service\n").await?;
    notepad.wait_for(&page, "By a service\r\n").await.with_context(|| machine.log())?;
    let rest = (0, 120, SCREEN.0, SCREEN.1 - 160);
    steps::wait_pixel_exact(&page, office.wine.desktop(), rest).await?;

    // The worker dies with Shift down; the viewer stays where it is.
    let first = machine.worker()?;
    hold_shift_and_strike(&page, ("KeyA", "A")).await?;
    let before = presented(&page).await?;
    office.wine.run("wine", &["taskkill", "/f", "/pid", &first.to_string()])?;
    page.wait_for(&format!("window.__guruconnect.stats().framesPresented > {before}")).await?;
    page.wait_for("!document.querySelector('[data-testid=viewer-overlay]')").await?;
    ensure!(machine.worker()? != first, "no new worker:\n{}", machine.log());
    page.type_keys("fter").await?;
    notepad.wait_for(&page, "By a service\r\nAfter").await.with_context(|| machine.log())?;
    page.key_event("keyUp", "ShiftLeft", "Shift", 0).await?;
    steps::wait_pixel_exact(&page, office.wine.desktop(), rest).await?;

    // Stopped with Shift down: the viewer is told why, and nothing stays down.
    hold_shift_and_strike(&page, ("KeyS", "S")).await?;
    machine.net("stop")?;
    page.wait_for_element("[data-testid=viewer-cause][data-cause=agent_offline]").await?;
    machine.wait_online(false)?;
    // The server hears of it a moment before the last line is written.
    let ends = |_: &Desktop| Ok(machine.log().contains("service ends"));
    office.wine.desktop().wait_until("the service ends", ends).with_context(|| machine.log())?;
    page.close().await?;

    machine.net("start")?;
    machine.wait_online(true)?;
    let page = machine.join(&browser).await?;
    steps::click_remote(&page, SCREEN.0 / 2, SCREEN.1 / 2).await?;
    page.type_keys("b").await?;
    notepad.wait_for(&page, "By a service\r\nAfterSb").await.with_context(|| machine.log())?;

    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    machine.remove()?;
    machine.wait_online(false)?;
    machine.ensure_nothing_is_left()
}

#[test]
fn it_is_installed_repaired_and_removed() -> Result<()> {
    let office = Office::start(Keyboard::AMERICAN)?;
    let machine = Machine::new(&office)?;
    let downloaded = office.wine.program();

    // Nothing to install with.
    let (code, said) = machine.guruconnect(downloaded, &["repair"])?;
    ensure!(code == Some(6) && said.contains("no server"), "{code:?}: {said}");
    let server = ["install", "--server", office.server.address()];
    let (code, said) = machine.guruconnect(downloaded, &server)?;
    ensure!(code == Some(6) && said.contains("no machine key"), "{code:?}: {said}");
    let (code, said) = machine.guruconnect(downloaded, &["install", "--server", "ftp://x"])?;
    ensure!(code == Some(2) && said.contains("ftp://x"), "{code:?}: {said}");
    let (code, said) = machine.guruconnect(downloaded, &["service-run"])?;
    ensure!(code == Some(2) && said.contains("service manager"), "{code:?}: {said}");
    machine.ensure_nothing_is_left()?;

    machine.install()?;
    machine.wait_online(true)?;
    let installed = machine.programs().join("guruconnect.exe");
    ensure!(std::fs::read(&installed)? == std::fs::read(downloaded)?, "another program");
    ensure!(machine.programs().join("guruconnect-sas-service.exe").exists(), "no helper");
    ensure!(machine.service_is_there(SERVICE), "no service");
    ensure!(machine.service_is_there(HELPER), "no service of the helper");
    ensure!(KEYS.iter().all(|key| machine.registry_has(&["reg", "query", key])));
    ensure!(machine.registry_has(&POLICY), "Ctrl+Alt+Del is not allowed");
    let secret = machine.data().join("credentials/agent.cak");
    let bytes = std::fs::read(&secret)?;
    let key = machine.key.as_bytes();
    ensure!(!bytes.windows(8).any(|part| key.windows(8).any(|it| it == part)), "in clear");
    let log = machine.log();
    ensure!(!log.is_empty() && !log.contains(&machine.key), "{log}");

    // Again, by the installed program, with a file missing.
    std::fs::remove_file(machine.programs().join("guruconnect-sas-service.exe"))?;
    let (code, said) = machine.guruconnect(downloaded, &["repair"])?;
    ensure!(code == Some(0), "{code:?}: {said}");
    let (code, said) = machine.guruconnect(&installed, &["repair"])?;
    ensure!(code == Some(0), "{code:?}: {said}");
    ensure!(machine.programs().join("guruconnect-sas-service.exe").exists(), "no helper");
    ensure!(std::fs::read(&secret)? == bytes, "the key was touched");
    machine.wait_online(true)?;

    // A key that is damaged: the service does not run, and says why.
    machine.net("stop")?;
    machine.wait_online(false)?;
    let mut damaged = bytes.clone();
    *damaged.last_mut().context("an empty key")? ^= 1;
    std::fs::write(&secret, &damaged)?;
    // Whether this waits for more than the start of the process is Windows' matter.
    drop(machine.net("start"));
    office.wine.desktop().wait_until("the service gives up", |_| {
        Ok(machine.log().contains("stored machine key is damaged"))
    })?;
    office.wine.desktop().wait_until("the service has stopped", |_| {
        let state = office.wine.run("wine", &["sc", "query", SERVICE])?;
        Ok(state.contains("STOPPED"))
    })?;
    let (code, said) = machine.guruconnect(&installed, &["repair"])?;
    ensure!(code == Some(6) && said.contains("damaged"), "{code:?}: {said}");
    ensure!(std::fs::read(&secret)? == damaged, "it was touched");
    machine.install()?;
    machine.wait_online(true)?;

    // By the installed program itself, as the list of programs does it.
    let (code, said) = machine.guruconnect(&installed, &["uninstall"])?;
    ensure!(code == Some(0) && said.contains("removed"), "{code:?}: {said}");
    machine.wait_online(false)?;
    machine.ensure_nothing_is_left()?;
    machine.remove()
}
