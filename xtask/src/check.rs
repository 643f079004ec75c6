//! Everything that is checked without running the product.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::run::{cargo, npm, succeed, tool};
use crate::{architecture, codegen};

pub(crate) fn run() -> Result<()> {
    format()?;
    architecture::check()?;
    lints()?;
    documentation()?;
    codegen::run(true)?;
    wire()?;
    dependencies()?;
    web()
}

pub(crate) fn format() -> Result<()> {
    succeed(&mut cargo(&["fmt", "--all", "--check"])).context("run: cargo fmt --all")
}

pub(crate) fn lints() -> Result<()> {
    succeed(&mut cargo(&[
        "clippy",
        "--quiet",
        "--workspace",
        "--all-targets",
        "--",
        "--deny",
        "warnings",
    ]))
}

pub(crate) fn documentation() -> Result<()> {
    succeed(
        cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

/// The wire keeps to the style of protobuf and breaks nothing that was released;
/// `proto/baseline.binpb` is the wire of the last release.
pub(crate) fn wire() -> Result<()> {
    let buf = Path::new("web/node_modules/.bin/buf");
    succeed(Command::new(buf).args(["lint", "proto"]))?;
    succeed(Command::new(buf).args(["breaking", "proto", "--against", "proto/baseline.binpb"]))
}

/// Licences, unused dependencies, advisories.
pub(crate) fn dependencies() -> Result<()> {
    succeed(tool("cargo-deny").args([
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]))?;
    succeed(tool("cargo-shear").arg("--deny-warnings")).context("a dependency is not used")?;
    let advisories = Path::new("../shared/advisory-db");
    if advisories.exists() {
        succeed(
            tool("cargo-audit")
                .args(["audit", "--quiet", "--no-fetch", "--stale", "--db"])
                .arg(advisories),
        )
    } else {
        #[expect(clippy::print_stderr, reason = "progress for people")]
        {
            eprintln!("check: no advisory database beside the checkout; advisories not checked");
        }
        Ok(())
    }
}

pub(crate) fn web() -> Result<()> {
    if Path::new("web/package.json").exists() {
        succeed(&mut npm(&["run", "--silent", "check"]))?;
    }
    Ok(())
}
