//! The end that comes second.

use windows::Win32::Foundation::{ERROR_FILE_NOT_FOUND, ERROR_PIPE_BUSY};
use windows::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAG_OVERLAPPED, FILE_SHARE_NONE, OPEN_EXISTING, SECURITY_IDENTIFICATION,
    SECURITY_SQOS_PRESENT,
};
use windows::Win32::System::Pipes::GetNamedPipeServerProcessId;

use super::stream::halves;
use super::{CLIENT_ACCESS, PREFIX, PipeReader, PipeWriter};
use crate::win32::{CallError, Called, Wide, nap, owned, raw};

/// A connected pipe, seen from the client.
pub(crate) struct Connection {
    /// Process that has made the pipe.
    pub(crate) server: u32,
    pub(crate) reader: PipeReader,
    pub(crate) writer: PipeWriter,
}

/// Connects to the pipe of this name (without [`PREFIX`]). While it is not there or
/// busy it is tried again, `naps` times (see [`nap`]). The server gets to know who we
/// are, and cannot act as us.
pub(crate) fn connect(name: &str, naps: u32) -> Result<Connection, CallError> {
    let path = Wide::new(format!("{PREFIX}{name}"));
    let mut tries = 0;
    let pipe = loop {
        // SAFETY: the text ends with a zero; the handle is ours.
        let opened = unsafe {
            CreateFileW(
                path.as_ptr(),
                CLIENT_ACCESS,
                FILE_SHARE_NONE,
                None,
                OPEN_EXISTING,
                FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
                None,
            )
        };
        match opened.called("CreateFileW(pipe)") {
            // SAFETY: just opened.
            Ok(pipe) => break unsafe { owned(pipe) },
            Err(error)
                if tries < naps
                    && (error.is(ERROR_PIPE_BUSY) || error.is(ERROR_FILE_NOT_FOUND)) =>
            {
                tries += 1;
                nap();
            }
            Err(error) => return Err(error),
        }
    };
    let mut server = 0;
    // SAFETY: the number is written to a live place.
    unsafe { GetNamedPipeServerProcessId(raw(&pipe), &raw mut server) }
        .called("GetNamedPipeServerProcessId")?;
    let (reader, writer) = halves(pipe)?;
    Ok(Connection { server, reader, writer })
}
