//! A real xterm on the display: somebody types, and long listings run through.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::canvas::Canvas;
use super::picture::Numbers;
use super::{Ticks, picture};

/// Rows above the terminal, for the timestamp.
const TOP: u16 = 20;
/// Ticks of typing, then ticks of a listing.
const PHASES: (u32, u32) = (45, 30);
/// Ticks from one typed character to the next: 10 a second.
const TYPING: u32 = 3;
/// Lines of a listing per tick: what `find /usr` shows of itself through a line.
const LINES: u32 = 20;

/// The text that appears with each tick; the same for the same seed.
struct Script {
    numbers: Numbers,
    tick: u32,
}

impl Script {
    const fn new(seed: u32) -> Self {
        Self { numbers: Numbers::new(seed), tick: 0 }
    }

    fn word(&mut self) -> &'static str {
        const WORDS: [&str; 12] = [
            "share",
            "lib",
            "doc",
            "python3",
            "locale",
            "icons",
            "x86_64-linux-gnu",
            "LC_MESSAGES",
            "README.gz",
            "copyright",
            "module.so.2",
            "index.html",
        ];
        WORDS.get(self.numbers.next() as usize % WORDS.len()).copied().unwrap_or_default()
    }

    fn next(&mut self) -> String {
        let at = self.tick % (PHASES.0 + PHASES.1);
        self.tick = self.tick.wrapping_add(1);
        let mut text = String::new();
        if at < PHASES.0 {
            if at == 0 {
                text.push_str("\x1b[1;32mada@desk\x1b[0m:\x1b[1;34m~\x1b[0m$ ");
            }
            if at.is_multiple_of(TYPING) {
                let letter = b'a' + (self.numbers.next() % 26) as u8;
                text.push(if self.numbers.next().is_multiple_of(6) { ' ' } else { letter.into() });
            }
            if at == PHASES.0 - 1 {
                text.push_str("\r\n");
            }
            return text;
        }
        for _ in 0..LINES {
            text.push_str("/usr");
            for _ in 0..2 + self.numbers.next() % 4 {
                let word = self.word();
                // Nobody refuses text in memory.
                let _ = write!(text, "/{word}");
            }
            let number = self.numbers.next() % 1_000;
            let _ = write!(text, ".{number}\r\n");
        }
        text
    }
}

/// Starts the terminal and feeds it. The text comes from this process, so that the
/// terminal comes to rest when this process is frozen and ends when it ends.
pub(super) fn run(
    canvas: &Canvas,
    mut ticks: Ticks,
    seed: u32,
    display: &str,
    folder: &Path,
) -> Result<()> {
    canvas.draw_page()?;
    let pipe = folder.join(format!("terminal-{}.pipe", std::process::id()));
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)
        .with_context(|| format!("cannot make {}", pipe.display()))?;
    let (columns, rows) = (canvas.width / 8, (canvas.height - TOP) / 15);
    let geometry = format!("{columns}x{rows}+0+{TOP}");
    let mut child = Command::new("xterm")
        .args(["-display", display, "-geometry", &geometry, "-fa", "DejaVu Sans Mono"])
        .args(["-fs", "9", "-b", "0", "-bw", "0", "+sb", "-e", "cat"])
        .arg(&pipe)
        .stdin(Stdio::null())
        .spawn()
        .context("cannot start xterm; run: cargo xtask setup")?;
    // Waits for the other end, which is `cat` in the terminal.
    let text = File::options().write(true).open(&pipe);
    std::fs::remove_file(&pipe)?;
    let mut text = text?;
    let page = picture::line_of_text(seed, usize::from(canvas.width));
    writeln!(text, "{page}\r")?;
    canvas.stamp()?;
    canvas.announce()?;
    let mut script = Script::new(seed);
    while child.try_wait()?.is_none() {
        ticks.wait();
        text.write_all(script.next().as_bytes())?;
        canvas.stamp()?;
    }
    anyhow::bail!("the terminal ended by itself")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_follows_the_seed_and_has_both_phases() {
        let play = |seed| {
            let mut script = Script::new(seed);
            (0..PHASES.0 + PHASES.1).map(|_| script.next()).collect::<Vec<_>>()
        };
        assert_eq!(play(3), play(3));
        assert_ne!(play(3), play(4));
        let lines: usize = play(3).iter().map(|text| text.matches('\n').count()).sum();
        assert_eq!(lines, usize::try_from(PHASES.1 * LINES + 1).unwrap());
    }
}
