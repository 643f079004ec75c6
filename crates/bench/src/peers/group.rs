//! Programs that end together with all that they start.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::clock::monotonic;
use crate::report::progress;
use crate::usage;

/// Groups that run now; what an interrupt has to end.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// File with the command lines of a folder.
const COMMANDS: &str = "commands";

/// A program in a process group of its own. Dropping it ends the whole group by
/// its id.
pub(super) struct Group {
    name: String,
    child: Child,
    log: PathBuf,
    over: bool,
}

impl Group {
    /// Starts a program; its output goes to `folder/NAME.log`.
    pub(super) fn start(name: &str, command: &mut Command, folder: &Path) -> Result<Self> {
        note(folder, command)?;
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file)
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {program}"))?;
        lock().push(child.id());
        Ok(Self { name: name.to_owned(), child, log, over: false })
    }

    /// Process id of the first of the group, which is that of the group too.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed.
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Asks every 20 ms until `found` finds something; fails when the program ends
    /// before, or after `limit`.
    pub(super) fn wait<T>(
        &mut self,
        what: &str,
        limit: Duration,
        mut found: impl FnMut(&str) -> Option<T>,
    ) -> Result<T> {
        let end = monotonic() + limit;
        loop {
            // Asked before the log is read: what it said last is in there then.
            let ended = has_ended(self.child.id());
            let log = self.log();
            if let Some(found) = found(&log) {
                return Ok(found);
            }
            if ended {
                let status = self.end()?;
                bail!("{} ended ({status}) before {what}: {}", self.name, last_lines(&log));
            }
            if monotonic() > end {
                bail!("{}: no {what} within {limit:?}: {}", self.name, last_lines(&log));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until it ends by itself; its output.
    pub(super) fn finish(mut self, limit: Duration) -> Result<String> {
        let end = monotonic() + limit;
        loop {
            if has_ended(self.child.id()) {
                let status = self.end()?;
                if !status.success() {
                    bail!("{} failed ({status}): {}", self.name, last_lines(&self.log()));
                }
                return Ok(self.log());
            }
            if monotonic() > end {
                bail!("{} did not end within {limit:?}: {}", self.name, last_lines(&self.log()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the whole group without ending it.
    pub(super) fn freeze(&self) -> Result<()> {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no id")?;
        kill_process_group(group, Signal::STOP)
            .with_context(|| format!("{} could not be stopped", self.name))
    }

    fn end(&mut self) -> Result<ExitStatus> {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no id")?;
        // Until the child is waited for, its id and so that of the group stay taken.
        if !has_ended(self.child.id()) {
            kill_process_group(group, Signal::TERM)?;
            // One that was stopped does not hear of it before.
            kill_process_group(group, Signal::CONT)?;
            let patience = monotonic() + Duration::from_secs(2);
            while !has_ended(self.child.id()) && monotonic() < patience {
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        // Those of the group that stayed behind; there may be none.
        let _ = kill_process_group(group, Signal::KILL);
        // Until they are gone they may hold ports and displays.
        let id = self.child.id();
        let patience = monotonic() + Duration::from_secs(5);
        while usage::tree(id)?.iter().any(|&other| other != id && !has_ended(other))
            && monotonic() < patience
        {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.over = true;
        Ok(self.child.wait()?)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // A child that was waited for has given its id back.
        if !self.over
            && let Err(error) = self.end()
        {
            progress(&format!("{} could not be ended: {error:#}", self.name));
        }
        lock().retain(|&id| id != self.child.id());
    }
}

/// Writes down what was started, for whoever wants to repeat it.
pub(super) fn note(folder: &Path, command: &Command) -> Result<()> {
    let mut file = File::options().create(true).append(true).open(folder.join(COMMANDS))?;
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy().into_owned()).collect();
    writeln!(file, "{}", words.join(" "))?;
    Ok(())
}

/// What [`note`] has written in a folder.
pub(super) fn noted(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join(COMMANDS)).unwrap_or_default();
    text.lines().map(ToOwned::to_owned).collect()
}

fn lock() -> std::sync::MutexGuard<'static, Vec<u32>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a child has ended but was not waited for yet.
fn has_ended(id: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

/// The end of a log in one line, for a sentence.
pub(super) fn last_lines(log: &str) -> String {
    let lines: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.iter().skip(lines.len().saturating_sub(3)).copied().collect::<Vec<_>>().join(" | ")
}

/// Whether a program is on the path.
pub(super) fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).exists())
}

/// From here on Ctrl+C and a request to end take everything along that was started,
/// and remove the folder.
pub(super) fn end_all_when_interrupted(folder: PathBuf) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let body = move || {
        let kind = runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = interrupt.recv() => anyhow::Ok("interrupted"),
                _ = terminate.recv() => anyhow::Ok("asked to end"),
            }
        });
        match kind {
            Ok(kind) => {
                progress(&format!("{kind}: ending what was started"));
                end_all();
                if let Err(error) = std::fs::remove_dir_all(&folder) {
                    progress(&format!("{} stays: {error}", folder.display()));
                }
                std::process::exit(130);
            }
            Err(error) => progress(&format!("Ctrl+C will not tidy up: {error:#}")),
        }
    };
    std::thread::Builder::new().name("interrupt".to_owned()).spawn(body)?;
    Ok(())
}

/// Ends the groups and every other descendant of this process.
fn end_all() {
    let others = usage::tree(std::process::id()).unwrap_or_default();
    let groups: Vec<u32> = lock().clone();
    let id = |id: u32| i32::try_from(id).ok().and_then(Pid::from_raw);
    for group in groups.into_iter().filter_map(id) {
        // It may have ended meanwhile.
        let _ = kill_process_group(group, Signal::KILL);
    }
    for other in others.into_iter().filter(|&other| other != std::process::id()) {
        if let Some(other) = id(other) {
            let _ = kill_process(other, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_takes_its_children_along() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & echo child $!; wait"]);
        let mut group = Group::start("family", &mut command, folder.path()).unwrap();
        let child: u32 = group
            .wait("child", Duration::from_secs(10), |log| {
                log.trim().strip_prefix("child ")?.parse().ok()
            })
            .unwrap();
        assert!(usage::tree(group.id()).unwrap().contains(&child));
        drop(group);
        // Whoever adopted it may not have waited for it yet.
        assert!(has_ended(child));
    }

    #[test]
    fn a_program_that_ends_early_is_told_with_its_last_words() {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo no display >&2; exit 3"]);
        let mut group = Group::start("viewer", &mut command, folder.path()).unwrap();
        let error = group.wait("window", Duration::from_secs(10), |_| None::<()>).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("before window") && text.contains("no display"), "{text}");
    }

    #[test]
    fn the_end_of_a_log_is_a_sentence() {
        assert_eq!(last_lines("a\n\nb\n c \nd\n"), "b | c | d");
        assert_eq!(last_lines(""), "");
    }
}
