//! Files between a technician's file manager and a program on a Windows machine: dragged,
//! copied and pasted through a whole session, both ways.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, FileWindow, Keyboard, NativeViewer};
use serde_json::json;

use crate::office::{Machine, Office};

/// Of the technician's display.
const SIZE: (u32, u32) = (1300, 800);
/// Of the window for files on the machine.
const PLACE: [u32; 4] = [200, 200, 500, 400];
/// Where file managers list what a folder has, in their window.
const LIST: [u32; 4] = [165, 90, 400, 200];

/// Dropped in this order.
struct Hands {
    viewer: NativeViewer,
    window: FileWindow,
    machine: Machine,
    office: Office,
    /// Of the technician's file manager.
    manager: String,
    /// What it shows.
    here: PathBuf,
    /// What the machine's window takes is put there.
    there: PathBuf,
}

fn bytes() -> Vec<u8> {
    (0..300_001_usize).map(|at| (at * 7 + at / 256) as u8).collect()
}

/// A folder with all that can go wrong with one.
fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("deeper"))?;
    fs::write(folder.join("deeper/grüße 1.bin"), bytes())?;
    fs::write(folder.join("empty"), "")?;
    Ok(())
}

fn is_whole(folder: &Path) -> bool {
    fs::read(folder.join("deeper/grüße 1.bin")).is_ok_and(|got| got == bytes())
        && fs::read(folder.join("empty")).is_ok_and(|got| got.is_empty())
}

impl Hands {
    /// A session with a file manager beside the viewer, and a window for files on the
    /// machine, which has `own`.
    fn start(own: &str) -> Result<Self> {
        let office = Office::start(Keyboard::UNICODE)?;
        let machine = office.machine()?;
        let name = format!("gc-taken-{}", std::process::id());
        let there = office.wine.drive_c().join(&name);
        if there.exists() {
            fs::remove_dir_all(&there)?;
        }
        make(&office.wine.drive_c().join(own))?;
        let window = office.wine.file_window(PLACE, &name, own)?;

        let home = office.folder().join("technician");
        let here = home.join("shown");
        fs::create_dir_all(&here)?;
        let mut desktop = Desktop::start(SIZE.0, SIZE.1, &home)?;
        desktop.manage_windows()?;
        let manager = desktop.show_folder(&home, &here)?;
        let session = json!({ "machine_id": machine.id });
        let session = office.rest.call("POST", "/api/sessions", Some(session))?;
        let session = session["id"].as_str().context("no session id")?;
        let viewer = NativeViewer::of(&office.server, &office.rest, session, desktop, &home)?;
        let hands = Self { viewer, window, machine, office, manager, here, there };
        hands.viewer.wait_until_used().with_context(|| hands.evidence())?;
        // The machine's screen at half its size on the left, the file manager on the right.
        let viewer = hands.picture()?;
        for (window, [x, y, width, height]) in
            [(&viewer, [0, 40, 640, 440]), (&hands.manager, [660, 40, 600, 400])]
        {
            let desktop = &hands.viewer.desktop;
            let (x, y) = (x.to_string(), y.to_string());
            let (width, height) = (width.to_string(), height.to_string());
            desktop.output("xdotool", &["windowmove", "--sync", window, &x, &y])?;
            desktop.output("xdotool", &["windowsize", "--sync", window, &width, &height])?;
        }
        hands.activate(&viewer)?;
        Ok(hands)
    }

    fn picture(&self) -> Result<String> {
        self.viewer.desktop.find_window("--class", "guruconnect-viewer")
    }

    fn activate(&self, window: &str) -> Result<()> {
        self.viewer.desktop.output("xdotool", &["windowactivate", "--sync", window]).map(|_| ())
    }

    /// Where a place of the machine's screen is on the technician's display.
    fn seen(&self, (x, y): (u32, u32)) -> Result<(u32, u32)> {
        let [left, top, ..] = self.viewer.desktop.place_of(&self.picture()?)?;
        Ok((left + x / 2, top + 20 + y / 2))
    }

    /// Gives the machine's window the keyboard there, and the viewer that here.
    fn click_window(&self) -> Result<()> {
        self.activate(&self.picture()?)?;
        let (x, y) = self.seen(self.window.middle())?;
        self.viewer.click(x, y)
    }

    /// The file manager's only icon.
    fn icon(&self) -> Result<(u32, u32)> {
        let [left, top, ..] = self.viewer.desktop.place_of(&self.manager)?;
        let [x, y, width, height] = LIST;
        self.viewer.desktop.icon_in([left + x, top + y, width, height])
    }

    fn wait_for(&self, folder: &Path) -> Result<()> {
        let desktop = &self.viewer.desktop;
        let what = format!("{} is there", folder.display());
        desktop.wait_until(&what, |_| Ok(is_whole(folder))).with_context(|| self.evidence())
    }

