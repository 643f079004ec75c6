//! A real X display with a window manager and applications.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::Process;

/// A display, either started here or the user's own.
#[derive(Debug)]
pub struct Desktop {
    display: String,
    folder: PathBuf,
    // Ended in this order: applications before the display.
    applications: Vec<Process>,
    server: Option<Process>,
}

impl Desktop {
    /// Starts Xvfb on the next free display number.
    pub fn start(width: u32, height: u32, folder: &Path) -> Result<Self> {
        let log = folder.join("xvfb.log");
        let mut child = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &format!("{width}x{height}x24")])
            .args(["-nolisten", "tcp", "-noreset", "+extension", "RANDR"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()
            .context("cannot start Xvfb; run: cargo xtask setup")?;
        let stdout = child.stdout.take().context("no output of Xvfb")?;
        let server = Process::adopt("xvfb", child, log);
        let mut number = String::new();
        BufReader::new(stdout).read_line(&mut number)?;
        let number = number.trim();
        if number.is_empty() {
            bail!("Xvfb gave no display:\n{}", server.log());
        }
        Ok(Self {
            display: format!(":{number}"),
            folder: folder.to_owned(),
            applications: Vec::new(),
            server: Some(server),
        })
    }

    /// Uses a display that is there already.
    pub fn existing(display: &str, folder: &Path) -> Self {
        Self {
            display: display.to_owned(),
            folder: folder.to_owned(),
            applications: Vec::new(),
            server: None,
        }
    }

    /// `:N`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Where the logs of its programs are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Ids of the processes started on it.
    pub fn ids(&self) -> Vec<u32> {
        self.applications.iter().chain(&self.server).map(Process::id).collect()
    }

    /// A command that will run on this display.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.display).env_remove("WAYLAND_DISPLAY");
        command
    }

    /// Starts an application on it.
    pub fn run(&mut self, name: &str, program: &str, arguments: &[&str]) -> Result<()> {
        let process = Process::start(name, self.command(program).args(arguments), &self.folder)?;
        self.applications.push(process);
        Ok(())
    }

    /// A window manager, a terminal, a text editor, a file manager and a clock.
    /// Returns the folder in which the terminal works.
    pub fn furnish(&mut self) -> Result<PathBuf> {
        self.manage_windows()?;
        self.output("xsetroot", &["-solid", "#2b4a5a"])?;
        let home = std::env::temp_dir().join("guruconnect-demo");
        if home.exists() {
            std::fs::remove_dir_all(&home)?;
        }
        std::fs::create_dir_all(&home)?;
        let mut terminal = self.command("xterm");
        terminal
            .args(["-geometry", "90x26+40+60", "-fa", "DejaVu Sans Mono", "-fs", "11"])
            .args(["-T", "Terminal", "-e", "bash", "--norc"])
            .env("PS1", "demo$ ")
            .current_dir(&home);
        self.applications.push(Process::start("xterm", &mut terminal, &self.folder)?);
        self.wait_for_window("Terminal")?;
        let note = home.join("notes.txt");
        std::fs::write(&note, "This desktop belongs to the demo. Type here.\n")?;
        self.run("mousepad", "mousepad", &[note.to_str().context("path is not UTF-8")?])?;
        self.run("xclock", "xclock", &["-geometry", "180x180-30+50"])?;
        let folder = home.to_str().context("path is not UTF-8")?.to_owned();
        self.run("pcmanfm", "pcmanfm", &["--no-desktop", &folder])?;
        self.wait_for_window("clock")?;
        Ok(home)
    }

    /// Opens a folder in a file manager of somebody with this home, and gives it the
    /// keyboard; its X id. The desktop has a window manager.
    pub fn show_folder(&mut self, home: &Path, folder: &Path) -> Result<String> {
        let name = folder.file_name().context("no name")?.to_string_lossy().into_owned();
        let home = format!("HOME={}", home.display());
        let way = folder.to_str().context("path is not UTF-8")?;
        self.run("pcmanfm", "env", &[&home, "pcmanfm", "--no-desktop", way])?;
        let window = self.find_window("--name", &format!("^{name}$"))?;
        self.output("xdotool", &["windowactivate", "--sync", &window])?;
        Ok(window)
    }

    /// Starts a window manager and waits until it has taken charge: a window that is
    /// mapped in the middle of that may stay hidden for ever.
    pub fn manage_windows(&mut self) -> Result<()> {
        self.run("openbox", "openbox", &["--sm-disable"])?;
        self.wait_until("the window manager is in charge", |desktop| {
            // The list comes last, after it has looked at what is there already.
            let told = ["-root", "_NET_SUPPORTING_WM_CHECK", "_NET_CLIENT_LIST"];
            let told = desktop.output("xprop", &told)?;
            Ok(told.matches("window id").count() == 2)
        })
    }

    /// Waits until a window with this in its name is shown.
    pub fn wait_for_window(&self, name: &str) -> Result<()> {
        self.find_window("--name", name).map(|_| ())
    }

    /// Waits until a window is shown whose name or class has `pattern` in it; its X
    /// id. `by` is an option of `xdotool search`: `--name` or `--class`.
    pub fn find_window(&self, by: &str, pattern: &str) -> Result<String> {
        let find = || self.output("xdotool", &["search", "--onlyvisible", by, pattern]);
        self.wait_until(&format!("a window with {by} '{pattern}'"), |_| Ok(find().is_ok()))?;
        Ok(find()?.lines().next().context("the window closed again")?.to_owned())
    }

    /// Where the inside of a window lies: left, top, width and height.
    pub fn place_of(&self, window: &str) -> Result<[u32; 4]> {
        let told = self.output("xwininfo", &["-id", window])?;
        let number = |name: &str| -> Result<u32> {
            let value = told.lines().find_map(|line| line.trim().strip_prefix(name));
            value.and_then(|value| value.trim().parse().ok()).with_context(|| told.clone())
        };
        Ok([
            number("Absolute upper-left X:")?,
            number("Absolute upper-left Y:")?,
            number("Width:")?,
            number("Height:")?,
        ])
    }

    /// Runs a program on the display and returns what it printed.
    pub fn output(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self
            .command(program)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("cannot start {program}; run: cargo xtask setup"))?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("{program} {arguments:?} failed: {} {why}", output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The pixels of a rectangle of the root window, R G B bytes from the top left.
    pub fn pixels(&self, x: u32, y: u32, width: u32, height: u32) -> Result<Vec<u8>> {
        let crop = format!("{width}x{height}+{x}+{y}");
        let output = self
            .command("import")
            .args(["-window", "root", "-crop", &crop, "-depth", "8", "rgb:-"])
            .output()
            .context("cannot start import; run: cargo xtask setup")?;
        let expected = width as usize * height as usize * 3;
        if output.stdout.len() != expected {
            bail!("import gave {} bytes, not {expected}", output.stdout.len());
        }
        Ok(output.stdout)
    }

    /// The middle of the only icon in a list of files on white paper that lies here: left,
    /// top, width and height.
    pub fn icon_in(&self, [left, top, width, height]: [u32; 4]) -> Result<(u32, u32)> {
        let marks = |desktop: &Self| -> Result<Vec<u32>> {
            let pixels = desktop.pixels(left, top, width, height)?;
            let paper = pixels.last_chunk::<3>().copied().context("no list")?;
            let parts = pixels.as_chunks::<3>().0.iter().zip(0..);
            Ok(parts.filter(|(part, _)| **part != paper).map(|(_, at)| at).collect())
        };
        self.wait_until("an icon is shown", |desktop| Ok(marks(desktop)?.len() > 300))?;
        let marks = marks(self)?;
        let x = marks.iter().map(|at| at % width).sum::<u32>() / marks.len() as u32;
        let first = marks.iter().map(|at| at / width).min().unwrap_or(0);
        Ok((left + x, top + first + 20))
    }

    /// Moves the pointer there, and gives programs time to follow it.
    pub fn point(&self, (x, y): (u32, u32)) -> Result<()> {
        let (x, y) = (x.to_string(), y.to_string());
        self.output("xdotool", &["mousemove", "--sync", &x, &y, "sleep", "0.05"]).map(|_| ())
    }

    /// Presses the left button on one place and goes to another with it.
    pub fn drag(&self, from: (u32, u32), to: (u32, u32)) -> Result<()> {
        self.point(from)?;
        self.output("xdotool", &["mousedown", "1"])?;
        for step in 1..=20 {
            let along = |from: u32, to: u32| from - from * step / 20 + to * step / 20;
            self.point((along(from.0, to.0), along(from.1, to.1)))?;
        }
        Ok(())
    }

    /// A picture of the whole display, as PNG.
    pub fn screenshot(&self, file: &Path) -> Result<()> {
        let file = file.to_str().context("path is not UTF-8")?;
        self.output("import", &["-window", "root", file]).map(|_| ())
    }

    /// Waits until `holds` says so, looking again at most every 50 ms.
    pub fn wait_until(&self, what: &str, holds: impl Fn(&Self) -> Result<bool>) -> Result<()> {
        for _ in 0..400 {
            if holds(self)? {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("waited 20 s in vain: {what}")
    }
}
