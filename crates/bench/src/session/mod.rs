//! The whole product between two real displays: a workload and the agent on one, the
//! viewer's window on the other.

mod beside_files;
mod change;
mod eye;
mod line;
mod measure;
mod measured;
mod quality;
mod rounds;
mod scene;
mod staleness;
mod web;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::machine;
use crate::report::{progress, say, table as lay_out, write_json};
use crate::usage;
use crate::workload::{Numbers, Workload};
pub(crate) use beside_files::{KeysBesideFiles, Load, UnderLoad, keys_beside_files};
use line::{Line, Side};
use measure::{Task, measure};
use measured::{Row, table};
use scene::{Scene, Setting};
use web::{WebMeasured, WebViewer};

/// Without remoting a key shows sooner than this on a machine without other work,
/// p95, milliseconds.
const BASELINE_LIMIT: f64 = 0.5;
/// Width from which on the agent's bar leaves the upper left corner free.
const NARROWEST: u32 = 1_536;
/// Keys of the measurement without remoting at most.
const BASELINE_KEYS: u32 = 40;
/// And at least.
const LEAST_BASELINE_KEYS: u32 = 10;

const EXPLANATION: &str = "\
What is measured:
  A workload draws on display A, where the agent runs. The viewer is a process of its own with a
  bare full-screen window on display B (the product's link, decoder and surface; XShm). Everything
  is observed in B's framebuffer, woken by XDamage; keys are pressed by XTest on display B.

Figures:
  key->px     from the key on B to the changed pixel on B
  fps, age    distinct timestamps (barcodes) seen on B, and how old they were when first seen
  stale       age of what B shows, weighted by time: grows until something newer comes
  Mbit/s      records from the agent with their headers; the file also has TCP payload with TLS
  RTT         of the viewer's link to the relay, measured by that link while the workload ran
  line %      TCP payload to the viewer as a share of the line's rate
  PSNR        of the film against its source, drawn again from the barcode; the file has the share
              of equal pixels too
  settle      from the end of all change until every pixel of B equals A; equal % at 0.2, 0.5
              (and 1, 2 in the file) seconds after it
  CPU, MiB    of each process; X agent/viewer are the displays' servers

Lines (--link, may be repeated, or `all`), on a TCP proxy on the side that --side names:
  lan 0.2 ms | 20ms-20mbit | 50ms-5mbit-0.5loss | 100ms | 150ms-2mbit-1loss | 300ms
  256kbit, 2mbit, 20mbit (20 ms) | 2loss (20 ms) | drop: 20 Mbit/s, 2 in the middle third, 20 again
  Times are round trips. The queue before the narrow place holds 250 ms of bytes and at least
  64 KiB; loss shows as TCP shows it, by delay and a smaller window. Without --workload, a line gets
  `typing` (key->px on the idle line) and `video-typing` (key->px while video plays); `drop` gets
  `video`.

Rounds: with --rounds N > 1 everything is measured N times in turn, the first round is dropped, and
medians with their range are reported. A machine on which a key takes longer than 0.5 ms (p95) to
show without any remoting is refused unless --busy is given.";

/// Options of `session`.
#[derive(Debug, Args)]
#[command(after_help = EXPLANATION)]
pub(crate) struct Arguments {
    /// Only this workload; may be given more than once
    #[arg(long = "workload", value_name = "NAME")]
    workloads: Vec<Workload>,
    /// Over this line, or `all`; may be given more than once
    #[arg(long = "link", value_name = "NAME")]
    links: Vec<String>,
    /// Where that line is
    #[arg(long, default_value = "viewer")]
    side: Side,
    /// Seconds per workload
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Changes per second of scroll, drag, video and terminal
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    fps: u32,
    /// Number of keys for key-to-pixel
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keys: u32,
    /// How often everything is measured; the first of several does not count
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// Longest time until the picture is exact after all change, seconds
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(2..=600))]
    settling: u32,
    /// Size of both displays, at least 960x600; some workloads need 1536 across
    #[arg(long, default_value = "1920x1080", value_name = "WxH", value_parser = size)]
    size: (u32, u32),
    /// Seed of the pauses between keys, of loss and of the terminal's text
    #[arg(long)]
    seed: Option<u32>,
    /// Without TLS
    #[arg(long)]
    plain: bool,
    /// Also measure the web viewer in a real Chromium
    #[arg(long, conflicts_with_all = ["links", "rounds", "size"])]
    web: bool,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Where to keep the logs of server, agent and window
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
}

