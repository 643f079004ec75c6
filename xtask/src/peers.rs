//! Products that `bench peers` measures beside this one. They are no part of
//! `setup`: no test needs them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::run::{cache_dir, npm_command, succeed};
use crate::setup::{debian_packages, say};

/// Debian package, and a program or file that shows it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("tigervnc-standalone-server", "Xtigervnc"),
    ("tigervnc-scraping-server", "X0tigervnc"),
    ("tigervnc-viewer", "xtigervncviewer"),
    ("x11vnc", "x11vnc"),
    ("novnc", "/usr/share/novnc/vnc.html"),
    ("websockify", "websockify"),
    ("xpra", "xpra"),
    ("python3-gi-cairo", "/usr/share/doc/python3-gi-cairo"),
];

/// npm package with its version: another one is another peer.
const MESHCENTRAL: (&str, &str) = ("meshcentral", "1.1.55");

/// Installs what is missing and can be installed; the benchmark names the rest by
/// its cause. Returns further options for it.
pub(crate) fn install() -> Vec<OsString> {
    if debian_packages(PACKAGES).is_err() {
        // One that cannot be had shall not keep the others away.
        for package in PACKAGES {
            if let Err(error) = debian_packages(std::slice::from_ref(package)) {
                say(&format!("without {}: {error:#}", package.0));
            }
        }
    }
    let folder = cache_dir().join("peers");
    if let Err(error) = meshcentral(&folder) {
        say(&format!("without {}: {error:#}", MESHCENTRAL.0));
    }
    vec!["--npm".into(), folder.into()]
}

/// Into a folder of its own: the web application's packages stay as they are.
fn meshcentral(folder: &Path) -> Result<()> {
    let (name, version) = MESHCENTRAL;
    let there: PathBuf = folder.join("node_modules").join(name).join("package.json");
    let wanted = format!("\"version\": \"{version}\"");
    if std::fs::read_to_string(there).is_ok_and(|text| text.contains(&wanted)) {
        return Ok(());
    }
    say(&format!("installing npm package {name} {version}"));
    std::fs::create_dir_all(folder)?;
    let mut command: Command = npm_command();
    command.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"]);
    command.args(["--loglevel=error", "--prefix", ".", &format!("{name}@{version}")]);
    succeed(command.current_dir(folder))
}
