//! Child processes that end with their owner.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

/// A running program; dropping it ends it by its id.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program with its output going to `log_dir/NAME.log`.
    pub fn start(name: &str, command: &mut Command, log_dir: &Path) -> Result<Self> {
        let log = log_dir.join(format!("{name}.log"));
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}: {command:?}"))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Takes over a program that was started elsewhere.
    pub(crate) fn adopt(name: &str, child: Child, log: PathBuf) -> Self {
        Self { name: name.to_owned(), child, log }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Whether it has not ended yet.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Its exit code, once it has ended by itself within `limit`.
    pub fn wait(&mut self, limit: Duration) -> Result<Option<i32>> {
        let step = Duration::from_millis(20);
        let mut left = limit;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status.code());
            }
            let Some(rest) = left.checked_sub(step) else {
                bail!("{} still runs after {limit:?}; its log:\n{}", self.name, self.log());
            };
            left = rest;
            std::thread::sleep(step);
        }
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops it without ending it: a frozen process. [`Process::thaw`] undoes it.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Asks it to end, as a service manager would.
    pub fn terminate(&self) -> Result<()> {
        self.signal(Signal::TERM)
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no id")?;
        kill_process(pid, signal).with_context(|| format!("cannot signal {}", self.name))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_running() {
            return;
        }
        let asked = self.terminate().is_ok();
        if asked && self.wait(Duration::from_secs(4)).is_ok() {
            return;
        }
        if let Err(error) = self.kill() {
            tracing::warn!(name = self.name, %error, "process could not be ended");
        }
    }
}

/// Where the product's own programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Folder with `guruconnect-server` and `guruconnect`.
    pub folder: PathBuf,
}

impl Programs {
    /// Beside the running program, or one folder up when that is a test in `deps`.
    pub fn beside_this() -> Result<Self> {
        let mut folder = std::env::current_exe()?;
        folder.pop();
        if folder.ends_with("deps") || folder.ends_with("examples") {
            folder.pop();
        }
        let programs = Self { folder };
        for name in ["guruconnect-server", "guruconnect"] {
            let path = programs.path(name);
            if !path.exists() {
                bail!("{} is missing; run the tests by `cargo xtask test`", path.display());
            }
        }
        Ok(programs)
    }

    /// One of them.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}
