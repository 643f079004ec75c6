//! In the one-time program: asks the user, and connects to what came of it.

use gc_platform::WorkerStream;
use windows::Win32::Foundation::ERROR_FILE_NOT_FOUND;

use super::ElevationRequest;
use crate::pipe::{Connection, connect};
use crate::security::shut_this_process;
use crate::service::{ElevateError, ServiceManager, start_elevated};
use crate::win32::{CallError, program_of_this_process};

/// Naps between two looks at the elevated process: about half a second.
const NAPS: u32 = 10;
/// So many of them: a virus scanner may look at the service's program first.
const LOOKS: u32 = 60;

/// Why there is no elevated service.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The user's, or the machine's, answer.
    #[error(transparent)]
    NotGiven(#[from] ElevateError),
    /// The elevated process ended.
    #[error("the elevated part of the program ended with code {0}")]
    Ended(u32),
    /// The service did not come.
    #[error("the elevated part of the program does not answer")]
    Silent,
    /// Another process has its pipe.
    #[error("process {0} has the pipe of the elevated service and is not that service")]
    NotTheService(u32),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Asks the user for an administrator's rights, by Windows' own prompt, and connects to
/// the service that was made with them. `command` is the word before those of the
/// request. Blocks for as long as the user thinks.
pub fn ask(request: &ElevationRequest, command: &str) -> Result<WorkerStream, AskError> {
    // Who is inside this process could use the rights. Whoever is by now, stays.
    if let Err(error) = shut_this_process() {
        tracing::warn!(%error, "other programs of the user can open this one");
    }
    let mut arguments = vec![command.to_owned()];
    arguments.extend(request.words());
    let helper = start_elevated(&program_of_this_process()?, &arguments)?;
    for _ in 0..LOOKS {
        match connect(&request.pipe(), NAPS) {
            Ok(connection) => return checked(request, connection),
            Err(error) if error.is(ERROR_FILE_NOT_FOUND) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(code) = helper.exit_code() {
            return Err(AskError::Ended(code));
        }
    }
    Err(AskError::Silent)
}

/// Whoever made the pipe shows pictures and gets what is typed: it has to be the process
/// that the service manager has started under the name that only we and the elevated
/// process know to expect.
fn checked(
    request: &ElevationRequest,
    Connection { server, reader, writer }: Connection,
) -> Result<WorkerStream, AskError> {
    let service = ServiceManager::connect()?.find_to_look(&request.service())?;
    let process = service.map(|service| service.status()).transpose()?.map(|it| it.process);
    if process != Some(server) {
        return Err(AskError::NotTheService(server));
    }
    Ok(WorkerStream { reader: Box::new(reader), writer: Box::new(writer) })
}
