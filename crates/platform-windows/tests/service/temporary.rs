use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use gc_platform_windows::service::{
    InstallError, ServiceManager, ServiceState, TemporaryService, TemporaryServiceRequest,
    start_elevated,
};
use gc_runtime::OsEntropy;

use crate::selves::this_program;

fn request(programs: &Path, behaviour: &str) -> TemporaryServiceRequest {
    TemporaryServiceRequest {
        program: this_program(),
        arguments: ["--ignored", "--exact", "selves::a_service", behaviour]
            .into_iter()
            .map(str::to_owned)
            .collect(),
        start_arguments: Vec::new(),
        number: None,
        programs: programs.to_path_buf(),
        may: || Ok(true),
    }
}

fn is_gone(name: &str) -> bool {
    ServiceManager::connect().unwrap().wait_until_gone(name).unwrap()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_temporary_service_gets_its_secret_runs_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let programs = folder.path().join("Program Files");
    std::fs::create_dir(&programs).unwrap();
    let note = folder.path().join("note");
    let mut request = request(&programs, "run");
    request.start_arguments = vec![note.to_str().unwrap().to_owned(), "a secret".to_owned()];
    let service = TemporaryService::start(&request, Arc::new(OsEntropy)).unwrap();
    let name = service.name().to_owned();
    assert_eq!(service.status().unwrap().state, ServiceState::Running);
    while !note.exists() {
        std::thread::yield_now();
    }
    drop(service);
    assert_eq!(std::fs::read_to_string(&note).unwrap(), "a secret");
    assert!(is_gone(&name));
    assert_eq!(entries(&programs), Vec::<PathBuf>::new());
}

#[test]
fn a_temporary_service_that_crashes_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let service =
        TemporaryService::start(&request(folder.path(), "run"), Arc::new(OsEntropy)).unwrap();
    let name = service.name().to_owned();
    let process = service.status().unwrap().process.to_string();
    let killed = Command::new("taskkill").args(["/f", "/pid", &process]).status().unwrap();
    assert!(killed.success());
    drop(service);
    assert!(is_gone(&name));
    assert_eq!(entries(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_temporary_service_that_fails_or_may_not_be_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut request = request(folder.path(), "fail");
    let error = TemporaryService::start(&request, Arc::new(OsEntropy)).err().unwrap();
    assert!(matches!(error, InstallError::NotRunning(crate::selves::FAILURE)), "{error}");
    request.may = || Ok(false);
    let error = TemporaryService::start(&request, Arc::new(OsEntropy)).err().unwrap();
    assert!(matches!(error, InstallError::NotElevated), "{error}");
    assert_eq!(entries(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn an_elevated_process_is_started_and_waited_for() {
    assert!(
        gc_platform_windows::security::is_elevated().unwrap(),
        "this test needs an administrator"
    );
    let arguments = ["--exact", "no such test", "--list"].map(str::to_owned);
    let process = start_elevated(&this_program(), &arguments).unwrap();
    assert_ne!(process.id(), 0);
    assert_eq!(process.wait().unwrap(), 0);
    let nowhere = Path::new(r"C:\there is no such\program.exe");
    assert!(start_elevated(nowhere, &[]).is_err());
}
