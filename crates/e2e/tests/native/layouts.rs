//! Boards of other countries: what is typed on one is written, by scan codes where the
//! machine has that layout, and in text mode where it has another.

use anyhow::{Context, Result, ensure};
use gc_e2e::{NativeViewer, Stack};

use crate::{evidence, stack};

/// A key as Linux numbers it, with what is held.
struct Stroke(Held, u16);

#[derive(Clone, Copy, PartialEq)]
enum Held {
    Nothing,
    Shift,
    AltGr,
}

const fn k(key: u16) -> Stroke {
    Stroke(Held::Nothing, key)
}

const fn s(key: u16) -> Stroke {
    Stroke(Held::Shift, key)
}

const fn g(key: u16) -> Stroke {
    Stroke(Held::AltGr, key)
}

const SHIFT: u16 = 42;
const ALT_GR: u16 = 100;
const ENTER: u16 = 28;
const CTRL: u16 = 29;
const ALT: u16 = 56;
const T: u16 = 20;

/// Layout, keys, and what they write: letters beyond ASCII, dead keys before letters and
/// before capitals, AltGr, and keys that only that board has.
#[rustfmt::skip]
const BOARDS: &[(&str, &[Stroke], &str)] = &[
    ("de", &[k(21), s(21), k(44), k(40), s(39), k(12), k(26), s(26), g(16), g(18), g(8), k(86),
        g(86), k(41), k(18), k(13), s(18), s(13), k(30), k(41), k(57)], "zZyäÖßüÜ@€{<|êÉà^"),
    ("fr", &[k(16), k(30), k(50), k(3), s(3), k(8), k(11), k(26), k(18), s(26), k(23), g(11),
        g(18), k(39), s(51), k(86)], "aq,é2èàêï@€m.<"),
    ("gb", &[s(3), s(4), k(43), s(43), k(86), s(86), s(40), g(5), k(41), g(41)], "\"£#~\\|@€`|"),
    ("es", &[k(39), s(39), k(40), k(30), s(40), k(22), k(26), k(18), k(43), g(3), g(18), k(13),
        s(12), s(13), k(41)], "ñÑáüèç@€¡?¿º"),
    ("tr", &[k(23), s(23), k(40), s(40), k(26), k(27), k(39), k(51), k(52), g(16), g(18), s(26)],
        "ıIiİğüşöç@€Ğ"),
    ("cz", &[k(3), k(4), k(5), k(6), k(7), k(8), k(9), k(10), k(11), k(21), k(44), k(26), k(39),
        k(13), k(24), s(13), k(32), s(13), s(18), g(47), g(18), s(3)], "ěščřžýáíézyúůóďĚ@€2"),
    ("jp", &[s(3), k(26), k(13), s(26), k(124), s(124), k(89), s(89), s(39), k(30)],
        "\"@^`\\|\\_+a"),
];

struct Rig {
    stack: Stack,
    viewer: NativeViewer,
    file: std::path::PathBuf,
}

impl Rig {
    fn start() -> Result<Self> {
        let mut stack = stack()?;
        let session = stack.session()?;
        let file = stack.folder().join("written");
        // An input context of the locale, which composes dead keys.
        let writer = format!("exec cat > {}", file.display());
        let xterm = ["LC_ALL=C.UTF-8", "XMODIFIERS=@im=none", "xterm", "-u8", "-T", "Writer"];
        let line = [&xterm[..], &["-e", "sh", "-c", &writer]].concat();
        stack.desktop.run("writer", "env", &line)?;
        let window = stack.desktop.find_window("--name", "Writer")?;
        stack.desktop.output("xdotool", &["windowactivate", "--sync", &window])?;
        let viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
        viewer.wait_until_used()?;
        Ok(Self { stack, viewer, file })
    }

