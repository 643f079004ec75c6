//! `mfplat.dll`, loaded when it is needed: the N editions of Windows and some servers
//! come without it, and a program that imports it does not start there.

use std::ffi::c_void;

use gc_video::EncodeFailure;
use windows::Win32::Foundation::{E_NOTIMPL, FreeLibrary, HMODULE};
use windows::Win32::Media::MediaFoundation::{
    IMFActivate, IMFMediaBuffer, IMFMediaType, IMFSample, MF_VERSION, MFSTARTUP_LITE,
    MFT_CATEGORY_VIDEO_ENCODER, MFT_ENUM_FLAG, MFT_REGISTER_TYPE_INFO,
};
use windows::Win32::System::Com::{COINIT_MULTITHREADED, CoInitializeEx, CoUninitialize};
use windows::core::{Error, GUID, HRESULT, Interface, Result, Type, s};

use crate::library::Library;

// `windows` would take it from combase.dll, which Windows 7 lacks.
#[link(name = "ole32")]
unsafe extern "system" {
    fn CoTaskMemFree(memory: *const c_void);
}

/// Frees what a call has put into memory of COM. Null is nothing.
pub(super) fn free<T>(memory: *const T) {
    // SAFETY: callers pass what a call has given to them to free, once.
    unsafe { CoTaskMemFree(memory.cast()) }
}

type Startup = unsafe extern "system" fn(u32, u32) -> HRESULT;
type Shutdown = unsafe extern "system" fn() -> HRESULT;
type Create = unsafe extern "system" fn(*mut *mut c_void) -> HRESULT;
type CreateBuffer = unsafe extern "system" fn(u32, *mut *mut c_void) -> HRESULT;
type Enumerate = unsafe extern "system" fn(
    GUID,
    u32,
    *const MFT_REGISTER_TYPE_INFO,
    *const MFT_REGISTER_TYPE_INFO,
    *mut *mut Option<IMFActivate>,
    *mut u32,
) -> HRESULT;

/// Media Foundation, started. Dropping it shuts it down.
pub(super) struct Runtime {
    library: HMODULE,
    shutdown: Shutdown,
    create_media_type: Create,
    create_sample: Create,
    create_buffer: CreateBuffer,
    enumerate: Enumerate,
}

// SAFETY: a module handle and functions that any thread may call (`MFStartup`:
// "must be called once for each call of MFShutdown", no word of a thread).
unsafe impl Send for Runtime {}
// SAFETY: as above; nothing in it changes.
unsafe impl Sync for Runtime {}

impl Runtime {
    /// Starts it; [`EncodeFailure::Absent`] where Windows comes without.
    pub(super) fn start() -> std::result::Result<Self, EncodeFailure> {
        let absent = |error: Error| EncodeFailure::Absent(format!("Media Foundation: {error}"));
        let library = Library::load("mfplat.dll").map_err(absent)?;
        // SAFETY: each name is that of a function with this signature (mfapi.h), and
        // none is called after the library is freed.
        let (startup, shutdown, create_media_type, create_sample, create_buffer, enumerate) = unsafe {
            (
                library.find::<Startup>(s!("MFStartup")).map_err(absent)?,
                library.find::<Shutdown>(s!("MFShutdown")).map_err(absent)?,
                library.find::<Create>(s!("MFCreateMediaType")).map_err(absent)?,
                library.find::<Create>(s!("MFCreateSample")).map_err(absent)?,
                library.find::<CreateBuffer>(s!("MFCreateMemoryBuffer")).map_err(absent)?,
                library.find::<Enumerate>(s!("MFTEnumEx")).map_err(absent)?,
            )
        };
        // SAFETY: no pointers.
        let started = unsafe { startup(MF_VERSION, MFSTARTUP_LITE) };
        if started == E_NOTIMPL {
            return Err(EncodeFailure::Absent("Media Foundation is not installed".to_owned()));
        }
        started.ok().map_err(|error| EncodeFailure::Open(format!("MFStartup: {error}")))?;
        let library = library.keep();
        Ok(Self { library, shutdown, create_media_type, create_sample, create_buffer, enumerate })
    }

    /// An empty media type.
    pub(super) fn media_type(&self) -> Result<IMFMediaType> {
        let mut made = std::ptr::null_mut();
        // SAFETY: the pointer is to a live place; what comes back is ours.
        unsafe { (self.create_media_type)(&raw mut made).and_then(|| Type::from_abi(made)) }
    }

    /// A sample with one buffer of `size` bytes.
    pub(super) fn sample(&self, size: u32) -> Result<(IMFSample, IMFMediaBuffer)> {
        let (mut sample, mut buffer) = (std::ptr::null_mut(), std::ptr::null_mut());
        // SAFETY: the pointers are to live places; what comes back is ours.
        unsafe {
            let sample: IMFSample =
                (self.create_sample)(&raw mut sample).and_then(|| Type::from_abi(sample))?;
            let buffer: IMFMediaBuffer =
                (self.create_buffer)(size, &raw mut buffer).and_then(|| Type::from_abi(buffer))?;
            sample.AddBuffer(&buffer)?;
            Ok((sample, buffer))
        }
    }

    /// Encoders from `input` to `output`, the most deserving first.
    pub(super) fn encoders(
        &self,
        flags: MFT_ENUM_FLAG,
        input: MFT_REGISTER_TYPE_INFO,
        output: MFT_REGISTER_TYPE_INFO,
    ) -> Result<Vec<IMFActivate>> {
        let (mut list, mut count) = (std::ptr::null_mut(), 0);
        // SAFETY: the pointers are to live places; on success `list` is an array of
        // `count` references that are ours, in memory that is ours to free.
        unsafe {
            (self.enumerate)(
                MFT_CATEGORY_VIDEO_ENCODER,
                flags.0.cast_unsigned(),
                &raw const input,
                &raw const output,
                &raw mut list,
                &raw mut count,
            )
            .ok()?;
            if list.is_null() {
                return Ok(Vec::new());
            }
            let found = std::slice::from_raw_parts_mut(list, count as usize)
                .iter_mut()
                .filter_map(Option::take)
                .collect();
            free(list);
            Ok(found)
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // SAFETY: paired with `MFStartup`; the library is ours, and nothing of it is
        // used after this. Neither has a failure that anybody could act on.
        unsafe {
            let _ = (self.shutdown)();
            let _ = FreeLibrary(self.library);
        }
    }
}

/// COM on this thread, in the multithreaded apartment, as Media Foundation wants it.
pub(super) struct Apartment;

impl Apartment {
    pub(super) fn enter() -> Result<Self> {
        // SAFETY: paired with `CoUninitialize` on the same thread: the value is kept
        // where it cannot leave its thread.
        unsafe { CoInitializeEx(None, COINIT_MULTITHREADED) }.ok()?;
        Ok(Self)
    }
}

impl Drop for Apartment {
    fn drop(&mut self) {
        // SAFETY: see `enter`.
        unsafe { CoUninitialize() }
    }
}

/// Another interface of the same object.
pub(super) fn other<T: Interface>(object: &impl Interface) -> Option<T> {
    object.cast().ok()
}
