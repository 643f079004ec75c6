//! One read, write or connect that Windows does while a thread waits for it and for
//! other things.

use windows::Win32::Foundation::{
    ERROR_IO_PENDING, ERROR_OPERATION_ABORTED, HANDLE, WAIT_FAILED, WAIT_OBJECT_0, WAIT_TIMEOUT,
};
use windows::Win32::System::IO::{CancelIoEx, GetOverlappedResult, OVERLAPPED};
use windows::Win32::System::Threading::{INFINITE, ResetEvent, WaitForMultipleObjects};

use crate::win32::{CallError, Called, Event};

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was done, with so many bytes.
    Done(u32),
    /// Another handle was set: its place in the list.
    Other(usize),
    /// The time was over.
    TimedOut,
}

/// What one thread at a time does with a handle. Each direction of a pipe has its own.
pub(crate) struct Operation {
    event: Event,
    overlapped: Box<OVERLAPPED>,
}

// SAFETY: between two calls Windows holds no pointer into it.
unsafe impl Send for Operation {}

impl Operation {
    pub(crate) fn new() -> Result<Self, CallError> {
        Ok(Self { event: Event::new()?, overlapped: Box::default() })
    }

    /// Starts what `start` starts, and waits until it is done, one of `others` is set,
    /// or the time (milliseconds) is over. When it gives up waiting, the operation is
    /// taken back before this returns, so that Windows writes nowhere afterwards.
    ///
    /// # Safety
    /// `start` hands the structure to one overlapped call on `handle`, with buffers that
    /// outlive this call.
    pub(crate) unsafe fn run(
        &mut self,
        handle: HANDLE,
        others: &[HANDLE],
        milliseconds: Option<u32>,
        start: impl FnOnce(*mut OVERLAPPED) -> Result<(), CallError>,
    ) -> Result<Outcome, CallError> {
        *self.overlapped = OVERLAPPED { hEvent: self.event.raw(), ..Default::default() };
        // SAFETY: the event is open.
        unsafe { ResetEvent(self.event.raw()) }.called("ResetEvent")?;
        let overlapped: *mut OVERLAPPED = &raw mut *self.overlapped;
        match start(overlapped) {
            Ok(()) => {}
            Err(error) if error.is(ERROR_IO_PENDING) => {}
            Err(error) => return Err(error),
        }
        let mut handles = vec![self.event.raw()];
        handles.extend_from_slice(others);
        // SAFETY: the handles are open for as long as the callers hold them.
        let waited =
            unsafe { WaitForMultipleObjects(&handles, false, milliseconds.unwrap_or(INFINITE)) };
        let given_up = match waited {
            WAIT_OBJECT_0 => None,
            WAIT_TIMEOUT => Some(Ok(Outcome::TimedOut)),
            WAIT_FAILED => Some(Err(CallError::last("WaitForMultipleObjects"))),
            other => Some(Ok(Outcome::Other((other.0 - WAIT_OBJECT_0.0) as usize - 1))),
        };
        if given_up.is_some() {
            // SAFETY: the structure is that of the call. Failing means that it is done
            // already, which the next call tells.
            let _ = unsafe { CancelIoEx(handle, Some(overlapped)) };
        }
        let mut count = 0;
        // SAFETY: the structure is that of the call; this waits until it is done or has
        // been taken back.
        let result = unsafe { GetOverlappedResult(handle, overlapped, &raw mut count, true) }
            .called("GetOverlappedResult");
        match (result, given_up) {
            // It was done before it could be taken back: that is what counts.
            (Ok(()), _) => Ok(Outcome::Done(count)),
            (Err(error), Some(outcome)) if error.is(ERROR_OPERATION_ABORTED) => outcome,
            (Err(error), _) => Err(error),
        }
    }
}
