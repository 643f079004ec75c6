use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use gc_platform::{KeyStore, KeyStoreError};
use gc_platform_windows::credentials::DpapiKeyStore;
use gc_platform_windows::service::{
    InstallError, Installation, Names, ServiceManager, ServiceState, SetupRequest,
};
use gc_platform_windows::{LinkScope, link_command};
use gc_runtime::OsEntropy;
use gc_types::Secret;
use tempfile::TempDir;

use crate::selves::{service_arguments, this_program, unique};

struct Machine {
    folder: TempDir,
    installation: Installation,
}

/// Folders with spaces in their names, as `Program Files` has.
fn machine(behaviour: &str) -> Machine {
    let folder = tempfile::tempdir().unwrap();
    let setup = folder.path().join("Down loads");
    std::fs::create_dir(&setup).unwrap();
    let source = setup.join("downloaded (1).exe");
    std::fs::copy(this_program(), &source).unwrap();
    let names = Names {
        agent: unique("GcTestAgent"),
        helper: unique("GcTestHelper"),
        product: unique("GcTestProduct"),
    };
    let arguments = service_arguments(&names.agent, behaviour);
    let installation = Installation {
        names,
        programs: folder.path().join("Program Files").join("GuruConnect"),
        data: folder.path().join("GuruConnect"),
        source,
        arguments,
        links: true,
        may: || Ok(true),
        entropy: Arc::new(OsEntropy),
    };
    Machine { folder, installation }
}

fn request(key: Option<&str>) -> SetupRequest {
    SetupRequest {
        server: key.map(|_| "https://support.example".to_owned()),
        key: key.map(Secret::new),
        ca_file: None,
        version: "1.2.3".to_owned(),
    }
}

fn store(installation: &Installation) -> DpapiKeyStore {
    DpapiKeyStore::at(installation.data.clone(), Arc::new(OsEntropy))
}

fn state(name: &str) -> Option<ServiceState> {
    let service = ServiceManager::connect().unwrap().find(name).unwrap()?;
    Some(service.status().unwrap().state)
}

fn registry_has(path: &str, name: &str) -> bool {
    Command::new("reg")
        .args(["query", &format!(r"HKLM\{path}\{name}"), "/reg:64"])
        .output()
        .unwrap()
        .status
        .success()
}

fn file_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn it_is_installed_repaired_and_removed_with_everything() {
    let Machine { folder, installation } = machine("run");
    let names = installation.names.clone();
    let helper = installation.source.with_file_name("guruconnect-sas-service.exe");
    std::fs::write(helper, b"the helper").unwrap();
    let ca = folder.path().join("ca.pem");
    std::fs::write(&ca, b"a certificate").unwrap();

    let first = SetupRequest { ca_file: Some(ca), ..request(Some("cak_1")) };
    let installed = installation.install(&first).unwrap();
    assert!(installed.helper);
    assert_eq!(
        file_names(&installation.programs),
        ["guruconnect-sas-service.exe", "guruconnect.exe"]
    );
    assert_eq!(file_names(&installation.data), ["ca.pem", "credentials", "logs"]);
    assert_eq!(state(&names.agent), Some(ServiceState::Running));
    assert_eq!(state(&names.helper), Some(ServiceState::Stopped), "only on demand");
    assert_eq!(store(&installation).load(), Ok(Secret::new("cak_1")));
    assert!(registry_has("SOFTWARE", &names.product));
    let uninstall = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall";
    assert!(registry_has(uninstall, &names.product));
    let line = command_line_of(&names.agent);
    let program = format!("\"{}\" ", installed.program.display());
    assert!(line.starts_with(&program), "{line}");
    let link = link_command(LinkScope::Machine).unwrap().unwrap();
    assert_eq!(link, format!("{program}launch \"%1\""));

    // A newer program, and nothing else given: server and key stay.
    std::fs::write(installation.source.with_file_name("guruconnect-sas-service.exe"), b"newer")
        .unwrap();
    let before = process_of(&names.agent);
    installation.install(&request(None)).unwrap();
    assert_eq!(store(&installation).load(), Ok(Secret::new("cak_1")));
    assert_eq!(state(&names.agent), Some(ServiceState::Running));
    assert_ne!(process_of(&names.agent), before, "it was stopped to be replaced");
    let helper = installation.programs.join("guruconnect-sas-service.exe");
    assert_eq!(std::fs::read(helper).unwrap(), b"newer");
    assert_eq!(file_names(&installation.programs).len(), 2, "nothing left over");

    // Another key.
    installation.install(&request(Some("cak_2"))).unwrap();
    assert_eq!(store(&installation).load(), Ok(Secret::new("cak_2")));

    let left = installation.uninstall().unwrap();
    assert_eq!(left, Vec::<std::path::PathBuf>::new());
    assert_eq!(state(&names.agent), None);
    assert_eq!(state(&names.helper), None);
    assert!(!installation.programs.exists());
    assert!(!installation.data.exists());
    assert!(!registry_has("SOFTWARE", &names.product));
    assert!(!registry_has(uninstall, &names.product));
    assert_eq!(link_command(LinkScope::Machine).unwrap(), None);
    installation.uninstall().unwrap();
}

/// A handle that is kept would keep the service from going.
fn command_line_of(name: &str) -> String {
    let service = ServiceManager::connect().unwrap().find(name).unwrap().unwrap();
    service.command_line().unwrap().into_string().unwrap()
}

fn process_of(name: &str) -> u32 {
    let service = ServiceManager::connect().unwrap().find(name).unwrap().unwrap();
    service.status().unwrap().process
}

#[test]
fn without_administrator_rights_nothing_is_touched() {
    let Machine { folder: _folder, mut installation } = machine("run");
    installation.may = || Ok(false);
    let error = installation.install(&request(Some("cak_1"))).unwrap_err();
    assert!(matches!(error, InstallError::NotElevated), "{error}");
    assert_eq!(error.exit_code(), 5);
    assert!(error.to_string().contains("administrator"));
    let error = installation.uninstall().unwrap_err();
    assert!(matches!(error, InstallError::NotElevated), "{error}");
    assert!(!installation.programs.exists());
    assert!(!installation.data.exists());
    assert_eq!(state(&installation.names.agent), None);
}

#[test]
fn without_key_or_server_nothing_is_touched() {
    let Machine { folder: _folder, installation } = machine("run");
    let error = installation.install(&request(None)).unwrap_err();
    assert!(matches!(error, InstallError::NoServer), "{error}");
    let no_key = SetupRequest { key: None, ..request(Some("")) };
    let error = installation.install(&no_key).unwrap_err();
    assert!(matches!(error, InstallError::NoKey(KeyStoreError::Absent)), "{error}");
    assert!(!installation.programs.exists());
    assert!(!installation.data.exists());
    assert_eq!(state(&installation.names.agent), None);
}

#[test]
fn a_service_that_does_not_come_up_is_told_with_its_code() {
    let Machine { folder: _folder, installation } = machine("fail");
    let error = installation.install(&request(Some("cak_1"))).unwrap_err();
    assert!(matches!(error, InstallError::NotRunning(crate::selves::FAILURE)), "{error}");
    installation.uninstall().unwrap();
    assert_eq!(state(&installation.names.agent), None);
}
