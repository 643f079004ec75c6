//! Workers that are threads, and sessions of the system as a test wants them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gc_platform::{
    DesktopSession, DesktopSessionId, SecureAttention, SessionChange, SessionListener,
    SessionWatch, SpawnedWorker, WorkerExit, WorkerHost, WorkerHostError, WorkerProcess,
    WorkerStream,
};
use gc_types::Secret;

use crate::pipe::{StreamControl, worker_stream};
use crate::watched::Watched;

/// What a worker "process" is started with.
#[derive(Debug)]
pub struct Launched {
    /// In which session.
    pub session: DesktopSessionId,
    /// From its environment.
    pub ticket: Secret,
    /// To the service.
    pub stream: WorkerStream,
    /// False once the "process" was killed: what its thread still does, nobody sees.
    pub alive: Arc<AtomicBool>,
}

type Launch = Arc<dyn Fn(Launched) + Send + Sync>;

/// A worker that was started.
#[derive(Debug, Clone)]
pub struct StartedWorker {
    /// In which session.
    pub session: DesktopSessionId,
    /// Its pipe.
    pub stream: StreamControl,
    alive: Arc<AtomicBool>,
    exit: Arc<Watched<Option<WorkerExit>>>,
    number: u32,
}

impl StartedWorker {
    /// It ended, in whatever way.
    pub fn has_ended(&self) -> bool {
        self.exit.read().is_some()
    }

    /// Blocks until it has ended; `false` when the time is over.
    pub fn wait_for_end(&self, timeout: Duration) -> bool {
        self.exit.wait(Some(timeout), |exit| exit.is_some())
    }

    /// As `kill -9` does.
    pub fn kill(&self) {
        self.kill_with(137);
    }

    /// Ends it at once, with the exit code that whoever does so has chosen: on Windows
    /// that may be 0.
    pub fn kill_with(&self, code: i64) {
        // First: what the thread does when it finds the stream broken must not count.
        self.alive.store(false, Ordering::SeqCst);
        self.stream.sever();
        self.finish(WorkerExit { code: Some(code), detail: "killed".into() });
    }

    fn finish(&self, exit: WorkerExit) {
        self.exit.update(|now| {
            now.get_or_insert(exit);
        });
    }
}

impl WorkerProcess for StartedWorker {
    fn id(&self) -> u32 {
        self.number
    }

    fn wait(&self) -> WorkerExit {
        self.exit.wait(None, |exit| exit.is_some());
        let exit = self.exit.read().clone();
        exit.unwrap_or(WorkerExit { code: None, detail: String::new() })
    }

    fn kill(&self) {
        Self::kill(self);
    }
}

#[derive(Default)]
struct Sessions {
    list: Vec<DesktopSession>,
    listener: Option<Arc<SessionListener>>,
    failures: VecDeque<WorkerHostError>,
    started: Vec<StartedWorker>,
}

/// Starts workers as threads of this process.
pub struct FakeWorkerHost {
    sessions: Arc<Watched<Sessions>>,
    launch: Launch,
    attention: Option<Arc<dyn SecureAttention>>,
}

/// The machine around the workers.
#[derive(Clone)]
pub struct FakeWorkerHostControl(Arc<Watched<Sessions>>);

impl FakeWorkerHost {
    /// A machine with these sessions. `launch` is what a worker does; its "process"
    /// ends in order when it returns.
    pub fn new(
        list: Vec<DesktopSession>,
        launch: impl Fn(Launched) + Send + Sync + 'static,
    ) -> (Self, FakeWorkerHostControl) {
        let sessions = Arc::new(Watched::new(Sessions { list, ..Sessions::default() }));
        let control = FakeWorkerHostControl(Arc::clone(&sessions));
        (Self { sessions, launch: Arc::new(launch), attention: None }, control)
    }

    /// Presses Ctrl+Alt+Del itself, as services do on Windows.
    #[must_use]
    pub fn with_attention(mut self, attention: Arc<dyn SecureAttention>) -> Self {
        self.attention = Some(attention);
        self
    }
}

impl FakeWorkerHostControl {
    /// From here on there are these sessions, and this is what happened.
    pub fn change(&self, list: Vec<DesktopSession>, change: SessionChange) {
        let listener = self.0.update(|sessions| {
            sessions.list = list;
            sessions.listener.clone()
        });
        if let Some(listener) = listener {
            listener(change);
        }
    }

    /// The next start that was not failed yet fails.
    pub fn fail_next(&self, error: WorkerHostError) {
        self.0.update(|sessions| sessions.failures.push_back(error));
    }

    /// Every worker so far, the newest last.
    pub fn started(&self) -> Vec<StartedWorker> {
        self.0.read().started.clone()
    }

    /// Blocks until so many workers were started; `false` when the time is over.
    pub fn wait_for_started(&self, count: usize, timeout: Duration) -> bool {
        self.0.wait(Some(timeout), |sessions| sessions.started.len() >= count)
    }
}

struct FakeWatch(Arc<Watched<Sessions>>);

impl SessionWatch for FakeWatch {}

impl Drop for FakeWatch {
    fn drop(&mut self) {
        self.0.update(|sessions| sessions.listener = None);
    }
}

impl WorkerHost for FakeWorkerHost {
    fn attention(&self) -> Option<Arc<dyn SecureAttention>> {
        self.attention.clone()
    }

    fn sessions(&self) -> Result<Vec<DesktopSession>, WorkerHostError> {
        Ok(self.sessions.read().list.clone())
    }

    fn watch(&self, listener: SessionListener) -> Result<Box<dyn SessionWatch>, WorkerHostError> {
        self.sessions.update(|sessions| sessions.listener = Some(Arc::new(listener)));
        Ok(Box::new(FakeWatch(Arc::clone(&self.sessions))))
    }

    fn spawn(
        &self,
        session: DesktopSessionId,
        ticket: &Secret,
    ) -> Result<SpawnedWorker, WorkerHostError> {
        let (service, worker, stream) = worker_stream();
        let started = self.sessions.update(|sessions| {
            if let Some(error) = sessions.failures.pop_front() {
                return Err(error);
            }
            if !sessions.list.iter().any(|one| one.id == session) {
                return Err(WorkerHostError::SessionGone(session));
            }
            let number = u32::try_from(sessions.started.len() + 1).unwrap_or(u32::MAX);
            let started = StartedWorker {
                session,
                stream,
                alive: Arc::new(AtomicBool::new(true)),
                exit: Arc::default(),
                number,
            };
            sessions.started.push(started.clone());
            Ok(started)
        })?;
        let launched = Launched {
            session,
            ticket: ticket.clone(),
            stream: worker,
            alive: Arc::clone(&started.alive),
        };
        let (launch, process) = (Arc::clone(&self.launch), started.clone());
        std::thread::Builder::new()
            .name("fake-worker".into())
            .spawn(move || {
                launch(launched);
                process.finish(WorkerExit { code: Some(0), detail: "ended in order".into() });
            })
            .map_err(|error| WorkerHostError::NotStarted(error.to_string()))?;
        Ok(SpawnedWorker { stream: service, process: Arc::new(started) })
    }
}
