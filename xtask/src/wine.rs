//! Runs Windows test programs under Wine, on a desktop of their own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::succeed;

/// Size of the display, and of the desktop on it.
const SCREEN: &str = "1280x800";
/// Seconds that one program may take. In a fresh prefix they take several times as long.
const LONGEST: &str = "900";

/// Runs each of these test programs and adds up the tests that passed. All run, whichever
/// fail. One that failed runs once more, and this is said: on an X display Wine gives an
/// injected press to the wrong window now and then.
pub(crate) fn test(prefix: &Path, programs: &[PathBuf]) -> Result<u64> {
    let desktop = Desktop::start(prefix)?;
    let mut passed = 0;
    let mut failed = Vec::new();
    for program in programs {
        let outcome = desktop.test(program).or_else(|error| {
            #[expect(clippy::print_stderr, reason = "progress for people")]
            {
                eprintln!("windows: once more, because {error:#}");
            }
            desktop.test(program)
        });
        match outcome {
            Ok(count) => passed += count,
            Err(error) => failed.push(format!("{error:#}")),
        }
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("; "));
    }
    if passed == 0 {
        bail!("no test ran under Wine");
    }
    Ok(passed)
}

/// An X display, and a Wine desktop on it that all programs share. Dropping it ends
/// every program of its prefix and the display.
struct Desktop {
    prefix: PathBuf,
    screen: Child,
    display: String,
}

impl Desktop {
    fn start(prefix: &Path) -> Result<Self> {
        std::fs::create_dir_all(prefix)?;
        let screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
            .arg(format!("{SCREEN}x24"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Xvfb")?;
        let mut desktop = Self { prefix: prefix.to_path_buf(), screen, display: String::new() };
        let mut number = String::new();
        let read = desktop.screen.stdout.take().context("Xvfb has no output")?;
        BufReader::new(read).read_line(&mut number)?;
        if number.trim().is_empty() {
            bail!("Xvfb found no free display");
        }
        desktop.display = format!(":{}", number.trim());
        // Sets the prefix up, or brings it up to date.
        succeed(desktop.command("wineboot").arg("--update").stdin(Stdio::null()))?;
        // A desktop window of this size, which the first program starts and all share.
        // Setting the prefix up may have started one as an earlier run left it.
        for (key, name, value) in [
            (r"HKCU\Software\Wine\Explorer", "Desktop", "Default"),
            (r"HKCU\Software\Wine\Explorer\Desktops", "Default", SCREEN),
        ] {
            let mut set = desktop.command("wine");
            set.args(["reg", "add", key, "/v", name, "/d", value, "/f"]);
            succeed(set.stdin(Stdio::null()).stdout(Stdio::null()))?;
        }
        desktop.end_programs()?;
        Ok(desktop)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("WINEPREFIX", &self.prefix)
            .env("WINEDEBUG", "-all")
            .env("WINEARCH", "win64")
            // No offer to download anything.
            .env("WINEDLLOVERRIDES", "mscoree,mshtml=")
            .env("DISPLAY", &self.display);
        command
    }

    /// Ends every program of the prefix, which Wine tells from all others.
    fn end_programs(&self) -> Result<()> {
        for argument in ["--kill", "--wait"] {
            // Fails when there is none.
            self.command("wineserver").arg(argument).status().context("cannot start wineserver")?;
        }
        Ok(())
    }

    /// "test result: ok. 12 passed; 0 failed; …"
    fn test(&self, program: &Path) -> Result<u64> {
        let mut child = self
            .command("timeout")
            .args([LONGEST, "wine"])
            .arg(program)
            // One desktop: its tests take turns.
            .args(["--test-threads", "1"])
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start Wine")?;
        let printed = child.stdout.take().context("Wine has no output")?;
        let mut passed = None;
        for line in BufReader::new(printed).lines() {
            let line = line?;
            if let Some(rest) = line.strip_prefix("test result: ") {
                passed = rest
                    .split_once("ok. ")
                    .and_then(|(_, rest)| rest.split_once(" passed"))
                    .and_then(|(count, _)| count.parse::<u64>().ok());
            }
            #[expect(clippy::print_stdout, reason = "the test runner's own output")]
            {
                println!("{line}");
            }
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("{} failed under Wine: {status}", program.display());
        }
        passed.with_context(|| format!("{} reported no tests", program.display()))
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let ended = self.end_programs();
        let screen = self.screen.kill().and_then(|()| self.screen.wait());
        #[expect(clippy::print_stderr, reason = "progress for people")]
        if ended.is_err() || screen.is_err() {
            eprintln!("windows: programs of {} may be left over", self.prefix.display());
        }
    }
}
