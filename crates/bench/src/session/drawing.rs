//! What it costs the native viewer to show a picture: drawn by OpenGL, and by itself.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use gc_e2e::{NativeViewer, Process};
use serde_json::{Value, json};

use super::eye::Eye;
use super::scene::{Scene, Setting, x_server};
use super::size;
use crate::clock::monotonic;
use crate::machine;
use crate::report::{progress, say, table, write_json};
use crate::statistics::Samples;
use crate::usage::{self, Worker};
use crate::workload::Workload;

const EXPLANATION: &str = "\
A film fills two thirds of each side of display A, where the agent runs. The native viewer
(`guruconnect view --drawing gpu` and `… software`) fills display B, pixel for pixel. Pictures are
counted by their timestamps on B; CPU is that of the viewer's process, which decodes as well, and
of B's X server, which copies what the software has drawn. Both take turns, --rounds times;
medians count.

Where there is no graphics card, OpenGL is Mesa's program for the processor (llvmpipe), and its
figures say nothing of a card: what it draws with is in the last column.";

/// What joining and filling the screen has set in motion is over after this.
const SETTLING: Duration = Duration::from_secs(2);
/// How long a line of the log may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Distance of two looks at it.
const LOOK: Duration = Duration::from_millis(50);

/// With what the viewer says who draws.
const DRAWING: &str = "drawing told=";

/// Options of `drawing`.
#[derive(Debug, Args)]
#[command(after_help = EXPLANATION)]
pub(crate) struct Arguments {
    /// Size of both displays, at least 960x600; may be given more than once
    #[arg(
        long = "size",
        value_name = "WxH",
        value_parser = size,
        default_values = ["1280x800", "1920x1080"]
    )]
    sizes: Vec<(u32, u32)>,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=120))]
    seconds: u32,
    /// How often each is measured, in turn
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Pictures per second of the film
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=120))]
    fps: u32,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Who draws.
#[derive(Debug, Clone, Copy)]
enum Way {
    OpenGl,
    Software,
}

impl Way {
    const ALL: [Self; 2] = [Self::Software, Self::OpenGl];

    const fn name(self) -> &'static str {
        match self {
            Self::OpenGl => "OpenGL",
            Self::Software => "software",
        }
    }

    /// For the viewer's command line.
    const fn argument(self) -> &'static str {
        match self {
            Self::OpenGl => "gpu",
            Self::Software => "software",
        }
    }
}

/// What one way was seen to cost, milliseconds of CPU for each picture.
#[derive(Debug, Default)]
struct Cost {
    viewer: Samples,
    x_server: Samples,
    both: Samples,
    per_second: Samples,
    /// By the viewer's own word.
    drawn_by: String,
}

impl Cost {
    fn json(&self) -> Value {
        let median = |samples: &Samples| samples.percentile(50.0);
        json!({
            "viewer_ms": median(&self.viewer),
            "x_server_ms": median(&self.x_server),
            "both_ms": median(&self.both),
            "pictures_per_second": median(&self.per_second),
            "drawn_by": self.drawn_by,
        })
    }

    fn cells(&self, (width, height): (u32, u32), way: Way) -> Vec<String> {
        let median = |samples: &Samples, digits: usize| {
            samples.percentile(50.0).map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        vec![
            format!("{width}x{height}"),
            way.name().to_owned(),
            median(&self.per_second, 1),
            median(&self.viewer, 2),
            median(&self.x_server, 2),
            median(&self.both, 2),
            self.drawn_by.clone(),
        ]
    }
}

/// Measures.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let load = usage::refuse_when_busy(arguments.busy)?;
    let mut results = machine::facts(load);
    let mut rows = Vec::new();
    for &size in &arguments.sizes {
        let costs = measure(size, arguments)?;
        for (way, cost) in Way::ALL.into_iter().zip(&costs) {
            results[format!("{}x{}", size.0, size.1)][way.argument()] = cost.json();
            rows.push(cost.cells(size, way));
        }
    }
    let head = ["size", "drawing", "pictures/s", "viewer ms", "X server ms", "both ms", "drawn by"];
    say(&table(&head, rows));
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    Ok(())
}

fn measure(size: (u32, u32), arguments: &Arguments) -> Result<[Cost; 2]> {
    let data = tempfile::tempdir()?;
    let logs = data.path().join("logs");
    std::fs::create_dir(&logs)?;
    let setting =
        Setting { plain: false, size, narrow: None, seed: 1, data: data.path(), folder: &logs };
    let mut scene = Scene::start(&setting)?;
    scene.viewing.manage_windows()?;
    let mut drawing = scene.workload(Workload::Video, arguments.fps, 1)?;
    let mut costs: [Cost; 2] = Default::default();
    for round in 1..=arguments.rounds {
        for (way, cost) in Way::ALL.into_iter().zip(&mut costs) {
            progress(&format!("{} at {}x{}, round {round}", way.name(), size.0, size.1));
            once(&scene, way, arguments.seconds, cost)?;
        }
    }
    drawing.kill()?;
    Ok(costs)
}

