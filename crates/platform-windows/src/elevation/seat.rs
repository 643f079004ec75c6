//! In the service: a pipe for the one-time program alone.

use std::os::windows::io::OwnedHandle;
use std::sync::Arc;

use gc_platform::{DesktopSessionId, WorkerStream};

use super::ElevationRequest;
use crate::pipe::{Accepted, PipeServer, pipe_sddl};
use crate::security::Token;
use crate::win32::{CallError, open_process, raw, wait_for_end};

/// Milliseconds in which the program comes: it waits for the pipe.
const COMES_WITHIN: u32 = 60_000;

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    /// The program has ended.
    #[error("the one-time program has ended")]
    Ended,
    /// It did not come.
    #[error("the one-time program did not connect")]
    NotConnected,
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

/// The place of the program that asked.
pub struct Seat {
    process: Arc<OwnedHandle>,
    id: u32,
    session: u32,
    pipe: PipeServer,
}

/// Tells when the program has ended.
pub struct ProgramWatch(Arc<OwnedHandle>);

impl ProgramWatch {
    /// Blocks until then.
    pub fn wait(&self) {
        wait_for_end(&self.0);
    }
}

impl Seat {
    /// Makes the pipe. The program's process stays known from here on, so that its number
    /// is nobody else's.
    pub fn prepare(request: &ElevationRequest) -> Result<Self, SeatError> {
        let process = open_process(request.process)?;
        let theirs = Token::of_process(raw(&process))?;
        let own = Token::of_this_process()?.user()?;
        let pipe = PipeServer::create(&request.pipe(), &pipe_sddl(&own, Some(&theirs.user()?)))?;
        let session = theirs.session()?;
        Ok(Self { process: Arc::new(process), id: request.process, session, pipe })
    }

    /// The session of the system that the program is in.
    pub const fn session(&self) -> DesktopSessionId {
        DesktopSessionId(self.session)
    }

    /// To be told of the program's end, whoever has its end of the pipe by then.
    pub fn watch(&self) -> ProgramWatch {
        ProgramWatch(Arc::clone(&self.process))
    }

    /// Waits for the program. Others are thrown out, and cost it nothing.
    pub fn admit(mut self) -> Result<WorkerStream, SeatError> {
        loop {
            match self.pipe.accept(&[raw(self.process.as_ref())], Some(COMES_WITHIN))? {
                Accepted::Client(id) if id == self.id => {
                    let (reader, writer) = self.pipe.into_halves()?;
                    return Ok(WorkerStream { reader: Box::new(reader), writer: Box::new(writer) });
                }
                Accepted::Client(id) => {
                    let expected = self.id;
                    tracing::warn!(process = id, expected, "a stranger came and was refused");
                    self.pipe.disconnect()?;
                }
                Accepted::Other(_) => return Err(SeatError::Ended),
                Accepted::TimedOut => return Err(SeatError::NotConnected),
            }
        }
    }
}
