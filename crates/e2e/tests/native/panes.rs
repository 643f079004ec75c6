//! The panel with two sides, used by its keys.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use gc_e2e::NativeViewer;

use crate::files::{Left, home};
use crate::{evidence, stack};

#[test]
fn folders_of_both_sides_are_worked_with_by_keys() -> Result<()> {
    let stack = stack()?;
    let session = stack.session()?;
    let name = format!("gc-panes-{}", std::process::id());
    let there = home()?.join(&name);
    fs::create_dir_all(&there)?;
    fs::write(there.join("there.txt"), "there\n")?;
    let _left = Left(vec![there.clone()]);
    let here = stack.folder().join("here");
    fs::create_dir_all(here.join("sub"))?;
    fs::write(here.join("a.bin"), "from here")?;
    fs::write(here.join("sub/x.bin"), "below")?;
    let viewer = NativeViewer::at_home(&stack, &session, 1100, 800, &here)?;
    viewer.wait_until_used()?;
    let seen = |what: &str, path: PathBuf, there: bool| {
        viewer
            .desktop
            .wait_until(what, |_| Ok(path.exists() == there))
            .with_context(|| evidence(&stack, &viewer))
    };
    let listed = |count| viewer.wait_for_line("a folder is listed", count);
    // The machine was changed so many times, and listed after the last.
    let changed = |count| {
        viewer.wait_for_line("a folder was changed", count)?;
        viewer
            .desktop
            .wait_until("it is listed", |_| {
                let log = viewer.process.log();
                Ok(log.rfind("a folder is listed side=There") > log.rfind("a folder was changed"))
            })
            .with_context(|| evidence(&stack, &viewer))
    };

    viewer.press(&["ctrl+alt+shift+b"])?;
    listed(2)?;
    // The machine's side: the folder of this test.
    viewer.press(&["Tab"])?;
    viewer.type_text(&name)?;
    viewer.press(&["Return"])?;
    listed(3)?;
    // Up there, both things of this side.
    viewer.press(&["Tab"])?;
    viewer.type_text("a.bin")?;
    viewer.press(&["space"])?;
    viewer.press(&["Home", "Down"])?;
    viewer.type_text("sub")?;
    viewer.press(&["space", "F5"])?;
    seen("a file went up", there.join("a.bin"), true)?;
    seen("a folder went up", there.join("sub/x.bin"), true)?;

    viewer.press(&["Tab", "F7"])?;
    viewer.type_text("made")?;
    viewer.press(&["Return"])?;
    seen("a folder was made", there.join("made"), true)?;
    viewer.wait_for_line("transfer over", 1)?;

    changed(1)?;

    // What was renamed is marked, and is then deleted; not before it is said once more.
    viewer.type_text("there")?;
    viewer.press(&["F2"])?;
    viewer.type_text(" x")?;
    viewer.press(&["Return"])?;
    seen("a file was renamed", there.join("there x.txt"), true)?;
    changed(2)?;
    viewer.press(&["Delete"])?;
    viewer.press(&["Escape"])?;
    ensure!(there.join("there x.txt").exists(), "nobody said yes");
    viewer.press(&["Delete", "Tab", "Return"])?;
    seen("a file was deleted", there.join("there x.txt"), false)?;
    changed(3)?;

    // A name that is taken here: both are kept.
    viewer.press(&["Home"])?;
    viewer.type_text("a.bin")?;
    fs::write(there.join("a.bin"), "another one there")?;
    viewer.press(&["F5"])?;
    viewer.wait_for_line("a name is taken", 1)?;
    viewer.press(&["Tab", "Return"])?;
    let both = here.join("a (2).bin");
    seen("it came beside the other one", both.clone(), true)?;
    ensure!(fs::read_to_string(both)? == "another one there", "other bytes");
    ensure!(fs::read_to_string(here.join("a.bin"))? == "from here", "it was replaced");

    // The machine has the keyboard again.
    viewer.press(&["Escape"])?;
    let file = stack.folder().join("typed");
    viewer.click(400, 400)?;
    viewer.type_text(&format!("echo back > {}", file.display()))?;
    viewer.press(&["Return"])?;
    seen("what was typed then", file, true)
}