fn once(scene: &Scene, way: Way, seconds: u32, cost: &mut Cost) -> Result<()> {
    let session = scene.stage.session(&scene.machine)?;
    let ticket = NativeViewer::ticket(&scene.stage.rest, &session, "control")?;
    let program = scene.stage.programs.path("guruconnect");
    let mut command = scene.viewing.command(&program.to_string_lossy());
    command.args(["view", "--new-process", "--server", scene.stage.address()]);
    command.args(["--ticket", &ticket, "--drawing", way.argument()]);
    let made = scene.stage.certificates.as_ref().context("no certificates")?;
    command.arg("--ca-file").arg(&made.authority).env("RUST_LOG", "info");
    // What the one before has said is not this one's word.
    let log = scene.viewing.folder().join("viewer.log");
    if log.exists() {
        std::fs::remove_file(&log)?;
    }
    let mut viewer = Process::start("viewer", &mut command, scene.viewing.folder())?;
    wait_for(&viewer, "in control")?;
    wait_for(&viewer, "the picture's size")?;
    let window = scene.viewing.find_window("--class", "guruconnect-viewer")?;
    scene.viewing.output("xdotool", &["key", "--clearmodifiers", "ctrl+alt+Pause"])?;
    let whole = [0, 0, scene.size.0, scene.size.1];
    scene.viewing.wait_until("the window fills the display", |desktop| {
        Ok(desktop.place_of(&window)? == whole)
    })?;
    if matches!(way, Way::OpenGl) {
        wait_for(&viewer, DRAWING)?;
    }
    cost.drawn_by = drawn_by(&viewer.log()).unwrap_or_else(|| way.name().to_owned());
    let eye = Eye::open(scene.viewing.display(), Workload::Video)?;
    std::thread::sleep(SETTLING);

    let x = Worker(x_server(&scene.viewing)?);
    let used = || Ok::<_, anyhow::Error>((Worker(viewer.id()).cpu_seconds()?, x.cpu_seconds()?));
    let seen = || eye.seen(|seen| seen.codes.len());
    let (start, pictures, before) = (monotonic(), seen(), used()?);
    std::thread::sleep(Duration::from_secs(seconds.into()));
    let (after, pictures) = (used()?, seen() - pictures);
    let length = monotonic().saturating_sub(start).as_secs_f64();
    if pictures == 0 {
        bail!("no picture was seen in {seconds} s:\n{}", viewer.log());
    }
    let each = |from: f64, to: f64| (to - from) * 1_000.0 / pictures as f64;
    let (own, server) = (each(before.0, after.0), each(before.1, after.1));
    cost.viewer.push(own);
    cost.x_server.push(server);
    cost.both.push(own + server);
    cost.per_second.push(pictures as f64 / length);
    viewer.kill()
}

fn wait_for(viewer: &Process, part: &str) -> Result<()> {
    let limit = monotonic() + PATIENCE;
    while !viewer.log().contains(part) {
        if monotonic() > limit {
            bail!("waited {PATIENCE:?} in vain for '{part}':\n{}", viewer.log());
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// The last of the log's words about it.
fn drawn_by(log: &str) -> Option<String> {
    let (_, rest) = log.rsplit_once(DRAWING)?;
    let told = rest.lines().next()?.trim().trim_matches('"');
    Some(told.strip_prefix("Drawing: ").unwrap_or(told).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_draws_is_read_from_the_log() {
        let log = "INFO gc_viewer::drawing: drawing told=\"a\"\nINFO x\nINFO y: drawing told=\"Drawing: software (told)\"\nz";
        assert_eq!(drawn_by(log).as_deref(), Some("software (told)"));
        assert_eq!(drawn_by("nothing"), None);
    }

    #[test]
    fn medians_stand_in_the_table_and_in_the_file() {
        let one = |value: f64| Samples::from_iter([value]);
        let cost = Cost {
            viewer: one(4.25),
            x_server: one(0.5),
            both: one(4.75),
            per_second: one(29.96),
            drawn_by: "llvmpipe".to_owned(),
        };
        let cells = cost.cells((1_280, 800), Way::OpenGl);
        assert_eq!(cells, ["1280x800", "OpenGL", "30.0", "4.25", "0.50", "4.75", "llvmpipe"]);
        assert_eq!(cost.json()["both_ms"], 4.75);
        assert!(Cost::default().json()["both_ms"].is_null());
    }
}
