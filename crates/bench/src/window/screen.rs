//! The window: covers a display, shows pixels out of shared memory, hears keys.

use std::fs::File;
use std::io::IoSlice;
use std::os::fd::OwnedFd;

use anyhow::{Context, Result, bail};
use gc_video::PixelRect;
use gc_viewer_core::Surface;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext, ImageFormat, InputFocus,
    Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::place::{Placed, pack};

/// Rows that one system call takes at most (`IOV_MAX` of Linux).
const ROWS_AT_ONCE: usize = 1_024;

/// What the display tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    /// A key of this X keycode.
    Key { code: u8, down: bool },
    /// The display has drawn everything that was put under this number.
    Shown(u32),
    /// The window must be drawn again.
    Uncovered,
}

/// Memory that the display draws from; not to be written while `busy`.
struct Slot {
    file: File,
    segment: shm::Seg,
    busy: Option<u32>,
}

/// A window over the whole display with the keyboard.
pub(super) struct Screen {
    connection: RustConnection,
    window: Window,
    gc: Gcontext,
    width: u16,
    height: u16,
    depth: u8,
    slots: [Slot; 2],
}

impl Screen {
    /// Covers the display.
    pub(super) fn open(display: &str) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(Some(display))
            .with_context(|| format!("cannot open display {display}"))?;
        let screen = connection.setup().roots.get(screen).context("the display has no screen")?;
        let (root, depth) = (screen.root, screen.root_depth);
        let (width, height) = (screen.width_in_pixels, screen.height_in_pixels);
        if depth != 24 {
            bail!("display {display} has depth {depth}; the window draws at depth 24");
        }
        connection
            .extension_information(shm::X11_EXTENSION_NAME)?
            .context("the X server has no shared memory")?;
        let (window, gc) = (connection.generate_id()?, connection.generate_id()?);
        let settings = CreateWindowAux::new()
            .override_redirect(1)
            .background_pixel(0)
            .event_mask(EventMask::KEY_PRESS | EventMask::KEY_RELEASE | EventMask::EXPOSURE);
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            0,
            0,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &settings,
        )?;
        connection.create_gc(gc, window, &CreateGCAux::new().graphics_exposures(0))?;
        connection.map_window(window)?;
        connection.flush()?;
        while !matches!(connection.wait_for_event()?, Event::Expose(_)) {}
        connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?.check()?;
        let slots =
            [Slot::new(&connection, width, height)?, Slot::new(&connection, width, height)?];
        Ok(Self { connection, window, gc, width, height, depth, slots })
    }

    /// The display's socket, for waiting until it tells something.
    pub(super) fn socket(&self) -> Result<OwnedFd> {
        Ok(rustix::io::dup(self.connection.stream())?)
    }

    /// Whether there is memory for another [`Screen::show`].
    pub(super) fn is_free(&self) -> bool {
        self.slots.iter().any(|slot| slot.busy.is_none())
    }

    /// What the display has told since; does not wait.
    pub(super) fn heard(&mut self) -> Result<Option<Heard>> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::KeyPress(key) => {
                    return Ok(Some(Heard::Key { code: key.detail, down: true }));
                }
                Event::KeyRelease(key) => {
                    return Ok(Some(Heard::Key { code: key.detail, down: false }));
                }
                Event::ShmCompletion(done) => {
                    let mut slots = self.slots.iter_mut();
                    let slot = slots.find(|slot| slot.segment == done.shmseg);
                    if let Some(number) = slot.and_then(|slot| slot.busy.take()) {
                        return Ok(Some(Heard::Shown(number)));
                    }
                }
                Event::Expose(_) => return Ok(Some(Heard::Uncovered)),
                Event::Error(error) => bail!("the display refused a request: {error:?}"),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Puts these rectangles of the surface on the window; [`Heard::Shown`] tells
    /// when they are there. `false` when nothing of it lies inside of the window.
    pub(super) fn show(
        &mut self,
        surface: &Surface,
        damage: &[PixelRect],
        number: u32,
    ) -> Result<bool> {
        let (width, height) = (u32::from(self.width), u32::from(self.height));
        let size = (width.min(surface.width()), height.min(surface.height()));
        let placed = pack(damage, size, u64::from(width) * u64::from(height));
        let Some(last) = placed.len().checked_sub(1) else { return Ok(false) };
        let mut slots = self.slots.iter_mut();
        let slot = slots.find(|slot| slot.busy.is_none()).context("no memory is free")?;
        for (index, Placed { rect, offset }) in placed.into_iter().enumerate() {
            slot.write(surface, &rect, offset)?;
            let (wide, high) = (u16::try_from(rect.width)?, u16::try_from(rect.height)?);
            self.connection.shm_put_image(
                self.window,
                self.gc,
                wide,
                high,
                0,
                0,
                wide,
                high,
                i16::try_from(rect.x)?,
                i16::try_from(rect.y)?,
                self.depth,
                ImageFormat::Z_PIXMAP.into(),
                index == last,
                slot.segment,
                u32::try_from(offset)?,
            )?;
        }
        slot.busy = Some(number);
        self.connection.flush()?;
        Ok(true)
    }
}

impl Slot {
    fn new(connection: &RustConnection, width: u16, height: u16) -> Result<Self> {
        let descriptor = memfd_create("guruconnect-bench", MemfdFlags::CLOEXEC)?;
        ftruncate(&descriptor, u64::from(width) * u64::from(height) * 4)?;
        let file = File::from(descriptor);
        let segment = connection.generate_id()?;
        connection.shm_attach_fd(segment, file.try_clone()?, false)?.check()?;
        Ok(Self { file, segment, busy: None })
    }

    /// Gathers the rows of a rectangle: one copy, from the surface into the memory.
    fn write(&self, surface: &Surface, rect: &PixelRect, offset: u64) -> Result<()> {
        let row = rect.width as usize * 4;
        let first = rect.y as usize * surface.stride() + rect.x as usize * 4;
        let rows: Vec<IoSlice<'_>> = (0..rect.height as usize)
            .filter_map(|y| {
                let start = first + y * surface.stride();
                surface.pixels().get(start..start + row).map(IoSlice::new)
            })
            .collect();
        let mut at = offset;
        for some in rows.chunks(ROWS_AT_ONCE) {
            let bytes = some.len() * row;
            let written = rustix::io::pwritev(&self.file, some, at)?;
            if written != bytes {
                bail!("shared memory took {written} of {bytes} bytes");
            }
            at += bytes as u64;
        }
        Ok(())
    }
}
