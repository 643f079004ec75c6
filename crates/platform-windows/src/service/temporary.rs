//! A service for the length of one attended session, so that its technician sees UAC
//! prompts and elevated windows. It leaves nothing behind: it is marked for deletion as
//! soon as it runs, so that it is gone when it stops, when it crashes, and when Windows
//! starts again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use gc_types::Entropy;

use super::definition::{Recovery, ServiceDefinition, Start};
use super::files::{FileError, place, remove_at_restart, remove_folder, suffix};
use super::install::InstallError;
use super::manager::{Service, ServiceManager, ServiceState, ServiceStatus};
use crate::security::is_elevated;
use crate::win32::{CallError, KnownFolder, known_folder, nap, program_of_this_process};

const PREFIX: &str = "GuruConnectSupport-";
const FOLDER: &str = "GuruConnect Support";
const PROGRAM: &str = "guruconnect.exe";

/// The name of a temporary service of this number.
pub fn temporary_service_name(number: &str) -> String {
    format!("{PREFIX}{number}")
}

/// What is to be run.
pub struct TemporaryServiceRequest {
    /// The program; it is copied to where no user can change it.
    pub program: PathBuf,
    /// Its arguments; the service's name is put after them. Everybody can read them.
    pub arguments: Vec<String>,
    /// What the service gets when it is started; no process list shows it.
    pub start_arguments: Vec<String>,
    /// Sixteen digits that its name ends with, see [`temporary_service_name`]; `None`: any.
    pub number: Option<String>,
    /// Folder in which programs are; only administrators may write there.
    pub programs: PathBuf,
    /// Asks whether this process may do it.
    pub may: fn() -> Result<bool, CallError>,
}

impl TemporaryServiceRequest {
    /// The program that runs, on this machine.
    pub fn of_this_program(arguments: Vec<String>) -> Result<Self, CallError> {
        Ok(Self {
            program: program_of_this_process()?,
            arguments,
            start_arguments: Vec::new(),
            number: None,
            programs: known_folder(KnownFolder::ProgramFiles)?,
            may: is_elevated,
        })
    }
}

/// A temporary service that runs. Dropping it stops it and removes its program.
pub struct TemporaryService {
    name: String,
    service: Service,
    folder: PathBuf,
    entropy: Arc<dyn Entropy>,
}

impl TemporaryService {
    /// Makes and starts it. It runs when this returns; when this fails nothing is left.
    pub fn start(
        request: &TemporaryServiceRequest,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, InstallError> {
        if !(request.may)()? {
            return Err(InstallError::NotElevated);
        }
        let number = request.number.clone().unwrap_or_else(|| suffix(entropy.as_ref()));
        let name = temporary_service_name(&number);
        let parent = request.programs.join(FOLDER);
        let folder = parent.join(&number);
        let program = folder.join(PROGRAM);
        place(&request.program, &program, entropy.as_ref())?;
        for path in [&program, &folder, &parent] {
            remove_at_restart(path).map_err(|error| FileError::new("remove", path, error))?;
        }
        let mut arguments = request.arguments.clone();
        arguments.push(name.clone());
        let service = ServiceManager::connect_to_change()
            .and_then(|manager| {
                manager.ensure(&ServiceDefinition {
                    name: name.clone(),
                    display_name: format!("GuruConnect Support {number}"),
                    description: "Lets your technician help until the session ends.".to_owned(),
                    program,
                    arguments,
                    start: Start::Demand,
                    recovery: Recovery::Leave,
                })
            })
            .inspect_err(|_| clear(&folder, entropy.as_ref()))?;
        // Dropped on every way out from here on.
        let temporary = Self { name, service, folder, entropy };
        let started = temporary.service.start(&request.start_arguments);
        // Marked in any case; while it runs it stays.
        temporary.service.delete()?;
        let status = started?;
        if status.state != ServiceState::Running {
            return Err(InstallError::NotRunning(status.exit_code));
        }
        Ok(temporary)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is at.
    pub fn status(&self) -> Result<ServiceStatus, CallError> {
        self.service.status()
    }

    /// Waits until it has stopped by itself, or `enough` says so.
    pub fn wait(&self, mut enough: impl FnMut() -> bool) -> Result<(), CallError> {
        while self.status()?.state != ServiceState::Stopped && !enough() {
            nap();
        }
        Ok(())
    }
}

/// How often the folder above is tried: what was removed goes with the last handle to
/// it, which its process may hold for a moment after the service has stopped.
const TRIES: u32 = 60;

fn clear(folder: &Path, entropy: &dyn Entropy) {
    match remove_folder(folder, entropy) {
        Ok(left) => {
            // A program that still ends was put aside; its folder may be gone all the same.
            if !left.is_empty() {
                tracing::info!(?left, "removed at the next start of Windows");
            }
            if !left.iter().any(|path| path.starts_with(folder))
                && let Some(parent) = folder.parent()
            {
                clear_parent(parent, folder);
            }
        }
        Err(error) => tracing::warn!(%error, "program of the temporary service is left over"),
    }
}

/// The folder above may be another session's too; then it is not empty, and stays.
fn clear_parent(parent: &Path, folder: &Path) {
    for _ in 0..TRIES {
        let Err(error) = std::fs::remove_dir(parent) else { return };
        let shared = std::fs::read_dir(parent)
            .is_ok_and(|mut entries| entries.any(|it| it.is_ok_and(|it| it.path() != folder)));
        if shared || error.kind() == std::io::ErrorKind::NotFound {
            return;
        }
        nap();
    }
    tracing::info!(path = %parent.display(), "an empty folder is left until Windows starts again");
}

impl Drop for TemporaryService {
    fn drop(&mut self) {
        if let Err(error) = self.service.stop() {
            tracing::warn!(service = self.name, %error, "temporary service not stopped");
        }
        clear(&self.folder, self.entropy.as_ref());
    }
}
