//! A technician works with the native viewer.

mod layouts;
mod links;
mod monitors;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, ServerOptions, Stack};

const SIZE: (u32, u32) = (800, 600);

fn stack() -> Result<Stack> {
    Stack::start(SIZE.0, SIZE.1, ServerOptions::default())
}

/// Fills the technician's display with the machine's picture, pixel for pixel.
fn fill(viewer: &NativeViewer) -> Result<()> {
    viewer.press(&["ctrl+alt+Pause"])?;
    viewer.desktop.wait_until("the window fills the screen", |desktop| {
        let window = desktop.find_window("--class", "guruconnect-viewer")?;
        Ok(desktop.place_of(&window)? == [0, 0, SIZE.0, SIZE.1])
    })
}

/// Waits until both displays show the same below the toolbar's handle.
fn same_picture(stack: &Stack, viewer: &NativeViewer) -> Result<()> {
    let (width, height) = SIZE;
    let below = 40;
    viewer
        .desktop
        .wait_until("the pictures agree", |desktop| {
            let theirs = stack.desktop.pixels(0, below, width, height - below)?;
            let ours = desktop.pixels(0, below, width, height - below)?;
            Ok(theirs == ours)
        })
        .with_context(|| evidence(stack, viewer))
}

/// Where a test that failed leaves what was to be seen.
fn evidence(stack: &Stack, viewer: &NativeViewer) -> String {
    let folder = std::env::temp_dir();
    let (machine, technician) = (folder.join("native-machine.png"), folder.join("native.png"));
    let saved = (stack.desktop.screenshot(&machine), viewer.desktop.screenshot(&technician));
    let (viewer, agent) = (viewer.process.log(), stack.agent.process.log());
    let folder = folder.display();
    format!("native*.png in {folder}: {saved:?}\nviewer log:\n{viewer}\nagent log:\n{agent}")
}

/// A window on the machine that notes every key it gets, and its log. There is no window
/// manager any more that keeps keys for itself.
fn listen(stack: &mut Stack) -> Result<std::path::PathBuf> {
    let log = stack.folder().join("keys.log");
    stack.desktop.run("keys", "sh", &["-c", &format!("exec {LISTENER} > {}", log.display())])?;
    let window = stack.desktop.find_window("--name", "Listener")?;
    let check = stack.desktop.output("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"])?;
    let check = check.rsplit(' ').next().context("no window manager")?.trim().to_owned();
    stack.desktop.output("openbox", &["--exit"])?;
    stack.desktop.wait_until("the window manager is gone", |desktop| {
        Ok(desktop.output("xprop", &["-id", &check, "_NET_WM_NAME"]).is_err())
    })?;
    stack.desktop.output("xdotool", &["windowfocus", "--sync", &window])?;
    Ok(log)
}

fn proof(stack: &Stack, viewer: &NativeViewer, name: &str, text: &str) -> Result<()> {
    let file = stack.folder().join(name);
    stack
        .desktop
        .wait_until("what was typed was carried out", |_| {
            Ok(std::fs::read_to_string(&file).is_ok_and(|found| found == text))
        })
        .with_context(|| evidence(stack, viewer))
}

#[test]
fn what_is_typed_arrives_and_the_picture_is_exact_also_after_the_server_was_killed() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let viewer = NativeViewer::start(&stack, &session, SIZE.0, SIZE.1)?;
    viewer.wait_until_used()?;
    fill(&viewer)?;
    viewer.click(200, 200)?;
    let file = stack.folder().join("typed");
    viewer.type_text(&format!("echo Typed-By_Viewer > {}", file.display()))?;
    viewer.press(&["Return"])?;
    proof(&stack, &viewer, "typed", "Typed-By_Viewer\n")?;
    same_picture(&stack, &viewer)?;

    stack.server.crash_and_restart()?;
    stack.wait_online(true)?;
    viewer.wait_for_line("in the session", 2)?;
    viewer.wait_for_line("in control", 2)?;
    viewer.click(200, 200)?;
    let file = stack.folder().join("again");
    viewer.type_text(&format!("echo again > {}", file.display()))?;
    viewer.press(&["Return"])?;
    proof(&stack, &viewer, "again", "again\n")?;
    same_picture(&stack, &viewer)?;
    ensure!(stack.session()? == session, "the session is another one");
    Ok(())
}

