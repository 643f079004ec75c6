//! Starts workers in users' sessions, and speaks with none but them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gc_platform::{
    DesktopSession, DesktopSessionId, SecureAttention, SessionListener, SessionWatch,
    SpawnedWorker, WORKER_TICKET_VARIABLE, WorkerHost, WorkerHostError, WorkerProcess,
    WorkerStream,
};
use gc_types::{Clock, Entropy, Secret};

use super::environment::EnvironmentBlock;
use super::job::Job;
use super::session::{account_for, classify};
use super::sessions::{console_session, is_gone, lock_flags_are_swapped, sessions};
use super::start::{SECURE_DESKTOP, StartedProcess, USERS_DESKTOP, start};
use super::{WORKER_PIPE_VARIABLE, WORKER_SERVICE_VARIABLE, WorkerAccount};
use crate::pipe::{Accepted, PipeServer, pipe_sddl};
use crate::sas::WindowsSecureAttention;
use crate::security::Token;
use crate::service::SessionHub;
use crate::win32::{CallError, file_identity, image_of};

/// How long a worker may take to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The program that is started as worker.
#[derive(Debug, Clone)]
pub struct WorkerProgram {
    /// The program.
    pub path: PathBuf,
    /// Its arguments; everybody can read them.
    pub arguments: Vec<String>,
    /// Variables beside those of the user and of the worker itself.
    pub environment: Vec<(String, String)>,
}

/// Workers of a service.
pub struct WindowsWorkerHost {
    program: WorkerProgram,
    hub: Arc<SessionHub>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    job: Job,
    flags_are_swapped: bool,
    /// The last worker of each session: its exit code says who comes next.
    last: Mutex<HashMap<u32, Arc<StartedProcess>>>,
}

fn not_started(error: CallError) -> WorkerHostError {
    WorkerHostError::NotStarted(error.to_string())
}