/// A display that can be measured, from `WxH`.
pub(crate) fn size(text: &str) -> Result<(u32, u32), String> {
    let (width, height) = text.split_once('x').ok_or("a size is like 1920x1080")?;
    let number = |text: &str| text.parse::<u32>().map_err(|error| error.to_string());
    let (width, height) = (number(width)?, number(height)?);
    if (960..=7_680).contains(&width) && (600..=4_320).contains(&height) {
        Ok((width, height))
    } else {
        Err("displays from 960x600 to 7680x4320 can be measured".to_owned())
    }
}

/// One workload over one line.
type Case = (Option<Line>, Workload);

/// What is to be measured, in the order of a round.
fn cases(workloads: &[Workload], lines: &[Line]) -> Result<Vec<Case>> {
    if lines.is_empty() {
        let chosen = if workloads.is_empty() { &Workload::ALL } else { workloads };
        return Ok(chosen.iter().map(|workload| (None, *workload)).collect());
    }
    let mut cases = Vec::new();
    for line in lines {
        let usual: &[Workload] = if line.dropped().is_some() {
            &[Workload::Video]
        } else {
            &[Workload::Typing, Workload::VideoTyping]
        };
        let chosen = if workloads.is_empty() { usual } else { workloads };
        if line.dropped().is_some() && chosen.iter().any(|workload| !workload.moves()) {
            bail!("the line {} needs a workload that moves by itself, such as video", line.name);
        }
        cases.extend(chosen.iter().map(|workload| (Some(*line), *workload)));
    }
    Ok(cases)
}

/// The agent's bar lies over the middle of the upper edge, and the timestamps of some
/// workloads in the upper left corner.
fn refuse_when_covered(cases: &[Case], width: u32) -> Result<()> {
    let corner = [Workload::Scroll, Workload::Drag, Workload::Terminal];
    let found = cases.iter().find(|(_, workload)| corner.contains(workload));
    if let Some((_, workload)) = found.filter(|_| width < NARROWEST) {
        let name = workload.name();
        bail!("{name} needs a display of {NARROWEST} pixels across; a bar covers its timestamp");
    }
    Ok(())
}

/// A case and what each round gave.
struct Found {
    case: Case,
    rounds: Vec<Value>,
}

