//! The same workloads through this product and through its peers, on the same
//! displays, each seen in the framebuffer of the technician's display.

mod case;
mod drawing;
mod eye;
mod figures;
mod freshness;
mod goals;
mod group;
mod line;
mod measure;
mod meshcentral;
mod novnc;
mod ours;
mod ours_web;
mod picture;
mod product;
mod rest;
mod tab;
mod tables;
mod tigervnc;
mod track;
mod x11vnc;
mod xpra;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use serde_json::json;

use crate::clock::monotonic;
use crate::report::{progress, say, write_json};
use crate::statistics::Spread;
use crate::usage;
use crate::workload::Numbers;
use crate::{clock, machine};
use case::Case;
use drawing::Drawing;
use eye::Eye;
use figures::Book;
use goals::Standing;
use measure::Plan;
use product::{GEOMETRY, Name, Product, SIZE, display, subfolder};
use track::Track;

/// Above this the machine has no time for what is measured.
const BASELINE_MS: f64 = 0.5;

/// Options of `peers`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only these; may be given more than once or with several names
    #[arg(long, value_name = "PEER", num_args = 1..)]
    only: Vec<Name>,
    /// Only this workload; may be given more than once
    #[arg(long = "workload", value_name = "NAME")]
    workloads: Vec<Case>,
    /// Only this line; may be given more than once. Lines other than loopback are
    /// measured with typing and video
    #[arg(long = "line", value_name = "LINE")]
    lines: Vec<Track>,
    /// Rounds through all products in turn; with more than one the first is dropped
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Seconds per workload
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(2..=600))]
    seconds: u32,
    /// Number of keys for key-to-pixel
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keys: u32,
    /// One round of typing, scroll and video, this product and Xvnc, about a minute
    #[arg(long)]
    quick: bool,
    /// Seed of the pauses between keys
    #[arg(long)]
    seed: Option<u32>,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Keep the logs and data of all programs in this new folder
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
    /// Folder with npm packages; given by `cargo xtask bench`
    #[arg(long, value_name = "FOLDER", hide = true)]
    npm: Option<PathBuf>,
}

impl Arguments {
    fn names(&self) -> Vec<Name> {
        match (self.only.is_empty(), self.quick) {
            (false, _) => self.only.clone(),
            (true, true) => vec![Name::Ours, Name::Xvnc],
            (true, false) => Name::value_variants().to_vec(),
        }
    }

    fn rounds(&self) -> u32 {
        if self.quick { 1 } else { self.rounds }
    }

    fn plan(&self, seed: u32, temporary: &Path) -> Plan {
        let wanted = |case: &Case| self.workloads.is_empty() || self.workloads.contains(case);
        let chosen = |all: &[Case]| all.iter().copied().filter(wanted).collect();
        let tracks = match (self.lines.is_empty(), self.quick) {
            (false, _) => self.lines.clone(),
            (true, true) => vec![Track::Loopback],
            (true, false) => Track::value_variants().to_vec(),
        };
        let quick = [Case::Typing, Case::Scroll, Case::Video];
        Plan {
            cases: chosen(if self.quick { &quick } else { &Case::ALL }),
            cases_on_lines: chosen(&[Case::Typing, Case::Video]),
            tracks,
            time: Duration::from_secs(
                self.seconds.min(if self.quick { 5 } else { u32::MAX }).into(),
            ),
            pauses: pauses(seed, self.keys.min(if self.quick { 50 } else { u32::MAX })),
            temporary: temporary.to_owned(),
        }
    }
}

