//! Locks the session by the desktop's own means, and looks whether it is.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use gc_platform::ActionError;
use gc_types::{CauseCode, Clock};
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, GrabStatus};

use crate::DisplayError;
use crate::display::Link;

/// A locker has taken over within this, or it will not.
const PATIENCE: Duration = Duration::from_secs(4);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What locks a session, the best one first: logind tells the desktop environment;
/// xdg-screensaver knows the screen savers of those that do not listen.
const PROGRAMS: [(&str, &[&str]); 2] =
    [("loginctl", &["lock-session"]), ("xdg-screensaver", &["lock"])];

pub(super) struct Locker {
    display: Option<String>,
    path: String,
    clock: Arc<dyn Clock>,
}

impl Locker {
    pub(super) fn new(display: Option<&str>, path: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        let path = path.unwrap_or("/usr/local/bin:/usr/bin:/bin").to_owned();
        Self { display: display.map(str::to_owned), path, clock }
    }

    fn program(&self, name: &str) -> Option<PathBuf> {
        let folders = self.path.split(':').filter(|folder| !folder.is_empty());
        folders.map(|folder| Path::new(folder).join(name)).find(|file| file.is_file())
    }

    pub(super) fn ability(&self) -> Result<(), ActionError> {
        if PROGRAMS.iter().any(|(name, _)| self.program(name).is_some()) {
            return Ok(());
        }
        Err(ActionError::new(
            CauseCode::ActionUnsupported,
            "Neither loginctl nor xdg-screensaver is installed there.",
        ))
    }

    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).env("PATH", &self.path).stdin(Stdio::null());
        if let Some(display) = &self.display {
            command.env("DISPLAY", display);
        }
        command
    }

    pub(super) fn lock(&self) -> Result<(), ActionError> {
        self.ability()?;
        let link = Link::open(self.display.as_deref())?;
        if self.hint() == Some(true) {
            return Ok(());
        }
        // A menu may hold the keyboard: then it says nothing about a locker.
        let held_before = is_held(&link)?;
        let mut last = String::new();
        for (name, arguments) in PROGRAMS {
            let Some(program) = self.program(name) else { continue };
            match self.run(&program, arguments, &link, held_before) {
                Ok(true) => return Ok(()),
                Ok(false) => {
                    last = format!("{name} was asked, and no locker took the keyboard over");
                }
                Err(error) => last = format!("{name}: {error}"),
            }
        }
        Err(ActionError::new(CauseCode::ActionNotVerified, last))
    }

    /// Asks one program; `true` when the session is locked.
    fn run(
        &self,
        program: &Path,
        arguments: &[&str],
        link: &Link,
        held_before: bool,
    ) -> Result<bool, String> {
        let mut command = self.command(program, arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let until = self.clock.monotonic() + PATIENCE;
        let locked = loop {
            let held = is_held(link).map_err(|error| error.to_string())?;
            if held && !held_before || self.hint() == Some(true) {
                break Ok(true);
            }
            match child.try_wait() {
                Ok(Some(status)) if !status.success() => break Err(status.to_string()),
                Ok(_) => {}
                Err(error) => break Err(error.to_string()),
            }
            if self.clock.monotonic() >= until {
                break Ok(false);
            }
            std::thread::sleep(LOOK_EVERY);
        };
        wait_apart(child);
        locked
    }

    /// What logind knows of the session, where the desktop tells it.
    fn hint(&self) -> Option<bool> {
        let program = self.program("loginctl")?;
        let arguments = ["show-session", "--property=LockedHint", "--value"];
        let output = self.command(&program, &arguments).stderr(Stdio::null()).output().ok()?;
        match String::from_utf8_lossy(&output.stdout).trim() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        }
    }
}

/// Some lockers run until the user is back.
fn wait_apart(mut child: Child) {
    let waited = std::thread::Builder::new().name("locker".into()).spawn(move || child.wait());
    if let Err(error) = waited {
        tracing::debug!(%error, "Nobody waits for the locker");
    }
}

/// Whether another program holds the keyboard, as every locker does.
fn is_held(link: &Link) -> Result<bool, DisplayError> {
    let grab = link.conn.grab_keyboard(
        false,
        link.root,
        x11rb::CURRENT_TIME,
        GrabMode::ASYNC,
        GrabMode::ASYNC,
    )?;
    let status = grab.reply()?.status;
    if status == GrabStatus::SUCCESS {
        link.conn.ungrab_keyboard(x11rb::CURRENT_TIME)?;
        // Given back before anybody else asks for it.
        link.conn.get_input_focus()?.reply()?;
    }
    Ok(status == GrabStatus::ALREADY_GRABBED)
}
