//! The whole product between a real display and a viewer.

mod measured;
mod viewer;
mod web;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use gc_e2e::{Desktop, Process};
use serde_json::json;

use crate::clock::{milliseconds, monotonic};
use crate::machine;
use crate::probe::Probe;
use crate::report::{progress, say, table as lay_out, write_json};
use crate::stage::Stage;
use crate::statistics::Samples;
use crate::usage::{self, Traffic, Worker};
use crate::workload::{Numbers, READY, Workload};
use measured::{Cpu, Measured, Rss, Stamps, table};
use viewer::{Ticket, Viewer};
use web::{WebMeasured, WebViewer};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
/// How long a picture may take to become exact.
const SETTLING: Duration = Duration::from_secs(8);

/// Options of `session`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Only this workload; may be given more than once
    #[arg(long = "workload", value_name = "NAME")]
    workloads: Vec<Workload>,
    /// Seconds per workload
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// Changes per second of scroll, drag and video
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=240))]
    fps: u32,
    /// Number of keys for key-to-pixel
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    keys: u32,
    /// Seed of the pauses between keys
    #[arg(long)]
    seed: Option<u32>,
    /// Without TLS
    #[arg(long)]
    plain: bool,
    /// Also measure the web viewer in a real Chromium
    #[arg(long)]
    web: bool,
    /// Write the results here
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Measure although the machine has other work
    #[arg(long)]
    busy: bool,
    /// Where to keep the logs of server and agent
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
}

/// All that runs; ended in this order.
struct Scene<'a> {
    agent: Process,
    stage: Stage,
    desktop: Desktop,
    machine: String,
    folder: &'a Path,
}

