//! The Windows program as a technician's viewer, under Wine, of a machine with Linux: a
//! link opens it, the picture is seen, and keys reach the machine by their place, or as
//! what they write.

mod clipboard;
mod files;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{
    BOARD, Desktop, KeyLog, Keyboard, NativeViewer, Process, ServerOptions, Stack, Wine, strike,
};

/// Of the technician's display.
const SIZE: (u32, u32) = (1000, 760);
/// Of the machine's.
const MACHINE: (u32, u32) = (800, 600);
const CLASS: &str = r"HKCU\Software\Classes\guruconnect";
const CTRL: u16 = 29;
const SHIFT: u16 = 42;
const ALT: u16 = 56;
const ALT_GR: u16 = 100;
const ENTER: u16 = 28;
const T: u16 = 20;
const BREAK: u16 = 119;

/// A machine and a technician's Windows. Dropped in this order.
struct Rig {
    viewer: Option<Process>,
    wine: Wine,
    folder: PathBuf,
    stack: Stack,
}

impl Rig {
    fn start(keyboard: Keyboard) -> Result<Self> {
        Self::sized(SIZE, keyboard)
    }

    /// With a display of the technician's of this size.
    fn sized(size: (u32, u32), keyboard: Keyboard) -> Result<Self> {
        let stack = Stack::start(MACHINE.0, MACHINE.1, ServerOptions::default())?;
        let folder = stack.folder().join("wine");
        std::fs::create_dir_all(&folder)?;
        let wine = Wine::start(size, keyboard, &folder)?;
        Ok(Self { viewer: None, wine, folder, stack })
    }

    fn program(&self) -> String {
        self.wine.program().to_string_lossy().into_owned()
    }

    fn log(&self) -> String {
        self.viewer.as_ref().map(Process::log).unwrap_or_default()
    }

    /// Where a test that failed leaves what was to be seen.
    fn evidence(&self) -> String {
        let folder = std::env::temp_dir();
        let (technician, machine) =
            (folder.join("windows-viewer.png"), folder.join("windows-viewer-machine.png"));
        let saved =
            (self.wine.desktop().screenshot(&technician), self.stack.desktop.screenshot(&machine));
        let (viewer, agent) = (self.log(), self.stack.agent.process.log());
        let folder = folder.display();
        format!("windows-viewer*.png in {folder}: {saved:?}\nviewer:\n{viewer}\nagent:\n{agent}")
    }

    /// Waits until the viewer has said this. A card that asks is answered meanwhile.
    fn said(&self, line: &str, answer: bool) -> Result<()> {
        self.wine
            .desktop()
            .wait_until(line, |desktop| {
                if answer && !self.log().contains(line) {
                    desktop.output("xdotool", &["key", "--delay", "40", "Tab", "Return"])?;
                }
                Ok(self.log().contains(line))
            })
            .with_context(|| self.evidence())
    }

    fn is_used(&self) -> Result<()> {
        self.said("in control", false)?;
        self.said("the picture's size", false)
    }

    /// A viewer with control.
    fn open(&mut self) -> Result<()> {
        self.open_drawn("auto")
    }

    /// One whose window is drawn by these.
    fn open_drawn(&mut self, drawing: &str) -> Result<()> {
        let session = self.stack.session()?;
        let ticket = NativeViewer::ticket(&self.stack.rest, &session, "control")?;
        let mut start = self.wine.command("wine");
        let server = self.stack.server.address();
        start.arg(self.wine.program()).args(["view", "--server", server, "--ticket", &ticket]);
        start.args(["--drawing", drawing]).env("RUST_LOG", "info,gc_viewer=debug");
        self.viewer = Some(Process::start("viewer", &mut start, &self.folder)?);
        self.is_used()
    }

    /// By the numbers of keys alone.
    fn chord(&self, held: &[u16], key: u16) -> Result<()> {
        let name = |key: &u16| (key + 8).to_string();
        let mut line = vec!["keydown".to_owned()];
        line.extend(held.iter().map(name));
        line.extend(["key".to_owned(), "--delay".to_owned(), "60".to_owned(), name(&key)]);
        line.push("keyup".to_owned());
        line.extend(held.iter().rev().map(name));
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.wine.desktop().output("xdotool", &line).map(|_| ())
    }

