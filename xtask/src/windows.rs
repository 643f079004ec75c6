//! The Windows build on a Debian machine: build, lint, test under Wine, and look at
//! what the programs import (ADR 9), and how large they are.

use std::collections::BTreeSet;
use std::fs::{File, Permissions, TryLockError};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::{output, succeed, target_dir};
use crate::{setup, test, wine};

/// Windows 7 SP1 and later. The plain `x86_64-pc-windows-gnu` wants Windows 10.
const TARGET: &str = "x86_64-win7-windows-gnu";
/// What the standard library is built from for [`TARGET`], which has none prebuilt.
const BUILD_STD: &str = "-Zbuild-std=std,panic_unwind";
/// Debian's toolchain; the one of rustup stays the default for everything else.
const TOOLCHAIN: &str = "/usr/bin";

/// Crates whose tests run under Wine, unoptimised.
const CRATES: &[&str] = &["gc-platform-windows"];

/// The programs that are shipped: package, and name of the file. Their own tests run
/// optimised, so that what they need is built once.
const PROGRAMS: &[(&str, &str)] =
    &[("guruconnect", "guruconnect.exe"), ("gc-sas-service", "guruconnect-sas-service.exe")];

/// Of the programs, in the workspace's `Cargo.toml`.
const PROFILE: &str = "windows";

/// No program may be larger, without symbols: end users download it in a session.
const LARGEST: u64 = 15 << 20;

/// Leaves out functions that nobody calls. The GNU linker keeps every function of a
/// Windows program, because it keeps their unwind tables.
const LINKER: &str = "ld.lld-16";

/// Libraries that every Windows from 7 SP1 on has, in every edition, so that a
/// program may name them in its import table. Anything else is loaded at run time by
/// code that can do without: `mfplat.dll`, for one, is not in the N editions.
const SYSTEM_LIBRARIES: &[&str] = &[
    "advapi32.dll",
    "bcrypt.dll",
    "comctl32.dll",
    "crypt32.dll",
    "dwmapi.dll",
    "gdi32.dll",
    "imm32.dll",
    "iphlpapi.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ncrypt.dll",
    "ntdll.dll",
    "ole32.dll",
    "oleaut32.dll",
    "propsys.dll",
    "rpcrt4.dll",
    "secur32.dll",
    "shell32.dll",
    "shlwapi.dll",
    "user32.dll",
    "userenv.dll",
    "uxtheme.dll",
    "winmm.dll",
    "ws2_32.dll",
    "wtsapi32.dll",
];

/// Everything, as one stage of the test run. Returns how many tests ran under Wine.
pub(crate) fn run() -> Result<u64> {
    let (build, _lock) = prepare()?;
    build.lint()?;
    let (programs, mut tests) = build.programs()?;
    for program in &programs {
        imports(program)?;
        size(program)?;
    }
    tests.extend(build.tests()?);
    for test in &tests {
        imports(test)?;
    }
    build.leave_clerk(&tests)?;
    let passed = wine::test(&build.folder.join("wine"), &tests)?;
    Ok(passed + test::windows_end_to_end()?)
}

/// Only the programs, for who runs them under Wine.
pub(crate) fn build() -> Result<()> {
    let (build, _lock) = prepare()?;
    build.programs().map(drop)
}

/// Installs what is needed. One Wine at a time, since its prefix is in this folder: waits
/// for the lock, which holds as long as the file is open.
fn prepare() -> Result<(Build, File)> {
    setup::windows()?;
    let folder = target_dir()?.join("windows");
    std::fs::create_dir_all(&folder)?;
    let lock = File::create(folder.join("xtask.lock"))?;
    if let Err(error) = lock.try_lock() {
        match error {
            TryLockError::WouldBlock => {
                say("waiting for another run in this target folder");
                lock.lock()?;
            }
            TryLockError::Error(error) => return Err(error).context("cannot lock the folder"),
        }
    }
    Ok((Build::new(folder)?, lock))
}