    /// By the numbers of keys alone: names would be looked up in the layout.
    fn strike(&self, strokes: &[Stroke]) -> Result<()> {
        let mut line = Vec::new();
        let mut step = |what: &str, key: u16| {
            line.extend([what.to_owned(), "--delay".to_owned(), "8".to_owned()]);
            line.push((key + 8).to_string());
        };
        for Stroke(held, key) in strokes {
            let modifier = match held {
                Held::Nothing => None,
                Held::Shift => Some(SHIFT),
                Held::AltGr => Some(ALT_GR),
            };
            if let Some(modifier) = modifier {
                step("keydown", modifier);
            }
            step("keydown", *key);
            step("keyup", *key);
            if let Some(modifier) = modifier {
                step("keyup", modifier);
            }
        }
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        self.viewer.desktop.output("xdotool", &line).map(|_| ())
    }

    fn lines(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// Types every board; `machine` is the layout there for each of them.
    fn type_boards(&self, technician: &str, machine: Option<&str>) -> Result<()> {
        let mut wrong = Vec::new();
        for (layout, strokes, expected) in BOARDS {
            let here = if technician.is_empty() { layout } else { &technician };
            self.viewer.desktop.output("setxkbmap", &["-layout", here])?;
            self.stack.desktop.output("setxkbmap", &["-layout", machine.unwrap_or(layout)])?;
            let before = self.lines().len();
            self.strike(strokes)?;
            self.strike(&[k(ENTER)])?;
            self.stack
                .desktop
                .wait_until("a line was written", |_| Ok(self.lines().len() > before))
                .with_context(|| format!("{layout}: {}", evidence(&self.stack, &self.viewer)))?;
            let written = self.lines().pop().unwrap_or_default();
            if written != *expected {
                wrong.push(format!("{layout}: {written:?} instead of {expected:?}"));
            }
        }
        ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
        Ok(())
    }
}

#[test]
fn boards_of_seven_countries_write_by_scan_codes_as_the_machines_layout_has_it() -> Result<()> {
    Rig::start()?.type_boards("us", None)
}

#[test]
fn boards_of_seven_countries_write_in_text_mode_whatever_layout_the_machine_has() -> Result<()> {
    let rig = Rig::start()?;
    let held = [CTRL, ALT, SHIFT].map(|key| (key + 8).to_string());
    let held: Vec<&str> = held.iter().flat_map(|key| ["keydown", key]).collect();
    rig.viewer.desktop.output("xdotool", &held)?;
    rig.strike(&[k(T)])?;
    let held = [SHIFT, ALT, CTRL].map(|key| (key + 8).to_string());
    let held: Vec<&str> = held.iter().flat_map(|key| ["keyup", key]).collect();
    rig.viewer.desktop.output("xdotool", &held)?;
    rig.viewer.wait_for_line("text mode on=true", 1)?;
    rig.type_boards("", Some("us"))
}

#[test]
fn the_clipboard_is_typed_as_keystrokes() -> Result<()> {
    let rig = Rig::start()?;
    // The machine's own clipboard must not be what writes.
    let session = rig.stack.folder().join("text");
    let lines: Vec<String> = (0..12).map(|at| format!("{at} Grüße, Жあ € \"x\\y\" {at}")).collect();
    std::fs::write(&session, lines.join("\r\n") + "\n")?;
    let copy = format!("xclip -selection clipboard -i {} >/dev/null 2>&1", session.display());
    rig.viewer.desktop.output("sh", &["-c", &copy])?;
    rig.viewer.press(&["ctrl+alt+shift+m", "Right", "Right", "Right", "Return"])?;
    rig.viewer.press(&["Down"; 8])?;
    rig.viewer.press(&["Return"])?;
    rig.stack
        .desktop
        .wait_until("the last line is written", |_| Ok(rig.lines().len() >= lines.len()))
        .with_context(|| evidence(&rig.stack, &rig.viewer))?;
    ensure!(rig.lines() == lines, "{:?}", rig.lines());
    Ok(())
}
