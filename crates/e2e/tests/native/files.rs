//! Files between the technician's file manager and the machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use gc_e2e::{Desktop, NativeViewer, Stack};

use crate::{evidence, stack};

/// The folder of the machine that files are dropped into: that of who runs the tests.
fn downloads() -> Result<PathBuf> {
    Ok(home()?.join("Downloads"))
}

/// Of the machine's user.
pub(crate) fn home() -> Result<PathBuf> {
    let passwd = fs::read_to_string("/etc/passwd")?;
    let root = passwd.lines().find(|line| line.starts_with("root:"));
    let home = if rustix::process::geteuid().is_root() {
        root.and_then(|line| line.split(':').nth(5)).map(str::to_owned)
    } else {
        gc_runtime::env("HOME")
    };
    Ok(PathBuf::from(home.context("no home")?))
}

/// Removes what a test has left in somebody's folder.
pub(crate) struct Left(pub(crate) Vec<PathBuf>);

impl Drop for Left {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        }
    }
}

/// A viewer of a technician with this home, beside a file manager that shows `folder`.
fn seat(stack: &Stack, home: &Path, folder: &Path) -> Result<NativeViewer> {
    let session = stack.session()?;
    let mut desktop = Desktop::start(1300, 800, home)?;
    desktop.manage_windows()?;
    let manager = desktop.show_folder(home, folder)?;
    desktop.output("xdotool", &["windowsize", "--sync", &manager, "560", "400"])?;
    desktop.output("xdotool", &["windowmove", "--sync", &manager, "0", "380"])?;
    let viewer = NativeViewer::beside(stack, &session, desktop, home)?;
    viewer.wait_until_used()?;
    let window = viewer.desktop.find_window("--class", "guruconnect-viewer")?;
    viewer.desktop.output("xdotool", &["windowsize", "--sync", &window, "700", "360"])?;
    viewer.desktop.output("xdotool", &["windowmove", "--sync", &window, "580", "30"])?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &manager])?;
    Ok(viewer)
}

#[test]
fn what_is_dragged_from_a_file_manager_arrives_whole() -> Result<()> {
    let stack = stack()?;
    let home = stack.folder().join("home");
    let folder = home.join("send");
    // The only thing in the folder, so that it is where the first thing is.
    let name = format!("gc drop äß {}", std::process::id());
    let inside = folder.join(&name);
    fs::create_dir_all(inside.join("deeper"))?;
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|at| (at * 7 + (at >> 8)) as u8).collect();
    fs::write(inside.join("large.bin"), &bytes)?;
    fs::write(inside.join("deeper/small.txt"), "small\n")?;
    let there = downloads()?.join(&name);
    let _left = Left(vec![there.clone()]);
    let viewer = seat(&stack, &home, &folder)?;

    // The first icon of the list, by what is not white there.
    let desktop = &viewer.desktop;
    let manager = desktop.find_window("--name", "^send$")?;
    let [left, top, width, height] = desktop.place_of(&manager)?;
    let place = (200, 90);
    desktop.wait_until("an icon is shown", |desktop| {
        let pixels = desktop.pixels(left + place.0, top + place.1, width - 220, height - 140)?;
        Ok(pixels.iter().any(|byte| *byte < 200))
    })?;
    let pixels = desktop.pixels(left + place.0, top + place.1, width - 220, height - 140)?;
    let row = (width as usize - 220) * 3;
    let dark = pixels.chunks_exact(3).position(|pixel| pixel.iter().any(|byte| *byte < 200));
    let dark = dark.context("no icon")?;
    let (x, y) = (dark % (row / 3), dark / (row / 3));
    let (x, y) = (left + place.0 + x as u32 + 6, top + place.1 + y as u32 + 14);
    desktop.output("xdotool", &["mousemove", &x.to_string(), &y.to_string(), "mousedown", "1"])?;
    let window = desktop.find_window("--class", "guruconnect-viewer")?;
    let [left, top, ..] = desktop.place_of(&window)?;
    for step in 0..=20_u32 {
        let along = |from: u32, to: u32| {
            (from as i32 + (to as i32 - from as i32) * step as i32 / 20).to_string()
        };
        let (x, y) = (along(x, left + 300), along(y, top + 200));
        desktop.output("xdotool", &["mousemove", "--sync", &x, &y, "sleep", "0.02"])?;
    }
    desktop.output("xdotool", &["mouseup", "1"])?;
    // The terminal there takes no files: then they are in the folder for what is dropped.
    viewer
        .wait_for_line("files were not dropped on the machine", 1)
        .with_context(|| evidence(&stack, &viewer))?;
    ensure!(fs::read(there.join("large.bin"))? == bytes, "other bytes");
    ensure!(fs::read_to_string(there.join("deeper/small.txt"))? == "small\n", "other bytes");
    Ok(())
}
