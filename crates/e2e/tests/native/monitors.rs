//! A machine with two monitors: one after the other, both in one picture, and a window
//! for each.

use anyhow::{Context, Result, ensure};
use gc_e2e::{NativeViewer, ServerOptions, Stack};

use crate::evidence;

/// Of each monitor.
const SIZE: (u32, u32) = (400, 300);

fn windows(viewer: &NativeViewer) -> Vec<String> {
    let found = viewer
        .desktop
        .output("xdotool", &["search", "--onlyvisible", "--class", "guruconnect-viewer"]);
    found.unwrap_or_default().lines().map(str::to_owned).collect()
}

fn name(viewer: &NativeViewer, window: &str) -> Result<String> {
    viewer.desktop.output("xdotool", &["getwindowname", window])
}

/// Opens the menu of monitors by keys and chooses an entry, counted from the top.
fn choose(viewer: &NativeViewer, entry: usize) -> Result<()> {
    viewer.press(&["ctrl+alt+shift+m", "Return"])?;
    let down = vec!["Down"; entry];
    viewer.press(&down)?;
    viewer.press(&["Return"])
}

#[test]
fn each_monitor_gets_a_window_that_shows_it_exactly_and_can_be_typed_into() -> Result<()> {
    let mut stack = Stack::start(2 * SIZE.0, SIZE.1, ServerOptions::default())?;
    for (name, at, output) in [("left", 0, "screen"), ("right", SIZE.0, "none")] {
        let place = format!("{0}/100x{1}/100+{at}+0", SIZE.0, SIZE.1);
        stack.desktop.output("xrandr", &["--setmonitor", name, &place, output])?;
    }
    // Something to see on each of them.
    stack.desktop.output("xsetroot", &["-solid", "#884422"])?;
    let file = stack.folder().join("typed");
    let line = format!("exec cat > {}", file.display());
    let place = format!("40x10+{}+20", SIZE.0 + 20);
    stack.desktop.run(
        "right",
        "xterm",
        &["-geometry", &place, "-T", "Right", "-e", "sh", "-c", &line],
    )?;
    stack.desktop.wait_for_window("Right")?;

    let session = stack.session()?;
    let viewer = NativeViewer::start(&stack, &session, 1000, 760)?;
    viewer.wait_until_used()?;
    choose(&viewer, 1)?;
    viewer
        .wait_for_line("a window for each monitor", 1)
        .with_context(|| evidence(&stack, &viewer))?;
    viewer.desktop.wait_until("two windows", |_| Ok(windows(&viewer).len() == 2))?;
    let all = windows(&viewer);
    let second = all
        .iter()
        .find(|window| name(&viewer, window).is_ok_and(|name| name.starts_with("Monitor 2")))
        .context("no window of the second monitor")?;

    // At the left and lower edges of the technician's display, pixel for pixel.
    let (width, height) = (SIZE.0.to_string(), SIZE.1.to_string());
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", second])?;
    viewer.desktop.output("xdotool", &["windowsize", "--sync", second, &width, &height])?;
    viewer.desktop.output("xdotool", &["windowmove", second, "20", "400"])?;
    viewer
        .desktop
        .wait_until("the second monitor's picture", |desktop| {
            let [left, top, ..] = desktop.place_of(second)?;
            let theirs = stack.desktop.pixels(SIZE.0, 0, SIZE.0, SIZE.1)?;
            let ours = desktop.pixels(left, top, SIZE.0, SIZE.1)?;
            Ok(theirs == ours)
        })
        .with_context(|| evidence(&stack, &viewer))?;

    // A click into the terminal there, and words.
    let [left, top, ..] = viewer.desktop.place_of(second)?;
    viewer.click(left + 120, top + 100)?;
    viewer.type_text("into the second")?;
    viewer.press(&["Return"])?;
    viewer
        .desktop
        .wait_until("it is written", |_| {
            Ok(std::fs::read_to_string(&file).is_ok_and(|text| text == "into the second\n"))
        })
        .with_context(|| evidence(&stack, &viewer))?;

    // Closing one of them gives the whole picture back to the first.
    viewer.desktop.output("xdotool", &["windowclose", second])?;
    viewer.desktop.wait_until("one window", |_| Ok(windows(&viewer).len() == 1))?;
    let first = windows(&viewer).pop().context("no window")?;
    viewer.desktop.output("xdotool", &["windowactivate", "--sync", &first])?;
    choose(&viewer, 3)?;
    let size =
        format!("the picture's size size=Some(PixelSize {{ width: {width}, height: {height} }})");
    viewer.wait_for_line(&size, 1).with_context(|| evidence(&stack, &viewer))?;
    ensure!(viewer.process.log().contains("in control"), "no control");
    Ok(())
}
