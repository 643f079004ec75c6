//! Many files, large files, and names that mean harm, through the real server and agent.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use gc_e2e::{FileSeat, ServerOptions, Stack};
use gc_filetransfer::{ConflictRule, Direction, Plan, StorePath};
use serde_json::json;

const PATIENCE: Duration = Duration::from_mins(4);
/// Files of the small kind.
const MANY: u32 = 20_000;
/// In each folder.
const IN_FOLDER: u32 = 250;

async fn seat(stack: &Stack, folder: &Path) -> Result<FileSeat> {
    let session = stack.session()?;
    let path = format!("/api/sessions/{session}/viewer-token");
    let answer = stack.rest.call("POST", &path, Some(json!({"access": "control"})))?;
    let mut seat = FileSeat::new(folder);
    seat.join(stack.server.address(), None, answer["token"].as_str().context("no token")?).await?;
    Ok(seat)
}

fn plan(id: u8, direction: Direction, source: StorePath, folder: StorePath) -> Plan {
    Plan {
        id: [id; 16],
        direction,
        sources: vec![source],
        folder,
        rule: ConflictRule::Ask,
        again: false,
    }
}

/// Every file below a folder and what is in it.
fn contents(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for item in fs::read_dir(&next)? {
            let path = item?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
                found.insert(name, fs::read(&path)?);
            }
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_small_files_go_up_and_come_down() -> Result<()> {
    let stack = Stack::start(320, 240, ServerOptions::default())?;
    let (local, machine) = (tempfile::tempdir()?, tempfile::tempdir()?);
    for number in 0..MANY {
        let folder = local.path().join(format!("all/{}", number / IN_FOLDER));
        if number % IN_FOLDER == 0 {
            fs::create_dir_all(&folder)?;
        }
        let length = (number as usize).wrapping_mul(7_919) % 300;
        fs::write(folder.join(format!("{number}.txt")), vec![(number % 251) as u8; length])?;
    }
    // As deep as a transfer may go.
    let deep =
        (0..60).fold(local.path().join("all/deep"), |path, level| path.join(level.to_string()));
    fs::create_dir_all(&deep)?;
    fs::write(deep.join("bottom"), "deep")?;
    let wanted = contents(&local.path().join("all"))?;

    let there = machine.path().display().to_string();
    let mut seat = seat(&stack, local.path()).await?;
    let number = seat.begin(plan(
        1,
        Direction::Upload,
        StorePath::new("home", "all"),
        StorePath::new("/", &there),
    ));
    seat.finish(number, PATIENCE).await?;
    ensure!(contents(&machine.path().join("all"))? == wanted, "the machine has something else");

    fs::create_dir(local.path().join("back"))?;
    let number = seat.begin(plan(
        2,
        Direction::Download,
        StorePath::new("/", &format!("{there}/all")),
        StorePath::new("home", "back"),
    ));
    seat.finish(number, PATIENCE).await?;
    ensure!(contents(&local.path().join("back/all"))? == wanted, "what came back differs");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_on_the_machine_stay_in_the_folder_chosen_here() -> Result<()> {
    let stack = Stack::start(320, 240, ServerOptions::default())?;
    let (local, machine) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let source = machine.path().join("s");
    fs::create_dir(&source)?;
    let names = [
        "..\\..\\evil",
        "C:\\evil",
        "CON",
        "aux.txt",
        "a:stream",
        "trailing.",
        "trailing ",
        "\u{202E}txt.exe",
        "line\nbreak",
        "$MFT",
        "PROGRA~1",
        "same",
        "SAME",
        "fine",
    ];
    for (number, name) in names.iter().enumerate() {
        fs::write(source.join(name), number.to_string())?;
    }
    std::os::unix::fs::symlink("/etc/passwd", source.join("link"))?;
    let mut seat = seat(&stack, local.path()).await?;
    fs::create_dir(local.path().join("in"))?;
    let number = seat.begin(plan(
        1,
        Direction::Download,
        StorePath::new("/", &source.display().to_string()),
        StorePath::new("home", "in"),
    ));
    // What cannot be taken is told for each file; the rest comes.
    seat.finish(number, PATIENCE).await?;
    let found = contents(&local.path().join("in"))?;
    ensure!(found.get("s/fine").is_some_and(|data| data == b"13"), "{found:?}");
    let forbidden = ['\\', ':', '\n', '\u{202E}', '*'];
    for (name, data) in &found {
        let bare = name.strip_prefix("s/").context("outside of its folder")?;
        ensure!(!bare.contains('/') && !bare.contains(forbidden), "{name:?}");
        ensure!(!bare.ends_with(['.', ' ']), "{name:?}");
        ensure!(!["con", "aux.txt"].contains(&bare.to_lowercase().as_str()), "{name:?}");
        ensure!(data.len() < 3, "a link was followed");
    }
    // Two spellings of one name are two files.
    let same: Vec<_> =
        found.keys().filter(|name| name.to_lowercase().starts_with("s/same")).collect();
    ensure!(same.len() == 2, "{same:?}");
    ensure!(same[0].to_lowercase() != same[1].to_lowercase(), "{same:?}");
    // The store remembers in `.local` where unfinished files are.
    let beside = fs::read_dir(local.path())?.flatten().map(|item| item.file_name());
    let beside: Vec<_> = beside.filter(|name| name != ".local" && name != "in").collect();
    ensure!(beside.is_empty(), "{beside:?} lies beside the folder");
    Ok(())
}

/// A little more than what 31 bits count.
const LARGE: u64 = (2 << 30) + 4_099;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_two_gibibytes_arrives_as_it_is() -> Result<()> {
    let stack = Stack::start(320, 240, ServerOptions::default())?;
    let (local, machine) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let from = File::create_new(local.path().join("large.img"))?;
    from.set_len(LARGE)?;
    // Each tenth of it begins otherwise, and so does its end; the rest is holes.
    for tenth in 0..10_u64 {
        from.write_all_at(format!("tenth {tenth}").as_bytes(), LARGE / 10 * tenth)?;
    }
    from.write_all_at(b"the end", LARGE - 7)?;
    drop(from);

    let mut seat = seat(&stack, local.path()).await?;
    let number = seat.begin(plan(
        1,
        Direction::Upload,
        StorePath::new("home", "large.img"),
        StorePath::new("/", &machine.path().display().to_string()),
    ));
    seat.finish(number, PATIENCE).await?;
    let (from, to) = (local.path().join("large.img"), machine.path().join("large.img"));
    ensure!(to.metadata()?.len() == LARGE);
    ensure!(same(&from, &to)?, "another content arrived");
    Ok(())
}

/// Whether two files of the same length have the same content.
fn same(one: &Path, other: &Path) -> Result<bool> {
    let (mut one, mut other) = (File::open(one)?, File::open(other)?);
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let length = one.read(&mut left)?;
        if length == 0 {
            return Ok(true);
        }
        other.read_exact(&mut right[..length])?;
        if left[..length] != right[..length] {
            return Ok(false);
        }
    }
}