/// Measures all of them in turn.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let began = monotonic();
    let load = usage::load_average()?;
    let seed = arguments.seed.unwrap_or_else(|| clock::stamp() | 1);
    let owned = tempfile::tempdir()?;
    group::end_all_when_interrupted(owned.path().to_owned())?;
    let folder = match &arguments.logs {
        Some(folder) => empty(folder)?,
        None => owned.path().to_owned(),
    };
    let baseline = baseline(&subfolder(&folder, "baseline")?)?;
    refuse_when_slow(&baseline, load, arguments.busy)?;

    let plan = arguments.plan(seed, owned.path());
    let mut book = Book::default();
    let mut products: Vec<(Name, Box<dyn Product>)> = Vec::new();
    for name in arguments.names() {
        match name.product(arguments.npm.as_deref()) {
            Ok(product) => products.push((name, product)),
            Err(error) => book.problem(name, format!("{error:#}")),
        }
    }
    let mut commands: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let rounds = arguments.rounds();
    for round in 0..rounds {
        for (name, product) in &products {
            progress(&format!("round {} of {rounds}: {}", round + 1, name.text()));
            let folder = subfolder(&folder, &format!("{}-{round}", name.text()))?;
            match measure::round(*name, product.as_ref(), &plan, &folder, &mut book) {
                Ok(lines) => commands.entry(name.text()).or_default().extend(lines),
                Err(error) => {
                    progress(&format!("{}: {error:#}", name.text()));
                    book.problem(*name, format!("{error:#}"));
                }
            }
        }
        if round == 0 && rounds > 1 {
            book.forget();
        }
    }

    let mut results = machine::facts(load);
    let took = monotonic().saturating_sub(began).as_secs();
    let versions: BTreeMap<String, _> =
        products.iter().map(|(name, product)| (name.text(), product.versions())).collect();
    results["load_average_after"] = json!(usage::load_average()?);
    results["command"] = json!(std::env::args().skip(1).collect::<Vec<_>>().join(" "));
    results["seed"] = json!(seed);
    results["size"] = json!([SIZE.0, SIZE.1]);
    results["rounds"] = json!({"run": rounds, "dropped": u32::from(rounds > 1)});
    results["seconds_taken"] = json!(took);
    results["baseline_key_to_pixel_ms"] = baseline.json();
    results["versions"] = json!(versions);
    results["command_lines"] = json!(commands);
    results["products"] = book.json();
    results["problems"] = book
        .problems
        .iter()
        .map(|(name, causes)| (name.text(), json!(causes)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    results["targets"] = Standing::all(&book).iter().map(Standing::json).collect();
    say(&tables::all(&book));
    say(&format!(
        "key->px without remoting, ms p50/p95/max: {}; load average {load:.2}, seed {seed}, {took} s",
        baseline.short()
    ));
    if let Some(file) = &arguments.json {
        write_json(file, &results)?;
    }
    Ok(())
}

/// A folder for logs; servers keep their data beside them, so it must be a new one.
fn empty(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder)?;
    if folder.read_dir()?.next().is_some() {
        bail!("{} is not empty; give a new folder for the logs", folder.display());
    }
    Ok(folder.to_owned())
}

/// Key to pixel on a display without any remoting.
fn baseline(folder: &Path) -> Result<Spread> {
    let desktop = display(folder, "display", SIZE)?;
    let _drawing = Drawing::start(Case::Typing, desktop.display(), folder)?;
    let eye = Eye::open(desktop.display())?;
    eye.stop_repeating()?;
    let at = GEOMETRY.key_box(Case::Typing.workload()).context("no box")?;
    Ok(eye.keys_to_pixels(at, &pauses(1, 40))?.samples.spread())
}

/// Fails with a sentence when even a key without any remoting is slow.
fn refuse_when_slow(baseline: &Spread, load: f64, allow: bool) -> Result<()> {
    match baseline.p95 {
        Some(p95) if p95 <= BASELINE_MS || allow => Ok(()),
        Some(p95) => bail!(
            "the machine is busy: without any remoting 95 of 100 keys take {p95:.2} ms to show \
             (limit {BASELINE_MS} ms, load average {load:.2}), so the figures would be worthless; \
             wait, or use --busy to measure all the same"
        ),
        None => bail!("no key has changed a display without any remoting"),
    }
}

/// 100 to 137 ms each: no beat with a frame clock.
fn pauses(seed: u32, number: u32) -> Vec<Duration> {
    let mut numbers = Numbers::new(seed);
    (0..number).map(|_| Duration::from_millis(100 + u64::from(numbers.next() % 38))).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::statistics::Samples;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn parse(line: &str) -> Arguments {
        let words = std::iter::once("peers").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().arguments
    }

    #[test]
    fn quick_is_ours_and_xvnc_once() {
        let arguments = parse("--quick");
        assert_eq!(arguments.names(), [Name::Ours, Name::Xvnc]);
        assert_eq!(arguments.rounds(), 1);
        let plan = arguments.plan(1, Path::new("/tmp"));
        assert_eq!(plan.cases, [Case::Typing, Case::Scroll, Case::Video]);
        assert_eq!(plan.tracks, [Track::Loopback]);
    }

    #[test]
    fn only_and_workload_choose() {
        let arguments = parse("--only ours xvnc-500 --workload video --workload idle");
        assert_eq!(arguments.names(), [Name::Ours, Name::Xvnc500]);
        let plan = arguments.plan(1, Path::new("/tmp"));
        assert_eq!(plan.cases, [Case::Video, Case::Idle]);
        assert_eq!(plan.cases_on_lines, [Case::Video]);
        assert_eq!(parse("").names(), Name::value_variants());
    }

    #[test]
    fn logs_go_to_a_new_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("logs");
        assert_eq!(empty(&new).unwrap(), new);
        let error = empty(folder.path()).unwrap_err().to_string();
        assert!(error.contains("not empty"), "{error}");
    }

    #[test]
    fn a_slow_machine_is_refused_by_a_sentence() {
        let slow = Samples::from_iter([0.2, 0.9]).spread();
        let error = refuse_when_slow(&slow, 3.0, false).unwrap_err().to_string();
        assert!(error.contains("0.90 ms") && error.contains("--busy"), "{error}");
        refuse_when_slow(&slow, 3.0, true).unwrap();
        refuse_when_slow(&Samples::from_iter([0.2]).spread(), 0.1, false).unwrap();
        refuse_when_slow(&Spread::default(), 0.1, true).unwrap_err();
    }
}