#[test]
fn a_ticket_is_good_for_one_window_and_a_link_asks_first() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    let ticket = NativeViewer::ticket(&stack.rest, &session, "control")?;
    let folder = stack.folder().join("asked");
    std::fs::create_dir_all(&folder)?;
    let mut desktop = Desktop::start(900, 700, &folder)?;
    desktop.manage_windows()?;
    let link = format!("guruconnect://join/{ticket}");
    let viewer = NativeViewer::on(&stack, desktop, &[&link], &folder)?;
    viewer
        .desktop
        .find_window("--class", "guruconnect-viewer")
        .with_context(|| evidence(&stack, &viewer))?;
    ensure!(!viewer.process.log().contains("in the session"), "it did not ask");
    // The first button, by keys: nothing is chosen until somebody moves to it.
    viewer.desktop.wait_until("the question was answered", |_| {
        viewer.press(&["Tab", "Return"])?;
        Ok(viewer.process.log().contains("in the session"))
    })?;
    viewer.wait_until_used()?;

    let folder = stack.folder().join("second");
    std::fs::create_dir_all(&folder)?;
    let desktop = Desktop::start(900, 700, &folder)?;
    let second = NativeViewer::on(&stack, desktop, &["--ticket", &ticket], &folder)?;
    second.wait_for_line("cause=\"unauthenticated\"", 1)?;
    ensure!(!second.process.log().contains("in the session"), "one ticket, two seats");
    Ok(())
}

/// A window of the technician's own that notes every key it gets.
const LISTENER: &str = "stdbuf -oL xev -event keyboard -name Listener";

#[test]
fn the_systems_keys_go_to_the_machine_and_keys_for_others_never_do() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let log = listen(&mut stack)?;
    let heard = |name: &str| {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        log.lines().filter(|line| line.contains(&format!(", {name})"))).count()
    };

    let mut viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    for (keys, symbol) in [
        ("super", "Super_L"),
        ("alt+Tab", "Tab"),
        ("ctrl+Escape", "Escape"),
        ("alt+Escape", "Escape"),
    ] {
        let before = heard(symbol);
        viewer.press(&[keys])?;
        stack
            .desktop
            .wait_until(&format!("{keys} arrives"), |_| Ok(heard(symbol) >= before + 2))
            .with_context(|| viewer.process.log())?;
    }

    // Another program of the technician's has the keyboard.
    let own = stack.folder().join("own.log");
    viewer.desktop.run("own", "sh", &["-c", &format!("exec {LISTENER} > {}", own.display())])?;
    viewer.desktop.wait_for_window("Listener")?;
    let window = viewer.desktop.find_window("--name", "Listener")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
    let before = std::fs::read_to_string(&log)?;
    viewer.press(&["z", "F7", "super"])?;
    viewer.desktop.wait_until("the other program has them", |_| {
        let heard = std::fs::read_to_string(&own)?;
        Ok(["z", "F7", "Super_L"].iter().all(|key| heard.contains(&format!(", {key})"))))
    })?;
    let after = std::fs::read_to_string(&log)?;
    for key in ["z", "F7", "Super_L"] {
        let count = |text: &str| text.matches(&format!(", {key})")).count();
        ensure!(count(&before) == count(&after), "{key} went to the machine");
    }
    Ok(())
}

/// A board of 105 keys, row by row, as Linux numbers them. The lock keys come twice, so
/// that they stand as before.
#[rustfmt::skip]
const BOARD: &[u16] = &[
    1, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88, 99, 70, 70, 119,
    41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 110, 102, 104, 69, 69, 98, 55, 74,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 111, 107, 109, 71, 72, 73, 78,
    58, 58, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 43, 75, 76, 77,
    42, 86, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 103, 79, 80, 81, 96,
    29, 125, 56, 57, 100, 126, 127, 97, 105, 108, 106, 82, 83,
];

