//! Waiting for the X server and for other threads at once, without polling.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use gc_platform::WaitWaker;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;
use x11rb::connection::Connection;
use x11rb::rust_connection::RustConnection;

use crate::DisplayError;

/// Ends a [`wait`] from any thread.
#[derive(Debug, Clone)]
pub(crate) struct Waker(Arc<OwnedFd>);

/// Why a [`wait`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// The X server sent something, perhaps.
    Server,
    /// [`WaitWaker::wake`] was called.
    Waker,
    /// The time is over.
    Timeout,
}

impl Waker {
    pub(crate) fn new() -> Result<Self, DisplayError> {
        let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|errno| DisplayError::System(errno.into()))?;
        Ok(Self(Arc::new(fd)))
    }

    /// Whether it was called since the last time; forgets it.
    pub(crate) fn take(&self) -> bool {
        let mut count = [0_u8; 8];
        rustix::io::read(&*self.0, &mut count).is_ok()
    }
}

impl WaitWaker for Waker {
    fn wake(&self) {
        // Fails only when the counter is at its end: then it is awake anyway.
        let _ = rustix::io::write(&*self.0, &1_u64.to_ne_bytes());
    }
}

/// Sends what is queued, then sleeps until there is a reason to look. Events that
/// were read from the socket earlier are not seen here: drain them first.
pub(crate) fn wait(
    conn: &RustConnection,
    waker: &Waker,
    timeout: Option<Duration>,
) -> Result<Woken, DisplayError> {
    conn.flush()?;
    let timeout = timeout.map(|timeout| Timespec {
        tv_sec: i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: timeout.subsec_nanos().into(),
    });
    let mut fds = [
        PollFd::from_borrowed_fd(conn.stream().as_fd(), PollFlags::IN),
        PollFd::from_borrowed_fd(waker.0.as_fd(), PollFlags::IN),
    ];
    match poll(&mut fds, timeout.as_ref()) {
        Ok(0) => Ok(Woken::Timeout),
        Ok(_) => {
            let server = !fds[0].revents().is_empty();
            if fds[1].revents().is_empty() || server {
                return Ok(Woken::Server);
            }
            waker.take();
            Ok(Woken::Waker)
        }
        // A signal: the caller looks and comes back.
        Err(Errno::INTR) => Ok(Woken::Server),
        Err(errno) => Err(DisplayError::System(errno.into())),
    }
}
