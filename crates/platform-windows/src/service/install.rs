//! Puts the service on a machine, mends it, and takes it away with all that belongs to
//! it. Every step may be done again: what is there already stays or is replaced.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gc_platform::{KeyStore, KeyStoreError};
use gc_types::{Entropy, Secret};

use super::definition::{Recovery, ServiceDefinition, Start};
use super::event_log::EventLog;
use super::files::{FileError, place, remove_folder};
use super::manager::{ServiceManager, ServiceState};
use super::settings::{AGENT_SERVICE, CA_FILE, LOGS, SERVER, ServiceSettings};
use super::{PRODUCT, command_line};
use crate::credentials::{DpapiKeyStore, SafeFolder};
use crate::protocol::{LinkHandlerError, LinkScope, register_links, unregister_links_of};
use crate::sas::{HELPER_SERVICE, restore_policy, set_policy};
use crate::security::is_elevated;
use crate::win32::{CallError, KnownFolder, RegistryKey, known_folder, program_of_this_process};

/// File names of the two programs, whatever they were downloaded as.
const PROGRAM: &str = "guruconnect.exe";
const HELPER: &str = "guruconnect-sas-service.exe";
const UNINSTALL: &str = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";

/// Why it is not installed, or not removed. Nothing was changed where a doc says so.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// Nothing was changed.
    #[error(
        "this needs the rights of an administrator: start it again with \"Run as administrator\""
    )]
    NotElevated,
    /// Nothing was changed.
    #[error("no server is known: name it with --server https://…")]
    NoServer,
    /// There is no key that could be kept. Nothing was changed.
    #[error("no machine key: give the one that the console shows with --key-file ({0})")]
    NoKey(KeyStoreError),
    /// The key could not be kept.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// A file could not be placed or removed.
    #[error(transparent)]
    File(#[from] FileError),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The program could not be made the one that answers links, or not any more.
    #[error(transparent)]
    Links(#[from] LinkHandlerError),
    /// All is in place, and the service ended as soon as it was started.
    #[error("the service is installed and does not run (code {0}): its log says why")]
    NotRunning(u32),
}

impl InstallError {
    /// For scripts: the exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            // ERROR_ACCESS_DENIED.
            Self::NotElevated => 5,
            Self::NoServer | Self::NoKey(_) => 6,
            Self::Key(_) => 7,
            Self::File(_) => 8,
            Self::Call(_) | Self::Links(_) => 9,
            Self::NotRunning(_) => 10,
        }
    }
}

/// What is to be installed; what is not given stays as it is.
#[derive(Debug, Clone, Default)]
pub struct SetupRequest {
    /// Address of the server's console.
    pub server: Option<String>,
    /// The machine's key.
    pub key: Option<Secret>,
    /// Certificates to trust too; the file is copied.
    pub ca_file: Option<PathBuf>,
    /// For the list of programs.
    pub version: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installed {
    /// The program in its place.
    pub program: PathBuf,
    /// Whether the helper for Ctrl+Alt+Del was there to be installed, too.
    pub helper: bool,
}

/// Names on the machine.
#[derive(Debug, Clone)]
pub struct Names {
    /// The service.
    pub agent: String,
    /// The helper's service.
    pub helper: String,
    /// Key below `SOFTWARE`, entry in the list of programs, and how the names begin that
    /// people see of the services: those have to be unique on a machine, too.
    pub product: String,
}

/// An installation and its places.
pub struct Installation {
    /// Names.
    pub names: Names,
    /// Folder of the programs.
    pub programs: PathBuf,
    /// Folder of credentials and logs.
    pub data: PathBuf,
    /// The program to install.
    pub source: PathBuf,
    /// What it is started with as a service.
    pub arguments: Vec<String>,
    /// Whether the program answers links that begin with `guruconnect://`, for everybody
    /// at the machine.
    pub links: bool,
    /// Asks whether this process may do it.
    pub may: fn() -> Result<bool, CallError>,
    /// For names of temporary files.
    pub entropy: Arc<dyn Entropy>,
}

impl Installation {
    /// That of this machine, from the program that runs.
    pub fn of_this_machine(entropy: Arc<dyn Entropy>) -> Result<Self, CallError> {
        Ok(Self {
            names: Names {
                agent: AGENT_SERVICE.to_owned(),
                helper: HELPER_SERVICE.to_owned(),
                product: PRODUCT.to_owned(),
            },
            programs: known_folder(KnownFolder::ProgramFiles)?.join(PRODUCT),
            data: known_folder(KnownFolder::ProgramData)?.join(PRODUCT),
            source: program_of_this_process()?,
            arguments: vec!["service-run".to_owned()],
            links: true,
            may: is_elevated,
            entropy,
        })
    }

    fn store(&self) -> DpapiKeyStore {
        DpapiKeyStore::at(self.data.clone(), Arc::clone(&self.entropy))
    }

    fn own_key(&self) -> String {
        format!(r"SOFTWARE\{}", self.names.product)
    }

    fn check_rights(&self) -> Result<(), InstallError> {
        if (self.may)()? { Ok(()) } else { Err(InstallError::NotElevated) }
    }