/// Measures the workloads one after another.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let load = usage::refuse_when_busy(arguments.busy)?;
    let seed = arguments.seed.unwrap_or_else(|| crate::clock::stamp() | 1);
    let owned = tempfile::tempdir()?;
    let folder = arguments.logs.clone().unwrap_or_else(|| owned.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    for old in ["agent.log", "xvfb.log", "chromium.log"] {
        if folder.join(old).exists() {
            std::fs::remove_file(folder.join(old))?;
        }
    }
    let mut scene = Scene::start(arguments.plain, owned.path(), &folder)?;
    let chosen = if arguments.workloads.is_empty() {
        Workload::ALL.to_vec()
    } else {
        arguments.workloads.clone()
    };
    let mut results = machine::facts(load);
    results["tls"] = json!(!arguments.plain);
    results["seed"] = json!(seed);
    results["fps"] = json!(arguments.fps);
    say(&format!("seed {seed}, load average {load:.2}, TLS {}", !arguments.plain));
    let web = if arguments.web { Some(WebViewer::start(&scene.stage, &folder)?) } else { None };
    let mut all = Vec::new();
    let mut in_browser = Vec::new();
    for workload in chosen {
        let measured = scene.measure(workload, arguments, seed).with_context(|| {
            format!(
                "workload {}\nagent:\n{}\nserver:\n{}",
                workload.name(),
                tail(&scene.agent.log()),
                tail(&scene.stage.log()),
            )
        })?;
        results[workload.name()] = measured.json();
        all.push((workload, measured));
        if let Some(web) = &web {
            progress(&format!("workload {} in the browser", workload.name()));
            let measured = scene.measure_web(web, workload, arguments, seed)?;
            results[workload.name()]["web"] = measured.json();
            in_browser.push(measured.row(workload));
        }
        if let Some(file) = &arguments.json {
            write_json(file, &results)?;
        }
    }
    say(&table(&all));
    if !in_browser.is_empty() {
        say(&lay_out(&WebMeasured::HEAD, in_browser));
    }
    for (workload, measured) in &all {
        for problem in &measured.problems {
            say(&format!("{}: {problem}", workload.name()));
        }
    }
    Ok(())
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().rev().take(30).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

impl<'a> Scene<'a> {
    fn start(plain: bool, data: &Path, folder: &'a Path) -> Result<Self> {
        let stage = Stage::start(plain, data)?;
        progress(&format!("server on {}", stage.address()));
        let desktop = Desktop::start(WIDTH, HEIGHT, folder)?;
        let (machine, key) = stage.rest.add_machine("Bench desktop", "silent")?;
        let program = stage.programs.path("guruconnect");
        let mut command = desktop.command(&program.to_string_lossy());
        command.args(["agent", "--server", stage.address()]).env("GURUCONNECT_KEY", key);
        if let Some(made) = &stage.certificates {
            command.arg("--ca-file").arg(&made.authority);
        }
        let agent = Process::start("agent", &mut command, folder)?;
        stage.wait_online(&machine).with_context(|| format!("agent:\n{}", agent.log()))?;
        progress(&format!("agent on display {}", desktop.display()));
        Ok(Self { agent, stage, desktop, machine, folder })
    }

    fn x_server(&self) -> Result<u32> {
        self.desktop.ids().first().copied().context("the display has no process")
    }

    fn workload(&self, workload: Workload, fps: u32) -> Result<Process> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["workload", workload.name(), "--display", self.desktop.display()]);
        command.args(["--fps", &fps.to_string()]);
        let log = self.folder.join(format!("workload-{}.log", workload.name()));
        if log.exists() {
            std::fs::remove_file(&log)?;
        }
        let name = format!("workload-{}", workload.name());
        let mut process = Process::start(&name, &mut command, self.folder)?;
        for _ in 0..500 {
            if process.log().contains(READY) {
                return Ok(process);
            }
            if !process.is_running() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        bail!("the workload did not start:\n{}", process.log())
    }

    fn measure(
        &mut self,
        workload: Workload,
        arguments: &Arguments,
        seed: u32,
    ) -> Result<Measured> {
        progress(&format!("workload {}", workload.name()));
        let mut drawing = self.workload(workload, arguments.fps)?;
        let probe = Probe::open(self.desktop.display())?;
        let pauses = pauses(seed, arguments.keys);
        let mut measured = Measured::default();
        if workload == Workload::Typing {
            measured.local_key_to_pixel_ms = probe.keys_to_pixels(&pauses)?.spread();
        }
        let session = self.stage.session(&self.machine)?;
        let joining = monotonic();
        let ticket = Ticket {
            token: self.stage.viewer_token(&session)?,
            server: self.stage.address().to_owned(),
            authority: self.stage.certificates.as_ref().map(|made| made.authority.clone()),
        };
        let viewer = Viewer::join(ticket, workload.barcode())?;
        let limit = Duration::from_secs(15);
        let first = viewer.wait("the first picture", limit, |seen| seen.first_frame)?;
        measured.first_picture_ms = milliseconds(first.saturating_sub(joining));
        if !workload.moves() {
            // Only now: the agent's own bar has changed the display meanwhile.
            viewer.want(probe.settled_screen()?)?;
            let exact = viewer.wait("an exact picture", limit, |seen| seen.exact)?;
            measured.first_exact_ms = Some(milliseconds(exact.saturating_sub(joining)));
        }
        viewer.wait("control", limit, |seen| seen.in_control.then_some(()))?;
        // What joining has set in motion shall not count.
        std::thread::sleep(Duration::from_secs(2));

        let start = self.mark(&viewer)?;
        if workload == Workload::Typing {
            measured.key_to_pixel_ms = keys_to_pixels(&viewer, &pauses)?.spread();
        } else {
            std::thread::sleep(Duration::from_secs(arguments.seconds.into()));
        }
        let end = self.mark(&viewer)?;
        let mut codes = viewer.seen(|seen| seen.codes.clone());
        codes.retain(|(at, _)| *at >= start.at);
        measured.fill(&start, &end, &codes, workload);
        measured.rss = self.rss()?;

        if workload != Workload::Idle {
            progress("coming to rest");
            let stopped = monotonic();
            drawing.freeze()?;
            viewer.want(probe.settled_screen()?)?;
            let exact = viewer.wait("an exact picture", SETTLING, |seen| seen.exact);
            measured.settle_ms =
                exact.ok().map(|exact| milliseconds(exact.saturating_sub(stopped)));
        }
        viewer.seen(|seen| {
            measured.equal_share = seen.equal_share;
            measured.problems = std::mem::take(&mut seen.problems);
        });
        viewer.leave();
        drawing.kill()?;
        Ok(measured)
    }

    fn measure_web(
        &self,
        web: &WebViewer,
        workload: Workload,
        arguments: &Arguments,
        seed: u32,
    ) -> Result<WebMeasured> {
        let mut drawing = self.workload(workload, arguments.fps)?;
        let session = self.stage.session(&self.machine)?;
        let pauses = pauses(seed, arguments.keys);
        let measured = web.measure(&self.stage, &session, workload, arguments.seconds, &pauses)?;
        drawing.kill()?;
        let path = format!("/api/sessions/{session}");
        self.stage.rest.wait_for(&path, "the browser has left the session", |session| {
            session["viewers"].as_array()?.is_empty().then_some(())
        })?;
        Ok(measured)
    }

    fn rss(&mut self) -> Result<Rss> {
        let agent = Worker::Process(self.agent.id()).memory_mib()?;
        Ok(Rss {
            agent: agent.resident,
            agent_peak: agent.peak,
            relay: self.stage.worker().memory_mib()?.resident,
            viewer: Worker::Process(std::process::id()).memory_mib()?.resident,
            x_server: Worker::Process(self.x_server()?).memory_mib()?.resident,
        })
    }

    fn mark(&mut self, viewer: &Viewer) -> Result<Mark> {
        let port = self.stage.door.address.port();
        let wire = usage::traffic(self.agent.id(), port)
            .and_then(|agent| Ok((agent, usage::traffic(std::process::id(), port)?)));
        let wire = wire.map_err(|error| progress(&format!("no wire bytes: {error:#}"))).ok();
        let cpu = Cpu {
            agent: Worker::Process(self.agent.id()).cpu_seconds()?,
            relay: self.stage.worker().cpu_seconds()?,
            viewer: Worker::Thread(viewer.thread_id).cpu_seconds()?,
            x_server: Worker::Process(self.x_server()?).cpu_seconds()?,
        };
        Ok(viewer.seen(|seen| Mark {
            at: monotonic(),
            cpu,
            wire,
            frames: seen.frames,
            bytes: seen.bytes,
            bytes_sent: seen.bytes_sent,
            drawing: seen.drawing,
        }))
    }
}

