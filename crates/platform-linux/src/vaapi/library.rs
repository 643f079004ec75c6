//! `libva` as it is: loaded at run time, never linked.
#![expect(unsafe_code, reason = "a C library")]

use std::ffi::{c_int, c_uint, c_void};
use std::fs::File;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::ptr;

use gc_video::EncodeFailure;
use libloading::Library;

use super::layout::{self as at, Bytes};
use super::va::{Id, Nv12, Va, VaError};

type Display = *mut c_void;
type Status = c_int;
/// Segments of a coded picture at most.
const MOST_SEGMENTS: usize = 256;
/// Bytes of a segment at most.
const MOST_BYTES: u32 = 64 << 20;

macro_rules! functions {
    ($($name:ident: fn($($arg:ty),*) -> $out:ty,)*) => {
        /// The functions of `va.h` that are used.
        #[expect(non_snake_case, reason = "the names of the library")]
        struct Functions { $($name: unsafe extern "C" fn($($arg),*) -> $out,)* }

        impl Functions {
            /// # Safety
            /// `library` is libva of major version 2 and outlives this.
            unsafe fn load(library: &Library) -> Result<Self, libloading::Error> {
                Ok(Self { $($name: {
                    let name = concat!(stringify!($name), "\0").as_bytes();
                    // SAFETY: the type is that of va.h, whose major version is in the
                    // name of the library that the caller vouches for.
                    unsafe { *library.get(name)? }
                },)* })
            }
        }
    };
}

functions! {
    vaInitialize: fn(Display, *mut c_int, *mut c_int) -> Status,
    vaTerminate: fn(Display) -> Status,
    vaSetInfoCallback: fn(Display, *const c_void, *mut c_void) -> *const c_void,
    vaSetErrorCallback: fn(Display, *const c_void, *mut c_void) -> *const c_void,
    vaMaxNumEntrypoints: fn(Display) -> c_int,
    vaQueryConfigEntrypoints: fn(Display, c_int, *mut c_int, *mut c_int) -> Status,
    vaGetConfigAttributes: fn(Display, c_int, c_int, *mut u32, c_int) -> Status,
    vaCreateConfig: fn(Display, c_int, c_int, *mut u32, c_int, *mut Id) -> Status,
    vaDestroyConfig: fn(Display, Id) -> Status,
    vaCreateSurfaces: fn(Display, c_uint, c_uint, c_uint, *mut Id, c_uint, *mut c_void, c_uint) -> Status,
    vaDestroySurfaces: fn(Display, *mut Id, c_int) -> Status,
    vaCreateContext: fn(Display, Id, c_int, c_int, c_int, *mut Id, c_int, *mut Id) -> Status,
    vaDestroyContext: fn(Display, Id) -> Status,
    vaCreateBuffer: fn(Display, Id, c_int, c_uint, c_uint, *mut c_void, *mut Id) -> Status,
    vaDestroyBuffer: fn(Display, Id) -> Status,
    vaMapBuffer: fn(Display, Id, *mut *mut c_void) -> Status,
    vaUnmapBuffer: fn(Display, Id) -> Status,
    vaBeginPicture: fn(Display, Id, Id) -> Status,
    vaRenderPicture: fn(Display, Id, *mut Id, c_int) -> Status,
    vaEndPicture: fn(Display, Id) -> Status,
    vaSyncSurface: fn(Display, Id) -> Status,
    vaCreateImage: fn(Display, *mut u8, c_int, c_int, *mut u8) -> Status,
    vaDestroyImage: fn(Display, Id) -> Status,
    vaPutImage: fn(Display, Id, Id, c_int, c_int, c_uint, c_uint, c_int, c_int, c_uint, c_uint) -> Status,
}

/// A device of the machine.
pub(super) struct LibVa {
    va: Functions,
    display: Display,
    /// Must be open for as long as the display is.
    _device: File,
    /// Hold the code of `va`; dropped last.
    _libraries: [Library; 2],
}

// SAFETY: libva may be used from any one thread at a time; nothing here is shared.
unsafe impl Send for LibVa {}

fn ok(call: &'static str, status: Status) -> Result<(), VaError> {
    if status == 0 { Ok(()) } else { Err(VaError { call, status }) }
}

