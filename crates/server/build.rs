//! Tells the program which commit it was built from, and makes sure that there is a
//! folder to embed.

use std::path::Path;
use std::process::Command;

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).output().ok();
    output
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty())
        .unwrap_or_else(|| "unknown".into())
}

fn main() {
    println!("cargo:rustc-env=GURUCONNECT_COMMIT={}", git(&["rev-parse", "--short=12", "HEAD"]));
    println!(
        "cargo:rustc-env=GURUCONNECT_COMMIT_DATE={}",
        git(&["show", "-s", "--format=%cs", "HEAD"])
    );
    let head = git(&["rev-parse", "--git-path", "logs/HEAD"]);
    for path in [head.as_str(), "../../web/dist"] {
        if Path::new(path).exists() {
            println!("cargo:rerun-if-changed={path}");
        }
    }
    // Without a console built, pages say so; the program builds all the same.
    if let Err(error) = std::fs::create_dir_all("../../web/dist") {
        println!("cargo:warning=web/dist cannot be made: {error}");
    }
}