/// All counters at one moment.
struct Mark {
    at: Duration,
    cpu: Cpu,
    wire: Option<(Traffic, Traffic)>,
    frames: u64,
    bytes: u64,
    bytes_sent: u64,
    drawing: Duration,
}

impl Measured {
    fn fill(&mut self, start: &Mark, end: &Mark, codes: &[(Duration, u32)], workload: Workload) {
        let seconds = end.at.saturating_sub(start.at).as_secs_f64();
        self.seconds = seconds;
        let stamps = Stamps::read(codes, seconds);
        let frames = end.frames - start.frames;
        self.frames_per_second =
            if workload.barcode().is_some() { stamps.per_second } else { frames as f64 / seconds };
        self.age_ms = stamps.ages_ms.spread();
        self.longest_gap_ms = stamps.longest_gap_ms.filter(|_| workload.moves());
        self.bytes_per_second = (end.bytes - start.bytes) as f64 / seconds;
        self.bytes_sent_per_second = (end.bytes_sent - start.bytes_sent) as f64 / seconds;
        let drawing = end.drawing.saturating_sub(start.drawing);
        self.draw_ms = (frames > 0).then(|| milliseconds(drawing) / frames as f64);
        let less = |end: Traffic, start: Traffic| Traffic {
            sent: end.sent.saturating_sub(start.sent),
            received: end.received.saturating_sub(start.received),
        };
        self.wire = end
            .wire
            .zip(start.wire)
            .map(|(end, start)| (less(end.0, start.0), less(end.1, start.1)));
        self.cpu = Cpu {
            agent: (end.cpu.agent - start.cpu.agent) / seconds,
            relay: (end.cpu.relay - start.cpu.relay) / seconds,
            viewer: (end.cpu.viewer - start.cpu.viewer) / seconds,
            x_server: (end.cpu.x_server - start.cpu.x_server) / seconds,
        };
    }
}

/// 100 to 137 ms each: no beat with a frame clock.
fn pauses(seed: u32, number: u32) -> Vec<Duration> {
    let mut numbers = Numbers::new(seed);
    (0..number).map(|_| Duration::from_millis(100 + u64::from(numbers.next() % 38))).collect()
}

/// Types through the session and waits for each key's pixels, milliseconds.
fn keys_to_pixels(viewer: &Viewer, pauses: &[Duration]) -> Result<Samples> {
    let mut samples = Samples::default();
    for pause in pauses {
        std::thread::sleep(*pause);
        viewer.seen(|seen| {
            seen.key_sent = None;
            seen.flipped = None;
        });
        viewer.key(true)?;
        let limit = Duration::from_secs(5);
        let (sent, shown) =
            viewer.wait("the pixels of a key", limit, |seen| seen.key_sent.zip(seen.flipped))?;
        samples.push(milliseconds(shown.saturating_sub(sent)));
        viewer.key(false)?;
    }
    Ok(samples)
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
}