    /// Installs, or mends what is installed: the same with nothing given keeps server
    /// and key. The service runs when this returns.
    pub fn install(&self, request: &SetupRequest) -> Result<Installed, InstallError> {
        self.check_rights()?;
        let former = ServiceSettings::read(&self.own_key())?;
        let server = request
            .server
            .clone()
            .or_else(|| former.as_ref().map(|settings| settings.server.clone()))
            .ok_or(InstallError::NoServer)?;
        let store = self.store();
        if request.key.is_none() {
            store.load().map_err(InstallError::NoKey)?;
        }
        let manager = ServiceManager::connect_to_change()?;
        for name in [&self.names.agent, &self.names.helper] {
            if let Some(service) = manager.find(name)? {
                service.stop()?;
            }
        }
        SafeFolder::make(&self.data, self.entropy.as_ref())?;
        SafeFolder::make(&self.data.join(LOGS), self.entropy.as_ref())?;
        if let Some(key) = &request.key {
            store.store(key)?;
        }
        let program = self.programs.join(PROGRAM);
        place(&self.source, &program, self.entropy.as_ref())?;
        let helper = self.place_helper()?;
        self.write_settings(&server, request)?;
        self.list_as_program(&program, &request.version)?;
        EventLog::install(&self.names.agent)?;
        if self.links {
            register_links(LinkScope::Machine, &program)?;
        }
        if helper {
            manager.ensure(&self.helper_definition())?;
        }
        let service = manager.ensure(&self.agent_definition(&program))?;
        let status = service.start(&[])?;
        if status.state != ServiceState::Running {
            return Err(InstallError::NotRunning(status.exit_code));
        }
        Ok(Installed { program, helper })
    }

    /// The helper lies next to the program that is installed, or is in its place from
    /// before.
    fn place_helper(&self) -> Result<bool, InstallError> {
        let target = self.programs.join(HELPER);
        let source = self.source.with_file_name(HELPER);
        if source.is_file() {
            place(&source, &target, self.entropy.as_ref())?;
        }
        Ok(target.is_file())
    }

    fn write_settings(&self, server: &str, request: &SetupRequest) -> Result<(), InstallError> {
        let key = RegistryKey::create(&self.own_key())?;
        key.set_text(SERVER, server)?;
        if let Some(source) = &request.ca_file {
            let target = self.data.join("ca.pem");
            place(source, &target, self.entropy.as_ref())?;
            key.set_text(CA_FILE, &target.to_string_lossy())?;
        }
        set_policy(&key)?;
        Ok(())
    }

    fn agent_definition(&self, program: &Path) -> ServiceDefinition {
        ServiceDefinition {
            name: self.names.agent.clone(),
            display_name: format!("{} Agent", self.names.product),
            description: "Lets technicians of your provider help on this computer.".to_owned(),
            program: program.to_path_buf(),
            arguments: self.arguments.clone(),
            start: Start::Automatic,
            recovery: Recovery::Restart,
        }
    }

    fn helper_definition(&self) -> ServiceDefinition {
        let names = &self.names;
        ServiceDefinition {
            name: names.helper.clone(),
            display_name: format!("{} Ctrl+Alt+Del", names.product),
            description: "Presses Ctrl+Alt+Del when the GuruConnect Agent asks for it.".to_owned(),
            program: self.programs.join(HELPER),
            arguments: vec![names.helper.clone(), names.helper.clone(), names.agent.clone()],
            start: Start::Demand,
            recovery: Recovery::Leave,
        }
    }

    fn list_as_program(&self, program: &Path, version: &str) -> Result<(), CallError> {
        let key = RegistryKey::create(&format!(r"{UNINSTALL}\{}", self.names.product))?;
        let line = |arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
            command_line(program.as_os_str(), &arguments).to_string_lossy().into_owned()
        };
        key.set_text("DisplayName", "GuruConnect")?;
        key.set_text("DisplayVersion", version)?;
        key.set_text("Publisher", "GuruConnect")?;
        key.set_text("InstallLocation", &self.programs.to_string_lossy())?;
        // The list of programs starts it with the rights of who clicks.
        key.set_text("UninstallString", &line(&["uninstall", "--elevate"]))?;
        key.set_text("QuietUninstallString", &line(&["uninstall"]))?;
        key.set_number("NoModify", 1)?;
        key.set_number("NoRepair", 1)
    }

    /// Removes services, settings, key, logs and programs. What is not there is no error.
    /// Gives the files that Windows removes at its next start because they are in use,
    /// as this program's own is.
    pub fn uninstall(&self) -> Result<Vec<PathBuf>, InstallError> {
        self.check_rights()?;
        let manager = ServiceManager::connect_to_change()?;
        for name in [&self.names.agent, &self.names.helper] {
            if let Some(service) = manager.find(name)? {
                service.stop()?;
                service.delete()?;
                drop(service);
                if !manager.wait_until_gone(name)? {
                    tracing::warn!(service = name, "it goes when nobody has it open any more");
                }
            }
        }
        // First of all the secret.
        self.store().remove()?;
        if RegistryKey::open(&self.own_key())?.is_some() {
            restore_policy(&RegistryKey::create(&self.own_key())?)?;
        }
        RegistryKey::remove_tree("SOFTWARE", &self.names.product)?;
        RegistryKey::remove_tree(UNINSTALL, &self.names.product)?;
        EventLog::uninstall(&self.names.agent)?;
        unregister_links_of(LinkScope::Machine, &self.programs.join(PROGRAM))?;
        match std::fs::remove_dir_all(&self.data) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(FileError::new("remove", &self.data, error).into());
            }
            _ => {}
        }
        Ok(remove_folder(&self.programs, self.entropy.as_ref())?)
    }
}
