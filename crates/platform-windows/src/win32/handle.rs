//! Handles and memory of the system that are given back by themselves.

use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows::Win32::Foundation::{HANDLE, HLOCAL, LocalFree};
use windows::Win32::System::Threading::{CreateEventW, SetEvent};
use windows::core::PCWSTR;

use super::{CallError, Called};

/// Takes a handle over.
///
/// # Safety
/// It is open, closed by `CloseHandle`, and nobody else closes it.
pub(crate) unsafe fn owned(handle: HANDLE) -> OwnedHandle {
    // SAFETY: the caller vouches.
    unsafe { OwnedHandle::from_raw_handle(handle.0) }
}

/// The handle for a call.
pub(crate) fn raw(handle: &impl AsRawHandle) -> HANDLE {
    HANDLE(handle.as_raw_handle())
}

/// Something to wait for, reset by hand.
pub(crate) struct Event(OwnedHandle);

impl Event {
    pub(crate) fn new() -> Result<Self, CallError> {
        // SAFETY: no pointers but null.
        let event = unsafe { CreateEventW(None, true, false, PCWSTR::null()) };
        // SAFETY: just made, and ours.
        Ok(Self(unsafe { owned(event.called("CreateEventW")?) }))
    }

    pub(crate) fn set(&self) -> Result<(), CallError> {
        // SAFETY: the event is open.
        unsafe { SetEvent(self.raw()) }.called("SetEvent")
    }

    pub(crate) fn raw(&self) -> HANDLE {
        raw(&self.0)
    }
}

/// Memory that a call has allocated with `LocalAlloc`.
pub(crate) struct LocalMemory(*mut std::ffi::c_void);

impl LocalMemory {
    /// Takes it over. Null is nothing.
    pub(crate) fn new<T>(memory: *mut T) -> Self {
        Self(memory.cast())
    }
}

impl Drop for LocalMemory {
    fn drop(&mut self) {
        // SAFETY: who made this value has handed the memory over.
        unsafe {
            LocalFree(Some(HLOCAL(self.0)));
        }
    }
}
