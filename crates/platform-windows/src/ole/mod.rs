//! OLE, as far as files need it: data objects that other programs read, and the threads
//! on which they are.

mod apartment;
mod medium;
pub(crate) mod object;
mod offer;
mod registration;
mod stream;

use windows::Win32::Foundation::E_POINTER;
use windows::Win32::System::Com::{DVASPECT_CONTENT, FORMATETC, TYMED};
use windows::Win32::System::Ole::{OleInitialize, OleUninitialize};
use windows::core::Result;

pub(crate) use medium::{Content, bytes_of_format};
pub(crate) use object::{Offered, data_object};
pub(crate) use offer::offer;
pub(crate) use registration::Registration;

/// OLE on this thread. Dropping it leaves.
pub(crate) struct Ole(());

impl Ole {
    /// Fails on a thread that is in the multithreaded apartment.
    pub(crate) fn enter() -> Result<Self> {
        // SAFETY: takes nothing; undone in `drop`, on the same thread.
        unsafe { OleInitialize(None) }.map(|()| Self(()))
    }
}

impl Drop for Ole {
    fn drop(&mut self) {
        // SAFETY: it was entered on this thread, and what it gave is gone.
        unsafe { OleUninitialize() }
    }
}

/// What COM passes, wherever it lies: buffers of RPC are packed.
pub(crate) fn format_at(format: *const FORMATETC) -> Result<FORMATETC> {
    if format.is_null() {
        return Err(E_POINTER.into());
    }
    // SAFETY: COM passes a format that lives for the call.
    Ok(unsafe { format.read_unaligned() })
}

/// A format of an object as a whole.
pub(crate) fn format_of(format: u16, tymed: TYMED) -> FORMATETC {
    FORMATETC {
        cfFormat: format,
        ptd: std::ptr::null_mut(),
        dwAspect: DVASPECT_CONTENT.0,
        lindex: -1,
        tymed: tymed.0.cast_unsigned(),
    }
}