impl LibVa {
    pub(super) fn open(path: &Path) -> Result<Self, EncodeFailure> {
        let absent = |error: &dyn std::fmt::Display| EncodeFailure::Absent(error.to_string());
        let device = File::options()
            .read(true)
            .write(true)
            .open(path)
            .map_err(|error| EncodeFailure::Absent(error.to_string()))?;
        // SAFETY: loading runs the libraries' initialisers, which libva's documentation
        // allows at any time; they are the system's own files.
        let (main, drm) = unsafe { (Library::new("libva.so.2"), Library::new("libva-drm.so.2")) };
        let main = main.map_err(|error| absent(&error))?;
        let drm = drm.map_err(|error| absent(&error))?;
        // SAFETY: this is libva.so.2, kept in the same value as the functions.
        let va = unsafe { Functions::load(&main) }.map_err(|error| absent(&error))?;
        // SAFETY: the type is that of va_drm.h.
        let get_display =
            unsafe { drm.get::<unsafe extern "C" fn(c_int) -> Display>(b"vaGetDisplayDRM\0") }
                .map_err(|error| absent(&error))?;
        // SAFETY: the descriptor is open and stays so for as long as the display.
        let display = unsafe { get_display(device.as_raw_fd()) };
        if display.is_null() {
            return Err(EncodeFailure::Absent("no display for the device".to_owned()));
        }
        let (mut major, mut minor): (c_int, c_int) = (0, 0);
        // SAFETY: a valid display and two live integers. Without a callback the library
        // says nothing on the program's output.
        let status = unsafe {
            (va.vaSetInfoCallback)(display, ptr::null(), ptr::null_mut());
            (va.vaSetErrorCallback)(display, ptr::null(), ptr::null_mut());
            (va.vaInitialize)(display, &raw mut major, &raw mut minor)
        };
        if status != 0 {
            // SAFETY: ends a display that was not initialised; nothing uses it after.
            unsafe { (va.vaTerminate)(display) };
            return Err(EncodeFailure::Absent(format!("no driver (VA status {status:#x})")));
        }
        Ok(Self { va, display, _device: device, _libraries: [main, drm] })
    }

    fn map<T>(
        &mut self,
        buffer: Id,
        work: impl FnOnce(*mut c_void) -> Result<T, VaError>,
    ) -> Result<T, VaError> {
        let mut place: *mut c_void = ptr::null_mut();
        // SAFETY: a buffer of this display and a live pointer.
        ok("vaMapBuffer", unsafe { (self.va.vaMapBuffer)(self.display, buffer, &raw mut place) })?;
        let outcome = if place.is_null() {
            Err(VaError { call: "vaMapBuffer", status: -1 })
        } else {
            work(place)
        };
        // SAFETY: it is mapped.
        ok("vaUnmapBuffer", unsafe { (self.va.vaUnmapBuffer)(self.display, buffer) })?;
        outcome
    }

    fn write_image(&mut self, image: &Bytes<{ at::IMAGE }>, picture: &Nv12) -> Result<(), VaError> {
        let size = image.get32(at::IMAGE_SIZE) as usize;
        let plane = |index: usize| {
            (
                image.get32(at::IMAGE_OFFSETS + index * 4) as usize,
                image.get32(at::IMAGE_PITCHES + index * 4) as usize,
            )
        };
        let width = picture.width as usize;
        self.map(image.get32(at::IMAGE_BUFFER), |place| {
            // SAFETY: the driver says that the mapped buffer has `data_size` bytes; no
            // one else has them while they are mapped.
            let bytes = unsafe { std::slice::from_raw_parts_mut(place.cast::<u8>(), size) };
            let outside = || VaError { call: "vaMapBuffer", status: -1 };
            for (index, rows) in [&picture.y, &picture.uv].into_iter().enumerate() {
                let (start, pitch) = plane(index);
                for (y, row) in rows.chunks_exact(width).enumerate() {
                    let from = start + y * pitch;
                    let to = bytes.get_mut(from..from + width).ok_or_else(outside)?;
                    to.copy_from_slice(row);
                }
            }
            Ok(())
        })
    }
}

impl Va for LibVa {
    fn entry_point(&mut self, profile: u32) -> Result<Option<u32>, VaError> {
        // SAFETY: an initialised display.
        let most = unsafe { (self.va.vaMaxNumEntrypoints)(self.display) };
        let mut found = vec![0; usize::try_from(most).unwrap_or(0).clamp(1, 256)];
        let mut count: c_int = 0;
        // SAFETY: room for as many entry points as the library says there can be.
        let status = unsafe {
            (self.va.vaQueryConfigEntrypoints)(
                self.display,
                profile as c_int,
                found.as_mut_ptr(),
                &raw mut count,
            )
        };
        // A profile that the driver does not know is an error to it.
        if status != 0 {
            return Ok(None);
        }
        found.truncate(usize::try_from(count).unwrap_or(0));
        let wanted = [at::ENCODE_SLICE, at::ENCODE_SLICE_LOW_POWER];
        let hit = wanted.into_iter().find(|entry| found.contains(&(*entry as c_int)));
        Ok(hit.map(|entry| entry as u32))
    }

