use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use gc_platform_windows::elevation::{ElevationRequest, HoldError, Seat, SeatError, hold};
use gc_platform_windows::process::{WORKER_PIPE_VARIABLE, WORKER_SERVICE_VARIABLE, connect_worker};
use gc_runtime::OsEntropy;

use crate::selves::this_program;

fn request(process: u32) -> ElevationRequest {
    ElevationRequest { process, ..ElevationRequest::new(&OsEntropy, [7; 32]) }
}

/// A process of another program, which waits until it is ended.
fn stranger() -> Child {
    // It reads its commands from here.
    Command::new("cmd").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

#[test]
fn only_the_program_that_asked_is_let_in() {
    let request = request(std::process::id());
    let seat = Seat::prepare(&request).unwrap();
    assert_ne!(seat.session().0, 0);
    let pipe = format!("guruconnect-elevated-{}", request.number);
    let connecting = std::thread::spawn(move || {
        let own = std::process::id().to_string();
        let imposter = Command::new(this_program())
            .args(["--ignored", "--exact", "selves::an_imposter"])
            .env(WORKER_PIPE_VARIABLE, &pipe)
            .env(WORKER_SERVICE_VARIABLE, &own)
            .status()
            .unwrap();
        assert!(imposter.success(), "{imposter}");
        connect_worker(Some(&pipe), Some(&own)).unwrap()
    });
    let mut service = seat.admit().unwrap();
    let mut program = connecting.join().unwrap();
    program.writer.write_all(b"it is me").unwrap();
    let mut bytes = [0; 8];
    service.reader.read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"it is me");
}

#[test]
fn a_program_that_has_ended_is_not_waited_for() {
    let mut program = stranger();
    let seat = Seat::prepare(&request(program.id())).unwrap();
    let watch = seat.watch();
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(matches!(seat.admit(), Err(SeatError::Ended)));
    watch.wait();
    let gone = request(program.id());
    drop(watch);
    assert!(Seat::prepare(&gone).is_err());
}

#[test]
fn rights_for_another_program_are_refused() {
    let mut other = stranger();
    let request = request(other.id());
    let refused = hold(&request, "elevated-service", Arc::new(OsEntropy)).unwrap_err();
    assert!(matches!(refused, HoldError::AnotherProgram(process) if process == other.id()));
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_pipe_of_this_name_that_is_there_already_is_not_used() {
    let request = request(std::process::id());
    let _first = Seat::prepare(&request).unwrap();
    assert!(Seat::prepare(&request).is_err());
}
