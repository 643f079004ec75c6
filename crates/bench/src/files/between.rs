//! Files that are copied in one session and pasted in another, through two windows of one
//! native viewer: they come to its computer when the second window looks at the
//! clipboard, and go up when somebody pastes there.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use gc_e2e::{Desktop, NativeViewer, Process};

use super::product::fill;
use crate::clock::monotonic;
use crate::stage::Stage;

/// Of both machines and of the technician.
const SIZE: (u32, u32) = (1_024, 768);
/// What a small file has.
const SMALL: u64 = 4 << 10;
/// Small files of one folder.
const FOLDER: u32 = 250;
/// One step takes no longer.
const PATIENCE: Duration = Duration::from_mins(5);
/// Distance of two looks; what is measured is coarser by this.
const LOOK: Duration = Duration::from_millis(5);
/// Both sessions are at rest after this.
const SETTLING: Duration = Duration::from_secs(2);

/// What is copied.
#[derive(Debug, Clone, Copy)]
pub(super) enum Copied {
    /// One file of so many bytes.
    Large(u64),
    /// A folder with so many small files.
    Small(u32),
}

/// Seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    /// From the first machine to the viewer's computer.
    pub(super) down: f64,
    /// From there to the second machine, until its clipboard has the files.
    pub(super) up: f64,
}

impl Took {
    pub(super) const fn all(&self) -> f64 {
        self.down + self.up
    }

    /// The faster in all.
    pub(super) fn best(self, other: Self) -> Self {
        if other.all() < self.all() { other } else { self }
    }
}

struct Machine {
    _agent: Process,
    desktop: Desktop,
    folder: PathBuf,
    session: String,
}

impl Machine {
    fn start(stage: &Stage, name: &str, folder: PathBuf) -> Result<Self> {
        std::fs::create_dir(&folder)?;
        let desktop = Desktop::start(SIZE.0, SIZE.1, &folder)?;
        let (machine, key) = stage.rest.add_machine(name, "silent")?;
        let mut command = desktop.command(&stage.programs.path("guruconnect").to_string_lossy());
        command.args(["agent", "--server", stage.address()]);
        command.arg("--ca-file").arg(authority(stage)?);
        command.env("GURUCONNECT_KEY", key).env("HOME", &folder);
        let agent = Process::start("agent", &mut command, &folder)?;
        stage.wait_online(&machine).with_context(|| format!("agent:\n{}", agent.log()))?;
        let session = stage.session(&machine)?;
        Ok(Self { _agent: agent, desktop, folder, session })
    }
}

fn authority(stage: &Stage) -> Result<&Path> {
    Ok(&stage.certificates.as_ref().context("no certificates")?.authority)
}

/// Copies on one machine and pastes on the other, once.
pub(super) fn measure(copied: Copied) -> Result<Took> {
    let folder = tempfile::tempdir()?;
    let stage = Stage::start(false, folder.path())?;
    let first = Machine::start(&stage, "first-machine", folder.path().join("first"))?;
    let second = Machine::start(&stage, "second-machine", folder.path().join("second"))?;
    let home = folder.path().join("technician");
    std::fs::create_dir(&home)?;
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700))?;
    let mut desktop = Desktop::start(SIZE.0, SIZE.1, &home)?;
    desktop.manage_windows()?;
    let ticket = |machine: &Machine| NativeViewer::ticket(&stage.rest, &machine.session, "control");
    let (one, other) = (ticket(&first)?, ticket(&second)?);
    let mut command = desktop.command(&stage.programs.path("guruconnect").to_string_lossy());
    command.args(["view", "--server", stage.address(), "--ticket", &one, "--ticket", &other]);
    command.arg("--ca-file").arg(authority(&stage)?);
    command.env("HOME", &home).env("XDG_RUNTIME_DIR", &home).env("RUST_LOG", "info");
    let process = Process::start("viewer", &mut command, &home)?;
    let viewer = NativeViewer { process, desktop };
    let technician = &viewer.desktop;
    viewer.wait_for_line("in control", 2)?;
    viewer.wait_for_line("the picture's size", 2)?;

    let source = first.folder.join("copied");
    make(&source, copied)?;
    let list = first.folder.join("list");
    std::fs::write(&list, format!("file://{}\r\n", source.display()))?;
    activate(technician, "first-machine")?;
    std::thread::sleep(SETTLING);
    let mut command = first.desktop.command("xclip");
    command.args(["-quiet", "-selection", "clipboard", "-t", "text/uri-list", "-i"]).arg(&list);
    let _copied = Process::start("xclip", &mut command, &first.folder)?;
    technician.wait_until("the files are offered", |desktop| {
        let targets = ["2", "xclip", "-selection", "clipboard", "-o", "-t", "TARGETS"];
        // Without an owner there are none.
        Ok(desktop.output("timeout", &targets).is_ok_and(|told| told.contains("text/uri-list")))
    })?;

    let start = monotonic();
    activate(technician, "second-machine")?;
    wait_for(&viewer, "files were copied here")?;
    let down = monotonic().saturating_sub(start).as_secs_f64();
    std::thread::sleep(SETTLING);
    let start = monotonic();
    viewer.press(&["ctrl+v"])?;
    wait_for(&viewer, "files are on the machine's clipboard")?;
    let up = monotonic().saturating_sub(start).as_secs_f64();
    let pasted = pasted(&second.desktop)?;
    let (wanted, found) = (size(&source)?, size(&pasted)?);
    // They would stay in the home of whoever measures, for a day.
    std::fs::remove_dir_all(pasted.parent().context("files in no folder")?)?;
    ensure!(found == wanted, "{found:?} files and bytes were pasted, {wanted:?} were copied");
    Ok(Took { down, up })
}

