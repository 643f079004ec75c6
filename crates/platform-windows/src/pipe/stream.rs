//! The two directions of a connected pipe.

use std::io::{self, Read, Write};
use std::os::windows::io::OwnedHandle;
use std::sync::Arc;

use windows::Win32::Foundation::{
    ERROR_BROKEN_PIPE, ERROR_NO_DATA, ERROR_OPERATION_ABORTED, ERROR_PIPE_NOT_CONNECTED, HANDLE,
};
use windows::Win32::Storage::FileSystem::{ReadFile, WriteFile};

use super::operation::{Operation, Outcome};
use crate::win32::{CallError, Called, raw};

/// From the other process.
pub(crate) struct PipeReader {
    pipe: Arc<OwnedHandle>,
    operation: Operation,
}

/// To the other process.
pub(crate) struct PipeWriter {
    pipe: Arc<OwnedHandle>,
    operation: Operation,
}

/// Both directions of a pipe that was opened for overlapped use.
pub(super) fn halves(pipe: OwnedHandle) -> Result<(PipeReader, PipeWriter), CallError> {
    let pipe = Arc::new(pipe);
    Ok((
        PipeReader { pipe: Arc::clone(&pipe), operation: Operation::new()? },
        PipeWriter { pipe, operation: Operation::new()? },
    ))
}

/// The other end is gone.
fn is_end(error: &CallError) -> bool {
    [ERROR_BROKEN_PIPE, ERROR_PIPE_NOT_CONNECTED, ERROR_NO_DATA, ERROR_OPERATION_ABORTED]
        .into_iter()
        .any(|code| error.is(code))
}

impl PipeReader {
    /// Reads what is there, as soon as there is something; `Ok(0)` once the other end is
    /// gone, `TimedOut` when one of `others` is set or the time (milliseconds) is over.
    pub(crate) fn read_until(
        &mut self,
        buffer: &mut [u8],
        others: &[HANDLE],
        milliseconds: Option<u32>,
    ) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let pipe = raw(self.pipe.as_ref());
        // SAFETY: the buffer outlives the call.
        let outcome = unsafe {
            self.operation.run(pipe, others, milliseconds, |overlapped| {
                ReadFile(pipe, Some(buffer), None, Some(overlapped)).called("ReadFile")
            })
        };
        match outcome {
            Ok(Outcome::Done(count)) => Ok(count as usize),
            Ok(Outcome::TimedOut | Outcome::Other(_)) => Err(io::ErrorKind::TimedOut.into()),
            Err(error) if is_end(&error) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

impl Read for PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_until(buffer, &[], None)
    }
}

impl PipeWriter {
    /// Writes a part at least; fails with `TimedOut` when that takes longer than so many
    /// milliseconds.
    pub(crate) fn write_until(
        &mut self,
        bytes: &[u8],
        milliseconds: Option<u32>,
    ) -> io::Result<usize> {
        if bytes.is_empty() {
            // A message of no bytes would be one to the reader.
            return Ok(0);
        }
        let pipe = raw(self.pipe.as_ref());
        // SAFETY: the bytes outlive the call.
        let outcome = unsafe {
            self.operation.run(pipe, &[], milliseconds, |overlapped| {
                WriteFile(pipe, Some(bytes), None, Some(overlapped)).called("WriteFile")
            })
        };
        match outcome {
            Ok(Outcome::Done(count)) => Ok(count as usize),
            Ok(Outcome::TimedOut | Outcome::Other(_)) => Err(io::ErrorKind::TimedOut.into()),
            Err(error) if is_end(&error) => Err(io::ErrorKind::BrokenPipe.into()),
            Err(error) => Err(error.into()),
        }
    }
}

impl Write for PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_until(bytes, None)
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
