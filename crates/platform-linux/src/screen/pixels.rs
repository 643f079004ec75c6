//! Getting pixels: through shared memory, or over the socket where that fails.

use std::ptr::NonNull;

use gc_platform::{PixelRect, PixelSize};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use crate::DisplayError;
use crate::display::Link;

/// Bytes of one reply over the socket.
const SOCKET_CHUNK: usize = 4 << 20;

/// The surface's pixels, B G R X.
pub(crate) enum Pixels {
    /// The surface, and behind it as much room for rectangles on their way.
    Shared(Segment),
    /// The surface.
    Plain(Vec<u8>),
}

/// Memory shared with the X server. Dropping it unmaps it here; the server's side
/// goes with [`Pixels::release`] or with the connection.
pub(crate) struct Segment {
    start: NonNull<u8>,
    len: usize,
    id: shm::Seg,
}

// SAFETY: the mapping belongs to this value alone and is not bound to a thread.
#[expect(unsafe_code, reason = "shared memory is reached through a raw pointer")]
unsafe impl Send for Segment {}

impl Segment {
    pub(crate) fn new(link: &Link, len: usize) -> Result<Self, DisplayError> {
        let system = |errno: rustix::io::Errno| DisplayError::System(errno.into());
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let fd = memfd_create("guruconnect-screen", flags).map_err(system)?;
        ftruncate(&fd, len as u64).map_err(system)?;
        // Whoever else holds the file cannot shrink it and make reads fault.
        fcntl_add_seals(&fd, SealFlags::SHRINK | SealFlags::GROW).map_err(system)?;
        // SAFETY: a fresh mapping at an address of the kernel's choice; `len` is the
        // length of the file, which the seals keep.
        #[expect(unsafe_code, reason = "shared memory for XShm")]
        let start = unsafe {
            mmap(
                std::ptr::null_mut(),
                len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &fd,
                0,
            )
        }
        .map_err(system)?;
        let start = NonNull::new(start.cast::<u8>())
            .ok_or_else(|| DisplayError::System(std::io::ErrorKind::OutOfMemory.into()))?;
        let id = link.conn.generate_id()?;
        let segment = Self { start, len, id };
        link.conn.shm_attach_fd(id, fd, false)?.check()?;
        Ok(segment)
    }

    /// By what the server knows it.
    pub(crate) const fn id(&self) -> shm::Seg {
        self.id
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: mapped for `len` bytes until drop. The server writes only while a
        // request is under way, and `get` waits for every one it makes.
        #[expect(unsafe_code, reason = "shared memory for XShm")]
        unsafe {
            std::slice::from_raw_parts(self.start.as_ptr(), self.len)
        }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `bytes`; `&mut self` makes it the only view on this side.
        #[expect(unsafe_code, reason = "shared memory for XShm")]
        unsafe {
            std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len)
        }
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        // SAFETY: maps what `new` mapped, once; no view outlives `self`.
        #[expect(unsafe_code, reason = "shared memory for XShm")]
        let result = unsafe { munmap(self.start.as_ptr().cast(), self.len) };
        if let Err(errno) = result {
            tracing::warn!(%errno, "Unmapping the screen's shared memory failed");
        }
    }
}

/// Whether the server can take a descriptor as shared memory: the same machine, and
/// MIT-SHM 1.2 or newer.
pub(crate) fn shared_memory_works(link: &Link) -> Result<bool, DisplayError> {
    if link.conn.extension_information(shm::X11_EXTENSION_NAME)?.is_none() {
        return Ok(false);
    }
    let version = link.conn.shm_query_version()?.reply()?;
    if (version.major_version, version.minor_version) < (1, 2) {
        return Ok(false);
    }
    match Segment::new(link, 4096) {
        Ok(segment) => {
            link.conn.shm_detach(segment.id)?;
            Ok(true)
        }
        Err(error) if error.is_lost() => Err(error),
        // A display reached through a tunnel: descriptors do not pass.
        Err(_) => Ok(false),
    }
}

impl Pixels {
    pub(crate) fn new(link: &Link, size: PixelSize, shared: bool) -> Result<Self, DisplayError> {
        let len = size.width as usize * size.height as usize * 4;
        if shared {
            return Ok(Self::Shared(Segment::new(link, len * 2)?));
        }
        Ok(Self::Plain(vec![0; len]))
    }

    /// Gives the server's side of the memory back.
    pub(crate) fn release(self, link: &Link) -> Result<(), DisplayError> {
        if let Self::Shared(segment) = &self {
            link.conn.shm_detach(segment.id)?;
        }
        Ok(())
    }

