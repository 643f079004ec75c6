//! What this test program is when it is started as a service or a worker: tests that
//! are ignored unless they are asked for by name.

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;

use gc_platform::{WORKER_TICKET_VARIABLE, WorkerStream};
use gc_platform_windows::process::{
    WORKER_PIPE_VARIABLE, WORKER_SERVICE_VARIABLE, WorkerAccount, connect_worker,
};
use gc_platform_windows::service::{
    Recovery, ServiceDefinition, ServiceFailure, Start, run_service,
};
use gc_runtime::OsEntropy;
use gc_types::Entropy;

/// Exit code of the service that fails.
pub(crate) const FAILURE: u32 = 77;
/// Exit code of the worker that ends early.
pub(crate) const EARLY: i32 = 33;

pub(crate) fn this_program() -> PathBuf {
    std::env::current_exe().unwrap()
}

/// A name that no other run has.
pub(crate) fn unique(prefix: &str) -> String {
    let mut bytes = [0_u8; 8];
    OsEntropy.fill(&mut bytes);
    format!("{prefix}-{:016x}", u64::from_le_bytes(bytes))
}

/// Arguments that make this program the service of this name. What the test runner does
/// not know it takes for the name of a further test.
pub(crate) fn service_arguments(name: &str, behaviour: &str) -> Vec<String> {
    ["--ignored", "--exact", "selves::a_service", name, behaviour].map(str::to_owned).into()
}

pub(crate) fn definition(name: &str, behaviour: &str) -> ServiceDefinition {
    ServiceDefinition {
        name: name.to_owned(),
        display_name: format!("Test {name}"),
        description: "made by a test".to_owned(),
        program: this_program(),
        arguments: service_arguments(name, behaviour),
        start: Start::Demand,
        recovery: Recovery::Restart,
    }
}

pub(crate) fn worker_arguments() -> Vec<String> {
    ["--ignored", "--exact", "selves::a_worker"].into_iter().map(str::to_owned).collect()
}

#[test]
#[ignore = "is started by other tests, as a service"]
fn a_service() {
    let arguments: Vec<String> = std::env::args().collect();
    // The manager of temporary services puts the name last.
    let (name, behaviour) = match &arguments[4..] {
        [behaviour, name] if name.starts_with("GuruConnectSupport-") => (name, behaviour),
        [name, behaviour] => (name, behaviour),
        other => panic!("{other:?}"),
    };
    let fail = behaviour == "fail";
    run_service(name, move |context| {
        if fail {
            return Err(ServiceFailure { code: FAILURE, reason: "as it was told".to_owned() });
        }
        context.running().unwrap();
        if let [file, text] = context.arguments.as_slice() {
            std::fs::write(file, text).unwrap();
        }
        context.stop.wait();
        Ok(())
    })
    .unwrap();
}

fn env(name: &str) -> Option<String> {
    gc_runtime::env(name)
}

fn connect() -> WorkerStream {
    connect_worker(env(WORKER_PIPE_VARIABLE).as_deref(), env(WORKER_SERVICE_VARIABLE).as_deref())
        .unwrap()
}

/// Gives back what it gets; the first bytes are its ticket.
fn echo() {
    let WorkerStream { mut reader, mut writer } = connect();
    let ticket = env(WORKER_TICKET_VARIABLE).unwrap();
    writer.write_all(ticket.as_bytes()).unwrap();
    let mut buffer = vec![0; 8192];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(count) => writer.write_all(&buffer[..count]).unwrap(),
        }
    }
}

#[test]
#[ignore = "is started by other tests, as a worker"]
fn a_worker() {
    match env(WORKER_TICKET_VARIABLE).unwrap().as_str() {
        "end early" => std::process::exit(EARLY),
        "hang" => loop {
            std::thread::park();
        },
        "leave" => {
            connect();
            std::process::exit(WorkerAccount::System.exit_code().cast_signed());
        }
        "after an imposter" => {
            let imposter = Command::new(this_program())
                .args(["--ignored", "--exact", "selves::an_imposter"])
                .status()
                .unwrap();
            assert!(imposter.success(), "{imposter}");
            echo();
        }
        _ => echo(),
    }
}

/// Has the worker's environment, and is another process.
#[test]
#[ignore = "is started by other tests, to be refused"]
fn an_imposter() {
    let mut stream = connect();
    let mut buffer = [0; 16];
    // It may write into the void, and never hears a word.
    let _ = stream.writer.write(b"ticket");
    assert_eq!(stream.reader.read(&mut buffer).unwrap_or(0), 0);
}
