use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use gc_platform::{
    DesktopSessionId, DesktopSessionKind, DesktopSessionState, SpawnedWorker, WorkerHost,
    WorkerHostError, WorkerStream,
};
use gc_platform_windows::process::{
    WindowsWorkerHost, WorkerConnectError, WorkerProgram, connect_worker,
};
use gc_platform_windows::service::SessionHub;
use gc_runtime::{OsEntropy, SystemClock};
use gc_types::{Clock, Secret, UnixMillis};

use crate::selves::{EARLY, this_program, worker_arguments};

fn host_with(clock: Arc<dyn Clock>) -> WindowsWorkerHost {
    let program = WorkerProgram {
        path: this_program(),
        arguments: worker_arguments(),
        environment: vec![("RUST_BACKTRACE".into(), "0".into())],
    };
    WindowsWorkerHost::new(program, SessionHub::new(), clock, Arc::new(OsEntropy)).unwrap()
}

fn host() -> WindowsWorkerHost {
    host_with(Arc::new(SystemClock::new()))
}

fn session(host: &WindowsWorkerHost) -> DesktopSessionId {
    host.sessions().unwrap()[0].id
}

fn spawn(host: &WindowsWorkerHost, ticket: &str) -> SpawnedWorker {
    host.spawn(session(host), &Secret::new(ticket)).unwrap()
}

fn expect(stream: &mut WorkerStream, text: &str) {
    let mut bytes = vec![0; text.len()];
    stream.reader.read_exact(&mut bytes).unwrap();
    assert_eq!(String::from_utf8(bytes).unwrap(), text);
}

#[test]
fn the_session_of_this_desktop_is_listed() {
    let sessions = host().sessions().unwrap();
    let [session] = sessions.as_slice() else { panic!("{sessions:?}") };
    assert_ne!(session.id.0, 0);
    assert!(!session.user.is_empty());
    assert_eq!(session.state, DesktopSessionState::Active);
    assert_eq!(session.kind, DesktopSessionKind::Console);
}

#[test]
fn a_worker_gets_its_ticket_and_speaks_both_ways_at_once() {
    let host = host();
    let SpawnedWorker { mut stream, process } = spawn(&host, "ticket-1");
    expect(&mut stream, "ticket-1");
    // Far more than the pipe holds: it stands still unless both directions run.
    let sent: Vec<u8> = (0..1_000_003_u32).map(|index| (index % 251) as u8).collect();
    let mut back = vec![0; sent.len()];
    let WorkerStream { mut reader, mut writer } = stream;
    std::thread::scope(|scope| {
        scope.spawn(|| writer.write_all(&sent).unwrap());
        reader.read_exact(&mut back).unwrap();
    });
    assert!(sent == back, "what came back is not what was sent");
    // The worker ends when the service closes.
    drop((reader, writer));
    assert_eq!(process.wait().code, Some(0));
}

#[test]
fn a_killed_worker_ends_the_stream_and_tells_how() {
    let host = host();
    let SpawnedWorker { mut stream, process } = spawn(&host, "ticket-2");
    expect(&mut stream, "ticket-2");
    let waiting = {
        let process = Arc::clone(&process);
        std::thread::spawn(move || process.wait())
    };
    let reading = std::thread::spawn(move || stream.reader.read(&mut [0; 16]));
    process.kill();
    assert_eq!(waiting.join().unwrap().detail, "killed");
    assert_eq!(reading.join().unwrap().unwrap_or(0), 0);
    process.kill();
    assert_eq!(process.wait().detail, "killed");
    // And another one takes its place.
    let mut next = spawn(&host, "ticket-3");
    expect(&mut next.stream, "ticket-3");
}

#[test]
fn workers_end_with_their_host() {
    let host = host();
    let worker = spawn(&host, "ticket-4");
    drop(host);
    worker.process.wait();
}

#[test]
fn an_imposter_is_refused_and_the_worker_still_gets_its_place() {
    let host = host();
    let mut worker = spawn(&host, "after an imposter");
    expect(&mut worker.stream, "after an imposter");
    worker.stream.writer.write_all(b"hello").unwrap();
    expect(&mut worker.stream, "hello");
}

#[test]
fn a_worker_that_ends_early_is_told_at_once() {
    let host = host();
    let error = host.spawn(session(&host), &Secret::new("end early")).unwrap_err();
    let WorkerHostError::EndedEarly(exit) = error else { panic!("{error}") };
    assert_eq!(exit.code, Some(EARLY.into()));
}

/// Each look at it is nearly ten seconds later.
#[derive(Default)]
struct HurryingClock(AtomicU64);

impl Clock for HurryingClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.fetch_add(9_800, Ordering::SeqCst))
    }
}

#[test]
fn a_worker_that_does_not_connect_is_killed() {
    let host = host_with(Arc::new(HurryingClock::default()));
    let error = host.spawn(session(&host), &Secret::new("hang")).unwrap_err();
    assert_eq!(error, WorkerHostError::NotConnected);
}

#[test]
fn a_worker_may_leave_its_place_to_one_of_the_system() {
    let host = host();
    let left = spawn(&host, "leave");
    assert_eq!(left.process.wait().detail, "left for a worker of SYSTEM");
    let mut next = spawn(&host, "ticket-5");
    expect(&mut next.stream, "ticket-5");
}

#[test]
fn a_session_that_is_not_there_is_told_as_gone() {
    let host = host();
    let nowhere = DesktopSessionId(4711);
    let error = host.spawn(nowhere, &Secret::new("ticket")).unwrap_err();
    assert_eq!(error, WorkerHostError::SessionGone(nowhere));
}

#[test]
fn a_worker_started_by_hand_says_so() {
    for (pipe, service) in [(None, None), (Some("pipe"), None), (Some("pipe"), Some("x"))] {
        let error = connect_worker(pipe, service).unwrap_err();
        assert!(matches!(error, WorkerConnectError::NotAWorker), "{error}");
    }
}