impl WindowsWorkerHost {
    /// For a service that gets to know of changes by `hub`. Dropping it ends all
    /// workers.
    pub fn new(
        program: WorkerProgram,
        hub: Arc<SessionHub>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, CallError> {
        Ok(Self {
            program,
            hub,
            clock,
            entropy,
            job: Job::new()?,
            flags_are_swapped: lock_flags_are_swapped(),
            last: Mutex::default(),
        })
    }

    /// Who the next worker of this session is.
    fn account(&self, session: &DesktopSession) -> WorkerAccount {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let left = last
            .get(&session.id.0)
            .and_then(|process| process.exit_code())
            .and_then(WorkerAccount::asked_for);
        last.retain(|_, process| process.exit_code().is_none());
        account_for(session.state, left)
    }

    /// A name that nobody can guess, and so nobody can take before us.
    fn pipe_name(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.entropy.fill(&mut bytes);
        format!("guruconnect-worker-{:032x}", u128::from_le_bytes(bytes))
    }

    fn token(account: WorkerAccount, session: DesktopSessionId) -> Result<Token, WorkerHostError> {
        let token = match account {
            WorkerAccount::User => Token::of_user(session.0),
            WorkerAccount::System => Token::of_this_process_in(session.0),
        };
        token.map_err(|error| {
            if is_gone(&error) { WorkerHostError::SessionGone(session) } else { not_started(error) }
        })
    }

    /// Waits until the process that was started has connected. Others are thrown out.
    fn admit(
        &self,
        pipe: &mut PipeServer,
        process: &StartedProcess,
    ) -> Result<(), WorkerHostError> {
        let deadline = self.clock.monotonic() + CONNECT_WITHIN;
        loop {
            let left = deadline.saturating_sub(self.clock.monotonic());
            let milliseconds = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
            match pipe.accept(&[process.raw()], Some(milliseconds)).map_err(not_started)? {
                Accepted::Client(id) if id == process.id() && self.runs_our_program(process) => {
                    return Ok(());
                }
                Accepted::Client(id) => {
                    tracing::warn!(
                        process = id,
                        expected = process.id(),
                        "a process that is not the worker came to its pipe and was refused"
                    );
                    pipe.disconnect().map_err(not_started)?;
                }
                Accepted::Other(_) => return Err(WorkerHostError::EndedEarly(process.wait())),
                Accepted::TimedOut => return Err(WorkerHostError::NotConnected),
            }
        }
    }

    /// Whether the process still runs the file that it was started from.
    fn runs_our_program(&self, process: &StartedProcess) -> bool {
        let identity = |path: std::io::Result<PathBuf>| path.and_then(|path| file_identity(&path));
        match (
            identity(image_of(process.raw()).map_err(Into::into)),
            identity(Ok(self.program.path.clone())),
        ) {
            (Ok(image), Ok(program)) => image == program,
            (image, program) => {
                tracing::warn!(?image, ?program, "program of the worker cannot be told");
                false
            }
        }
    }

    /// The same as [`WorkerHost::spawn`], with a worker that is LocalSystem whatever
    /// shows, and starts on the user's desktop.
    pub fn spawn_system(
        &self,
        session: DesktopSessionId,
        ticket: &Secret,
    ) -> Result<SpawnedWorker, WorkerHostError> {
        self.spawn_as(WorkerAccount::System, USERS_DESKTOP, session, ticket)
    }

    fn spawn_as(
        &self,
        account: WorkerAccount,
        desktop: &str,
        session: DesktopSessionId,
        ticket: &Secret,
    ) -> Result<SpawnedWorker, WorkerHostError> {
        let token = Self::token(account, session)?;
        let own = Token::of_this_process().and_then(|own| own.user()).map_err(not_started)?;
        let client = token.user().map_err(not_started)?;
        let name = self.pipe_name();
        let mut pipe =
            PipeServer::create(&name, &pipe_sddl(&own, Some(&client))).map_err(not_started)?;
        let service = std::process::id().to_string();
        let mut variables = vec![
            (WORKER_PIPE_VARIABLE, name.as_str()),
            (WORKER_SERVICE_VARIABLE, service.as_str()),
            (WORKER_TICKET_VARIABLE, ticket.expose()),
        ];
        variables.extend(
            self.program.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let environment = EnvironmentBlock::of(&token, &variables).map_err(not_started)?;
        let WorkerProgram { path, arguments, .. } = &self.program;
        let start = |token: &Token| start(token, desktop, path, arguments, &environment, &self.job);
        let process = match account {
            WorkerAccount::System => start(&token),
            // Without it everything works but elevated windows, which take no input then.
            WorkerAccount::User => {
                token.with_ui_access().and_then(|token| start(&token)).or_else(|error| {
                    tracing::warn!(%error, "the worker has no input for elevated windows");
                    start(&token)
                })
            }
        }
        .map_err(not_started)?;
        drop(environment);
        let process = Arc::new(process);
        tracing::info!(session = session.0, ?account, process = process.id(), "worker started");
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(session.0, Arc::clone(&process));
        let halves =
            self.admit(&mut pipe, &process).and_then(|()| pipe.into_halves().map_err(not_started));
        match halves {
            Ok((reader, writer)) => Ok(SpawnedWorker {
                stream: WorkerStream { reader: Box::new(reader), writer: Box::new(writer) },
                process,
            }),
            Err(error) => {
                process.kill();
                process.wait();
                Err(error)
            }
        }
    }
}

impl WorkerHost for WindowsWorkerHost {
    fn sessions(&self) -> Result<Vec<DesktopSession>, WorkerHostError> {
        let raw = sessions().map_err(|error| WorkerHostError::Sessions(error.to_string()))?;
        let console = console_session();
        Ok(raw
            .iter()
            .filter_map(|session| classify(session, console, self.flags_are_swapped))
            .collect())
    }

    fn attention(&self) -> Option<Arc<dyn SecureAttention>> {
        Some(Arc::new(WindowsSecureAttention::default()))
    }

    fn watch(&self, listener: SessionListener) -> Result<Box<dyn SessionWatch>, WorkerHostError> {
        Ok(self.hub.watch(listener))
    }

    fn spawn(
        &self,
        session: DesktopSessionId,
        ticket: &Secret,
    ) -> Result<SpawnedWorker, WorkerHostError> {
        let sessions = self.sessions()?;
        let found = sessions
            .iter()
            .find(|one| one.id == session)
            .ok_or(WorkerHostError::SessionGone(session))?;
        let account = self.account(found);
        let desktop = match account {
            WorkerAccount::User => USERS_DESKTOP,
            WorkerAccount::System => SECURE_DESKTOP,
        };
        self.spawn_as(account, desktop, session, ticket)
    }
}
