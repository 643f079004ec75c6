//! The console's links: registered for the user, opened by what the browser starts, and
//! nothing else taken.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Process, Stack};

use crate::{evidence, stack};

fn guruconnect(stack: &Stack, desktop: &Desktop, home: &Path) -> Command {
    let mut command = desktop.command(&stack.programs.path("guruconnect").to_string_lossy());
    command.env("HOME", home).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    command.env("RUST_LOG", "info,gc_viewer=debug");
    command
}

/// What the desktop runs for a link: by the entry that was registered, as it would.
fn handler(stack: &Stack, home: &Path) -> Result<Vec<String>> {
    let asked = ["query", "default", "x-scheme-handler/guruconnect"];
    let mut ask = stack.desktop.command("xdg-mime");
    ask.args(asked).env("HOME", home).env_remove("XDG_DATA_HOME").env_remove("XDG_CONFIG_HOME");
    let entry = String::from_utf8(ask.output()?.stdout)?;
    ensure!(entry.trim() == "guruconnect-viewer.desktop", "{entry}");
    let entry = std::fs::read_to_string(home.join(".local/share/applications").join(entry.trim()))?;
    let line = entry.lines().find_map(|line| line.strip_prefix("Exec=")).context("no Exec")?;
    let (program, rest) = line[1..].split_once('"').context("not between quotation marks")?;
    Ok(std::iter::once(program.to_owned())
        .chain(rest.split_whitespace().map(str::to_owned))
        .collect())
}

#[test]
fn a_registered_program_opens_a_link_and_says_in_a_window_what_it_refuses() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    let home = stack.folder().join("home");
    std::fs::create_dir_all(&home)?;
    let mut desktop = Desktop::start(900, 700, &home)?;
    desktop.manage_windows()?;

    let server = stack.server.address();
    let mut register = guruconnect(&stack, &desktop, &home);
    let register = register.args(["view", "--register", "--server", server]).output()?;
    ensure!(register.status.success(), "{register:?}");
    let line = handler(&stack, &home)?;
    ensure!(line[0] == stack.programs.path("guruconnect").to_string_lossy(), "{line:?}");
    ensure!(line[1..] == ["launch", "%u"], "{line:?}");

    // Something else than a link of ours: a window says so, and nothing is sent.
    for (index, words) in [
        &["guruconnect://settings/?server=evil.example"][..],
        &["guruconnect://join/short"],
        &["--server", "http://127.0.0.1:1", "x"],
    ]
    .into_iter()
    .enumerate()
    {
        let folder = home.join(format!("refused-{index}"));
        std::fs::create_dir_all(&folder)?;
        let mut command = guruconnect(&stack, &desktop, &home);
        command.arg("launch").args(words);
        let mut refused = Process::start("refused", &mut command, &folder)?;
        let window = desktop.find_window("--class", "guruconnect-viewer")?;
        desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
        ensure!(!refused.log().contains("in the session"), "{}", refused.log());
        // The card's only button.
        desktop.wait_until("the window is closed", |desktop| {
            // Fails where the window goes in the middle of it.
            let _ = desktop.output("xdotool", &["key", "--delay", "30", "Tab", "Return"]);
            Ok(refused.log().contains("This link does not open a session"))
        })?;
        let status = refused.wait(std::time::Duration::from_secs(5))?;
        ensure!(status == Some(2), "{status:?}: {}", refused.log());
    }

    let ticket = NativeViewer::ticket(&stack.rest, &session, "control")?;
    let mut command = guruconnect(&stack, &desktop, &home);
    command.args(["launch", &format!("guruconnect://join/{ticket}")]);
    let process = Process::start("viewer", &mut command, &home)?;
    let viewer = NativeViewer { process, desktop };
    viewer.desktop.find_window("--class", "guruconnect-viewer")?;
    viewer
        .desktop
        .wait_until("the question was answered", |_| {
            viewer.press(&["Tab", "Return"])?;
            Ok(viewer.process.log().contains("in the session"))
        })
        .with_context(|| evidence(&stack, &viewer))?;
    viewer.wait_until_used()?;
    ensure!(!viewer.process.log().contains(&ticket), "the ticket is in the log");

    let mut unregister = guruconnect(&stack, &viewer.desktop, &home);
    let gone = unregister.args(["view", "--unregister"]).output()?;
    ensure!(gone.status.success(), "{gone:?}");
    ensure!(handler(&stack, &home).is_err(), "still registered");
    Ok(())
}
