//! A viewer that moves one file and shows no picture, as a process that tests can kill.
//!
//! `file-seat SERVER FOLDER ID new|again upload|download SOURCE TARGET`: the viewer's own files
//! are in FOLDER; ID is the transfer's, as a number, so that a new process goes on where
//! a killed one was; SOURCE is a file and TARGET a folder, the machine's with whole
//! paths. Before it joins it prints `token` and reads one from standard input; in the
//! end it prints `done`.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gc_e2e::FileSeat;
use gc_filetransfer::{ConflictRule, Direction, Plan, StorePath};

const PATIENCE: Duration = Duration::from_mins(1);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [server, folder, id, begun, direction, source, target] = arguments.as_slice() else {
        bail!("file-seat SERVER FOLDER ID new|again upload|download SOURCE TARGET");
    };
    let here = |path: &str| StorePath::new("home", path);
    let there = |path: &str| StorePath::new("/", path);
    let (direction, source, target) = match direction.as_str() {
        "upload" => (Direction::Upload, here(source), there(target)),
        "download" => (Direction::Download, there(source), here(target)),
        other => bail!("{other} is no direction"),
    };
    let plan = Plan {
        id: [id.parse()?; 16],
        direction,
        sources: vec![source],
        folder: target,
        rule: ConflictRule::Overwrite,
        again: begun == "again",
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(server, Path::new(folder), plan))
}

async fn run(server: &str, folder: &Path, plan: Plan) -> Result<()> {
    let mut seat = FileSeat::new(folder);
    let number = seat.begin(plan);
    loop {
        say("token")?;
        let mut token = String::new();
        std::io::stdin().read_line(&mut token).context("no token")?;
        if token.trim().is_empty() {
            bail!("no token");
        }
        // A lost link is joined again; anything else ends this.
        if let Err(error) = seat.join(server, None, token.trim()).await {
            tracing::debug!(%error, "not joined");
            continue;
        }
        match seat.finish(number, PATIENCE).await {
            Ok(()) => return say("done"),
            Err(_) if !seat.is_connected() => {}
            Err(error) => return Err(error),
        }
    }
}

fn say(word: &str) -> Result<()> {
    let mut output = std::io::stdout().lock();
    writeln!(output, "{word}")?;
    Ok(output.flush()?)
}
