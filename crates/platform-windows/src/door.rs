//! Where a viewer that runs already is found by the next start of the program: a pipe
//! that only this user reaches, in this session.

use std::io::{self, Read, Write};

use windows::Win32::Foundation::ERROR_FILE_NOT_FOUND;
use windows::Win32::UI::WindowsAndMessaging::AllowSetForegroundWindow;

use crate::pipe::{Accepted, Connection, PipeReader, PipeServer, PipeWriter, connect, pipe_sddl};
use crate::security::Token;
use crate::win32::{CallError, nap, open_process, raw};

/// How long each end waits for the other, milliseconds.
const PATIENCE: u32 = 1000;
/// Naps while the pipe is busy or about to be made again: half a second.
const NAPS: u32 = 10;
/// Naps until a visitor must have left: two seconds.
const LEAVES: u32 = 40;

/// A user, in a session.
#[derive(Debug, PartialEq, Eq)]
struct Who {
    user: String,
    session: u32,
}

impl Who {
    fn here() -> Result<Self, CallError> {
        Self::of(&Token::of_this_process()?)
    }

    fn of(token: &Token) -> Result<Self, CallError> {
        Ok(Self { user: token.user()?, session: token.session()? })
    }

    /// Not over another user's pipe, nor one of another session.
    fn is_process(&self, id: u32) -> bool {
        let of = |id| Self::of(&Token::of_process(raw(&open_process(id)?))?);
        of(id).is_ok_and(|who| who == *self)
    }

    fn pipe(&self) -> String {
        format!("guruconnect-viewer-{}-{}", self.session, self.user)
    }
}

/// The other end. Reads and writes fail after a second.
pub struct DoorStream {
    reader: PipeReader,
    writer: PipeWriter,
}

impl Read for DoorStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read_until(buffer, &[], Some(PATIENCE))
    }
}

impl Write for DoorStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write_until(bytes, Some(PATIENCE))
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The viewer's end. There is one at most.
pub struct ViewerDoor {
    who: Who,
    /// Made again for each visitor.
    pipe: Option<PipeServer>,
}

impl ViewerDoor {
    /// `None`: another process has it.
    pub fn open() -> io::Result<Option<Self>> {
        let who = Who::here()?;
        Ok(match made(&who) {
            Ok(pipe) => Some(Self { who, pipe: Some(pipe) }),
            // Whoever has the name does not let it be made twice.
            Err(error) => {
                tracing::debug!(%error, "no door");
                None
            }
        })
    }

    /// Blocks until somebody of this user has come. `PermissionDenied`: somebody else
    /// had. Other errors are for good.
    pub fn visitor(&mut self) -> io::Result<DoorStream> {
        let mut pipe = match self.pipe.take() {
            Some(pipe) => pipe,
            None => made_again(&self.who)?,
        };
        let Accepted::Client(client) = pipe.accept(&[], None)? else {
            return Err(io::ErrorKind::TimedOut.into());
        };
        if !self.who.is_process(client) {
            pipe.disconnect()?;
            self.pipe = Some(pipe);
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (reader, writer) = pipe.into_halves()?;
        Ok(DoorStream { reader, writer })
    }
}

fn made(who: &Who) -> Result<PipeServer, CallError> {
    PipeServer::create(&who.pipe(), &pipe_sddl(&who.user, None))
}

/// The one before is there for as long as its visitor has not left.
fn made_again(who: &Who) -> io::Result<PipeServer> {
    let mut last = made(who);
    for _ in 0..LEAVES {
        if last.is_ok() {
            break;
        }
        nap();
        last = made(who);
    }
    last.map_err(|error| io::Error::other(error.to_string()))
}

/// To the viewer of this user that runs already in this session; `None` without one. It
/// may come to the front from now on, as this program may.
pub fn knock() -> io::Result<Option<DoorStream>> {
    let who = Who::here()?;
    let Connection { server, reader, writer } = match connect(&who.pipe(), 0) {
        Ok(connection) => connection,
        Err(error) if error.is(ERROR_FILE_NOT_FOUND) => return Ok(None),
        // It speaks to another, and is there again in a moment.
        Err(_) => connect(&who.pipe(), NAPS)?,
    };
    if !who.is_process(server) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // Without the right to give, it comes up behind.
    // SAFETY: takes a number.
    let _ = unsafe { AllowSetForegroundWindow(server) };
    Ok(Some(DoorStream { reader, writer }))
}
