//! Several sessions in one process: a link that is opened while a viewer runs gets a
//! window of that one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Process, Stack};

use crate::{evidence, proof, stack};

fn windows(desktop: &Desktop) -> Vec<String> {
    let found =
        desktop.output("xdotool", &["search", "--onlyvisible", "--class", "guruconnect-viewer"]);
    found.unwrap_or_default().lines().map(str::to_owned).collect()
}

fn activate(desktop: &Desktop, window: &str) -> Result<()> {
    desktop.output("xdotool", &["windowactivate", "--sync", window]).map(|_| ())
}

fn active(desktop: &Desktop) -> Result<String> {
    Ok(desktop.output("xdotool", &["getactivewindow"])?.trim().to_owned())
}

/// A folder as `XDG_RUNTIME_DIR` is.
fn runtime(stack: &Stack) -> Result<PathBuf> {
    let folder = stack.folder().join("runtime");
    std::fs::create_dir_all(&folder)?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
    Ok(folder)
}

/// A viewer that runs, with the folder in which its door is.
struct Running {
    // Ends before the machine does.
    viewer: NativeViewer,
    stack: Stack,
    session: String,
    runtime: PathBuf,
}

impl Running {
    fn start() -> Result<Self> {
        let stack = stack()?;
        let session = stack.session()?;
        let runtime = runtime(&stack)?;
        let ticket = NativeViewer::ticket(&stack.rest, &session, "control")?;
        let mut desktop = Desktop::start(1000, 760, &runtime)?;
        desktop.manage_windows()?;
        let place = runtime.to_str().context("path is not UTF-8")?;
        let (words, variables) = (["--ticket", &ticket], [("XDG_RUNTIME_DIR", place)]);
        let viewer = NativeViewer::with(&stack, desktop, &words, &variables, &runtime)?;
        viewer.wait_until_used()?;
        Ok(Self { viewer, stack, session, runtime })
    }
}

/// Starts the program once more on the display of a viewer.
fn start(stack: &Stack, desktop: &Desktop, runtime: &Path, words: &[&str]) -> Result<Process> {
    let mut command = desktop.command(&stack.programs.path("guruconnect").to_string_lossy());
    command.args(words).env("GURUCONNECT_SERVER", stack.server.address());
    command.env("XDG_RUNTIME_DIR", runtime).env("RUST_LOG", "info,gc_viewer=debug");
    Process::start("again", &mut command, runtime)
}

/// What the viewer answers to somebody at its door.
fn said(socket: &Path, words: &[u8]) -> Result<String> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    stream.write_all(words)?;
    let mut answer = String::new();
    // It closes before it has heard everything.
    BufReader::new(stream).read_line(&mut answer)?;
    Ok(answer)
}

#[test]
fn a_viewer_that_does_not_answer_is_not_waited_for_and_shows_no_ticket_twice() -> Result<()> {
    let Running { stack, session, runtime, viewer } = Running::start()?;
    let ticket = || NativeViewer::ticket(&stack.rest, &session, "control");
    let id = viewer.process.id().to_string();
    viewer.desktop.output("kill", &["-STOP", &id])?;
    let again = start(&stack, &viewer.desktop, &runtime, &["view", "--ticket", &ticket()?]);
    let shown = again.and_then(|again| {
        viewer
            .desktop
            .wait_until("a window of its own", |_| Ok(again.log().contains("in the session")))?;
        Ok(again)
    });
    viewer.desktop.output("kill", &["-CONT", &id])?;
    let again = shown?;
    ensure!(again.log().contains("does not answer"), "{}", again.log());
    viewer.wait_for_line("turned away at the door", 1)?;
    ensure!(!viewer.process.log().contains("one more session"), "{}", viewer.process.log());
    Ok(())
}