    fn wait_until(&self, line: &str) -> Result<()> {
        let said = |_: &Desktop| Ok(self.window.said(line, 1));
        self.viewer.desktop.wait_until(line, said).with_context(|| self.evidence())
    }

    /// Where a test that failed leaves what was to be seen.
    fn evidence(&self) -> String {
        let folder = std::env::temp_dir();
        let saved = (
            self.viewer.desktop.screenshot(&folder.join("hands.png")),
            self.office.wine.desktop().screenshot(&folder.join("hands-machine.png")),
        );
        let (viewer, agent) = (self.viewer.process.log(), self.machine.agent.process.log());
        let (folder, window) = (folder.display(), self.window.log());
        format!(
            "hands*.png in {folder}: {saved:?}\nviewer:\n{viewer}\nagent:\n{agent}\nwindow:\n{window}"
        )
    }
}

#[test]
fn what_is_dragged_onto_a_windows_program_is_dropped_there() -> Result<()> {
    let hands = Hands::start("gc own")?;
    make(&hands.here.join("sent äß"))?;
    let (from, at) = (hands.icon()?, hands.window.middle());
    hands.activate(&hands.manager)?;
    hands.viewer.desktop.drag(from, hands.seen(at)?)?;
    hands.viewer.desktop.output("xdotool", &["mouseup", "1"])?;
    hands
        .viewer
        .wait_for_line("files were dropped on the machine", 1)
        .with_context(|| hands.evidence())?;
    hands.wait_until("took 1 at ")?;
    hands.wait_for(&hands.there.join("sent äß"))?;
    let told = hands.window.log();
    let place = told.split("took 1 at ").nth(1).and_then(|rest| rest.lines().next());
    let place = place.and_then(|place| place.split_once(',')).context("no place")?;
    let (x, y): (u32, u32) = (place.0.parse()?, place.1.parse()?);
    // The picture has half the pixels, and the agent's hand trembles.
    ensure!(x.abs_diff(at.0) <= 3 && y.abs_diff(at.1) <= 3, "{x},{y} and not {at:?}");
    Ok(())
}

#[test]
fn what_is_dragged_out_of_a_windows_program_is_where_it_is_dropped() -> Result<()> {
    let hands = Hands::start("gc own")?;
    let here = &hands.viewer.desktop;
    let from = hands.seen(hands.window.middle())?;
    let [left, top, ..] = here.place_of(&hands.manager)?;
    let to = (left + 350, top + 250);
    here.drag(from, (from.0 + 40, from.1 + 20))?;
    hands.wait_until("begins")?;
    // The button goes on being held while the agent asks the program.
    let mut more = 60;
    while !hands.viewer.process.log().contains("files are dragged out of the picture") {
        ensure!(more > 0, "{}", hands.evidence());
        more -= 1;
        here.point((to.0, to.1 - more))?;
    }
    for step in 0..6 {
        here.point((to.0 + step * 4, to.1))?;
    }
    hands.wait_until("cancelled")?;
    here.output("xdotool", &["mouseup", "1"])?;
    hands.wait_for(&hands.here.join("gc own"))?;
    hands.viewer.wait_for_line("end=Taken", 1)?;
    ensure!(is_whole(&hands.office.wine.drive_c().join("gc own")), "it was moved");
    Ok(())
}

#[test]
fn what_a_windows_program_copies_is_pasted_here_and_what_is_copied_here_there() -> Result<()> {
    let hands = Hands::start("gc own")?;
    let desktop = &hands.viewer.desktop;
    hands.click_window()?;
    hands.viewer.press(&["ctrl+c"])?;
    hands.wait_until("copied")?;
    desktop
        .wait_until("files are offered", |desktop| {
            let targets = ["2", "xclip", "-selection", "clipboard", "-o", "-t", "TARGETS"];
            let found = desktop.output("timeout", &targets).unwrap_or_default();
            Ok(found.contains("text/uri-list"))
        })
        .with_context(|| hands.evidence())?;
    let [left, top, width, height] = desktop.place_of(&hands.manager)?;
    let empty = (left + width - 40, top + height - 60);
    hands.activate(&hands.manager)?;
    hands.viewer.click(empty.0, empty.1)?;
    hands.viewer.press(&["ctrl+v"])?;
    hands.wait_for(&hands.here.join("gc own"))?;

    // The other way, under another name.
    fs::rename(hands.here.join("gc own"), hands.here.join("grüße"))?;
    hands.icon()?;
    hands.viewer.press(&["ctrl+a", "ctrl+c"])?;
    hands.click_window()?;
    hands.viewer.wait_for_line("files were copied here", 1).with_context(|| hands.evidence())?;
    hands.viewer.press(&["ctrl+v"])?;
    hands.wait_until("pasted 1")?;
    hands.wait_for(&hands.there.join("grüße"))
}
