//! A technician works with the native viewer.

mod drawing;
mod files;
mod formats;
mod layouts;
mod links;
mod monitors;
mod panes;
mod pastes;
mod sessions;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{BOARD, Desktop, KeyLog, NativeViewer, ServerOptions, Stack};

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

/// Notes every key that the machine's programs get.
fn listen(stack: &mut Stack) -> Result<KeyLog> {
    let folder = stack.folder().to_owned();
    KeyLog::start_alone(&mut stack.desktop, &folder)
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

#[test]
fn the_systems_keys_go_to_the_machine_and_keys_for_others_never_do() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let machine = listen(&mut stack)?;
    let mut viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    for (keys, symbol) in [
        ("super", "Super_L"),
        ("super+r", "r"),
        ("super+e", "e"),
        ("alt+Tab", "Tab"),
        ("ctrl+Escape", "Escape"),
        ("alt+Escape", "Escape"),
        ("Print", "Print"),
    ] {
        let before = machine.count(symbol);
        viewer.press(&[keys])?;
        let after = (before.0 + 1, before.1 + 1);
        stack
            .desktop
            .wait_until(&format!("{keys} arrives"), |_| Ok(machine.count(symbol) == after))
            .with_context(|| viewer.process.log())?;
    }

    // Another program of the technician's has the keyboard.
    let folder = viewer.desktop.folder().to_owned();
    let own = KeyLog::start(&mut viewer.desktop, &folder)?;
    let window = viewer.desktop.find_window("--name", KeyLog::NAME)?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
    let before = machine.keys();
    viewer.press(&["z", "F7", "super", "ctrl+Escape"])?;
    viewer.desktop.wait_until("the other program has them", |_| {
        Ok(["z", "F7", "Super_L", "Escape"].iter().all(|key| own.count(key) == (1, 1)))
    })?;
    // It would have come before this one, which is for the machine again.
    let window = viewer.desktop.find_window("--class", "guruconnect-viewer")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
    viewer.press(&["F8"])?;
    stack.desktop.wait_until("a key arrives again", |_| Ok(machine.count("F8") == (1, 1)))?;
    let expected = [(true, 74), (false, 74)];
    ensure!(machine.keys()[before.len()..] == expected, "{:?}", machine.keys());
    Ok(())
}

#[test]
fn every_key_of_a_board_arrives_as_itself_on_both_sides_and_on_the_number_pad() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let machine = listen(&mut stack)?;
    let viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    // With Num Lock on and off: what a key of the number pad means is the machine's affair.
    for lock in [false, true] {
        if lock {
            viewer.press(&["Num_Lock"])?;
            stack.desktop.wait_until("Num Lock", |_| Ok(machine.keys().len() % 216 == 2))?;
        }
        let before = machine.keys().len();
        viewer.strike(BOARD)?;
        let expected: Vec<(bool, u16)> =
            BOARD.iter().flat_map(|evdev| [(true, evdev + 8), (false, evdev + 8)]).collect();
        let count = before + expected.len();
        let all = stack.desktop.wait_until("all keys", |_| Ok(machine.keys().len() >= count));
        let heard = machine.keys().split_off(before);
        let differ = expected.iter().zip(&heard).position(|(a, b)| a != b);
        ensure!(heard == expected, "{all:?}; from {differ:?} on: {heard:?}");
    }
    // The machine's own Num Lock went along: once on, whatever came in between.
    ensure!(machine.count("KP_7") == (1, 1) && machine.count("KP_Home") == (1, 1), "number pad");
    ensure!(BOARD.len() == 105 + 3, "{} keys", BOARD.len());
    Ok(())
}

#[test]
fn keys_that_are_down_go_up_when_the_window_loses_the_keyboard_or_is_closed() -> Result<()> {
    let mut stack = stack()?;
    let session = stack.session()?;
    let machine = listen(&mut stack)?;
    let mut viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    // One press is one press.
    for desktop in [&stack.desktop, &viewer.desktop] {
        desktop.output("xset", &["r", "off"])?;
    }
    viewer.desktop.output("xdotool", &["keydown", "shift"])?;
    stack.desktop.wait_until("Shift is down", |_| Ok(machine.count("Shift_L") == (1, 0)))?;
    viewer.desktop.run("other", "xev", &["-name", "Other"])?;
    let other = viewer.desktop.find_window("--name", "Other")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &other])?;
    stack.desktop.wait_until("Shift is up", |_| Ok(machine.count("Shift_L") == (1, 1)))?;
    viewer.desktop.output("xdotool", &["keyup", "shift"])?;

    let window = viewer.desktop.find_window("--class", "guruconnect-viewer")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
    viewer.desktop.output("xdotool", &["keydown", "F7"])?;
    stack.desktop.wait_until("F7 is down", |_| Ok(machine.count("F7") == (1, 0)))?;
    // The button at the right end of the title bar.
    let [left, top, width, _] = viewer.desktop.place_of(&window)?;
    viewer.click(left + width - 10, top - 10)?;
    stack
        .desktop
        .wait_until("F7 is up", |_| Ok(machine.count("F7") == (1, 1)))
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