/// A build for Windows in a target folder of its own.
struct Build {
    folder: PathBuf,
    /// Holds the static C++ library and nothing else, so that the linker cannot take
    /// the shared one, which would be a file to ship.
    static_libraries: PathBuf,
    /// Starts [`LINKER`].
    linker: PathBuf,
}

impl Build {
    fn new(folder: PathBuf) -> Result<Self> {
        let static_libraries = folder.join("static");
        std::fs::create_dir_all(&static_libraries)?;
        let archive = output(
            Command::new("x86_64-w64-mingw32-g++-posix").arg("--print-file-name=libstdc++.a"),
        )?;
        std::fs::copy(archive.trim(), static_libraries.join("libstdc++.a"))
            .with_context(|| format!("no static C++ library at {}", archive.trim()))?;
        let linker = folder.join("link");
        // The compiler driver starts this with its own linker's name and what is to be
        // linked; which linker it takes itself was decided when it was built.
        std::fs::write(&linker, format!("#!/bin/sh\nshift\nexec {LINKER} \"$@\"\n"))?;
        std::fs::set_permissions(&linker, Permissions::from_mode(0o755))?;
        Ok(Self { folder, static_libraries, linker })
    }

    fn cargo(&self, command: &str, packages: impl Iterator<Item = &'static str>) -> Command {
        let mut cargo = Command::new(Path::new(TOOLCHAIN).join("cargo"));
        cargo.arg(command).arg(BUILD_STD).args(["--target", TARGET]);
        for name in packages {
            cargo.args(["-p", name]);
        }
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(PathBuf::from(TOOLCHAIN)).chain(std::env::split_paths(&old));
        if let Ok(path) = std::env::join_paths(path) {
            cargo.env("PATH", path);
        }
        // What rustup and an outer cargo say is about another toolchain.
        for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
            cargo.env_remove(name);
        }
        cargo
            .env_remove("LD_LIBRARY_PATH")
            // Both are what this compiler has for building a standard library.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_DIR", &self.folder)
            .env("CARGO_INCREMENTAL", "0")
            .env("CC_x86_64_win7_windows_gnu", "x86_64-w64-mingw32-gcc-posix")
            .env("CXX_x86_64_win7_windows_gnu", "x86_64-w64-mingw32-g++-posix")
            .env("AR_x86_64_win7_windows_gnu", "x86_64-w64-mingw32-ar")
            .env("CARGO_TARGET_X86_64_WIN7_WINDOWS_GNU_LINKER", "x86_64-w64-mingw32-g++-posix")
            .env("CARGO_TARGET_X86_64_WIN7_WINDOWS_GNU_RUSTFLAGS", self.flags());
        cargo
    }

    fn flags(&self) -> String {
        let mut flags = vec!["-C link-arg=-static -Z function-sections=yes".to_owned()];
        let wrapper = self.linker.display();
        flags.push(format!("-C link-arg=-wrapper -C link-arg={wrapper}"));
        flags.push("-C link-arg=-fno-use-linker-plugin".to_owned());
        flags.push(format!("-L native={}", self.static_libraries.display()));
        // Without slim errors the `windows` crate imports what Windows 7 lacks.
        flags.push("--cfg windows_slim_errors".to_owned());
        // It looks for these in combase.dll, which Windows 7 lacks; ole32.dll has them
        // everywhere, and who is asked first gives them.
        for argument in
            ["-Wl,-u,__imp_CoCreateFreeThreadedMarshaler", "-Wl,-u,__imp_CoTaskMemFree", "-lole32"]
        {
            flags.push(format!("-Z pre-link-arg={argument}"));
        }
        flags.join(" ")
    }

    /// Optimised, like the programs: the C code in the build scripts is built once.
    fn lint(&self) -> Result<()> {
        let mut clippy = self.cargo("clippy", CRATES.iter().copied().chain(packages()));
        clippy.args(["--quiet", "--profile", PROFILE, "--all-targets"]);
        succeed(clippy.args(["--", "--deny", "warnings"]))
    }

    /// Builds the programs as they are shipped, without symbols, and their tests; tells
    /// where they are. At once: the standard library for tests is another one, and all
    /// would be built a second time for it.
    fn programs(&self) -> Result<(Vec<PathBuf>, Vec<PathBuf>)> {
        let folder = self.folder.join("programs");
        std::fs::create_dir_all(&folder)?;
        let mut cargo = self.cargo("build", packages());
        let built = executables(cargo.args(["--profile", PROFILE, "--bins", "--tests"]))?;
        let mut programs = Vec::new();
        for (_, name) in PROGRAMS {
            let bare = |path: &&PathBuf| path.file_name().is_some_and(|file| file == *name);
            let whole = built.programs.iter().find(bare);
            let whole = whole.with_context(|| format!("{name} was not built"))?;
            let program = folder.join(name);
            let mut strip = Command::new("x86_64-w64-mingw32-strip");
            succeed(strip.arg("-o").arg(&program).arg(whole))?;
            programs.push(program);
        }
        Ok((programs, built.tests))
    }

    /// Leaves the tests of the desktop where end-to-end tests find them: some of them are the
    /// programs of somebody at a Windows desktop. Apart from the programs that are shipped.
    fn leave_clerk(&self, tests: &[PathBuf]) -> Result<()> {
        let clerk = tests.iter().find(|path| name(path).starts_with("desktop-"));
        let clerk = clerk.context("no tests of the desktop were built")?;
        std::fs::copy(clerk, self.folder.join("clerk.exe"))?;
        Ok(())
    }

    /// Builds the other tests, and tells where they are.
    fn tests(&self) -> Result<Vec<PathBuf>> {
        let mut cargo = self.cargo("build", CRATES.iter().copied());
        Ok(executables(cargo.arg("--tests"))?.tests)
    }
}

