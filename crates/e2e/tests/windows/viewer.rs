//! The Windows program as a technician's viewer: a link opens it, and keys reach the
//! machine by their place.

use anyhow::{Context, Result, ensure};
use gc_e2e::{BOARD, KeyLog, Keyboard, NativeViewer, Process, ServerOptions, Stack, Wine, strike};

const SIZE: (u32, u32) = (1000, 760);
const CLASS: &str = r"HKCU\Software\Classes\guruconnect";
/// Wine has no place on a board for Pause with the flag of Windows, and its X server takes
/// Print and the menu key's neighbours as they are; everything else is to come through.
const ELSEWHERE: &[u16] = &[];

/// What the program registered, as the registry has it.
fn registered(wine: &Wine) -> Result<String> {
    wine.run("wine", &["reg", "query", &format!(r"{CLASS}\shell\open\command"), "/ve"])
}

#[test]
fn a_link_opens_the_viewer_and_every_key_of_a_board_arrives() -> Result<()> {
    let mut stack = Stack::start(800, 600, ServerOptions::default())?;
    let session = stack.session()?;
    let folder = stack.folder().to_owned();
    let machine = KeyLog::start_alone(&mut stack.desktop, &folder)?;
    let own = folder.join("wine");
    std::fs::create_dir_all(&own)?;
    let wine = Wine::start(SIZE, Keyboard::AMERICAN, &own)?;
    let program = wine.program().to_string_lossy().into_owned();
    let server = stack.server.address().to_owned();
    wine.run("wine", &[&program, "view", "--register", "--server", &server])?;
    let command = registered(&wine)?;
    ensure!(command.contains("guruconnect.exe\" launch \"%1\""), "{command}");

    // As a browser does: by the registry. What is no link of ours ends at once.
    let (code, _) = wine.finish("wine", &[&program, "launch", "guruconnect://settings/x"])?;
    ensure!(code == Some(2), "{code:?}");

    let ticket = NativeViewer::ticket(&stack.rest, &session, "control")?;
    let link = format!("guruconnect://join/{ticket}");
    let mut start = wine.command("wine");
    start.args(["start", "/wait", &link]).env("RUST_LOG", "info,gc_viewer=debug");
    let viewer = Process::start("viewer", &mut start, &own)?;
    let said = |line: &str| {
        wine.desktop()
            .wait_until(line, |desktop| {
                if line == "in the session" {
                    desktop.output("xdotool", &["key", "--delay", "40", "Tab", "Return"])?;
                }
                Ok(viewer.log().contains(line))
            })
            .with_context(|| {
                let picture = std::env::temp_dir().join("windows-viewer.png");
                let saved = wine.desktop().screenshot(&picture);
                format!("{}: {saved:?}\n{}", picture.display(), viewer.log())
            })
    };
    // It asks first, and the keyboard is the desktop's, which fills the display.
    said("in the session")?;
    said("in control")?;
    said("the picture's size")?;

    let before = machine.keys().len();
    let keys: Vec<u16> = BOARD.iter().copied().filter(|evdev| !ELSEWHERE.contains(evdev)).collect();
    strike(wine.desktop(), &keys)?;
    let expected: Vec<(bool, u16)> =
        keys.iter().flat_map(|evdev| [(true, evdev + 8), (false, evdev + 8)]).collect();
    let count = before + expected.len();
    let all = stack.desktop.wait_until("all keys", |_| Ok(machine.keys().len() >= count));
    let heard = machine.keys().split_off(before);
    let differ = expected.iter().zip(&heard).position(|(a, b)| a != b);
    ensure!(heard == expected, "{all:?}; from {differ:?} on: {heard:?}\n{}", viewer.log());

    wine.run("wine", &[&program, "view", "--unregister"])?;
    ensure!(registered(&wine).is_err(), "still registered");
    Ok(())
}
