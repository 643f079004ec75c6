//! All that runs: server, agent on one display, window on another.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gc_e2e::{Desktop, Process};

use super::line::{Lines, Side};
use super::measured::{Cpu, Rss};
use crate::clock::monotonic;
use crate::probe::Probe;
use crate::report::progress;
use crate::seat::{Carried, Ticket};
use crate::stage::Stage;
use crate::statistics::Samples;
use crate::usage::{self, Traffic, Worker};
use crate::window::View;
use crate::workload::{READY, Workload};

/// How a scene is set.
pub(super) struct Setting<'a> {
    pub(super) plain: bool,
    pub(super) size: (u32, u32),
    /// Which line is a narrow one, if any.
    pub(super) narrow: Option<Side>,
    pub(super) seed: u32,
    /// For the server's data.
    pub(super) data: &'a Path,
    /// For logs.
    pub(super) folder: &'a Path,
}

/// Ended in this order.
pub(super) struct Scene {
    pub(super) agent: Process,
    pub(super) lines: Option<Lines>,
    pub(super) stage: Stage,
    pub(super) desktop: Desktop,
    /// The viewer's display.
    pub(super) viewing: Desktop,
    pub(super) machine: String,
    /// Of both displays.
    pub(super) size: (u32, u32),
    folder: PathBuf,
}

impl Scene {
    pub(super) fn start(setting: &Setting<'_>) -> Result<Self> {
        let (folder, (width, height)) = (setting.folder, setting.size);
        let stage = Stage::start(setting.plain, setting.data)?;
        progress(&format!("server on {}", stage.address()));
        let start = |side| Lines::start(stage.address(), side, setting.seed);
        let lines = setting.narrow.map(start).transpose()?;
        let desktop = Desktop::start(width, height, folder)?;
        let beside = folder.join("viewing");
        std::fs::create_dir_all(&beside)?;
        let viewing = Desktop::start(width, height, &beside)?;
        let (machine, key) = stage.rest.add_machine("Bench desktop", "silent")?;
        let program = stage.programs.path("guruconnect");
        let mut command = desktop.command(&program.to_string_lossy());
        let through = lines.as_ref().and_then(|lines| lines.for_agent(stage.address()));
        let server = through.unwrap_or_else(|| stage.address().to_owned());
        command.args(["agent", "--server", &server]).env("GURUCONNECT_KEY", key);
        if let Some(made) = &stage.certificates {
            command.arg("--ca-file").arg(&made.authority);
        }
        let agent = Process::start("agent", &mut command, folder)?;
        stage.wait_online(&machine).with_context(|| format!("agent:\n{}", agent.log()))?;
        let (here, there) = (desktop.display(), viewing.display());
        progress(&format!("agent on display {here}, viewer on display {there}"));
        let (size, folder) = (setting.size, folder.to_owned());
        Ok(Self { agent, lines, stage, desktop, viewing, machine, size, folder })
    }

    /// Starts a workload on the agent's display.
    pub(super) fn workload(&self, workload: Workload, fps: u32, seed: u32) -> Result<Process> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["workload", workload.name(), "--display", self.desktop.display()]);
        command.args(["--fps", &fps.to_string(), "--seed", &seed.to_string()]);
        command.arg("--folder").arg(&self.folder);
        let name = format!("workload-{}", workload.name());
        let log = self.folder.join(format!("{name}.log"));
        if log.exists() {
            std::fs::remove_file(&log)?;
        }
        let mut process = Process::start(&name, &mut command, &self.folder)?;
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

    /// Key to pixel on the agent's display itself, milliseconds.
    pub(super) fn baseline(&self, pauses: &[Duration]) -> Result<Samples> {
        let mut drawing = self.workload(Workload::Typing, 30, 1)?;
        let samples = Probe::open(self.desktop.display())?.keys_to_pixels(pauses)?;
        drawing.kill()?;
        Ok(samples)
    }

    /// Opens a window on a new session.
    pub(super) fn view(&self) -> Result<View> {
        let session = self.stage.session(&self.machine)?;
        let ticket = Ticket {
            token: self.stage.viewer_token(&session)?,
            server: self.viewer_server(),
            authority: self.stage.certificates.as_ref().map(|made| made.authority.clone()),
        };
        View::start(&ticket, self.viewing.display(), &self.folder)
    }

    fn viewer_server(&self) -> String {
        let address = self.stage.address();
        let through = self.lines.as_ref().and_then(|lines| lines.for_viewer(address));
        through.unwrap_or_else(|| address.to_owned())
    }

    pub(super) fn rss(&mut self, view: &View) -> Result<Rss> {
        let resident = |process| Ok::<_, anyhow::Error>(Worker(process).memory_mib()?.resident);
        let agent = Worker(self.agent.id()).memory_mib()?;
        Ok(Rss {
            agent: agent.resident,
            agent_peak: agent.peak,
            relay: self.stage.worker().memory_mib()?.resident,
            viewer: resident(view.id())?,
            x_server: resident(x_server(&self.desktop)?)?,
            viewer_x_server: resident(x_server(&self.viewing)?)?,
        })
    }

    /// All counters now.
    pub(super) fn mark(&mut self, view: &mut View) -> Result<Mark> {
        let server = self.stage.address().to_owned();
        let agents = self.lines.as_ref().and_then(|lines| lines.for_agent(&server));
        let wire = usage::traffic(self.agent.id(), port(&agents.unwrap_or(server))?);
        let wire = wire.and_then(|agent| {
            Ok((agent, usage::traffic(view.id(), port(&self.viewer_server())?)?))
        });
        let wire = wire.map_err(|error| progress(&format!("no wire bytes: {error:#}"))).ok();
        let seconds = |process| Worker(process).cpu_seconds();
        Ok(Mark {
            at: monotonic(),
            cpu: Cpu {
                agent: seconds(self.agent.id())?,
                relay: self.stage.worker().cpu_seconds()?,
                viewer: seconds(view.id())?,
                x_server: seconds(x_server(&self.desktop)?)?,
                viewer_x_server: seconds(x_server(&self.viewing)?)?,
                measuring: seconds(std::process::id())?,
            },
            wire,
            carried: view.carried()?,
        })
    }

    /// What agent and server logged last.
    pub(super) fn logs(&mut self) -> String {
        let tail = |log: &str| {
            let lines: Vec<&str> = log.lines().rev().take(30).collect();
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        };
        format!("agent:\n{}\nserver:\n{}", tail(&self.agent.log()), tail(&self.stage.log()))
    }
}

pub(super) fn x_server(desktop: &Desktop) -> Result<u32> {
    // Applications come before it.
    desktop.ids().last().copied().context("the display has no process")
}

fn port(address: &str) -> Result<u16> {
    let port = address.trim_end_matches('/').rsplit(':').next();
    port.and_then(|port| port.parse().ok()).with_context(|| format!("{address} has no port"))
}

/// All counters at one moment.
pub(super) struct Mark {
    pub(super) at: Duration,
    pub(super) cpu: Cpu,
    pub(super) wire: Option<(Traffic, Traffic)>,
    pub(super) carried: Carried,
}
