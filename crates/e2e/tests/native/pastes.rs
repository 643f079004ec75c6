//! Files that are copied on one side and pasted on the other, by file managers and the
//! native viewer.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Stack};

use crate::{evidence, stack};

const SIZE: usize = 300_001;

fn bytes() -> Vec<u8> {
    (0..SIZE).map(|at| (at * 7 + at / 256) as u8).collect()
}

/// A session, and a home for each side.
struct Session {
    stack: Stack,
    viewer: NativeViewer,
    /// Of the machine's file manager.
    there: PathBuf,
    /// Of the technician.
    here: PathBuf,
}

/// What file managers list is what people see of a folder.
fn names(folder: &Path) -> Vec<String> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        found.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

impl Session {
    fn start() -> Result<Self> {
        Self::with(None)
    }

    fn with(rules: Option<serde_json::Value>) -> Result<Self> {
        let stack = stack()?;
        if let Some(rules) = rules {
            stack.rest.call("PUT", "/api/settings/files", Some(rules))?;
        }
        let session = stack.session()?;
        let (there, here) = (stack.folder().join("there"), stack.folder().join("here"));
        fs::create_dir_all(&there)?;
        fs::create_dir_all(&here)?;
        let viewer = NativeViewer::at_home(&stack, &session, 800, 600, &here)?;
        viewer.wait_until_used()?;
        Ok(Self { stack, viewer, there, here })
    }

    /// Both file managers show a folder; that of the machine has its keyboard.
    fn show(&mut self, there: &Path, here: &Path) -> Result<String> {
        self.show_there(there)?;
        let own = self.viewer.desktop.show_folder(&self.here, here)?;
        let viewer = self.viewer.desktop.find_window("--class", "guruconnect-viewer")?;
        self.activate(&viewer)?;
        Ok(own)
    }

    /// The machine's file manager shows a folder and has its keyboard.
    fn show_there(&mut self, folder: &Path) -> Result<()> {
        let window = self.stack.desktop.show_folder(&self.there, folder)?;
        click_into(&self.stack.desktop, &window)
    }

    /// The technician's file manager has the keyboard.
    fn enter(&self, own: &str) -> Result<()> {
        self.activate(own)?;
        click_into(&self.viewer.desktop, own)
    }

    /// Copies what the technician's file manager shows, and goes back to the viewer.
    fn copy_here(&self, own: &str) -> Result<()> {
        self.enter(own)?;
        self.strike(&["ctrl+a", "ctrl+c"])?;
        let viewer = self.viewer.desktop.find_window("--class", "guruconnect-viewer")?;
        self.activate(&viewer)?;
        self.viewer.wait_for_line("files were copied here", 1)
    }

    fn activate(&self, window: &str) -> Result<()> {
        self.viewer.desktop.output("xdotool", &["windowactivate", "--sync", window]).map(|_| ())
    }

    /// Keys that go to the machine, since the viewer has the keyboard.
    fn strike(&self, keys: &[&str]) -> Result<()> {
        self.viewer.press(keys)
    }

    fn wait_for(&self, folder: &Path, all: &[&str]) -> Result<()> {
        let expected = bytes();
        let there = |name: &&str| fs::read(folder.join(name)).is_ok_and(|got| got == expected);
        self.viewer
            .desktop
            .wait_until(&format!("{all:?} in {}", folder.display()), |_| Ok(all.iter().all(there)))
            .with_context(|| evidence(&self.stack, &self.viewer))
    }

    /// Where files of the machine wait for programs of the technician's.
    fn private(&self) -> PathBuf {
        self.here.join(".cache/guruconnect/pasted")
    }
}

fn click_into(desktop: &Desktop, window: &str) -> Result<()> {
    let words = ["mousemove", "--window", window, "400", "300", "click", "1"];
    desktop.output("xdotool", &words).map(|_| ())
}

fn make(folder: &Path, all: &[&str]) -> Result<()> {
    fs::create_dir_all(folder)?;
    for name in all {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(path, bytes())?;
    }
    Ok(())
}

#[test]
fn what_is_copied_on_the_machine_is_fetched_when_a_file_manager_here_pastes_it() -> Result<()> {
    let mut session = Session::start()?;
    let all = ["folder/deeper/c.bin", "grüße 1.bin"];
    let (source, target) = (session.there.join("source"), session.here.join("target"));
    make(&source, &all)?;
    fs::create_dir_all(&target)?;
    let own = session.show(&source, &target)?;
    session.strike(&["ctrl+a", "ctrl+c"])?;
    let desktop = &session.viewer.desktop;
    desktop
        .wait_until("files are offered", |desktop| {
            let targets = ["2", "xclip", "-selection", "clipboard", "-o", "-t", "TARGETS"];
            let found = desktop.output("timeout", &targets).unwrap_or_default();
            Ok(found.contains("text/uri-list") && found.contains("x-special/gnome-copied-files"))
        })
        .with_context(|| evidence(&session.stack, &session.viewer))?;
    // A program that looks at every clipboard gets nothing while the viewer has the keyboard.
    let look = ["5", "xclip", "-selection", "clipboard", "-o", "-t", "text/uri-list"];
    ensure!(desktop.output("timeout", &look).is_err(), "somebody was given files");
    ensure!(names(&session.private()).is_empty(), "bytes came before a paste");

    session.enter(&own)?;
    session.strike(&["ctrl+v"])?;
    session.wait_for(&target, &all)?;
    // For nobody else to read, and kept for the next paste.
    let mode = fs::metadata(session.private())?.permissions().mode();
    ensure!(mode & 0o777 == 0o700, "mode {mode:o}");
    let list = desktop.output("timeout", &look)?;
    ensure!(list.lines().count() == 2, "{list}");
    ensure!(session.viewer.process.log().matches("a transfer begins").count() == 1, "came twice");
    Ok(())
}

