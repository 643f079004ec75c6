//! Files through the real server and the real agent.

use std::fmt::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Agent, Browser, FileSeat, ServerOptions, Stack};
use gc_filetransfer::{ConflictRule, DeskEvent, Direction, Plan, StorePath};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const PATIENCE: Duration = Duration::from_mins(2);

/// A stack whose agent's home is a folder of the test.
struct Machine {
    stack: Stack,
    home: tempfile::TempDir,
}

fn token(stack: &Stack, session: &str) -> Result<String> {
    let path = format!("/api/sessions/{session}/viewer-token");
    let answer = stack.rest.call("POST", &path, Some(json!({"access": "control"})))?;
    Ok(answer["token"].as_str().context("no token")?.to_owned())
}

fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
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

fn hash(path: &Path) -> Result<String> {
    let data = std::fs::read(path).with_context(|| path.display().to_string())?;
    let mut text = String::new();
    for byte in Sha256::digest(data) {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

fn plan(id: u8, direction: Direction, sources: &[StorePath], folder: StorePath) -> Plan {
    Plan {
        id: [id; 16],
        direction,
        sources: sources.to_vec(),
        folder,
        rule: ConflictRule::Ask,
        again: false,
    }
}

fn machine() -> Result<Machine> {
    let home = tempfile::tempdir()?;
    let stack = Stack::start(640, 480, ServerOptions::default())?;
    Ok(Machine { stack, home })
}

impl Machine {
    /// A folder of this test as the agent calls it.
    fn there(&self, way: &str) -> StorePath {
        let path = format!("{}/{way}", self.home.path().display());
        StorePath::new("/", &path)
    }

    async fn seat(&self, session: &str, folder: &Path) -> Result<FileSeat> {
        let mut seat = FileSeat::new(folder);
        seat.join(self.stack.server.address(), None, &token(&self.stack, session)?).await?;
        Ok(seat)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_goes_up_comes_down_and_stands_in_the_audit() -> Result<()> {
    let machine = machine()?;
    let local = tempfile::tempdir()?;
    std::fs::create_dir_all(local.path().join("docs/deep/hollow"))?;
    std::fs::write(local.path().join("docs/big.bin"), noise(9_000_001, 1))?;
    std::fs::write(local.path().join("docs/deep/grüße.txt"), "hello")?;
    std::fs::write(local.path().join("docs/empty"), "")?;
    std::fs::create_dir(machine.home.path().join("in"))?;
    let session = machine.stack.session()?;
    let mut seat = machine.seat(&session, local.path()).await?;
    let number = seat.begin(plan(
        1,
        Direction::Upload,
        &[StorePath::new("home", "docs")],
        machine.there("in"),
    ));
    seat.finish(number, PATIENCE).await?;
    let there = machine.home.path().join("in/docs");
    for name in ["big.bin", "deep/grüße.txt", "empty"] {
        let (here, there) = (local.path().join("docs").join(name), there.join(name));
        ensure!(hash(&here)? == hash(&there)?, "{name} differs");
        ensure!(here.metadata()?.mtime() == there.metadata()?.mtime(), "{name} has another time");
    }
    ensure!(there.join("deep/hollow").is_dir(), "an empty folder is missing");

    std::fs::create_dir(local.path().join("back"))?;
    let number = seat.begin(plan(
        2,
        Direction::Download,
        &[machine.there("in/docs")],
        StorePath::new("home", "back"),
    ));
    seat.finish(number, PATIENCE).await?;
    ensure!(hash(&local.path().join("back/docs/big.bin"))? == hash(&there.join("big.bin"))?);

    let wanted = hash(&there.join("big.bin"))?;
    let path = format!("/api/sessions/{session}/file-transfers");
    machine.stack.rest.wait_for(&path, "both transfers in the audit", |list: &Value| {
        let items = list["items"].as_array()?;
        let of = |direction: &str| {
            items.iter().find(|it| it["path"] == "docs/big.bin" && it["direction"] == direction)
        };
        let (up, down) = (of("upload")?, of("download")?);
        (up["sha256"] == wanted.as_str()
            && down["sha256"] == wanted.as_str()
            && up["outcome"] == "done"
            && up["size"] == 9_000_001
            && up["user_name"] == "Ada Admin")
            .then_some(())
    })?;
    let filtered =
        machine.stack.rest.call("GET", "/api/file-transfers?direction=download&q=BIG", None)?;
    ensure!(filtered["items"].as_array().is_some_and(|items| items.len() == 1), "{filtered}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_goes_on_where_it_was() -> Result<()> {
    let mut machine = machine()?;
    let local = tempfile::tempdir()?;
    let size = 48 << 20;
    std::fs::write(local.path().join("a.bin"), noise(size, 3))?;
    let session = machine.stack.session()?;
    let mut seat = machine.seat(&session, local.path()).await?;
    let number = seat.begin(plan(
        1,
        Direction::Upload,
        &[StorePath::new("home", "a.bin")],
        machine.there(""),
    ));
    seat.reach(number, 4 << 20, PATIENCE).await?;
    machine.stack.agent.process.kill()?;
    let names: Vec<String> = std::fs::read_dir(machine.home.path())?
        .map(|item| Ok(item?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    ensure!(names.len() == 1 && names[0].starts_with(".gc-part-"), "{names:?}");

    // The same key, a new process.
    let path = format!("/api/machines/{}/keys", machine.stack.machine);
    let key = machine.stack.rest.call("POST", &path, Some(json!({"name": "again"})))?;
    let key = key["secret"].as_str().context("no key")?.to_owned();
    let address = machine.stack.server.address().to_owned();
    let folder = machine.stack.folder().join("again");
    std::fs::create_dir(&folder)?;
    let agent =
        Agent::managed(&machine.stack.programs, &machine.stack.desktop, &address, &key, &folder)?;
    machine.stack.agent = agent;
    seat.finish(number, PATIENCE).await?;
    ensure!(hash(&machine.home.path().join("a.bin"))? == hash(&local.path().join("a.bin"))?);
    ensure!(std::fs::read_dir(machine.home.path())?.count() == 1, "something is left over");
    let path = format!("/api/sessions/{session}/file-transfers");
    let moved = machine.stack.rest.wait_for(&path, "the file in the audit", |list: &Value| {
        let done = list["items"].as_array()?.iter().find(|it| it["outcome"] == "done")?;
        done["moved"].as_u64()
    })?;
    // What was told as moved is what was sent; a part of it was on its way.
    ensure!(moved < size as u64 - (1 << 20), "all of it was sent again: {moved}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_of_the_tenant_are_kept_by_the_agent() -> Result<()> {
    let machine = machine()?;
    let rules = json!({
        "upload": true, "download": false, "max_file_bytes": 1000,
        "allowed_extensions": [], "blocked_extensions": [".EXE"],
    });
    let answer = machine.stack.rest.call("PUT", "/api/settings/files", Some(rules))?;
    ensure!(answer["blocked_extensions"] == json!(["exe"]), "{answer}");
    let local = tempfile::tempdir()?;
    std::fs::create_dir(local.path().join("d"))?;
    std::fs::write(local.path().join("d/a.exe"), "x")?;
    std::fs::write(local.path().join("d/b.txt"), b"MZ\x90\0 in disguise")?;
    std::fs::write(local.path().join("d/c.txt"), noise(1_001, 1))?;
    std::fs::write(local.path().join("d/fine.txt"), "fine")?;
    std::fs::write(machine.home.path().join("secret"), "secret")?;
    let session = machine.stack.session()?;
    let mut seat = machine.seat(&session, local.path()).await?;
    let number =
        seat.begin(plan(1, Direction::Upload, &[StorePath::new("home", "d")], machine.there("")));
    seat.finish(number, PATIENCE).await?;
    let mut names: Vec<_> = std::fs::read_dir(machine.home.path().join("d"))?
        .map(|item| Ok(item?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_>>()?;
    names.sort();
    ensure!(names == ["fine.txt"], "{names:?}");
    let number =
        seat.begin(plan(2, Direction::Download, &[machine.there("secret")], StorePath::default()));
    let error = seat.finish(number, PATIENCE).await;
    ensure!(error.is_err_and(|error| error.to_string().contains("files_denied")));
    let path = format!("/api/sessions/{session}/file-transfers");
    machine.stack.rest.wait_for(&path, "the refusals in the audit", |list: &Value| {
        let denied = list["items"].as_array()?.iter().filter(|it| it["outcome"] == "denied");
        (denied.count() == 4).then_some(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_of_the_machine_are_browsed_and_changed() -> Result<()> {
    use gc_proto::v2::folder_request::Step;
    let machine = machine()?;
    std::fs::write(machine.home.path().join("a.txt"), "x")?;
    let local = tempfile::tempdir()?;
    let session = machine.stack.session()?;
    let mut seat = machine.seat(&session, local.path()).await?;
    let steps = [
        Step::Make(machine.there("new").to_wire()),
        Step::Rename(gc_proto::v2::FolderRename {
            path: Some(machine.there("a.txt").to_wire()),
            name: "b.txt".into(),
        }),
        Step::List(machine.there("").to_wire()),
        Step::Delete(machine.there("new").to_wire()),
    ];
    let mut begun = false;
    for step in steps {
        if !begun {
            // Connected once the policy is there.
            seat.until(PATIENCE, |event| matches!(event, DeskEvent::Policy(_)).then_some(()))
                .await?;
            begun = true;
        }
        let listing = matches!(step, Step::List(_));
        let number = seat.request(step);
        let reply = seat
            .until(PATIENCE, |event| match event {
                DeskEvent::Reply(reply) if reply.request == number => Some(reply),
                _ => None,
            })
            .await?;
        ensure!(reply.cause.is_none(), "{reply:?}");
        if listing {
            let mut names: Vec<_> = reply.entries.iter().map(|it| it.name.as_str()).collect();
            names.sort_unstable();
            ensure!(names == ["b.txt", "new"], "{names:?}");
        }
    }
    ensure!(!machine.home.path().join("new").exists());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_sends_a_folder_and_fetches_it_again() -> Result<()> {
    let machine = machine()?;
    let stack = &machine.stack;
    let local = tempfile::tempdir()?;
    std::fs::create_dir_all(local.path().join("docs/deep"))?;
    std::fs::write(local.path().join("single.bin"), noise(3_000_001, 1))?;
    std::fs::write(local.path().join("docs/a.bin"), noise(700_000, 2))?;
    std::fs::write(local.path().join("docs/deep/b.txt"), "hello")?;
    std::fs::create_dir(machine.home.path().join("in"))?;
    let browser = Browser::start(1280, 900, stack.folder()).await?;
    let page = stack.join(&browser, &stack.session()?, "control").await?;
    page.click("[data-testid=toolbar-files]").await?;
    page.wait_for("!document.querySelector('[data-testid=files-upload]').disabled").await?;

    // To the folder that the person looks at.
    page.click("[data-testid=files-tab-machine]").await?;
    let double = |name: &str| {
        format!(
            "(() => {{ const row = document.querySelector({}); row?.dispatchEvent(new MouseEvent(\
             'dblclick', {{ bubbles: true }})); return row !== null; }})()",
            json!(format!("[data-testid='remote-{name}']"))
        )
    };
    page.wait_for(&double("Computer")).await?;
    let way = machine.home.path().join("in");
    for part in way.iter().skip(1) {
        page.wait_for(&double(&part.to_string_lossy())).await?;
    }
    page.wait_for_text("This folder is empty").await?;

    page.choose_files("[data-testid=files-input]", &[&local.path().join("single.bin")]).await?;
    page.wait_for("document.querySelector('[data-testid=files-tab-transfers]').click() ?? true")
        .await?;
    let done = |number: u32| {
        format!(
            "document.querySelector('[data-testid=transfer-{number}]')?.dataset.status === 'done'"
        )
    };
    page.wait_for(&done(1)).await.with_context(|| stack.agent.process.log())?;
    page.choose_files("[data-testid=files-folder-input]", &[&local.path().join("docs")]).await?;
    page.wait_for(&done(2)).await.with_context(|| stack.agent.process.log())?;
    for name in ["single.bin", "docs/a.bin", "docs/deep/b.txt"] {
        ensure!(hash(&way.join(name))? == hash(&local.path().join(name))?, "{name} differs");
    }

    let saved = local.path().join("saved");
    std::fs::create_dir(&saved)?;
    page.download_to(&saved).await?;
    // The folder that was open is open still.
    page.click("[data-testid=files-tab-machine]").await?;
    page.wait_for_element("[data-testid='remote-single.bin']").await?;
    page.click("[data-testid='remote-single.bin']").await?;
    page.click("[data-testid=remote-download]").await?;
    stack.desktop.wait_until("the download is there", |_| {
        Ok(saved.join("single.bin").metadata().is_ok_and(|facts| facts.len() == 3_000_001))
    })?;
    ensure!(hash(&saved.join("single.bin"))? == hash(&local.path().join("single.bin"))?);
    let errors = browser.errors();
    ensure!(errors.is_empty(), "the page reported errors: {errors:#?}");
    Ok(())
}
