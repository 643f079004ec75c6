//! Files between a program of the technician's Windows and the machine's file manager:
//! dropped on the viewer, copied and pasted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, FileWindow, Keyboard};

use crate::Rig;

/// Of the window for files, beside the viewer's.
const PLACE: [u32; 4] = [0, 560, 90, 190];
/// About as much of its size has the machine's screen in the viewer.
const SHOWN: (u32, u32) = (97, 100);
/// The technician's folder.
const OWN: &str = "gc own";

struct Hands {
    window: FileWindow,
    /// What the machine's file manager shows.
    there: PathBuf,
    /// What the technician's window takes is put there.
    here: PathBuf,
    rig: Rig,
}

fn bytes() -> Vec<u8> {
    (0..300_001_usize).map(|at| (at * 11 + at / 256) as u8).collect()
}

fn make(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder.join("deeper"))?;
    fs::write(folder.join("deeper/grüße 1.bin"), bytes())?;
    Ok(())
}

fn is_whole(folder: &Path) -> bool {
    fs::read(folder.join("deeper/grüße 1.bin")).is_ok_and(|got| got == bytes())
}

impl Hands {
    /// The machine's file manager lies where the middle of the viewer shows it.
    fn start() -> Result<Self> {
        let mut rig = Rig::start(Keyboard::UNICODE)?;
        let home = rig.stack.folder().join("there");
        let there = home.join("shown");
        fs::create_dir_all(&there)?;
        let desktop = &mut rig.stack.desktop;
        let manager = desktop.show_folder(&home, &there)?;
        desktop.output("xdotool", &["windowmove", "--sync", &manager, "60", "60"])?;
        desktop.output("xdotool", &["windowsize", "--sync", &manager, "680", "480"])?;
        make(&rig.wine.drive_c().join(OWN))?;
        let name = format!("gc-taken-{}", std::process::id());
        let here = rig.wine.drive_c().join(&name);
        if here.exists() {
            fs::remove_dir_all(&here)?;
        }
        rig.open()?;
        let window = rig.wine.file_window(PLACE, &name, OWN)?;
        Ok(Self { window, there, here, rig })
    }

    /// A place in the middle of the viewer, and of the machine's file manager.
    fn viewer() -> (u32, u32) {
        (crate::SIZE.0 / 2, crate::SIZE.1 / 2)
    }

    fn click(&self, (x, y): (u32, u32)) -> Result<()> {
        self.desktop().point((x, y))?;
        self.desktop().output("xdotool", &["click", "1"]).map(|_| ())
    }

    fn desktop(&self) -> &Desktop {
        self.rig.wine.desktop()
    }

    fn press(&self, keys: &[&str]) -> Result<()> {
        let line = [&["key", "--delay", "40"][..], keys].concat();
        self.desktop().output("xdotool", &line).map(|_| ())
    }

    fn wait_for(&self, folder: &Path) -> Result<()> {
        let what = format!("{} is there", folder.display());
        self.desktop()
            .wait_until(&what, |_| Ok(is_whole(folder)))
            .with_context(|| format!("window: {}\n{}", self.window.log(), self.rig.evidence()))
    }

    fn wait_until(&self, line: &str) -> Result<()> {
        self.desktop()
            .wait_until(line, |_| Ok(self.window.said(line, 1)))
            .with_context(|| format!("window: {}\n{}", self.window.log(), self.rig.evidence()))
    }
}

#[test]
fn what_a_windows_program_drags_onto_the_viewer_is_dropped_on_the_machine() -> Result<()> {
    let hands = Hands::start()?;
    hands.desktop().drag(hands.window.middle(), Hands::viewer())?;
    hands.wait_until("begins")?;
    hands.desktop().output("xdotool", &["mouseup", "1"])?;
    hands.wait_until("dropped 1")?;
    hands.rig.said("files were dropped on the machine", false)?;
    hands.wait_for(&hands.there.join(OWN))
}

#[test]
fn files_are_copied_and_pasted_both_ways() -> Result<()> {
    let hands = Hands::start()?;
    hands.click(hands.window.middle())?;
    hands.press(&["ctrl+c"])?;
    hands.wait_until("copied")?;
    hands.click(Hands::viewer())?;
    hands.rig.said("files were copied here", false)?;
    hands.press(&["ctrl+v"])?;
    hands.wait_for(&hands.there.join(OWN))?;

    // The other way, under another name.
    fs::rename(hands.there.join(OWN), hands.there.join("grüße"))?;
    hands.rig.stack.desktop.icon_in([230, 150, 400, 200])?;
    hands.press(&["ctrl+a", "ctrl+c"])?;
    hands
        .desktop()
        .wait_until("files are offered", |_| {
            Ok(hands.rig.wine.pasted("Preferred DropEffect")?.is_some())
        })
        .with_context(|| hands.rig.evidence())?;
    hands.click(hands.window.middle())?;
    hands.press(&["ctrl+v"])?;
    hands.wait_for(&hands.here.join("grüße"))
}

#[test]
fn what_is_dragged_out_of_the_picture_is_taken_by_a_windows_program() -> Result<()> {
    let hands = Hands::start()?;
    make(&hands.there.join("grüße"))?;
    let icon = hands.rig.stack.desktop.icon_in([230, 150, 400, 200])?;
    // The machine's screen is shown a little smaller, around the same middle.
    let (x, y) = Hands::viewer();
    let seen = |at: u32, middle: u32, shown: u32| {
        shown + at * SHOWN.0 / SHOWN.1 - middle * SHOWN.0 / SHOWN.1
    };
    let from = (seen(icon.0, crate::MACHINE.0 / 2, x), seen(icon.1, crate::MACHINE.1 / 2, y));
    hands.desktop().drag(from, (from.0 + 60, from.1 + 30))?;
    let to = hands.window.middle();
    let mut more = 60;
    while !hands.rig.log().contains("files are dragged out of the picture") {
        ensure!(more > 0, "{}", hands.rig.evidence());
        more -= 1;
        hands.desktop().point((to.0, to.1 - more))?;
    }
    for step in 0..6 {
        hands.desktop().point((to.0 + step * 2, to.1))?;
    }
    hands.desktop().output("xdotool", &["mouseup", "1"])?;
    hands.wait_for(&hands.here.join("grüße"))?;
    hands.rig.said("end=Taken", false)
}
