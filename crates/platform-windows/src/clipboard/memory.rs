//! Memory that is handed over by way of the clipboard, or of a drag. What names the
//! clipboard is called while that is open.

use windows::Win32::Foundation::{GlobalFree, HANDLE, HGLOBAL};
use windows::Win32::System::DataExchange::{GetClipboardData, SetClipboardData};
use windows::Win32::System::Memory::{
    GMEM_MOVEABLE, GlobalAlloc, GlobalLock, GlobalSize, GlobalUnlock,
};
use windows::core::Error;

/// What became of a reading.
pub(crate) enum Read {
    /// The bytes, perhaps with some behind the end: the system rounds sizes up.
    Bytes(Vec<u8>),
    /// It is not there, or its owner does not give it.
    Nothing,
    /// More than may be shared; nothing was copied.
    TooLarge,
}

/// Copies what the clipboard holds in `format`, at most `limit` bytes.
pub(super) fn read(format: u32, limit: usize) -> Read {
    // SAFETY: the clipboard is open; the handle stays the clipboard's and is not used
    // after it is closed.
    let Ok(handle) = (unsafe { GetClipboardData(format) }) else { return Read::Nothing };
    bytes_of(HGLOBAL(handle.0), limit)
}

/// Copies what a handle holds, which stays its owner's.
pub(crate) fn bytes_of(memory: HGLOBAL, limit: usize) -> Read {
    // SAFETY: formats that hold memory, as all that are asked for do, give a global
    // handle. A handle of another kind has no size.
    let size = unsafe { GlobalSize(memory) };
    if size == 0 {
        return Read::Nothing;
    }
    if size > limit {
        return Read::TooLarge;
    }
    // SAFETY: as above; unlocked below.
    let start = unsafe { GlobalLock(memory) };
    if start.is_null() {
        return Read::Nothing;
    }
    // SAFETY: the system says that so many bytes are there, and nobody may write to what
    // lies on the clipboard.
    let bytes = unsafe { std::slice::from_raw_parts(start.cast::<u8>(), size) }.to_vec();
    // SAFETY: locked above. It fails when it was the last lock, which is no error.
    let _ = unsafe { GlobalUnlock(memory) };
    Read::Bytes(bytes)
}

/// Puts bytes on the clipboard.
pub(super) fn place(format: u32, bytes: &[u8]) -> Result<(), Error> {
    let memory = allocate(bytes)?;
    // SAFETY: the clipboard is open and ours; on success the memory is the system's.
    if let Err(error) = unsafe { SetClipboardData(format, Some(HANDLE(memory.0))) } {
        free(memory);
        return Err(error);
    }
    Ok(())
}

/// New memory with these bytes, for whoever takes it.
pub(crate) fn allocate(bytes: &[u8]) -> Result<HGLOBAL, Error> {
    // SAFETY: takes numbers.
    let memory = unsafe { GlobalAlloc(GMEM_MOVEABLE, bytes.len().max(1)) }?;
    fill(memory, bytes).inspect_err(|_| free(memory))?;
    Ok(memory)
}

/// Gives back what nobody took.
pub(crate) fn free(memory: HGLOBAL) {
    // SAFETY: callers have allocated it, and nobody else has it.
    if unsafe { GlobalFree(Some(memory)) }.is_err() {
        tracing::warn!("memory that was to be handed over is lost");
    }
}

fn fill(memory: HGLOBAL, bytes: &[u8]) -> Result<(), Error> {
    // SAFETY: allocated by the caller with room for all bytes.
    let start = unsafe { GlobalLock(memory) };
    if start.is_null() {
        return Err(Error::from_thread());
    }
    // SAFETY: room as above; the two do not overlap, since the memory is new.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), start.cast::<u8>(), bytes.len()) };
    // SAFETY: locked above; see `read`.
    let _ = unsafe { GlobalUnlock(memory) };
    Ok(())
}