#[test]
fn what_is_copied_here_is_pasted_on_the_machine_by_ctrl_v_alone() -> Result<()> {
    let mut session = Session::start()?;
    let all = ["b.txt", "grüße 1.bin"];
    let (source, target) = (session.here.join("source"), session.there.join("target"));
    make(&source, &all)?;
    fs::create_dir_all(&target)?;
    let own = session.show(&target, &source)?;
    session.copy_here(&own)?;
    session.strike(&["ctrl+v"])?;
    session.wait_for(&target, &all)?;
    // Once more, in another folder: nothing is sent again.
    let second = session.there.join("second");
    fs::create_dir_all(&second)?;
    session.show_there(&second)?;
    session.strike(&["ctrl+v"])?;
    session.wait_for(&second, &all)?;
    ensure!(session.viewer.process.log().matches("a transfer begins").count() == 1, "sent twice");
    Ok(())
}

#[test]
fn what_the_rules_forbid_is_said_and_nothing_is_pasted_or_listed() -> Result<()> {
    let rules = serde_json::json!({
        "upload": false, "download": false, "max_file_bytes": null,
        "allowed_extensions": [], "blocked_extensions": [],
    });
    let mut session = Session::with(Some(rules))?;
    let (source, target) = (session.here.join("source"), session.there.join("target"));
    make(&source, &["a.bin"])?;
    make(&target, &["there.bin"])?;
    let own = session.show(&target, &source)?;
    // Copied there: the machine tells nothing of it.
    session.strike(&["ctrl+a", "ctrl+c"])?;
    session.copy_here(&own)?;
    session.strike(&["ctrl+v"])?;
    session.viewer.wait_for_line("files may not be pasted on the machine", 1)?;
    session.strike(&["ctrl+alt+shift+b"])?;
    session.viewer.wait_for_line("side=There error=Some(FilesDenied)", 1)?;
    ensure!(names(&target) == ["there.bin"], "{:?}", names(&target));
    ensure!(!session.viewer.process.log().contains("a transfer begins"), "something was moved");
    Ok(())
}

#[test]
fn what_is_dragged_out_of_the_picture_is_where_it_is_dropped() -> Result<()> {
    let mut session = Session::start()?;
    let (source, target) = (session.there.join("source"), session.here.join("target"));
    make(&source, &["deeper/c.bin"])?;
    fs::create_dir_all(&target)?;
    let own = session.show(&source, &target)?;
    let (there, here) = (&session.stack.desktop, &session.viewer.desktop);
    // The machine's file manager fills its screen, the viewer the left half of this one.
    let manager = there.find_window("--name", "^source$")?;
    there.output("xdotool", &["windowmove", "--sync", &manager, "0", "0"])?;
    there.output("xdotool", &["windowsize", "--sync", &manager, "600", "450"])?;
    let viewer = here.find_window("--class", "guruconnect-viewer")?;
    here.output("xdotool", &["windowmove", "--sync", &viewer, "0", "40"])?;
    here.output("xdotool", &["windowsize", "--sync", &viewer, "400", "340"])?;
    here.output("xdotool", &["windowmove", "--sync", &own, "410", "40"])?;
    here.output("xdotool", &["windowsize", "--sync", &own, "380", "400"])?;
    session.activate(&viewer)?;

    // The only icon of the machine's list, by what is not paper there, in the viewer's window,
    // which shows the screen at half its size.
    let icon = there.icon_in([165, 90, 400, 200])?;
    let [left, top, ..] = here.place_of(&viewer)?;
    let (x, y) = (left + icon.0 / 2, top + 20 + icon.1 / 2);
    let point = |x: u32, y: u32| here.point((x, y));
    point(x, y)?;
    here.output("xdotool", &["mousedown", "1"])?;
    for step in 1..=8 {
        point(x + step * 8, y + step * 2)?;
    }
    let [own_left, own_top, ..] = here.place_of(&own)?;
    let (to_x, to_y) = (own_left + 280, own_top + 250);
    // Until the machine's file manager has begun its drag.
    let log = || session.viewer.process.log();
    let mut left = 60;
    while !log().contains("files are dragged out of the picture") {
        ensure!(left > 0, "{}", evidence(&session.stack, &session.viewer));
        left -= 1;
        point(x + 80, y + 20)?;
        point(to_x, to_y - left)?;
    }
    for step in 0..6 {
        point(to_x + step * 4, to_y)?;
    }
    ensure!(names(&session.private()).is_empty(), "bytes came before the drop");
    here.output("xdotool", &["mouseup", "1"])?;
    session.wait_for(&target, &["deeper/c.bin"])?;
    session.viewer.wait_for_line("end=Taken", 1)?;
    ensure!(source.join("deeper/c.bin").exists(), "it was moved");
    Ok(())
}