    fn attribute(
        &mut self,
        profile: u32,
        entry_point: u32,
        attribute: u32,
    ) -> Result<Option<u32>, VaError> {
        let mut pair = [attribute, 0];
        // SAFETY: one attribute of two 32-bit fields, as VAConfigAttrib.
        ok("vaGetConfigAttributes", unsafe {
            (self.va.vaGetConfigAttributes)(
                self.display,
                profile as c_int,
                entry_point as c_int,
                pair.as_mut_ptr(),
                1,
            )
        })?;
        Ok(Some(pair[1]).filter(|value| *value != at::NOT_SUPPORTED as u32))
    }

    fn create_config(
        &mut self,
        profile: u32,
        entry_point: u32,
        attributes: &[(u32, u32)],
    ) -> Result<Id, VaError> {
        let mut flat: Vec<u32> =
            attributes.iter().flat_map(|(kind, value)| [*kind, *value]).collect();
        let mut config = 0;
        // SAFETY: as many attributes as are said, each of two 32-bit fields.
        ok("vaCreateConfig", unsafe {
            (self.va.vaCreateConfig)(
                self.display,
                profile as c_int,
                entry_point as c_int,
                flat.as_mut_ptr(),
                attributes.len() as c_int,
                &raw mut config,
            )
        })?;
        Ok(config)
    }

    fn destroy_config(&mut self, config: Id) {
        // SAFETY: created by this display, destroyed once.
        unsafe { (self.va.vaDestroyConfig)(self.display, config) };
    }

    fn create_surfaces(&mut self, width: u32, height: u32, out: &mut [Id]) -> Result<(), VaError> {
        // SAFETY: room for as many ids as are asked for; no attributes.
        ok("vaCreateSurfaces", unsafe {
            (self.va.vaCreateSurfaces)(
                self.display,
                at::FORMAT_420 as c_uint,
                width,
                height,
                out.as_mut_ptr(),
                out.len() as c_uint,
                ptr::null_mut(),
                0,
            )
        })
    }

    fn destroy_surfaces(&mut self, surfaces: &mut [Id]) {
        let count = surfaces.len() as c_int;
        // SAFETY: created by this display, destroyed once.
        unsafe { (self.va.vaDestroySurfaces)(self.display, surfaces.as_mut_ptr(), count) };
    }

    fn create_context(
        &mut self,
        config: Id,
        width: u32,
        height: u32,
        surfaces: &mut [Id],
    ) -> Result<Id, VaError> {
        let mut context = 0;
        // SAFETY: a live config and as many live surfaces as are said; 1: progressive.
        ok("vaCreateContext", unsafe {
            (self.va.vaCreateContext)(
                self.display,
                config,
                width as c_int,
                height as c_int,
                1,
                surfaces.as_mut_ptr(),
                surfaces.len() as c_int,
                &raw mut context,
            )
        })?;
        Ok(context)
    }

    fn destroy_context(&mut self, context: Id) {
        // SAFETY: created by this display, destroyed once.
        unsafe { (self.va.vaDestroyContext)(self.display, context) };
    }

    fn create_buffer(&mut self, context: Id, kind: u32, content: &[u8]) -> Result<Id, VaError> {
        let mut buffer = 0;
        // The library copies the content; its parameter is only not const by age.
        let mut content = content.to_vec();
        // SAFETY: one element of as many bytes as the vector has.
        ok("vaCreateBuffer", unsafe {
            (self.va.vaCreateBuffer)(
                self.display,
                context,
                kind as c_int,
                content.len() as c_uint,
                1,
                content.as_mut_ptr().cast(),
                &raw mut buffer,
            )
        })?;
        Ok(buffer)
    }

