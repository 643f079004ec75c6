//! The bytes of an offered file.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use gc_platform::{OfferError, OfferedFiles};
use gc_types::CauseCode;
use windows::Win32::Foundation::{
    E_INVALIDARG, E_NOTIMPL, E_POINTER, ERROR_CANCELLED, FILETIME, S_FALSE, S_OK,
    STG_E_ACCESSDENIED, STG_E_INVALIDFUNCTION, STG_E_INVALIDPOINTER, STG_E_MEDIUMFULL,
    STG_E_READFAULT, STG_E_WRITEFAULT,
};
use windows::Win32::System::Com::{
    ISequentialStream_Impl, IStream, IStream_Impl, LOCKTYPE, STATFLAG, STATSTG, STGC, STGTY_STREAM,
    STREAM_SEEK, STREAM_SEEK_CUR, STREAM_SEEK_END, STREAM_SEEK_SET,
};
use windows::core::{Error, HRESULT, Ref, Result, implement};

use super::apartment::Stay;
use crate::clipboard::file_time;

/// Bytes of a copy at once.
const PIECE: usize = 64 << 10;

/// What a program is told.
pub(super) fn told(error: OfferError) -> HRESULT {
    match error {
        OfferError::NotNow => STG_E_ACCESSDENIED,
        // Programs end without a word then: a person has done it.
        OfferError::Cancelled => ERROR_CANCELLED.to_hresult(),
        OfferError::Failed(CauseCode::DiskFull) => STG_E_MEDIUMFULL,
        OfferError::Failed(_) => STG_E_READFAULT,
    }
}

/// The streams of one offer that programs have, so that it is known when nobody waits.
pub(super) struct Readers {
    files: Arc<dyn OfferedFiles>,
    open: AtomicUsize,
    stay: Stay,
}

impl Readers {
    pub(super) fn new(files: Arc<dyn OfferedFiles>, stay: Stay) -> Arc<Self> {
        Arc::new(Self { files, open: AtomicUsize::new(0), stay })
    }
}

#[implement(IStream, Agile = false)]
pub(super) struct FileBytes {
    readers: Arc<Readers>,
    index: usize,
    size: u64,
    modified: u64,
    at: Mutex<u64>,
    /// Somebody read, and has not come to the end.
    half_way: AtomicBool,
    /// Goes last: with it goes what COM calls this by.
    _stay: Stay,
}

impl FileBytes {
    pub(super) fn new(
        readers: &Arc<Readers>,
        index: usize,
        size: u64,
        modified_ms: i64,
        at: u64,
    ) -> Self {
        readers.open.fetch_add(1, Ordering::SeqCst);
        Self {
            readers: Arc::clone(readers),
            index,
            size,
            modified: file_time(modified_ms),
            at: Mutex::new(at),
            half_way: AtomicBool::new(false),
            _stay: readers.stay.clone(),
        }
    }

    /// Bytes from where it stands, which it then goes behind.
    fn take(&self, buffer: &mut [u8]) -> std::result::Result<usize, OfferError> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        self.half_way.store(true, Ordering::SeqCst);
        let count = self.readers.files.read_at(self.index, *at, buffer)?.min(buffer.len());
        *at += count as u64;
        if count < buffer.len() || *at >= self.size {
            self.half_way.store(false, Ordering::SeqCst);
        }
        Ok(count)
    }
}

impl Drop for FileBytes {
    fn drop(&mut self) {
        let last = self.readers.open.fetch_sub(1, Ordering::SeqCst) == 1;
        if last && self.half_way.load(Ordering::SeqCst) {
            tracing::debug!(index = self.index, "a program has left an offered file half-way");
            self.readers.files.cancel();
        }
    }
}

fn tell<T>(room: *mut T, value: T) {
    if !room.is_null() {
        // SAFETY: callers have room or null, as COM gives it.
        unsafe { room.write(value) };
    }
}