/// What was built.
#[derive(Default)]
struct Built {
    programs: Vec<PathBuf>,
    tests: Vec<PathBuf>,
}

/// Runs a build; at least one test must come of it.
fn executables(cargo: &mut Command) -> Result<Built> {
    let json = output(cargo.args(["--quiet", "--message-format=json"]))?;
    let mut built = Built::default();
    for message in json.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
        let Some(path) = message["executable"].as_str() else { continue };
        let test = message["profile"]["test"] == true;
        if test { &mut built.tests } else { &mut built.programs }.push(PathBuf::from(path));
    }
    if built.tests.is_empty() {
        bail!("no tests were built by {cargo:?}");
    }
    Ok(built)
}

/// Those of the programs, each once.
fn packages() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|(package, _)| *package).collect::<BTreeSet<_>>().into_iter()
}

/// Fails when a program needs a library that a plain Windows 7 SP1 lacks.
fn imports(program: &Path) -> Result<()> {
    let headers = output(
        Command::new("x86_64-w64-mingw32-objdump").arg("-p").arg(program).stdin(Stdio::null()),
    )?;
    let names: BTreeSet<String> = headers
        .lines()
        .filter_map(|line| Some(line.split_once("DLL Name:")?.1.trim().to_lowercase()))
        .collect();
    if names.is_empty() {
        bail!("{} imports nothing at all", program.display());
    }
    let foreign: Vec<_> = names
        .iter()
        .filter(|name| !SYSTEM_LIBRARIES.contains(&name.as_str()))
        .map(String::as_str)
        .collect();
    if !foreign.is_empty() {
        bail!("{} needs {}", program.display(), foreign.join(", "));
    }
    let list = names.into_iter().collect::<Vec<_>>().join(" ");
    say(&format!("{} imports {list}", name(program)));
    Ok(())
}

/// Fails when a program has become too large.
fn size(program: &Path) -> Result<()> {
    let size = program.metadata()?.len();
    let text = format!("{} has {} KiB", name(program), size >> 10);
    if size > LARGEST {
        bail!("{text}, more than the {} that it may have", LARGEST >> 10);
    }
    say(&text);
    Ok(())
}

fn name(program: &Path) -> String {
    program.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn say(line: &str) {
    #[expect(clippy::print_stderr, reason = "progress for people")]
    {
        eprintln!("windows: {line}");
    }
}