/// Measures everything.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let lines = Line::chosen(&arguments.links)?;
    let cases = cases(&arguments.workloads, &lines)?;
    refuse_when_covered(&cases, arguments.size.0)?;
    let load = usage::load_average()?;
    let seed = arguments.seed.unwrap_or_else(|| crate::clock::stamp() | 1);
    let owned = tempfile::tempdir()?;
    let folder = arguments.logs.clone().unwrap_or_else(|| owned.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    for old in ["agent.log", "xvfb.log", "chromium.log"] {
        if folder.join(old).exists() {
            std::fs::remove_file(folder.join(old))?;
        }
    }
    let mut scene = Scene::start(&Setting {
        plain: arguments.plain,
        size: arguments.size,
        narrow: (!lines.is_empty()).then_some(arguments.side),
        seed,
        data: owned.path(),
        folder: &folder,
    })?;
    let mut results = facts(arguments, load, seed);
    // A short run has few keys here too.
    let keys = BASELINE_KEYS.min(arguments.keys.max(LEAST_BASELINE_KEYS));
    results["baseline_key_to_pixel_ms"] = baseline(&scene, arguments.busy, &pauses(seed, keys))?;
    let web = if arguments.web { Some(WebViewer::start(&scene.stage, &folder)?) } else { None };

    let pauses = pauses(seed, arguments.keys);
    let mut found: Vec<Found> =
        cases.into_iter().map(|case| Found { case, rounds: Vec::new() }).collect();
    let mut in_browser = Vec::new();
    let mut failed = Vec::new();
    for round in 0..arguments.rounds {
        for Found { case: (line, workload), rounds } in &mut found {
            let task = Task {
                workload: *workload,
                line: line.as_ref(),
                seconds: arguments.seconds,
                fps: arguments.fps,
                seed,
                pauses: &pauses,
                settling: Duration::from_secs(arguments.settling.into()),
            };
            let measured = match measure(&mut scene, &task) {
                Ok(measured) => measured.json(),
                Err(error) => {
                    let over = line.as_ref().map_or("no", |line| line.name);
                    let name = workload.name();
                    progress(&format!("failed: {error:#}\n{}", scene.logs()));
                    failed.push(format!("{name} over {over} line, round {round}: {error:#}"));
                    continue;
                }
            };
            if round > 0 || arguments.rounds == 1 {
                rounds.push(measured);
            }
        }
        fill(&mut results, &found, round);
        if let Some(file) = &arguments.json {
            write_json(file, &results)?;
        }
    }
    if let Some(web) = &web {
        for Found { case: (_, workload), .. } in &found {
            progress(&format!("workload {} in the browser", workload.name()));
            let measured = measure_web(&scene, web, *workload, arguments, &pauses)?;
            results[workload.name()]["web"] = measured.json();
            in_browser.push(measured.row(*workload));
        }
    }
    results["load_average_at_end"] = json!(usage::load_average()?);
    results["failed"] = json!(failed);
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    tell(&found, in_browser);
    if !failed.is_empty() {
        bail!("{} measurements failed:\n{}", failed.len(), failed.join("\n"));
    }
    Ok(())
}

fn facts(arguments: &Arguments, load: f64, seed: u32) -> Value {
    let mut results = machine::facts(load);
    results["command"] = json!(std::env::args().collect::<Vec<_>>().join(" "));
    results["tls"] = json!(!arguments.plain);
    results["seed"] = json!(seed);
    results["fps"] = json!(arguments.fps);
    results["side"] = json!(format!("{:?}", arguments.side).to_lowercase());
    results["size"] = json!([arguments.size.0, arguments.size.1]);
    say(&format!("seed {seed}, load average {load:.2}, TLS {}", !arguments.plain));
    results
}

/// Key to pixel without any remoting; refuses a machine on which that is slow.
fn baseline(scene: &Scene, busy: bool, pauses: &[Duration]) -> Result<Value> {
    let spread = scene.baseline(pauses)?.spread();
    say(&format!("key->px without remoting, ms p50/p95/max: {}", spread.short()));
    refuse_when_slow(spread.p95.context("no keys without remoting")?, busy)?;
    Ok(spread.json())
}

fn refuse_when_slow(p95: f64, busy: bool) -> Result<()> {
    if p95 > BASELINE_LIMIT && !busy {
        bail!(
            "the machine is busy: without any remoting a key takes {p95:.2} ms (p95, limit \
             {BASELINE_LIMIT}) to show, so the figures would be worthless; wait, or use --busy to \
             measure all the same"
        );
    }
    Ok(())
}

/// Puts what is known so far into the file.
fn fill(results: &mut Value, found: &[Found], round: u32) {
    for Found { case: (line, workload), rounds } in found {
        let (mut figures, range) = rounds::summary(rounds);
        if figures.is_null() {
            continue;
        }
        if rounds.len() > 1 {
            figures["range"] = range;
            figures["rounds"] = json!(rounds.len());
        }
        match line {
            None => results[workload.name()] = figures,
            Some(line) => {
                results["links"][line.name]["line"] = line.json();
                results["links"][line.name][workload.name()] = figures;
            }
        }
    }
    results["rounds_done"] = json!(round + 1);
}