    /// Types a line into a terminal of the machine that writes into a file; what it wrote.
    fn line(&self, file: &Path, strokes: &[(Option<u16>, u16)]) -> Result<String> {
        let lines = || {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let before = lines().len();
        for (held, key) in strokes.iter().chain(&[(None, ENTER)]) {
            match held {
                Some(held) => self.chord(&[*held], *key)?,
                None => strike(self.wine.desktop(), &[*key])?,
            }
        }
        self.stack
            .desktop
            .wait_until("a line was written", |_| Ok(lines().len() > before))
            .with_context(|| self.evidence())?;
        lines().pop().context("no line")
    }
}

/// What the program registered, as the registry has it.
fn registered(wine: &Wine) -> Result<String> {
    wine.run("wine", &["reg", "query", &format!(r"{CLASS}\shell\open\command"), "/ve"])
}

#[test]
fn a_link_opens_the_viewer_and_every_key_of_a_board_arrives() -> Result<()> {
    let mut rig = Rig::start(Keyboard::AMERICAN)?;
    let folder = rig.stack.folder().to_owned();
    let machine = KeyLog::start_alone(&mut rig.stack.desktop, &folder)?;
    let program = rig.program();
    let server = rig.stack.server.address().to_owned();
    rig.wine.run("wine", &[&program, "view", "--register", "--server", &server])?;
    let command = registered(&rig.wine)?;
    ensure!(command.contains("guruconnect.exe\" launch \"%1\""), "{command}");

    let session = rig.stack.session()?;
    let ticket = NativeViewer::ticket(&rig.stack.rest, &session, "control")?;
    // What the registry has a browser start; Wine's own shell starts no such program.
    let mut start = rig.wine.command("wine");
    start.args([&program, "launch", &format!("guruconnect://join/{ticket}")]);
    start.env("RUST_LOG", "info,gc_viewer=debug");
    rig.viewer = Some(Process::start("viewer", &mut start, &rig.folder)?);
    // It asks first.
    rig.said("in the session", true)?;
    rig.is_used()?;
    ensure!(!rig.log().contains(&ticket), "the ticket is in the log");

    let before = machine.keys().len();
    strike(rig.wine.desktop(), BOARD)?;
    let expected: Vec<(bool, u16)> =
        BOARD.iter().flat_map(|evdev| [(true, evdev + 8), (false, evdev + 8)]).collect();
    let count = before + expected.len();
    let all = rig.stack.desktop.wait_until("all keys", |_| Ok(machine.keys().len() >= count));
    let heard = machine.keys().split_off(before);
    let differ = expected.iter().zip(&heard).position(|(a, b)| a != b);
    ensure!(heard == expected, "{all:?}; from {differ:?} on: {heard:?}\n{}", rig.evidence());

    rig.wine.run("wine", &[&program, "view", "--unregister"])?;
    ensure!(registered(&rig.wine).is_err(), "still registered");
    Ok(())
}

#[test]
fn the_picture_is_seen_and_what_is_typed_is_carried_out() -> Result<()> {
    let mut rig = Rig::start(Keyboard::AMERICAN)?;
    rig.open()?;
    // Pixel for pixel it is in the middle, below and above what the viewer draws itself.
    let file = rig.folder.join("typed");
    let line = format!("clear; seq 40; echo Typed-By_Viewer > {}", file.display());
    rig.stack.desktop.output("xdotool", &["mousemove", "200", "200", "click", "1"])?;
    rig.wine.desktop().output("xdotool", &["type", "--delay", "25", &line])?;
    rig.wine.desktop().output("xdotool", &["key", "Return"])?;
    rig.stack
        .desktop
        .wait_until("what was typed was carried out", |_| {
            Ok(std::fs::read_to_string(&file).is_ok_and(|found| found == "Typed-By_Viewer\n"))
        })
        .with_context(|| rig.evidence())?;
    Ok(())
}

#[test]
fn drawn_by_opengl_the_picture_is_the_machines_pixel_for_pixel() -> Result<()> {
    let mut rig = Rig::sized(MACHINE, Keyboard::AMERICAN)?;
    rig.open_drawn("gpu")?;
    rig.said("Drawing: graphics card (", false)?;
    rig.chord(&[CTRL, ALT], BREAK)?;
    let below = 40;
    let part = |desktop: &Desktop| desktop.pixels(0, below, MACHINE.0, MACHINE.1 - below);
    let same = || {
        rig.wine
            .desktop()
            .wait_until("the pictures agree", |ours| Ok(part(ours)? == part(&rig.stack.desktop)?))
            .with_context(|| rig.evidence())
    };
    same()?;
    rig.stack.desktop.output("xdotool", &["mousemove", "200", "200", "click", "1"])?;
    rig.stack.desktop.output("xdotool", &["type", "--delay", "25", "clear; seq 40"])?;
    rig.stack.desktop.output("xdotool", &["key", "Return"])?;
    same()?;
    // It has looked for its picture on the screen meanwhile.
    ensure!(!rig.log().contains("Drawing: software ("), "{}", rig.evidence());
    Ok(())
}

/// Layout as X calls it, keys, and what they write: letters beyond ASCII, in both cases.
/// AltGr is left out here: Wine has no characters for keys with Ctrl and Alt, which is what
/// AltGr is in Windows.
type Board = (&'static str, Keyboard, &'static [(Option<u16>, u16)], &'static str);

#[rustfmt::skip]
const BOARDS: &[Board] = &[
    ("de", Keyboard::GERMAN, &[(None, 21), (Some(SHIFT), 44), (None, 40), (Some(SHIFT), 39),
        (None, 12), (None, 26), (None, 86)], "zYäÖßü<"),
    ("fr", Keyboard::FRENCH, &[(None, 16), (None, 30), (None, 50), (None, 3), (Some(SHIFT), 3),
        (None, 8), (None, 11), (Some(SHIFT), 51)], "aq,é2èà."),
    ("tr", Keyboard::TURKISH, &[(None, 23), (Some(SHIFT), 23), (None, 40), (Some(SHIFT), 40),
        (None, 26), (None, 27), (None, 39), (None, 51), (None, 52)], "ıIiİğüşöç"),
];

impl Rig {
    /// A terminal on the machine whose lines go into this file, with the keyboard.
    fn writer(&mut self) -> Result<PathBuf> {
        let file = self.folder.join("written");
        let writer = format!("exec cat > {}", file.display());
        let xterm = ["LC_ALL=C.UTF-8", "XMODIFIERS=@im=none", "xterm", "-u8", "-T", "Writer"];
        let line = [&xterm[..], &["-e", "sh", "-c", &writer]].concat();
        self.stack.desktop.run("writer", "env", &line)?;
        let window = self.stack.desktop.find_window("--name", "Writer")?;
        self.stack.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
        Ok(file)
    }
}

fn writes(board: &Board) -> Result<()> {
    let (layout, keyboard, strokes, expected) = board;
    let mut rig = Rig::start(*keyboard)?;
    let file = rig.writer()?;
    rig.open()?;

    // By scan codes the machine's layout decides.
    rig.stack.desktop.output("setxkbmap", &["-layout", layout])?;
    let written = rig.line(&file, strokes)?;
    ensure!(written == *expected, "by place: {written:?}\n{}", rig.evidence());

    // In text mode the technician's, whatever the machine has.
    rig.stack.desktop.output("setxkbmap", &["-layout", "us"])?;
    rig.chord(&[CTRL, ALT, SHIFT], T)?;
    rig.said("text mode on=true", false)?;
    let written = rig.line(&file, strokes)?;
    ensure!(written == *expected, "as text: {written:?}\n{}", rig.evidence());
    Ok(())
}

#[test]
fn alt_gr_of_a_german_board_goes_by_its_place() -> Result<()> {
    let mut rig = Rig::start(Keyboard::GERMAN)?;
    // Wine takes what X calls the key of the third level for F13, and the right Alt for what
    // Windows has on that key.
    rig.wine.desktop().output("xmodmap", &["-e", "keycode 108 = Alt_R"])?;
    let file = rig.writer()?;
    rig.open()?;
    rig.stack.desktop.output("setxkbmap", &["-layout", "de"])?;
    let with = |key| (Some(ALT_GR), key);
    let strokes = [with(16), with(8), (None, 16), with(11), with(12), with(86), (None, 21)];
    let written = rig.line(&file, &strokes)?;
    ensure!(written == "@{q}\\|z", "{written:?}\n{}", rig.evidence());
    Ok(())
}

#[test]
fn a_german_board_writes_by_place_and_as_text() -> Result<()> {
    writes(&BOARDS[0])
}

#[test]
fn a_french_board_writes_by_place_and_as_text() -> Result<()> {
    writes(&BOARDS[1])
}

#[test]
fn a_turkish_board_writes_by_place_and_as_text() -> Result<()> {
    writes(&BOARDS[2])
}
