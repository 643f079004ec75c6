//! Generated code and documents: written by `cargo xtask codegen`, committed, and
//! checked by `cargo xtask codegen --check`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::run::{cargo, npm, succeed};

const HASH_MARK: &str = "Schema hash: `";

pub(crate) fn run(check: bool) -> Result<()> {
    rust_protobuf(check)?;
    schema_hash(check)?;
    if Path::new("web/package.json").exists() {
        let script = if check { "gen:check" } else { "gen" };
        succeed(&mut npm(&["run", "--silent", script]))?;
    }
    Ok(())
}

fn rust_protobuf(check: bool) -> Result<()> {
    let committed = Path::new("crates/proto/src/gen");
    let fresh = PathBuf::from("target/codegen");
    fs::create_dir_all(&fresh)?;
    let out = if check { fresh.as_path() } else { committed };
    succeed(cargo(&["run", "--quiet", "-p", "gc-codegen", "--", "proto"]).arg(out))?;
    let file = "guruconnect.v2.rs";
    succeed(Command::new("rustfmt").args(["--edition", "2024"]).arg(out.join(file)))?;
    if check && fs::read(fresh.join(file))? != fs::read(committed.join(file))? {
        bail!("crates/proto/src/gen is out of date; run: cargo xtask codegen");
    }
    Ok(())
}

/// SHA-256 over the `.proto` files in order of name, with comments and blank lines
/// left out: it changes when the wire may have changed.
fn schema_hash(check: bool) -> Result<()> {
    let mut files: Vec<_> = fs::read_dir("proto/guruconnect/v2")?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<_>>()?;
    files.sort();
    let mut hasher = Sha256::new();
    for file in files {
        for line in fs::read_to_string(&file)?.lines() {
            let code = line.split("//").next().unwrap_or_default().trim();
            if !code.is_empty() {
                hasher.update(code.as_bytes());
                hasher.update(b"\n");
            }
        }
    }
    let mut hash = String::new();
    for byte in hasher.finalize() {
        write!(hash, "{byte:02x}")?;
    }

    let path = "docs/protocol.md";
    let document = fs::read_to_string(path).context("docs/protocol.md is missing")?;
    let start =
        document.find(HASH_MARK).context("docs/protocol.md has no schema hash")? + HASH_MARK.len();
    let end = start + document[start..].find('`').context("unfinished schema hash")?;
    if document[start..end] == hash {
        return Ok(());
    }
    if check {
        bail!(
            "the wire changed: describe it in docs/protocol.md and CHANGELOG.md, then run: cargo xtask codegen"
        );
    }
    fs::write(path, format!("{}{hash}{}", &document[..start], &document[end..]))?;
    Ok(())
}
