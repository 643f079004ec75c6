//! A worker beside the agent, for the one session that the agent is in: what fails in
//! it, a driver or the display's client code, takes no link along.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use gc_platform::{
    DesktopSession, DesktopSessionId, DesktopSessionKind, DesktopSessionState, SessionListener,
    SessionWatch, SpawnedWorker, WORKER_TICKET_VARIABLE, WorkerExit, WorkerHost, WorkerHostError,
    WorkerProcess, WorkerStream,
};
use gc_types::Secret;
use rustix::process::{Pid, WaitId, WaitIdOptions};

/// The one session.
const SESSION: DesktopSessionId = DesktopSessionId(1);

/// Starts `program worker` with one end of a pair of sockets as its standard input.
/// Nobody else can connect to that.
pub struct ChildWorkerHost {
    program: PathBuf,
    user: String,
}

impl ChildWorkerHost {
    /// `program` is this program; `user` whom the session belongs to.
    pub fn new(program: PathBuf, user: String) -> Self {
        Self { program, user }
    }

    fn start(&self, ticket: &Secret) -> io::Result<SpawnedWorker> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(&self.program)
            .arg("worker")
            .env(WORKER_TICKET_VARIABLE, ticket.expose())
            // What a terminal sends to its group is the agent's to decide on.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .spawn()?;
        let process = ChildWorker::watch(child)?;
        Ok(SpawnedWorker { stream: stream(ours)?, process })
    }
}

impl WorkerHost for ChildWorkerHost {
    fn sessions(&self) -> Result<Vec<DesktopSession>, WorkerHostError> {
        Ok(vec![DesktopSession {
            id: SESSION,
            user: self.user.clone(),
            state: DesktopSessionState::Active,
            kind: DesktopSessionKind::Console,
            name: String::new(),
        }])
    }

    /// The one session stays as it is.
    fn watch(&self, _listener: SessionListener) -> Result<Box<dyn SessionWatch>, WorkerHostError> {
        Ok(Box::new(Nothing))
    }

    fn spawn(
        &self,
        session: DesktopSessionId,
        ticket: &Secret,
    ) -> Result<SpawnedWorker, WorkerHostError> {
        if session != SESSION {
            return Err(WorkerHostError::SessionGone(session));
        }
        self.start(ticket).map_err(|error| WorkerHostError::NotStarted(error.to_string()))
    }
}

struct Nothing;

impl SessionWatch for Nothing {}

/// The worker's end: what [`ChildWorkerHost`] gave it as standard input.
pub fn stream_of_worker() -> io::Result<WorkerStream> {
    let input = io::stdin().as_fd().try_clone_to_owned()?;
    stream(UnixStream::from(input))
}

fn stream(socket: UnixStream) -> io::Result<WorkerStream> {
    let reader = socket.try_clone()?;
    Ok(WorkerStream { reader: Box::new(reader), writer: Box::new(Writer(socket)) })
}

/// Tells the reader, too, that it is over.
struct Writer(UnixStream);

impl io::Write for Writer {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // The reader's copy keeps the socket open otherwise. An error: it is over.
        let _ = self.0.shutdown(std::net::Shutdown::Write);
    }
}

#[derive(Debug)]
struct ChildWorker {
    id: u32,
    child: Mutex<(Child, Option<WorkerExit>)>,
    ended: Condvar,
}

impl ChildWorker {
    fn watch(child: Child) -> io::Result<Arc<Self>> {
        let id = child.id();
        let worker = Arc::new(Self { id, child: Mutex::new((child, None)), ended: Condvar::new() });
        let its = Arc::clone(&worker);
        let thread = std::thread::Builder::new().name("worker-exit".into()).spawn(move || {
            its.reap();
        });
        if let Err(error) = thread {
            worker.kill();
            return Err(error);
        }
        Ok(worker)
    }

    fn reap(&self) {
        // Without reaping, so that the number is not given to another process while
        // somebody may still want to end this one.
        if let Some(pid) = i32::try_from(self.id).ok().and_then(Pid::from_raw) {
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) =
                rustix::process::waitid(WaitId::Pid(pid), options)
            {}
        }
        let mut child = self.lock();
        let exit = match child.0.wait() {
            Ok(status) => of(status),
            Err(error) => WorkerExit { code: None, detail: error.to_string() },
        };
        child.1 = Some(exit);
        self.ended.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, (Child, Option<WorkerExit>)> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn of(status: ExitStatus) -> WorkerExit {
    WorkerExit { code: status.code().map(i64::from), detail: status.to_string() }
}

impl WorkerProcess for ChildWorker {
    fn id(&self) -> u32 {
        self.id
    }

    fn wait(&self) -> WorkerExit {
        let mut child = self.lock();
        loop {
            if let Some(exit) = &child.1 {
                return exit.clone();
            }
            child = self.ended.wait(child).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn kill(&self) {
        let mut child = self.lock();
        if child.1.is_none()
            && let Err(error) = child.0.kill()
        {
            tracing::warn!(%error, process = self.id, "process could not be ended");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn host(script: &str) -> (tempfile::TempDir, ChildWorkerHost) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let host = ChildWorkerHost::new(program, "anna".into());
        (folder, host)
    }

    #[test]
    fn a_worker_gets_its_ticket_and_both_directions() {
        let (_folder, host) =
            host("printf '%s:%s\\n' \"$1\" \"$GURUCONNECT_WORKER_TICKET\" >&0; exec cat <&0 >&0");
        let mut worker = host.spawn(SESSION, &Secret::new("tick")).unwrap();
        let mut said = [0; 12];
        worker.stream.reader.read_exact(&mut said).unwrap();
        assert_eq!(&said, b"worker:tick\n");
        worker.stream.writer.write_all(b"echo").unwrap();
        let mut back = [0; 4];
        worker.stream.reader.read_exact(&mut back).unwrap();
        assert_eq!(&back, b"echo");
        drop(worker.stream.writer);
        assert_eq!(worker.process.wait().code, Some(0), "it sees the end");
    }

    #[test]
    fn an_ended_worker_is_told_and_its_stream_ends() {
        let (_folder, host) = host("exec sleep 600");
        let mut worker = host.spawn(SESSION, &Secret::new("t")).unwrap();
        worker.process.kill();
        let exit = worker.process.wait();
        assert_eq!(exit.code, None);
        assert!(exit.detail.contains('9'), "{exit}");
        assert_eq!(worker.stream.reader.read(&mut [0; 8]).unwrap_or(0), 0);
        worker.process.kill();
        assert_eq!(worker.process.wait(), exit);
    }

    #[test]
    fn a_session_that_is_not_there_and_a_program_that_is_not_there_have_no_worker() {
        let (_folder, host) = host("exit 0");
        let error = host.spawn(DesktopSessionId(9), &Secret::new("t")).unwrap_err();
        assert_eq!(error, WorkerHostError::SessionGone(DesktopSessionId(9)));
        let host = ChildWorkerHost::new("/nonexistent/program".into(), String::new());
        let error = host.spawn(SESSION, &Secret::new("t")).unwrap_err();
        assert!(matches!(error, WorkerHostError::NotStarted(_)), "{error}");
    }
}
