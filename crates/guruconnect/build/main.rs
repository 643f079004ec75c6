//! Puts commit and commit date into the program, "unknown" outside a checkout, and on
//! Windows its icon, version and manifest.

#![expect(clippy::print_stdout, reason = "a build script speaks to cargo so")]

mod icon;
mod resources;

use std::process::Command;

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn main() {
    let commit = git(&["rev-parse", "--short=12", "HEAD"]);
    let date = git(&["show", "--no-patch", "--format=%cs", "HEAD"]);
    println!("cargo::rustc-env=GURUCONNECT_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo::rustc-env=GURUCONNECT_COMMIT_DATE={}", date.as_deref().unwrap_or("unknown"));
    println!("cargo::rerun-if-changed=build");
    for path in
        [git(&["rev-parse", "--git-path", "HEAD"]), git(&["rev-parse", "--git-path", "logs/HEAD"])]
            .into_iter()
            .flatten()
    {
        println!("cargo::rerun-if-changed={path}");
    }
    if let Err(reason) = resources::embed() {
        println!("cargo::error=the program's icon, version and manifest: {reason}");
    }
}
