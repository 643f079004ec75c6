//! A program on a machine that notes every key it gets.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Desktop;

/// A board of 105 keys, row by row, as Linux numbers them. The lock keys come twice, so
/// that they stand as before.
#[rustfmt::skip]
pub const BOARD: &[u16] = &[
    1, 59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 87, 88, 99, 70, 70, 119,
    41, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 110, 102, 104, 69, 69, 98, 55, 74,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 111, 107, 109, 71, 72, 73, 78,
    58, 58, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 43, 75, 76, 77,
    42, 86, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 103, 79, 80, 81, 96,
    29, 125, 56, 57, 100, 126, 127, 97, 105, 108, 106, 82, 83,
];

/// A window that has the keyboard, and its log.
#[derive(Debug)]
pub struct KeyLog {
    log: PathBuf,
}

impl KeyLog {
    /// A name to find the window by.
    pub const NAME: &str = "Listener";

    /// Starts it beside whatever is there.
    pub fn start(desktop: &mut Desktop, folder: &Path) -> Result<Self> {
        let log = folder.join(format!("keys-{}.log", &desktop.display()[1..]));
        let line =
            format!("exec stdbuf -oL xev -event keyboard -name {} > {}", Self::NAME, log.display());
        desktop.run("keys", "sh", &["-c", &line])?;
        desktop.wait_for_window(Self::NAME)?;
        Ok(Self { log })
    }

    /// The same, and no window manager is left that would keep keys for itself.
    pub fn start_alone(desktop: &mut Desktop, folder: &Path) -> Result<Self> {
        let keys = Self::start(desktop, folder)?;
        let window = desktop.find_window("--name", Self::NAME)?;
        let check = desktop.output("xprop", &["-root", "_NET_SUPPORTING_WM_CHECK"])?;
        let check = check.rsplit(' ').next().context("no window manager")?.trim().to_owned();
        desktop.output("openbox", &["--exit"])?;
        desktop.wait_until("the window manager is gone", |desktop| {
            Ok(desktop.output("xprop", &["-id", &check, "_NET_WM_NAME"]).is_err())
        })?;
        desktop.output("xdotool", &["windowfocus", "--sync", &window])?;
        Ok(keys)
    }

    fn events(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        log.split("\n\n").map(|part| part.trim().to_owned()).collect()
    }

    /// Every key so far: down or up, and its number, which is that of Linux and 8.
    pub fn keys(&self) -> Vec<(bool, u16)> {
        let of = |part: &String| {
            let code = part.split_once("keycode ")?.1.split_once(' ')?.0.parse().ok()?;
            Some((part.starts_with("KeyPress"), code))
        };
        self.events().iter().filter_map(of).collect()
    }

    /// How often the key with this meaning went down, and up.
    pub fn count(&self, name: &str) -> (usize, usize) {
        let events = self.events();
        let of = |kind: &str| {
            let named = |part: &&String| part.contains(&format!(", {name})"));
            events.iter().filter(|part| part.starts_with(kind)).filter(named).count()
        };
        (of("KeyPress"), of("KeyRelease"))
    }
}
