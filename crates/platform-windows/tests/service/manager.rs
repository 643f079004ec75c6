use gc_platform_windows::service::{ServiceManager, ServiceState};

use crate::selves::{FAILURE, definition, unique};

#[test]
fn a_service_is_made_twice_runs_once_stops_and_goes() {
    let name = unique("GcTest");
    let manager = ServiceManager::connect_to_change().unwrap();
    assert!(manager.find(&name).unwrap().is_none());
    manager.ensure(&definition(&name, "run")).unwrap();
    let service = manager.ensure(&definition(&name, "run")).unwrap();
    let line = service.command_line().unwrap().into_string().unwrap();
    assert!(line.starts_with('"') && line.contains("\" \"--ignored\""), "{line}");
    assert_eq!(service.status().unwrap().state, ServiceState::Stopped);

    let running = service.start(&[]).unwrap();
    assert_eq!(running.state, ServiceState::Running);
    assert_ne!(running.process, 0);
    assert_ne!(running.process, std::process::id());
    assert_eq!(service.start(&[]).unwrap().process, running.process, "it is left alone");

    service.stop().unwrap();
    let stopped = service.status().unwrap();
    assert_eq!((stopped.state, stopped.exit_code), (ServiceState::Stopped, 0));
    service.stop().unwrap();

    let again = service.start(&[]).unwrap();
    assert_eq!(again.state, ServiceState::Running);
    assert_ne!(again.process, running.process);
    service.stop().unwrap();
    service.delete().unwrap();
    drop(service);
    assert!(manager.wait_until_gone(&name).unwrap());
}

#[test]
fn a_service_that_fails_says_with_which_code() {
    let name = unique("GcTest");
    let manager = ServiceManager::connect_to_change().unwrap();
    let service = manager.ensure(&definition(&name, "fail")).unwrap();
    let status = service.start(&[]).unwrap();
    assert_eq!((status.state, status.exit_code), (ServiceState::Stopped, FAILURE));
    service.delete().unwrap();
}

#[test]
fn a_service_that_was_killed_can_be_stopped_and_removed() {
    let name = unique("GcTest");
    let manager = ServiceManager::connect_to_change().unwrap();
    let service = manager.ensure(&definition(&name, "run")).unwrap();
    let process = service.start(&[]).unwrap().process;
    let killed = std::process::Command::new("taskkill")
        .args(["/f", "/pid", &process.to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    service.stop().unwrap();
    service.delete().unwrap();
    drop(service);
    assert!(manager.wait_until_gone(&name).unwrap());
}
