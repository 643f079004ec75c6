//! The worker's end of the pipe to the service.

use gc_platform::WorkerStream;

use super::WorkerAccount;
use crate::pipe::{Connection, connect};
use crate::security::Token;
use crate::win32::CallError;

/// Environment variable with the name of the worker's pipe.
pub const WORKER_PIPE_VARIABLE: &str = "GURUCONNECT_WORKER_PIPE";
/// Environment variable with the number of the service's process.
pub const WORKER_SERVICE_VARIABLE: &str = "GURUCONNECT_WORKER_SERVICE";

/// Naps in which a worker tries to connect, about 10 s.
const NAPS: u32 = 200;

/// Why a worker has no service.
#[derive(Debug, thiserror::Error)]
pub enum WorkerConnectError {
    /// The variables are not there: this process was not started by the service.
    #[error("a worker is started by the service, not by hand")]
    NotAWorker,
    /// Another process has made a pipe of that name.
    #[error("process {0} has the service's pipe and is not the service")]
    NotTheService(u32),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Who this process runs as.
pub fn account_of_this_process() -> Result<WorkerAccount, CallError> {
    let system = Token::of_this_process()?.is_local_system()?;
    Ok(if system { WorkerAccount::System } else { WorkerAccount::User })
}

/// Connects to the service that has started this process, with what it has put into
/// [`WORKER_PIPE_VARIABLE`] and [`WORKER_SERVICE_VARIABLE`].
pub fn connect_worker(
    pipe: Option<&str>,
    service: Option<&str>,
) -> Result<WorkerStream, WorkerConnectError> {
    let (Some(pipe), Some(service)) = (pipe, service.and_then(|number| number.parse().ok())) else {
        return Err(WorkerConnectError::NotAWorker);
    };
    let Connection { server, reader, writer } = connect(pipe, NAPS)?;
    if server != service {
        return Err(WorkerConnectError::NotTheService(server));
    }
    Ok(WorkerStream { reader: Box::new(reader), writer: Box::new(writer) })
}