fn tell(found: &[Found], in_browser: Vec<Vec<String>>) {
    let summed: Vec<(&Case, Value, Value)> = found
        .iter()
        .map(|found| {
            let (figures, range) = rounds::summary(&found.rounds);
            (&found.case, figures, range)
        })
        .filter(|(_, figures, _)| !figures.is_null())
        .collect();
    let rows: Vec<Row<'_>> = summed
        .iter()
        .map(|((line, workload), figures, range)| Row {
            line: line.as_ref().map_or("-", |line| line.name),
            workload: *workload,
            figures,
            range,
        })
        .collect();
    say(&table(&rows));
    if !in_browser.is_empty() {
        say(&lay_out(&WebMeasured::HEAD, in_browser));
    }
}

fn measure_web(
    scene: &Scene,
    web: &WebViewer,
    workload: Workload,
    arguments: &Arguments,
    pauses: &[Duration],
) -> Result<WebMeasured> {
    let mut drawing = scene.workload(workload, arguments.fps, 1)?;
    let session = scene.stage.session(&scene.machine)?;
    let measured = web.measure(&scene.stage, &session, workload, arguments.seconds, pauses)?;
    drawing.kill()?;
    let path = format!("/api/sessions/{session}");
    scene.stage.rest.wait_for(&path, "the browser has left the session", |session| {
        session["viewers"].as_array()?.is_empty().then_some(())
    })?;
    Ok(measured)
}

/// 100 to 137 ms each: no beat with a frame clock.
fn pauses(seed: u32, number: u32) -> Vec<Duration> {
    let mut numbers = Numbers::new(seed);
    (0..number).map(|_| Duration::from_millis(100 + u64::from(numbers.next() % 38))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_follow_the_seed_and_stay_in_their_range() {
        let some = pauses(5, 200);
        assert_eq!(some, pauses(5, 200));
        assert_ne!(some, pauses(6, 200));
        assert!(some.iter().all(|pause| (100..=137).contains(&pause.as_millis())));
    }

    #[test]
    fn sizes_are_read_and_small_ones_refused() {
        assert_eq!(size("960x600"), Ok((960, 600)));
        for wrong in ["640x480", "1920", "x", "99999x99999"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_slow_machine_is_refused_with_a_sentence_unless_it_is_allowed() {
        let problem = refuse_when_slow(0.51, false).unwrap_err().to_string();
        assert!(problem.contains("0.51 ms") && problem.contains("--busy"), "{problem}");
        assert!(refuse_when_slow(0.51, true).is_ok() && refuse_when_slow(0.5, false).is_ok());
    }

    #[test]
    fn what_the_bar_would_cover_is_refused() {
        let some = cases(&[Workload::VideoTyping, Workload::Scroll], &[]).unwrap();
        assert!(refuse_when_covered(&some, 960).is_err());
        assert!(refuse_when_covered(&some, 1_920).is_ok());
        assert!(refuse_when_covered(&some[..1], 960).is_ok());
    }

    #[test]
    fn lines_have_their_usual_workloads() {
        let lines = Line::chosen(&["2mbit".to_owned(), "drop".to_owned()]).unwrap();
        let names = |cases: Vec<Case>| -> Vec<(&str, &str)> {
            let name =
                |(line, workload): &Case| (line.map_or("", |line| line.name), workload.name());
            cases.iter().map(name).collect()
        };
        assert_eq!(
            names(cases(&[], &lines).unwrap()),
            [("2mbit", "typing"), ("2mbit", "video-typing"), ("drop", "video")]
        );
        assert_eq!(cases(&[], &[]).unwrap().len(), Workload::ALL.len());
        let problem = cases(&[Workload::Typing], &lines).unwrap_err().to_string();
        assert!(problem.contains("drop"), "{problem}");
    }
}