    /// The surface; rows follow each other without a gap.
    pub(crate) fn surface(&self, size: PixelSize) -> &[u8] {
        let len = size.width as usize * size.height as usize * 4;
        match self {
            Self::Shared(segment) => &segment.bytes()[..len],
            Self::Plain(bytes) => &bytes[..len],
        }
    }

    /// Reads rectangles, which must lie on the surface, from the root window, whose
    /// pixel `origin` is the surface's first.
    pub(crate) fn get(
        &mut self,
        link: &Link,
        size: PixelSize,
        origin: (i32, i32),
        rects: &[PixelRect],
    ) -> Result<(), DisplayError> {
        let stride = size.width as usize * 4;
        match self {
            Self::Shared(segment) => get_shared(segment, link, size, origin, rects),
            Self::Plain(bytes) => {
                for rect in rects {
                    let rows = (SOCKET_CHUNK / (rect.width as usize * 4)).max(1) as u32;
                    for y in (rect.y..rect.y + rect.height).step_by(rows as usize) {
                        let height = rows.min(rect.y + rect.height - y);
                        let part = PixelRect { y, height, ..*rect };
                        let reply = link
                            .conn
                            .get_image(
                                ImageFormat::Z_PIXMAP,
                                link.root,
                                (origin.0 + part.x as i32) as i16,
                                (origin.1 + part.y as i32) as i16,
                                part.width as u16,
                                part.height as u16,
                                !0,
                            )?
                            .reply()?;
                        if reply.data.len() < part.width as usize * part.height as usize * 4 {
                            return Err(DisplayError::PixelFormat { depth: reply.depth });
                        }
                        place(&reply.data, part, bytes, stride);
                    }
                }
                Ok(())
            }
        }
    }
}

fn get_shared(
    segment: &mut Segment,
    link: &Link,
    size: PixelSize,
    origin: (i32, i32),
    rects: &[PixelRect],
) -> Result<(), DisplayError> {
    let stride = size.width as usize * 4;
    let surface = stride * size.height as usize;
    let mut staged = surface;
    let mut waiting = Vec::new();
    let mut copies = Vec::new();
    for rect in rects {
        // The server writes rows without a gap. So whole rows go straight to their
        // place, and a wide rectangle is cheaper as whole rows than copied once more.
        let whole_rows = rect.width as usize * 4 >= size.width as usize * 3;
        let (rect, offset) = if whole_rows {
            let rows = PixelRect { x: 0, width: size.width, ..*rect };
            (rows, rect.y as usize * stride)
        } else {
            let bytes = rect.width as usize * rect.height as usize * 4;
            if staged + bytes > segment.len {
                finish(segment, surface, stride, &mut waiting, &mut copies)?;
                staged = surface;
            }
            copies.push((staged, *rect));
            staged += bytes;
            (*rect, staged - bytes)
        };
        waiting.push(link.conn.shm_get_image(
            link.root,
            (origin.0 + rect.x as i32) as i16,
            (origin.1 + rect.y as i32) as i16,
            rect.width as u16,
            rect.height as u16,
            !0,
            ImageFormat::Z_PIXMAP.into(),
            segment.id,
            offset as u32,
        )?);
    }
    finish(segment, surface, stride, &mut waiting, &mut copies)
}

type ImageCookie<'a> =
    x11rb::cookie::Cookie<'a, x11rb::rust_connection::RustConnection, shm::GetImageReply>;

// Waits for all requests, so that the server is done with the memory even when one
// of them failed, and only then touches it.
fn finish(
    segment: &mut Segment,
    surface: usize,
    stride: usize,
    waiting: &mut Vec<ImageCookie<'_>>,
    copies: &mut Vec<(usize, PixelRect)>,
) -> Result<(), DisplayError> {
    let replies: Vec<_> = waiting.drain(..).map(x11rb::cookie::Cookie::reply).collect();
    for reply in replies {
        reply?;
    }
    let (pixels, staging) = segment.bytes_mut().split_at_mut(surface);
    for (offset, rect) in copies.drain(..) {
        place(&staging[offset - surface..], rect, pixels, stride);
    }
    Ok(())
}

fn place(source: &[u8], rect: PixelRect, surface: &mut [u8], stride: usize) {
    let row = rect.width as usize * 4;
    let start = rect.y as usize * stride + rect.x as usize * 4;
    for (line, data) in source.chunks_exact(row).take(rect.height as usize).enumerate() {
        let at = start + line * stride;
        surface[at..at + row].copy_from_slice(data);
    }
}