#[test]
fn every_key_of_a_board_arrives_as_itself_on_both_sides_and_on_the_number_pad() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let log = listen(&mut stack)?;
    let viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    let heard = || -> Vec<(bool, u16)> {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let of = |part: &str| {
            let down = part.trim_start().starts_with("KeyPress");
            let code = part.split_once("keycode ")?.1.split_once(' ')?.0.parse().ok()?;
            Some((down, code))
        };
        log.split("\n\n").filter_map(of).collect()
    };
    // A number of one digit would be the key of that digit.
    let name = |evdev: &u16| match evdev {
        1 => "Escape".to_owned(),
        evdev => (evdev + 8).to_string(),
    };
    let names: Vec<String> = BOARD.iter().map(name).collect();
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    viewer.desktop.output("xdotool", &[&["key", "--delay", "30"], keys.as_slice()].concat())?;
    let expected: Vec<(bool, u16)> =
        BOARD.iter().flat_map(|evdev| [(true, evdev + 8), (false, evdev + 8)]).collect();
    let all = stack.desktop.wait_until("all keys", |_| Ok(heard().len() >= expected.len()));
    let heard = heard();
    let differ = expected.iter().zip(&heard).position(|(a, b)| a != b);
    ensure!(heard == expected, "{all:?}; from {differ:?} on: {heard:?}");
    ensure!(BOARD.len() == 105 + 3, "{} keys", BOARD.len());
    Ok(())
}

#[test]
fn keys_that_are_down_go_up_when_the_window_loses_the_keyboard_or_is_closed() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let log = listen(&mut stack)?;
    let mut viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    // One press is one press.
    for desktop in [&stack.desktop, &viewer.desktop] {
        desktop.output("xset", &["r", "off"])?;
    }
    let heard = |key: &str| {
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let of = |kind: &str| {
            let parts = log.split("\n\n").filter(|part| part.trim().starts_with(kind));
            parts.filter(|part| part.contains(&format!(", {key})"))).count()
        };
        (of("KeyPress"), of("KeyRelease"))
    };
    viewer.desktop.output("xdotool", &["keydown", "shift"])?;
    stack.desktop.wait_until("Shift is down", |_| Ok(heard("Shift_L") == (1, 0)))?;
    viewer.desktop.run("other", "xev", &["-name", "Other"])?;
    let other = viewer.desktop.find_window("--name", "Other")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &other])?;
    stack.desktop.wait_until("Shift is up", |_| Ok(heard("Shift_L") == (1, 1)))?;
    viewer.desktop.output("xdotool", &["keyup", "shift"])?;

    let window = viewer.desktop.find_window("--class", "guruconnect-viewer")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
    viewer.desktop.output("xdotool", &["keydown", "F7"])?;
    stack.desktop.wait_until("F7 is down", |_| Ok(heard("F7") == (1, 0)))?;
    // The button at the right end of the title bar.
    let [left, top, width, _] = viewer.desktop.place_of(&window)?;
    viewer.click(left + width - 10, top - 10)?;
    stack
        .desktop
        .wait_until("F7 is up", |_| Ok(heard("F7") == (1, 1)))
        .with_context(|| evidence(&stack, &viewer))?;
    viewer.process.wait(Duration::from_secs(5))?;
    Ok(())
}

#[test]
fn the_clipboard_crosses_both_ways_while_the_window_has_the_keyboard() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    let copy = |desktop: &Desktop, text: &str| -> Result<()> {
        let file = stack.folder().join("clip.txt");
        std::fs::write(&file, text)?;
        let copy = format!("xclip -selection clipboard -i {} >/dev/null 2>&1", file.display());
        desktop.output("sh", &["-c", &copy]).map(|_| ())
    };
    let has = |desktop: &Desktop, text: &str| {
        desktop.wait_until(&format!("the clipboard has '{text}'"), |desktop| {
            let found = desktop.output("timeout", &["2", "xclip", "-selection", "clipboard", "-o"]);
            Ok(found.is_ok_and(|found| found == text))
        })
    };
    copy(&stack.desktop, "from the machine: äß€ 1")?;
    let viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    has(&viewer.desktop, "from the machine: äß€ 1").with_context(|| viewer.process.log())?;
    copy(&viewer.desktop, "from the technician: Жあ 2")?;
    has(&stack.desktop, "from the technician: Жあ 2").with_context(|| viewer.process.log())?;
    copy(&stack.desktop, "from the machine, later")?;
    has(&viewer.desktop, "from the machine, later").with_context(|| viewer.process.log())
}
