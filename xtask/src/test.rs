//! The stages of `cargo xtask test`, which is what CI runs.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::postgres::Postgres;
use crate::run::{cargo, npm, succeed, tool};
use crate::{architecture, check, codegen, run, setup, windows};

/// A stage either passes as a whole or reports how many tests it ran.
type Stage = (&'static str, fn() -> Result<u64>);

const STAGES: &[Stage] = &[
    ("format", || check::format().map(|()| 1)),
    ("architecture", || architecture::check().map(|()| 1)),
    ("generated code", || codegen::run(true).map(|()| 1)),
    ("wire", || check::wire().map(|()| 1)),
    ("dependencies", || check::dependencies().map(|()| 1)),
    ("web check", || check::web().map(|()| 1)),
    ("web tests", web_tests),
    ("lints", || check::lints().map(|()| 1)),
    ("rust tests", rust_tests),
    ("windows", windows::run),
    ("demo", demo),
];

/// Sets up what all stages need, then runs those whose name contains `only`.
pub(crate) fn all(only: Option<&str>) -> Result<()> {
    setup::run()?;
    stages(only)
}

/// Runs the stages whose name contains `only`, and counts.
#[expect(clippy::disallowed_methods, reason = "stage times are for people")]
#[expect(clippy::print_stdout, reason = "the report of the test run")]
pub(crate) fn stages(only: Option<&str>) -> Result<()> {
    let mut passed = 0;
    let mut failed = 0;
    for (name, stage) in STAGES {
        if only.is_some_and(|only| !name.contains(only)) {
            continue;
        }
        println!("== {name}");
        let start = Instant::now();
        let outcome = stage();
        let seconds = start.elapsed().as_secs();
        match outcome {
            Ok(count) => {
                passed += count;
                println!("== {name}: ok, {count} in {seconds} s");
            }
            Err(error) => {
                failed += 1;
                println!("== {name}: FAILED after {seconds} s: {error:#}");
            }
        }
    }
    println!("{passed} passed, {failed} failed");
    if failed > 0 {
        bail!("{failed} stages failed");
    }
    Ok(())
}

fn rust_tests() -> Result<u64> {
    let postgres = Postgres::start().context("no PostgreSQL for the storage tests")?;
    nextest(|command| {
        command.env("GURUCONNECT_TEST_POSTGRES", &postgres.url);
        // These come after the build for Windows.
        command.args(["--filterset", "not (package(gc-e2e) and binary(/^windows/))"]);
    })
}

/// The end-to-end tests with the Windows programs, one after the other: they share a
/// Wine prefix.
pub(crate) fn windows_end_to_end() -> Result<u64> {
    nextest(|command| {
        command.args(["--test", "windows*", "--test-threads", "1"]);
    })
}

/// Runs tests of the whole workspace, so that all runs share what is built.
fn nextest(choose: impl FnOnce(&mut Command)) -> Result<u64> {
    setup::web()?;
    // End-to-end tests run these programs.
    succeed(&mut cargo(&["build", "--quiet", "-p", "guruconnect-server", "-p", "guruconnect"]))?;
    let mut command = tool("cargo-nextest");
    command.args(["nextest", "run", "--workspace", "--no-fail-fast", "--status-level=fail"]);
    choose(&mut command);
    // "Summary [  12.3s] 120 tests run: 120 passed, 0 skipped"
    counted(&mut command, |line| {
        let rest = line.split_once("tests run: ").or_else(|| line.split_once("test run: "))?.1;
        rest.split_whitespace().next()?.parse().ok()
    })
}

/// What a newcomer sees, with the optimised programs.
fn demo() -> Result<u64> {
    run::build_product()?;
    succeed(&mut cargo(&["build", "--release", "--quiet", "-p", "gc-demo"]))?;
    let program = run::target_dir()?.join("release/guruconnect-demo");
    succeed(Command::new(program).args(["--check", "--headless", "--port", "0"])).map(|()| 1)
}

fn web_tests() -> Result<u64> {
    if !Path::new("web/package.json").exists() {
        return Ok(0);
    }
    // "      Tests  42 passed (42)"
    counted(&mut npm(&["run", "--silent", "test"]), |line| {
        let mut words = line.split_whitespace();
        if words.next() != Some("Tests") {
            return None;
        }
        words.next()?.parse().ok()
    })
}

/// Runs a test runner, shows what it prints, and finds its count.
fn counted(command: &mut Command, count: fn(&str) -> Option<u64>) -> Result<u64> {
    command.env("NO_COLOR", "1").env("FORCE_COLOR", "0").env("CARGO_TERM_COLOR", "never");
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer).stdin(Stdio::null());
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    // Our own copies of the writing end would keep the pipe open for ever.
    *command = Command::new("true");
    let mut found = None;
    for line in BufReader::new(reader).lines() {
        let line = line?;
        found = count(&line).or(found);
        #[expect(clippy::print_stdout, reason = "the test runner's own output")]
        {
            println!("{line}");
        }
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("tests failed: {status}");
    }
    found.filter(|&tests| tests > 0).context("the test runner reported no tests")
}