fn activate(desktop: &Desktop, name: &str) -> Result<()> {
    let window = desktop.find_window("--name", name)?;
    desktop.output("xdotool", &["windowactivate", "--sync", &window]).map(|_| ())
}

fn wait_for(viewer: &NativeViewer, part: &str) -> Result<()> {
    let limit = monotonic() + PATIENCE;
    while !viewer.process.log().contains(part) {
        if monotonic() > limit {
            bail!("waited {PATIENCE:?} in vain for '{part}':\n{}", viewer.process.log());
        }
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// What a program of the machine would paste.
fn pasted(machine: &Desktop) -> Result<PathBuf> {
    let words = ["10", "xclip", "-selection", "clipboard", "-o", "-t", "text/uri-list"];
    let list = machine.output("timeout", &words)?;
    let path = list.lines().next().and_then(path_of);
    path.with_context(|| format!("no file on the machine's clipboard: {list}"))
}

/// Of a `file` URI with no escapes but blanks.
fn path_of(uri: &str) -> Option<PathBuf> {
    let rest = uri.trim_end().strip_prefix("file://")?;
    // A host may stand before the path.
    let path = rest.get(rest.find('/')?..)?;
    Some(PathBuf::from(path.replace("%20", " ")))
}

fn make(source: &Path, copied: Copied) -> Result<()> {
    match copied {
        Copied::Large(bytes) => fill(source, bytes),
        Copied::Small(count) => {
            for number in 0..count {
                let folder = source.join(format!("folder {}", number / FOLDER));
                std::fs::create_dir_all(&folder)?;
                fill(&folder.join(format!("{number}.bin")), SMALL)?;
            }
            Ok(())
        }
    }
}

/// Files in it, however deep, and their bytes.
fn size(path: &Path) -> Result<(u64, u64)> {
    let facts = std::fs::symlink_metadata(path)?;
    if !facts.is_dir() {
        return Ok((1, facts.len()));
    }
    let mut all = (0, 0);
    for entry in std::fs::read_dir(path)? {
        let (files, bytes) = size(&entry?.path())?;
        all = (all.0 + files, all.1 + bytes);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_files_are_all_made_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let source = folder.path().join("copied");
        make(&source, Copied::Small(FOLDER + 2)).unwrap();
        assert_eq!(size(&source).unwrap(), (252, 252 * SMALL));
        assert_eq!(std::fs::read_dir(&source).unwrap().count(), 2);
    }

    #[test]
    fn paths_are_read_from_their_uris() {
        let path = Some(PathBuf::from("/home/a/2 b/copied"));
        assert_eq!(path_of("file:///home/a/2%20b/copied\r"), path);
        assert_eq!(path_of("file://desk/home/a/2%20b/copied"), path);
        assert_eq!(path_of("http://desk/home"), None);
    }

    #[test]
    fn the_faster_one_counts() {
        let took = |down, up| Took { down, up };
        assert!((took(1.0, 3.0).best(took(2.0, 1.5)).all() - 3.5).abs() < 1e-9);
        assert!((took(1.0, 2.0).best(took(2.0, 1.5)).all() - 3.0).abs() < 1e-9);
    }
}
