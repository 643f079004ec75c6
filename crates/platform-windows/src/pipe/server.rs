//! The end that was there first.

use std::os::windows::io::OwnedHandle;

use windows::Win32::Foundation::{ERROR_NO_DATA, ERROR_PIPE_CONNECTED, HANDLE};
use windows::Win32::Storage::FileSystem::{
    FILE_FLAG_FIRST_PIPE_INSTANCE, FILE_FLAG_OVERLAPPED, PIPE_ACCESS_DUPLEX,
};
use windows::Win32::System::Pipes::{
    ConnectNamedPipe, CreateNamedPipeW, DisconnectNamedPipe, GetNamedPipeClientProcessId,
    PIPE_READMODE_BYTE, PIPE_REJECT_REMOTE_CLIENTS, PIPE_TYPE_BYTE, PIPE_WAIT,
};

use super::operation::{Operation, Outcome};
use super::stream::halves;
use super::{PREFIX, PipeReader, PipeWriter};
use crate::security::SecurityDescriptor;
use crate::win32::{CallError, Called, Wide, owned, raw};

/// Bytes that Windows keeps for each direction.
const BUFFER: u32 = 64 * 1024;

/// A pipe that waits for its one client.
pub(crate) struct PipeServer {
    pipe: OwnedHandle,
    operation: Operation,
}

/// What [`PipeServer::accept`] ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// The process of this number has connected.
    Client(u32),
    /// Another handle was set: its place in the list.
    Other(usize),
    /// The time was over.
    TimedOut,
}

impl PipeServer {
    /// Makes a pipe of this name (without [`PREFIX`]). Fails when it is there already:
    /// somebody else would be speaking in our name.
    pub(crate) fn create(name: &str, sddl: &str) -> Result<Self, CallError> {
        let descriptor = SecurityDescriptor::parse(sddl)?;
        let attributes = descriptor.attributes();
        // SAFETY: text, attributes and descriptor live longer than the call.
        let pipe = unsafe {
            CreateNamedPipeW(
                Wide::new(format!("{PREFIX}{name}")).as_ptr(),
                PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
                1,
                BUFFER,
                BUFFER,
                0,
                Some(&raw const attributes),
            )
        };
        if pipe.is_invalid() {
            return Err(CallError::last("CreateNamedPipeW"));
        }
        // SAFETY: just made, and ours.
        Ok(Self { pipe: unsafe { owned(pipe) }, operation: Operation::new()? })
    }

    /// Waits for a client, for one of `others`, or until the time (milliseconds) is over.
    pub(crate) fn accept(
        &mut self,
        others: &[HANDLE],
        milliseconds: Option<u32>,
    ) -> Result<Accepted, CallError> {
        let pipe = raw(&self.pipe);
        let mut already = false;
        // SAFETY: no buffers.
        let outcome = unsafe {
            self.operation.run(pipe, others, milliseconds, |overlapped| {
                match ConnectNamedPipe(pipe, Some(overlapped)).called("ConnectNamedPipe") {
                    // It came between the making and this call.
                    Err(error) if error.is(ERROR_PIPE_CONNECTED) => {
                        already = true;
                        Err(error)
                    }
                    other => other,
                }
            })
        };
        match outcome {
            Ok(Outcome::Done(_)) => {}
            Err(_) if already => {}
            Ok(Outcome::Other(which)) => return Ok(Accepted::Other(which)),
            Ok(Outcome::TimedOut) => return Ok(Accepted::TimedOut),
            // It came and went; what is left of it is cleared away.
            Err(error) if error.is(ERROR_NO_DATA) => return Ok(Accepted::Client(0)),
            Err(error) => return Err(error),
        }
        let mut client = 0;
        // SAFETY: the number is written to a live place.
        unsafe { GetNamedPipeClientProcessId(pipe, &raw mut client) }
            .called("GetNamedPipeClientProcessId")?;
        Ok(Accepted::Client(client))
    }

    /// Throws the client out; the next one may come.
    pub(crate) fn disconnect(&self) -> Result<(), CallError> {
        // SAFETY: the pipe is open.
        unsafe { DisconnectNamedPipe(raw(&self.pipe)) }.called("DisconnectNamedPipe")
    }

    /// Both directions, for the client that has connected.
    pub(crate) fn into_halves(self) -> Result<(PipeReader, PipeWriter), CallError> {
        halves(self.pipe)
    }
}
