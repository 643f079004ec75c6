//! A Windows desktop by Wine on an X display, with the Windows programs of the product.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{Agent, Desktop, Process, Programs};

/// No program that is run to its end takes longer; the first one makes the prefix.
const PATIENCE: Duration = Duration::from_mins(3);

/// The keyboard of a country.
#[derive(Debug, Clone, Copy)]
pub struct Keyboard {
    /// As X calls it: Wine takes the layout of the display for that of Windows.
    layout: &'static str,
    /// Of the programs: Wine 8 finds no key for a letter that takes several bytes.
    locale: (&'static str, &'static str),
}

impl Keyboard {
    /// United States.
    pub const AMERICAN: Self = Self { layout: "us", locale: ("en_US", "ISO-8859-1") };
    /// The same where names of files may have every letter.
    pub const UNICODE: Self = Self { layout: "us", locale: ("en_US", "UTF-8") };
    /// France.
    pub const FRENCH: Self = Self { layout: "fr", locale: ("fr_FR", "ISO-8859-1") };
    /// Germany.
    pub const GERMAN: Self = Self { layout: "de", locale: ("de_DE", "ISO-8859-1") };
    /// Turkey.
    pub const TURKISH: Self = Self { layout: "tr", locale: ("tr_TR", "ISO-8859-9") };

    /// As the C library looks for it, and X.
    fn locale_name(self) -> String {
        format!("{}.{}", self.locale.0, self.locale.1.replacen('-', "", 1))
    }
}

/// A Wine desktop that fills a display of its own. Dropping it ends every program of
/// its prefix, and the display.
#[derive(Debug)]
pub struct Wine {
    desktop: Desktop,
    prefix: PathBuf,
    program: PathBuf,
    keyboard: Keyboard,
    folder: PathBuf,
    finished: AtomicU32,
}

impl Wine {
    /// Starts it. The prefix is that of the other Windows tests and is kept, since it takes
    /// a while to make: one such desktop at a time.
    pub fn start((width, height): (u32, u32), keyboard: Keyboard, folder: &Path) -> Result<Self> {
        let program = Self::built_program()?;
        let prefix = built()?.join("wine");
        std::fs::create_dir_all(&prefix)?;
        let desktop = Desktop::start(width, height, folder)?;
        desktop.output("setxkbmap", &["-layout", keyboard.layout])?;
        let (input, charset) = keyboard.locale;
        let made = folder.join(keyboard.locale_name());
        let made = made.to_str().context("path is not UTF-8")?;
        desktop.output("localedef", &["-i", input, "-f", charset, made])?;
        let folder = folder.to_owned();
        let finished = AtomicU32::new(0);
        let wine = Self { desktop, prefix, program, keyboard, folder, finished };
        // The first program makes the prefix, or brings it up to date, and may open a desktop
        // as an earlier test left it; the next one opens one of this size, which all share.
        for (key, name, value) in [
            (r"HKCU\Software\Wine\Explorer", "Desktop", "Default"),
            (r"HKCU\Software\Wine\Explorer\Desktops", "Default", &format!("{width}x{height}")),
        ] {
            wine.run("wine", &["reg", "add", key, "/v", name, "/d", value, "/f"])?;
        }
        wine.end_programs()?;
        Ok(wine)
    }

    /// `guruconnect.exe` as `cargo xtask windows` has left it.
    pub fn built_program() -> Result<PathBuf> {
        let program = built()?.join("programs/guruconnect.exe");
        if !program.exists() {
            bail!("{} is missing; run the tests by `cargo xtask windows`", program.display());
        }
        Ok(program)
    }

    /// The display that Wine draws on.
    pub fn desktop(&self) -> &Desktop {
        &self.desktop
    }

    /// `guruconnect.exe`.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// What Windows programs know as `C:\`.
    pub fn drive_c(&self) -> PathBuf {
        self.prefix.join("drive_c")
    }

    /// A command in this prefix, on this desktop. `wine` runs a Windows program.
    pub fn command(&self, program: &str) -> Command {
        let mut command = self.desktop.command(program);
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            .env("WINEARCH", "win64")
            .env("LOCPATH", &self.folder)
            .env("LC_ALL", self.keyboard.locale_name())
            // No offer to download anything.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs a program to its end; what it printed.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let (code, said) = self.finish(program, arguments)?;
        if code != Some(0) {
            bail!("{program} {arguments:?} failed: {code:?} {said}");
        }
        Ok(said)
    }

    /// Runs a program to its end; exit code, and what it printed. Into a file: what it
    /// starts, or what Windows starts with it, may keep it open for long.
    pub fn finish(&self, program: &str, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let number = self.finished.fetch_add(1, Ordering::Relaxed);
        let mut command = self.command(program);
        // The machine that runs the tests may be somebody's.
        command.args(arguments).env_remove("GURUCONNECT_KEY");
        let mut process = Process::start(&format!("step-{number}"), &mut command, &self.folder)
            .with_context(|| format!("cannot start {program}; run: cargo xtask setup"))?;
        let code = process.wait(PATIENCE)?;
        Ok((code, process.log()))
    }

