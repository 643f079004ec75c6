//! The native viewer, on a display of its own.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::{Desktop, Process, Programs, Rest, Server, Stack};

/// A running `guruconnect view`.
#[derive(Debug)]
pub struct NativeViewer {
    /// The program.
    pub process: Process,
    /// The technician's display. Ends after the program.
    pub desktop: Desktop,
}

impl NativeViewer {
    /// A ticket for a session, as "Open in app" gets it.
    pub fn ticket(rest: &Rest, session: &str, access: &str) -> Result<String> {
        let path = format!("/api/sessions/{session}/viewer-ticket");
        let made = rest.call("POST", &path, Some(json!({ "access": access })))?;
        Ok(made["ticket"].as_str().context("no ticket")?.to_owned())
    }

    /// Opens a session on a new display of this size with a window manager.
    pub fn start(stack: &Stack, session: &str, width: u32, height: u32) -> Result<Self> {
        let ticket = Self::ticket(&stack.rest, session, "control")?;
        let folder = stack.folder().join(format!("technician-{}", &ticket[3..11]));
        std::fs::create_dir_all(&folder)?;
        let mut desktop = Desktop::start(width, height, &folder)?;
        desktop.manage_windows()?;
        Self::on(stack, desktop, &["--ticket", &ticket], &folder)
    }

    /// The same by a technician with this home.
    pub fn at_home(
        stack: &Stack,
        session: &str,
        width: u32,
        height: u32,
        home: &Path,
    ) -> Result<Self> {
        let mut desktop = Desktop::start(width, height, home)?;
        desktop.manage_windows()?;
        Self::beside(stack, session, desktop, home)
    }

    /// The same on a display with other programs on it.
    pub fn beside(stack: &Stack, session: &str, desktop: Desktop, home: &Path) -> Result<Self> {
        Self::of(&stack.server, &stack.rest, session, desktop, home)
    }

    /// The same for a session of any machine of this server.
    pub fn of(
        server: &Server,
        rest: &Rest,
        session: &str,
        desktop: Desktop,
        home: &Path,
    ) -> Result<Self> {
        let ticket = Self::ticket(rest, session, "control")?;
        let program = Programs::beside_this()?.path("guruconnect");
        let mut command = desktop.command(&program.to_string_lossy());
        command.args(["view", "--server", server.address(), "--ticket", &ticket]);
        command.env("RUST_LOG", "info,gc_viewer=debug,gc_platform_linux=debug").env("HOME", home);
        let process = Process::start("viewer", &mut command, home)?;
        Ok(Self { process, desktop })
    }

    /// The same with what stands on its command line.
    pub fn on(stack: &Stack, desktop: Desktop, arguments: &[&str], folder: &Path) -> Result<Self> {
        Self::with(stack, desktop, arguments, &[], folder)
    }

    /// The same with variables of its environment.
    pub fn with(
        stack: &Stack,
        desktop: Desktop,
        arguments: &[&str],
        variables: &[(&str, &str)],
        folder: &Path,
    ) -> Result<Self> {
        let mut command = desktop.command(&stack.programs.path("guruconnect").to_string_lossy());
        command.args(["view", "--server", stack.server.address()]).args(arguments);
        command.env("RUST_LOG", "info,gc_viewer=debug").envs(variables.iter().copied());
        let process = Process::start("viewer", &mut command, folder)?;
        Ok(Self { process, desktop })
    }

    /// Waits until its log has this line for the `count`th time.
    pub fn wait_for_line(&self, part: &str, count: usize) -> Result<()> {
        for _ in 0..400 {
            if self.process.log().matches(part).count() >= count {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("waited 20 s in vain for '{part}'; the viewer's log:\n{}", self.process.log())
    }

    /// Waits until it is in control, with a picture.
    pub fn wait_until_used(&self) -> Result<()> {
        self.wait_for_line("in control", 1)?;
        self.wait_for_line("the picture's size", 1)
    }

    /// Presses keys on the technician's display, by the names of `xdotool key`.
    pub fn press(&self, keys: &[&str]) -> Result<()> {
        let all: Vec<&str> =
            ["key", "--clearmodifiers", "--delay", "20"].iter().chain(keys).copied().collect();
        self.desktop.output("xdotool", &all).map(|_| ())
    }

    /// Clicks at a place of the technician's display.
    pub fn click(&self, x: u32, y: u32) -> Result<()> {
        let (x, y) = (x.to_string(), y.to_string());
        self.desktop.output("xdotool", &["mousemove", &x, &y, "click", "1"]).map(|_| ())
    }

    /// Types on the technician's display.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.desktop.output("xdotool", &["type", "--delay", "20", text]).map(|_| ())
    }

    /// Strikes keys on the technician's display, as Linux numbers them.
    pub fn strike(&self, keys: &[u16]) -> Result<()> {
        strike(&self.desktop, keys)
    }
}

/// Strikes keys on a display, as Linux numbers them: names would be looked up in the
/// layout.
pub fn strike(desktop: &Desktop, keys: &[u16]) -> Result<()> {
    // A number of one digit would be the key of that digit.
    let name = |evdev: &u16| match evdev {
        1 => "Escape".to_owned(),
        evdev => (evdev + 8).to_string(),
    };
    let names: Vec<String> = keys.iter().map(name).collect();
    let line = ["key", "--delay", "30"].into_iter().chain(names.iter().map(String::as_str));
    desktop.output("xdotool", &line.collect::<Vec<_>>()).map(|_| ())
}
