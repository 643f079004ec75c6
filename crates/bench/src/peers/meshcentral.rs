//! MeshCentral: its server, its agent for Linux, and its page in Chromium.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::group::Group;
use super::product::{
    Client, Host, PAGE, Product, SIZE, Seat, display, free_port, loopback, need, package_version,
    subfolder, x_server,
};
use super::tab::Tab;
use crate::clock::monotonic;

/// Height of the bars around the canvas of a shared desktop, pixels.
const BARS: u32 = 62;
/// The button that starts the session.
const CONNECT: (f64, f64) = (38.0, 12.0);
const USER: &str = "bench";
const PASSWORD: &str = "Correct-horse-9";
/// How long one of its commands may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// The first start makes certificates and signs agents.
const FIRST_START: Duration = Duration::from_mins(4);

/// An installed package.
pub(super) struct MeshCentral {
    package: PathBuf,
}

impl MeshCentral {
    /// Fails when it is not installed in this folder of npm packages.
    pub(super) fn new(npm: Option<&Path>) -> Result<Self> {
        need(&[("node", "nodejs")])?;
        let package = npm.map(|folder| folder.join("node_modules/meshcentral"));
        match package.filter(|package| package.join("meshctrl.js").exists()) {
            Some(package) => Ok(Self { package }),
            None => bail!("not installed: npm package meshcentral"),
        }
    }

    fn server(&self, folder: &Path) -> Command {
        let mut command = Command::new("node");
        command.arg(&self.package).arg("--datapath").arg(folder.join("data"));
        command.arg("--filespath").arg(folder.join("files")).current_dir(folder);
        command
    }

    /// Runs one of the server's own commands.
    fn administer(&self, folder: &Path, arguments: &[&str]) -> Result<String> {
        let mut command = self.server(folder);
        Group::start("meshcentral-set-up", command.args(arguments), folder)?.finish(PATIENCE)
    }
}

impl Product for MeshCentral {
    fn versions(&self) -> BTreeMap<&'static str, String> {
        let text = std::fs::read_to_string(self.package.join("package.json")).unwrap_or_default();
        let package: Value = serde_json::from_str(&text).unwrap_or_default();
        let version = package["version"].as_str().unwrap_or("unknown").to_owned();
        [("meshcentral", version), ("chromium", package_version("chromium"))].into()
    }

    fn client_size(&self) -> (u32, u32) {
        (PAGE.0, PAGE.1 + BARS)
    }

    fn start_host(&self, folder: &Path) -> Result<Host> {
        let port = free_port()?;
        // On this machine alone: it asks nobody for updates or timestamps.
        let settings = json!({
            "settings": {
                "cert": "127.0.0.1",
                "wanOnly": true,
                "port": port,
                "portBind": "127.0.0.1",
                "redirPort": 0,
                "mpsPort": 0,
                "selfUpdate": false,
                "agentTimeStampServer": false,
                "plugins": {"enabled": false},
            },
            "domains": {"": {"newAccounts": false}},
        });
        let data = subfolder(folder, "data")?;
        std::fs::write(data.join("config.json"), serde_json::to_vec(&settings)?)?;
        let mail = ["--email", "bench@example.invalid"];
        let account = [&["--createaccount", USER, "--pass", PASSWORD][..], &mail[..]].concat();
        self.administer(folder, &account)?;
        self.administer(folder, &["--adminaccount", USER])?;
        let mut server = Group::start("meshcentral", &mut self.server(folder), folder)?;
        server.wait("listening server", FIRST_START, |log| {
            log.contains("HTTPS server running").then_some(())
        })?;

        let control = Control { package: self.package.clone(), folder: folder.to_owned(), port };
        let group = control.run(&["AddDeviceGroup", "--name", "bench", "--consent", "0"])?;
        let group = group.trim().strip_prefix("ok mesh//").context("no device group")?.to_owned();
        let desktop = display(folder, "a", SIZE)?;
        let place = control.agent(&group)?;
        let mut command = desktop.command(&place.join("meshagent").to_string_lossy());
        command.arg("connect").env("HOME", &place).current_dir(&place);
        let agent = Group::start("meshagent", &mut command, folder)?;
        let device = control.device()?;
        Ok(Host {
            display: desktop.display().to_owned(),
            address: loopback(port),
            workers: vec![agent.id()],
            relay: vec![server.id()],
            x_server: x_server(&desktop)?,
            keep: vec![Box::new(agent), Box::new(server), Box::new(desktop)],
            join: Box::new(move |seat| join(&control.share(&device)?, seat)),
        })
    }
}

/// The administrator's command line.
struct Control {
    package: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Control {
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new("node");
        command.arg(self.package.join("meshctrl.js"));
        command.args(["--url", &format!("wss://127.0.0.1:{}", self.port)]);
        command.args(["--loginuser", USER, "--loginpass", PASSWORD]).args(arguments);
        Group::start("meshctrl", &mut command, &self.folder)?.finish(PATIENCE)
    }

    /// A folder with an agent for a device group.
    fn agent(&self, group: &str) -> Result<PathBuf> {
        let place = subfolder(&self.folder, "agent")?;
        let program = place.join("meshagent");
        let kind = match std::env::consts::ARCH {
            "x86_64" => "meshagent_x86-64",
            "aarch64" => "meshagent_arm64",
            other => bail!("the package has no agent for {other}"),
        };
        std::fs::copy(self.package.join("agents").join(kind), &program)?;
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
        // The certificate is the server's own.
        let fetch = "require('https').get(process.argv[1], {rejectUnauthorized: false}, r => \
                     {r.pipe(process.stdout); process.exitCode = r.statusCode === 200 ? 0 : 1})";
        let address = format!("https://127.0.0.1:{}/meshsettings?id={group}", self.port);
        let mut command = Command::new("node");
        let settings = Group::start("msh", command.args(["-e", fetch, &address]), &self.folder)?;
        std::fs::write(place.join("meshagent.msh"), settings.finish(PATIENCE)?)?;
        Ok(place)
    }

    /// Waits for the agent; its id.
    fn device(&self) -> Result<String> {
        for _ in 0..60 {
            let list: Value = serde_json::from_str(&self.run(&["ListDevices", "--json"])?)
                .context("the list of devices has another form")?;
            let online = list.as_array().into_iter().flatten().find(|one| one["conn"] == 1);
            if let Some(id) = online.and_then(|one| one["_id"].as_str()) {
                return Ok(id.to_owned());
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        bail!("the agent did not come online in 30 s")
    }

    /// Path and query of a guest's page.
    fn share(&self, device: &str) -> Result<String> {
        let what = ["--add", "Guest", "--type", "desktop", "--consent", "none"];
        let told = self.run(&[&["DeviceSharing", "--id", device][..], &what[..]].concat())?;
        let url = told.lines().find_map(|line| line.trim().strip_prefix("URL: "));
        let (_, page) =
            url.and_then(|url| url.split_once("/sharing")).context("no guest's page")?;
        Ok(format!("/sharing{page}"))
    }
}

fn join(page: &str, seat: &Seat<'_>) -> Result<Client> {
    let tab = Tab::open(seat)?;
    let workers = vec![tab.id()];
    tab.go(&format!("https://{}{page}", seat.host))?;
    tab.wait_for("document.readyState === 'complete' && document.querySelector('canvas')")?;
    // The page sets its own things up after that.
    std::thread::sleep(Duration::from_secs(1));
    let started = monotonic();
    tab.act(async |page| page.click_at(CONNECT.0, CONNECT.1).await)?;
    Ok(Client { workers, started, ready: Box::new(move || tab.eval("true").map(|_| ())) })
}