    /// Ends every program of the prefix, which Wine tells from all others.
    fn end_programs(&self) -> Result<()> {
        for argument in ["--kill", "--wait"] {
            // Fails when there is none.
            self.command("wineserver").arg(argument).status().context("cannot start wineserver")?;
        }
        Ok(())
    }

    /// Starts a Windows program.
    pub fn launch(&self, name: &str, program: &str, arguments: &[&str]) -> Result<Process> {
        let mut command = self.command("wine");
        Process::start(name, command.arg(program).args(arguments), &self.folder)
    }

    /// A window of somebody's at this desktop that takes dropped and pasted files into a
    /// folder below `C:\\`, and drags and copies one file or folder: the program for this that
    /// `cargo xtask windows` has left.
    pub fn file_window(&self, place: [u32; 4], folder: &str, file: &str) -> Result<FileWindow> {
        std::fs::create_dir_all(self.drive_c().join(folder))?;
        let [x, y, width, height] = place;
        let mut command = self.clerk("window")?;
        command
            .env("GC_CLERK_PLACE", format!("{x},{y},{width},{height}"))
            .env("GC_CLERK_FOLDER", format!(r"C:\{folder}"))
            .env("GC_CLERK_FILE", format!(r"C:\{}", file.replace('/', r"\")));
        let process = Process::start("file-window", &mut command, &self.folder)?;
        let window = FileWindow { process, place };
        self.desktop.wait_until("a window for files", |_| Ok(window.said("ready", 1)))?;
        Ok(window)
    }

    /// Puts bytes on the clipboard as one format, by its name or number.
    pub fn copy(&self, format: &str, bytes: &[u8]) -> Result<()> {
        let file = self.drive_c().join("copied.bin");
        std::fs::write(&file, bytes)?;
        self.clerk_at("put", format, r"C:\copied.bin")
    }

    /// What the clipboard has as a format, if it has that.
    pub fn pasted(&self, format: &str) -> Result<Option<Vec<u8>>> {
        let file = self.drive_c().join("pasted.bin");
        if file.exists() {
            std::fs::remove_file(&file)?;
        }
        self.clerk_at("get", format, r"C:\pasted.bin")?;
        Ok(file.exists().then(|| std::fs::read(&file)).transpose()?)
    }

    fn clerk_at(&self, part: &str, format: &str, file: &str) -> Result<()> {
        let mut command = self.clerk(part)?;
        command.env("GC_CLERK_FORMAT", format).env("GC_CLERK_FILE", file);
        let mut process = Process::start("clerk", &mut command, &self.folder)?;
        let code = process.wait(PATIENCE)?;
        if code != Some(0) {
            bail!("the clipboard was not reached: {code:?} {}", process.log());
        }
        Ok(())
    }

    fn clerk(&self, part: &str) -> Result<Command> {
        let program = built()?.join("clerk.exe");
        if !program.exists() {
            bail!("{} is missing; run the tests by `cargo xtask windows`", program.display());
        }
        let mut command = self.command("wine");
        let part = format!("clerk::{part}");
        command.arg(program).args(["--ignored", "--exact", &part, "--nocapture"]);
        Ok(command)
    }

    /// A managed agent: `guruconnect.exe agent`.
    pub fn agent(&self, server: &str, key: &str) -> Result<Agent> {
        let mut command = self.command("wine");
        command.arg(&self.program).args(["agent", "--server", server]);
        command.env("GURUCONNECT_KEY", key);
        Ok(Agent { process: Process::start("windows-agent", &mut command, &self.folder)? })
    }

    /// A one-time agent by this program: `guruconnect.exe support`.
    pub fn support(&self, program: &Path, arguments: &[&str]) -> Result<Agent> {
        let mut command = self.command("wine");
        command.arg(program).arg("support").args(arguments);
        Ok(Agent { process: Process::start("windows-support", &mut command, &self.folder)? })
    }
}

/// A program with a window for files. Ended with this.
#[derive(Debug)]
pub struct FileWindow {
    process: Process,
    place: [u32; 4],
}

impl FileWindow {
    /// A place in its middle.
    pub fn middle(&self) -> (u32, u32) {
        let [x, y, width, height] = self.place;
        (x + width / 2, y + height / 2)
    }

    /// Whether it has said this so many times.
    pub fn said(&self, line: &str, count: usize) -> bool {
        self.process.log().matches(line).count() >= count
    }

    /// What it printed so far.
    pub fn log(&self) -> String {
        self.process.log()
    }
}

/// The folder of the Windows build, beside those of the others.
fn built() -> Result<PathBuf> {
    let beside = Programs::beside_this()?;
    Ok(beside.folder.parent().context("no target folder")?.join("windows"))
}

impl Drop for Wine {
    fn drop(&mut self) {
        if let Err(error) = self.end_programs() {
            tracing::warn!(%error, "programs of Wine may be left over");
        }
    }
}
