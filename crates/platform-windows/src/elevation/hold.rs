//! In the elevated process: makes the service, and clears away after it.

use std::sync::Arc;

use gc_types::Entropy;

use super::ElevationRequest;
use crate::service::{InstallError, TemporaryService, TemporaryServiceRequest};
use crate::win32::{
    CallError, file_identity, image_of, open_process, program_of_this_process, raw, wait_for_end,
};

/// Why there is no service.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// The process that asks is not this program.
    #[error("process {0} asks for rights and is not this program")]
    AnotherProgram(u32),
    /// A file could not be looked at.
    #[error("the program cannot be told: {0}")]
    File(#[from] std::io::Error),
    /// The service could not be made.
    #[error(transparent)]
    Service(#[from] InstallError),
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// Makes the service for the program that asks, and returns when it has ended; nothing of
/// it is left then. `command` is the service's first argument.
pub fn hold(
    request: &ElevationRequest,
    command: &str,
    entropy: Arc<dyn Entropy>,
) -> Result<(), HoldError> {
    // Open until the service has opened it too: its number is not used again meanwhile.
    let asker = open_process(request.process)?;
    let own = program_of_this_process()?;
    if file_identity(&image_of(raw(&asker))?)? != file_identity(&own)? {
        return Err(HoldError::AnotherProgram(request.process));
    }
    let mut wanted = TemporaryServiceRequest::of_this_program(vec![command.to_owned()])?;
    wanted.number = Some(request.number.clone());
    wanted.start_arguments = request.words().into();
    let service = TemporaryService::start(&wanted, entropy)?;
    drop(asker);
    match service.status().and_then(|status| open_process(status.process)) {
        Ok(process) => wait_for_end(&process),
        // It may have ended already, or its process is not for us to wait for.
        Err(error) => {
            tracing::info!(%error, "the service is looked at from time to time");
            service.wait(|| false)?;
        }
    }
    Ok(())
}
