//! Key to pixel while files move in the same session, over the link that carries picture
//! and keys.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use gc_netem::Shape;

use super::eye::Eye;
use super::line::Side;
use super::measure::{KEY_LIMIT, keys_to_pixels};
use super::pauses;
use super::scene::{Scene, Setting};
use crate::clock::monotonic;
use crate::probe::Probe;
use crate::statistics::Samples;
use crate::window::{Errand, Order, View};
use crate::workload::Workload;

/// What joining has set in motion is over after this, and what a transfer has left in
/// the queues of a line.
const SETTLING: Duration = Duration::from_secs(2);
/// A transfer has found the rate of the line after this.
const WARMING: Duration = Duration::from_secs(3);
/// Distance of two questions whether a transfer has begun or ended.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// How long that may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// What moves while keys are pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// No file.
    Idle,
    /// Files from the viewer to the machine.
    Upload,
    /// Files from the machine to the viewer.
    Download,
}

impl Load {
    /// In the order of a round.
    pub(crate) const ALL: [Self; 3] = [Self::Idle, Self::Upload, Self::Download];

    /// In reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Upload => "upload",
            Self::Download => "download",
        }
    }
}

/// What is asked of the measurement.
pub(crate) struct KeysBesideFiles<'a> {
    /// Between the viewer and the relay; `None`: loopback alone.
    pub(crate) shape: Option<Shape>,
    /// Of both displays.
    pub(crate) size: (u32, u32),
    /// For each load, at least.
    pub(crate) keys: u32,
    /// All loads in turn, so often.
    pub(crate) rounds: u32,
    /// Of the pauses between keys.
    pub(crate) seed: u32,
    /// Makes a file that is worth moving.
    pub(crate) fill: &'a dyn Fn(&Path) -> Result<()>,
}

/// What was seen under one load.
#[derive(Debug, Default)]
pub(crate) struct UnderLoad {
    /// Milliseconds of each key.
    pub(crate) keys: Samples,
    /// Megabytes of files a second while keys were pressed, of each round.
    pub(crate) rates: Samples,
}

/// Measures each of [`Load::ALL`] in one session, in turn, so that the noise of the
/// machine meets all alike.
pub(crate) fn keys_beside_files(wanted: &KeysBesideFiles<'_>) -> Result<[UnderLoad; 3]> {
    let data = tempfile::tempdir()?;
    let (logs, here, there) =
        (data.path().join("logs"), data.path().join("here"), data.path().join("there"));
    for folder in [&logs, &here, &there] {
        std::fs::create_dir(folder)?;
    }
    (wanted.fill)(&here.join(Load::Upload.name()))?;
    (wanted.fill)(&there.join(Load::Download.name()))?;
    let errand = |load: Load| {
        (load != Load::Idle).then(|| Errand {
            upload: load == Load::Upload,
            here: here.clone(),
            there: there.clone(),
            name: load.name().to_owned(),
        })
    };

    let scene = Scene::start(&Setting {
        plain: false,
        size: wanted.size,
        narrow: wanted.shape.map(|_| Side::Viewer),
        seed: wanted.seed,
        data: data.path(),
        folder: &logs,
    })?;
    let mut drawing = scene.workload(Workload::Typing, 30, wanted.seed)?;
    if let (Some(lines), Some(shape)) = (&scene.lines, wanted.shape) {
        lines.shape(shape);
    }
    let probe = Probe::open(scene.desktop.display())?;
    let eye = Eye::open(scene.viewing.display(), Workload::Typing)?;
    let mut view = scene.view()?;
    view.wait_picture()?;
    view.wait_control()?;
    eye.want(probe.settled_screen()?)?;
    eye.wait("an exact picture", KEY_LIMIT, |seen| seen.exact)?;
    std::thread::sleep(SETTLING);

    let mut found: [UnderLoad; 3] = Default::default();
    let keys = wanted.keys.div_ceil(wanted.rounds.max(1));
    for round in 0..wanted.rounds {
        let pauses = pauses(wanted.seed.wrapping_add(round), keys);
        for (load, found) in Load::ALL.into_iter().zip(&mut found) {
            let errand = errand(load);
            if let Some(errand) = &errand {
                begin(&mut view, errand)?;
            }
            let before = view.carried()?.files_bytes;
            let start = monotonic();
            // However slow: a key that is left out would make the others look better.
            let samples = keys_to_pixels(scene.viewing.display(), &eye, &pauses, KEY_LIMIT * keys)?;
            samples.values().iter().for_each(|value| found.keys.push(*value));
            let seconds = monotonic().saturating_sub(start).as_secs_f64();
            let moved = view.carried()?.files_bytes - before;
            if errand.is_some() {
                if moved == 0 {
                    bail!("nothing moved while keys were pressed: {}", load.name());
                }
                found.rates.push(moved as f64 / 1e6 / seconds);
                end(&mut view)?;
            }
        }
    }
    // Nobody shall wait for a slow line to say good-bye.
    if let Some(lines) = &scene.lines {
        lines.shape(Shape::default());
    }
    drop(view);
    drawing.kill()?;
    Ok(found)
}

/// Files move, as fast as they will.
fn begin(view: &mut View, errand: &Errand) -> Result<()> {
    let before = view.order(&Order::Move(errand.clone()))?.files_bytes;
    let limit = monotonic() + PATIENCE;
    while view.carried()?.files_bytes == before {
        if monotonic() > limit {
            bail!("no byte of a file moved within {PATIENCE:?}");
        }
        std::thread::sleep(ASK_EVERY);
    }
    std::thread::sleep(WARMING);
    Ok(())
}

/// No file moves, and nothing of one is on its way.
fn end(view: &mut View) -> Result<()> {
    view.order(&Order::Rest)?;
    let limit = monotonic() + PATIENCE;
    while view.carried()?.files_busy {
        if monotonic() > limit {
            bail!("a transfer did not end within {PATIENCE:?}");
        }
        std::thread::sleep(ASK_EVERY);
    }
    std::thread::sleep(SETTLING);
    Ok(())
}