    fn create_coded(&mut self, context: Id, bytes: u32) -> Result<Id, VaError> {
        let mut buffer = 0;
        // SAFETY: without content the library makes room for the bytes itself.
        ok("vaCreateBuffer", unsafe {
            (self.va.vaCreateBuffer)(
                self.display,
                context,
                at::BUFFER_CODED as c_int,
                bytes,
                1,
                ptr::null_mut(),
                &raw mut buffer,
            )
        })?;
        Ok(buffer)
    }

    fn destroy_buffer(&mut self, buffer: Id) {
        // SAFETY: created by this display, destroyed once.
        unsafe { (self.va.vaDestroyBuffer)(self.display, buffer) };
    }

    fn upload(&mut self, surface: Id, picture: &Nv12) -> Result<(), VaError> {
        let mut format = Bytes::<{ at::FORMAT }>::new();
        format.put32(0, at::NV12 as u32);
        format.put32(4, 1);
        format.put32(8, 12);
        let mut image = Bytes::<{ at::IMAGE }>::new();
        let (width, height) = (picture.width, picture.height);
        // SAFETY: structures of the sizes that va.h gives them, written by the library.
        ok("vaCreateImage", unsafe {
            (self.va.vaCreateImage)(
                self.display,
                format.0.as_mut_ptr(),
                width as c_int,
                height as c_int,
                image.0.as_mut_ptr(),
            )
        })?;
        let id = image.get32(0);
        let outcome = self.write_image(&image, picture).and_then(|()| {
            // SAFETY: a live surface and image, rectangles inside both.
            ok("vaPutImage", unsafe {
                (self.va.vaPutImage)(
                    self.display,
                    surface,
                    id,
                    0,
                    0,
                    width,
                    height,
                    0,
                    0,
                    width,
                    height,
                )
            })
        });
        // SAFETY: created above, destroyed once.
        unsafe { (self.va.vaDestroyImage)(self.display, id) };
        outcome
    }

    fn render(&mut self, context: Id, surface: Id, buffers: &mut [Id]) -> Result<(), VaError> {
        let count = buffers.len() as c_int;
        // SAFETY: live context, surface and buffers, in the order that va.h asks for.
        unsafe {
            ok("vaBeginPicture", (self.va.vaBeginPicture)(self.display, context, surface))?;
            let rendered =
                (self.va.vaRenderPicture)(self.display, context, buffers.as_mut_ptr(), count);
            // What was begun is ended, whatever became of it.
            let ended = (self.va.vaEndPicture)(self.display, context);
            ok("vaRenderPicture", rendered)?;
            ok("vaEndPicture", ended)
        }
    }

    fn sync(&mut self, surface: Id) -> Result<(), VaError> {
        // SAFETY: a live surface.
        ok("vaSyncSurface", unsafe { (self.va.vaSyncSurface)(self.display, surface) })
    }

    fn read_coded(&mut self, buffer: Id, out: &mut Vec<u8>) -> Result<bool, VaError> {
        self.map(buffer, |place| {
            let mut next: *const u8 = place.cast_const().cast();
            for _ in 0..MOST_SEGMENTS {
                if next.is_null() {
                    return Ok(true);
                }
                let mut segment = Bytes::<{ at::SEGMENT }>::new();
                // SAFETY: the mapped buffer, and each `next` after it, is a
                // VACodedBufferSegment of that size.
                unsafe { ptr::copy_nonoverlapping(next, segment.0.as_mut_ptr(), at::SEGMENT) };
                if segment.get32(at::SEGMENT_STATUS) & at::OVERFLOW as u32 != 0 {
                    return Ok(false);
                }
                let bytes = pointer(&segment, at::SEGMENT_BYTES);
                let size = segment.get32(0);
                if size > MOST_BYTES {
                    return Ok(false);
                }
                if !bytes.is_null() {
                    // SAFETY: the segment says how many bytes there are; they live until
                    // the buffer is unmapped.
                    out.extend_from_slice(unsafe {
                        std::slice::from_raw_parts(bytes, size as usize)
                    });
                }
                next = pointer(&segment, at::SEGMENT_NEXT);
            }
            Ok(false)
        })
    }
}

fn pointer(segment: &Bytes<{ at::SEGMENT }>, place: usize) -> *const u8 {
    let bytes = segment.0.get(place..place + size_of::<usize>());
    let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(ptr::null(), |bytes| ptr::with_exposed_provenance(usize::from_ne_bytes(bytes)))
}

impl Drop for LibVa {
    fn drop(&mut self) {
        // SAFETY: initialised once, ended once; all objects on it are gone by then.
        unsafe { (self.va.vaTerminate)(self.display) };
    }
}
