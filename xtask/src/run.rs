//! Running other programs.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// All commands work from the root of the checkout.
pub(crate) fn enter_workspace_root() -> Result<()> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = root.parent().context("xtask has no parent folder")?;
    std::env::set_current_dir(root).context("cannot enter the checkout")
}

/// Where downloaded tools are kept between runs and checkouts.
pub(crate) fn cache_dir() -> PathBuf {
    let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("."));
    std::env::var_os("XDG_CACHE_HOME")
        .map_or_else(|| home.join(".cache"), PathBuf::from)
        .join("guruconnect")
}

/// A tool that setup installs, or the one on the path.
pub(crate) fn tool(name: &str) -> Command {
    let own = cache_dir().join("tools/bin").join(name);
    Command::new(if own.exists() { own } else { PathBuf::from(name) })
}

/// `cargo` with these arguments.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// `npm` in the web folder.
pub(crate) fn npm(arguments: &[&str]) -> Command {
    let mut command = npm_command();
    command.args(arguments).current_dir("web");
    command
}

/// `npm`; Node.js is the one that setup found or installed.
pub(crate) fn npm_command() -> Command {
    let mut command = tool("npm");
    put_tools_on_path(&mut command);
    command
}

/// Lets a program find the tools that setup has installed.
fn put_tools_on_path(command: &mut Command) {
    let own = cache_dir().join("tools/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(own).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(folders) {
        command.env("PATH", path);
    }
}

/// Runs to the end; an exit status other than 0 is an error.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} failed: {status}");
    }
    Ok(())
}

/// What a program printed; an exit status other than 0 is an error.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", output.status);
    }
    String::from_utf8(output.stdout).context("output is not UTF-8")
}

/// Builds the web application and the optimised binaries, then runs one of the
/// internal programs that drive them.
pub(crate) fn product<S: AsRef<OsStr>>(package: &str, binary: &str, arguments: &[S]) -> Result<()> {
    build_product()?;
    let package = format!("gc-{package}");
    succeed(&mut cargo(&["build", "--release", "--quiet", "-p", &package]))?;
    let program = target_dir()?.join("release").join(binary);
    let mut command = Command::new(program);
    put_tools_on_path(&mut command);
    let status = command.args(arguments).status()?;
    std::process::exit(status.code().unwrap_or(1));
}

/// Builds the web application and the optimised server and agent.
pub(crate) fn build_product() -> Result<()> {
    crate::setup::web()?;
    succeed(&mut cargo(&["build", "--release", "-p", "guruconnect-server", "-p", "guruconnect"]))
}

/// The folder that cargo builds into.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let metadata = output(&mut cargo(&["metadata", "--format-version=1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let folder = metadata["target_directory"].as_str().context("no target_directory")?;
    Ok(PathBuf::from(folder))
}
