//! A service outside every user's session starts worker processes inside them.
//!
//! The service holds link, key and consent; a worker captures and injects in one
//! session of the system ("Windows session"). What the two say to each other is
//! `gc_agent`'s business; here is only how a worker comes to be, and how it ends.

use std::fmt;
use std::io::{Read, Write};
use std::ops::RangeInclusive;
use std::sync::Arc;

use gc_types::Secret;

use crate::SecureAttention;

/// Environment variable in which a worker finds the ticket of
/// [`WorkerHost::spawn`]. Not an argument: those show in process lists.
pub const WORKER_TICKET_VARIABLE: &str = "GURUCONNECT_WORKER_TICKET";

/// A session of the system as it numbers them. On Windows 0 is the services' own
/// and never shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DesktopSessionId(pub u32);

impl fmt::Display for DesktopSessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a session is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DesktopSessionState {
    /// A user works in it.
    Active,
    /// A user is logged on and the lock screen shows.
    Locked,
    /// Nobody is logged on; it shows the screen where one does.
    LogonScreen,
    /// A user is logged on, and neither the console nor a remote client shows it:
    /// there are no pixels.
    Disconnected,
}

/// Where a session shows. A disconnected one is `Remote`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DesktopSessionKind {
    /// On the machine's own screen. At most one of a list.
    Console,
    /// With a remote desktop client.
    Remote,
}

/// One interactive session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesktopSession {
    /// Number, unique among those of one list; may be used again later.
    pub id: DesktopSessionId,
    /// `DOMAIN\user` or `user`; empty while nobody is logged on.
    pub user: String,
    /// What it is at.
    pub state: DesktopSessionState,
    /// Where it shows.
    pub kind: DesktopSessionKind,
    /// The system's name of the place: "Console", "RDP-Tcp#3"; may be empty.
    pub name: String,
}

/// Something happened to a session. The list is read anew after each, so an event
/// that cannot be told exactly may be given as [`SessionChange::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionChange {
    /// The machine's screen shows this session from now on.
    ConsoleConnect(DesktopSessionId),
    /// The machine's screen shows it no longer.
    ConsoleDisconnect(DesktopSessionId),
    /// A remote desktop client shows it from now on.
    RemoteConnect(DesktopSessionId),
    /// No remote desktop client shows it any longer.
    RemoteDisconnect(DesktopSessionId),
    /// A user logged on.
    Logon(DesktopSessionId),
    /// The user logged off; the session is about to go.
    Logoff(DesktopSessionId),
    /// The lock screen shows.
    Lock(DesktopSessionId),
    /// The lock screen is gone.
    Unlock(DesktopSessionId),
    /// Anything else.
    Other(DesktopSessionId),
}

/// Told of each change, on a thread of the platform's; does not block.
pub type SessionListener = Box<dyn Fn(SessionChange) + Send + Sync>;

/// Dropping it ends the listener: it is not called after the drop has returned.
pub trait SessionWatch: Send + Sync {}

/// Why a worker could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerHostError {
    /// The session is not there (any longer): trying again there is of no use.
    #[error("session {0} is not there")]
    SessionGone(DesktopSessionId),
    /// The process was not started.
    #[error("worker not started: {0}")]
    NotStarted(String),
    /// The process was started, and ended before it had connected.
    #[error("worker ended before it connected: {0}")]
    EndedEarly(WorkerExit),
    /// The process did not connect in time; it was killed.
    #[error("worker did not connect in time")]
    NotConnected,
    /// The sessions cannot be told or watched.
    #[error("sessions cannot be read: {0}")]
    Sessions(String),
}

/// Exit codes of a worker that leaves its place to another one, of another account: on
/// Windows when a desktop shows that only the other one may see. No failure.
pub const WORKER_HANDS_OVER: RangeInclusive<i64> = 0x4743_0001..=0x4743_0002;

/// How a worker ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerExit {
    /// The system's exit code; `None` when it has none to tell.
    pub code: Option<i64>,
    /// For the log: "exit code 0xC0000005", "signal 9".
    pub detail: String,
}

impl WorkerExit {
    /// Whether it left its place to another one, see [`WORKER_HANDS_OVER`].
    pub fn hands_over(&self) -> bool {
        self.code.is_some_and(|code| WORKER_HANDS_OVER.contains(&code))
    }
}

impl fmt::Display for WorkerExit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// Both directions between service and worker, for one blocking thread each: a read
/// that waits holds up no write, and a write that waits holds up no read (on Windows
/// that takes overlapped handles with an event for each half).
///
/// `read` returns as soon as there are bytes, and `Ok(0)` or an error once the other
/// process is gone or has dropped both halves. `write` may write a part. Bytes are
/// not kept back: `flush` has nothing to do. Dropping both halves closes the stream.
pub struct WorkerStream {
    /// From the other process.
    pub reader: Box<dyn Read + Send>,
    /// To the other process.
    pub writer: Box<dyn Write + Send>,
}

impl fmt::Debug for WorkerStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerStream").finish_non_exhaustive()
    }
}

/// A worker process. Dropping the last handle neither waits nor kills.
pub trait WorkerProcess: Send + Sync {
    /// The system's number of it, for the log.
    fn id(&self) -> u32;

    /// Blocks until it has ended. Any number of threads may wait, also after the
    /// end.
    fn wait(&self) -> WorkerExit;

    /// Ends it at once, without its help. Returns without waiting; an ended process
    /// is left alone.
    fn kill(&self);
}

/// A worker that has connected.
pub struct SpawnedWorker {
    /// Speaks with it.
    pub stream: WorkerStream,
    /// The process.
    pub process: Arc<dyn WorkerProcess>,
}

impl fmt::Debug for SpawnedWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnedWorker").field("process", &self.process.id()).finish_non_exhaustive()
    }
}

/// Starts workers and knows the sessions. Functions may be called from any thread,
/// at the same time.
pub trait WorkerHost: Send + Sync {
    /// The interactive sessions of now, at most 256, without the services' own.
    /// Empty while the machine has none (between two sessions of the console).
    /// Does not block for long: a local question to the system.
    fn sessions(&self) -> Result<Vec<DesktopSession>, WorkerHostError>;

    /// Calls the listener for each change from now on.
    fn watch(&self, listener: SessionListener) -> Result<Box<dyn SessionWatch>, WorkerHostError>;

    /// Starts the worker of a session and waits until it has connected, at most
    /// 10 s; called on a thread that may block. The process gets `ticket` in
    /// [`WORKER_TICKET_VARIABLE`]; it is used up by this one start.
    ///
    /// Whoever connects and is not that very process (by its id) is disconnected,
    /// logged and waited past: it neither gets the stream nor costs the worker its
    /// place. A process that ends before it connects is told at once. When this
    /// fails, no process of it is left. The process ends with the service, however
    /// that ends (on Windows by a job object; its stream ends too).
    fn spawn(
        &self,
        session: DesktopSessionId,
        ticket: &Secret,
    ) -> Result<SpawnedWorker, WorkerHostError>;

    /// Presses Ctrl+Alt+Del where only a service may; `None` where workers do it
    /// themselves.
    fn attention(&self) -> Option<Arc<dyn SecureAttention>> {
        None
    }
}