#[test]
fn a_link_that_is_opened_while_a_viewer_runs_gets_a_window_of_that_one() -> Result<()> {
    let Running { stack, session, runtime, mut viewer } = Running::start()?;
    let ticket = || NativeViewer::ticket(&stack.rest, &session, "control");
    let first = viewer.desktop.find_window("--class", "guruconnect-viewer")?;

    // As a browser does it. The running program asks before it joins.
    let link = format!("guruconnect://join/{}", ticket()?);
    let mut again = start(&stack, &viewer.desktop, &runtime, &["launch", &link])?;
    let ended = again.wait(Duration::from_secs(10))?;
    ensure!(ended == Some(0), "{ended:?}: {}", again.log());
    viewer.wait_for_line("one more session", 1)?;
    viewer.desktop.wait_until("two windows", |desktop| Ok(windows(desktop).len() == 2))?;
    ensure!(viewer.process.log().matches("in the session").count() == 1, "it did not ask");
    let find = || windows(&viewer.desktop).into_iter().find(|window| *window != first);
    let second = find().context("no second window")?;
    activate(&viewer.desktop, &second)?;
    viewer.desktop.wait_until("the question was answered", |_| {
        viewer.press(&["Tab", "Return"])?;
        Ok(viewer.process.log().matches("in the session").count() == 2)
    })?;
    viewer.wait_for_line("the picture's size", 2)?;

    // From one to the other, by keys.
    for expected in [&first, &second] {
        viewer.press(&["ctrl+alt+shift+Next"])?;
        viewer
            .desktop
            .wait_until("the other window has the keyboard", |desktop| {
                Ok(active(desktop)? == *expected)
            })
            .with_context(|| evidence(&stack, &viewer))?;
    }
    // And by the menu: its button is the one before the last two.
    viewer.press(&["ctrl+alt+shift+m", "Left", "Left", "Left", "Return", "Return"])?;
    viewer
        .desktop
        .wait_until("the menu has led to the first", |desktop| Ok(active(desktop)? == first))
        .with_context(|| evidence(&stack, &viewer))?;

    // What is no ticket, and for no server of this program's, opens nothing.
    let name = viewer.desktop.display().replace(':', "_");
    let socket = runtime.join("guruconnect").join(format!("viewer{name}.sock"));
    let server = format!("{}/", stack.server.address().trim_end_matches('/'));
    for (server, last) in
        [(server.as_str(), "guruconnect://run/x"), ("https://evil.example/", link.as_str())]
    {
        let words = format!("guruconnect viewer 1\n{server}\n\nlink\n{last}\n");
        let answer = said(&socket, words.as_bytes())?;
        ensure!(answer == "refused\n", "{answer}");
    }
    ensure!(said(&socket, b"GET / HTTP/1.1\n\n\n\n\n")? == "refused\n", "junk");
    ensure!(windows(&viewer.desktop).len() == 2, "a third window");

    // The first is closed, and the other lives.
    let [left, top, width, _] = viewer.desktop.place_of(&first)?;
    viewer.click(left + width - 10, top - 10)?;
    viewer.desktop.wait_until("one window", |desktop| Ok(windows(desktop) == [second.clone()]))?;
    ensure!(viewer.process.is_running(), "{}", viewer.process.log());
    activate(&viewer.desktop, &second)?;
    viewer.wait_for_line("in control", 2)?;
    let [left, top, ..] = viewer.desktop.place_of(&second)?;
    viewer.click(left + 200, top + 200)?;
    let file = stack.folder().join("typed");
    viewer.type_text(&format!("echo second > {}", file.display()))?;
    viewer.press(&["Return"])?;
    proof(&stack, &viewer, "typed", "second\n")?;

    // Who wants a process of its own gets one.
    let alone = ["view", "--new-process", "--ticket", &ticket()?];
    let mut own = start(&stack, &viewer.desktop, &runtime, &alone)?;
    viewer.desktop.wait_until("its window", |desktop| Ok(windows(desktop).len() == 2))?;
    ensure!(own.is_running(), "{}", own.log());
    ensure!(viewer.process.log().matches("one more session").count() == 1, "it was handed over");
    drop(own);

    // The last one closed ends the program.
    let [left, top, width, _] = viewer.desktop.place_of(&second)?;
    activate(&viewer.desktop, &second)?;
    viewer.click(left + width - 10, top - 10)?;
    let ended = viewer.process.wait(Duration::from_secs(10))?;
    ensure!(ended == Some(0), "{ended:?}: {}", viewer.process.log());
    ensure!(!socket.exists(), "the door is left behind");
    Ok(())
}
