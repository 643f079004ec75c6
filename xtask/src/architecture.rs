//! Checks that the workspace is built as ARCHITECTURE.md says.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run::{cargo, output};
use crate::tiers::{CRATES, FORBIDDEN, FORBIDDEN_IN_CORE, Tier};

/// No hand-written source file may be longer.
const MAX_LINES: usize = 1_000;

pub(crate) fn check() -> Result<()> {
    let metadata = output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let tiers: BTreeMap<&str, Tier> = CRATES.iter().copied().collect();
    let document = std::fs::read_to_string("ARCHITECTURE.md").unwrap_or_default();
    let mut faults = Vec::new();

    for package in metadata["packages"].as_array().context("no packages")? {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(&tier) = tiers.get(name) else {
            faults.push(format!("{name} has no tier in xtask/src/tiers.rs"));
            continue;
        };
        if !document.contains(&format!("`{name}`")) {
            faults.push(format!("{name} is not described in ARCHITECTURE.md"));
        }
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            // What tests use is not shipped and may point anywhere.
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let used = dependency["name"].as_str().unwrap_or_default();
            if let Some(&other) = tiers.get(used)
                && !tier.may_use(other)
            {
                faults.push(format!(
                    "{name} ({}) may not use {used} ({})",
                    tier.name(),
                    other.name()
                ));
            }
            if FORBIDDEN.contains(&(name, used)) {
                faults.push(format!("{name} may not use {used}"));
            }
            let pure = matches!(tier, Tier::Core | Tier::Capability);
            if pure && FORBIDDEN_IN_CORE.contains(&used) {
                faults.push(format!("{name} is pure and may not use {used}"));
            }
        }
    }

    let files = output(&mut {
        let mut git = std::process::Command::new("git");
        git.args(["ls-files", "--cached", "--others", "--exclude-standard"]);
        git
    })?;
    for file in files.lines().filter(|file| is_source(file)) {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let lines = text.lines().count();
        if lines > MAX_LINES {
            faults.push(format!("{file} has {lines} lines; the limit is {MAX_LINES}"));
        }
        let os = text.contains("cfg(target_os")
            || text.contains("cfg(windows")
            || text.contains("cfg(unix");
        // The transport sets a socket option that only some systems have; a trait for
        // one line would hide more than it tells.
        let may_name_os = [
            "crates/platform-",
            "crates/guruconnect/",
            // A program for one system only.
            "crates/sas-service/",
            "crates/transport/src/socket.rs",
            "xtask/",
        ]
        .iter()
        .any(|place| file.starts_with(place));
        if os && !may_name_os {
            faults.push(format!(
                "{file} names an operating system; only platform-* and the binary may"
            ));
        }
    }

    if faults.is_empty() { Ok(()) } else { bail!("architecture:\n  {}", faults.join("\n  ")) }
}

fn is_source(file: &str) -> bool {
    let path = Path::new(file);
    let source = path.extension().is_some_and(|extension| {
        ["rs", "ts", "tsx", "css", "proto"].iter().any(|e| extension == *e)
    });
    source && !file.contains("/gen/")
}