impl ISequentialStream_Impl for FileBytes_Impl {
    fn Read(&self, buffer: *mut core::ffi::c_void, room: u32, read: *mut u32) -> HRESULT {
        if buffer.is_null() {
            return STG_E_INVALIDPOINTER;
        }
        let wanted = room as usize;
        // SAFETY: the caller has room for so many bytes, which are set before they are seen.
        let bytes = unsafe {
            std::ptr::write_bytes(buffer.cast::<u8>(), 0, wanted);
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), wanted)
        };
        match self.take(bytes) {
            Ok(count) => {
                tell(read, count as u32);
                if count < wanted { S_FALSE } else { S_OK }
            }
            Err(error) => {
                tracing::debug!(%error, index = self.index, "an offered file does not come");
                tell(read, 0);
                told(error)
            }
        }
    }

    fn Write(&self, _: *const core::ffi::c_void, _: u32, _: *mut u32) -> HRESULT {
        STG_E_ACCESSDENIED
    }
}

impl IStream_Impl for FileBytes_Impl {
    fn Seek(&self, by: i64, origin: STREAM_SEEK, now: *mut u64) -> Result<()> {
        let mut at = self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let from = match origin {
            STREAM_SEEK_SET => 0,
            STREAM_SEEK_CUR => *at,
            STREAM_SEEK_END => self.size,
            _ => return Err(STG_E_INVALIDFUNCTION.into()),
        };
        *at = from.checked_add_signed(by).ok_or(STG_E_INVALIDFUNCTION)?;
        tell(now, *at);
        Ok(())
    }

    fn SetSize(&self, _: u64) -> Result<()> {
        Err(STG_E_ACCESSDENIED.into())
    }

    fn CopyTo(
        &self,
        to: Ref<'_, IStream>,
        count: u64,
        read: *mut u64,
        written: *mut u64,
    ) -> Result<()> {
        let to = to.as_ref().ok_or(E_POINTER)?;
        let mut piece = vec![0; PIECE];
        let mut done = 0;
        while done < count {
            let want = usize::try_from(count - done).map_or(PIECE, |left| left.min(PIECE));
            let got = self.take(&mut piece[..want]).map_err(|error| Error::from(told(error)))?;
            if got == 0 {
                break;
            }
            let mut taken = 0;
            // SAFETY: reads as many bytes as there are in the piece.
            unsafe { to.Write(piece.as_ptr().cast(), got as u32, Some(&raw mut taken)) }.ok()?;
            if taken as usize != got {
                return Err(STG_E_WRITEFAULT.into());
            }
            done += got as u64;
        }
        tell(read, done);
        tell(written, done);
        Ok(())
    }

    fn Commit(&self, _: &STGC) -> Result<()> {
        Ok(())
    }

    fn Revert(&self) -> Result<()> {
        Err(E_NOTIMPL.into())
    }

    fn LockRegion(&self, _: u64, _: u64, _: &LOCKTYPE) -> Result<()> {
        Err(STG_E_INVALIDFUNCTION.into())
    }

    fn UnlockRegion(&self, _: u64, _: u64, _: u32) -> Result<()> {
        Err(STG_E_INVALIDFUNCTION.into())
    }

    fn Stat(&self, room: *mut STATSTG, _: &STATFLAG) -> Result<()> {
        if room.is_null() {
            return Err(E_INVALIDARG.into());
        }
        let modified = FILETIME {
            dwLowDateTime: self.modified as u32,
            dwHighDateTime: (self.modified >> 32) as u32,
        };
        let facts = STATSTG {
            r#type: STGTY_STREAM.0.cast_unsigned(),
            cbSize: self.size,
            mtime: modified,
            ..STATSTG::default()
        };
        // The name is in the descriptor.
        tell(room, facts);
        Ok(())
    }

    fn Clone(&self) -> Result<IStream> {
        let at = *self.at.lock().unwrap_or_else(PoisonError::into_inner);
        let twin = FileBytes {
            readers: Arc::clone(&self.readers),
            index: self.index,
            size: self.size,
            modified: self.modified,
            at: Mutex::new(at),
            half_way: AtomicBool::new(false),
            _stay: self.readers.stay.clone(),
        };
        self.readers.open.fetch_add(1, Ordering::SeqCst);
        Ok(twin.into())
    }
}
