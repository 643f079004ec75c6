//! A window over the whole display.

use std::fs::File;
use std::os::unix::fs::FileExt;

use anyhow::{Context, Result, bail};
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use x11rb::COPY_DEPTH_FROM_PARENT;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::shm::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateGCAux, CreateWindowAux, Drawable, EventMask, Gcontext, ImageFormat,
    InputFocus, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::{READY, picture};
use crate::barcode;

/// A window that covers the display and has the keyboard.
pub(crate) struct Canvas {
    pub(crate) connection: RustConnection,
    pub(crate) window: Window,
    pub(crate) gc: Gcontext,
    pub(crate) width: u16,
    pub(crate) height: u16,
    depth: u8,
}

impl Canvas {
    /// Over the whole display.
    pub(crate) fn open(display: &str) -> Result<Self> {
        Self::open_at(display, (0, 0), None)
    }

    /// At a place; without a size over everything.
    pub(crate) fn open_at(
        display: &str,
        (x, y): (i16, i16),
        size: Option<(u16, u16)>,
    ) -> Result<Self> {
        let (connection, screen) = RustConnection::connect(Some(display))
            .with_context(|| format!("cannot open display {display}"))?;
        let screen = connection.setup().roots.get(screen).context("the display has no screen")?;
        let (root, depth) = (screen.root, screen.root_depth);
        let whole = (screen.width_in_pixels, screen.height_in_pixels);
        let (width, height) = size.unwrap_or(whole);
        if depth != 24 {
            bail!("display {display} has depth {depth}; the workloads draw at depth 24");
        }
        let (window, gc) = (connection.generate_id()?, connection.generate_id()?);
        let settings = CreateWindowAux::new()
            .override_redirect(1)
            .background_pixel(0x00F4_F4F0)
            .event_mask(EventMask::KEY_PRESS | EventMask::EXPOSURE);
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            window,
            root,
            x,
            y,
            width,
            height,
            0,
            WindowClass::INPUT_OUTPUT,
            0,
            &settings,
        )?;
        // Copies inside the window shall not report what they uncover.
        connection.create_gc(gc, window, &CreateGCAux::new().graphics_exposures(0))?;
        connection.map_window(window)?;
        connection.flush()?;
        while !matches!(connection.wait_for_event()?, Event::Expose(_)) {}
        connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?.check()?;
        Ok(Self { connection, window, gc, width, height, depth })
    }

    /// Draws B G R X rows, `width` pixels wide, in as few requests as the server
    /// takes.
    pub(crate) fn draw(
        &self,
        target: Drawable,
        rows: &[u8],
        width: u16,
        (x, y): (i16, i16),
    ) -> Result<()> {
        let row = usize::from(width) * 4;
        let room = self.connection.maximum_request_bytes().saturating_sub(64);
        let most = (room / row).max(1);
        let mut top = y;
        for part in rows.chunks(most * row) {
            let height = u16::try_from(part.len() / row)?;
            self.connection.put_image(
                ImageFormat::Z_PIXMAP,
                target,
                self.gc,
                width,
                height,
                x,
                top,
                0,
                self.depth,
                part,
            )?;
            top += i16::try_from(height)?;
        }
        Ok(())
    }

    /// Paints the present time. One request, so that nobody sees half of it.
    pub(crate) fn stamp(&self) -> Result<()> {
        let code = barcode::image(crate::clock::stamp());
        self.draw(self.window, &code, u16::try_from(barcode::WIDTH)?, (0, 0))?;
        self.connection.flush()?;
        Ok(())
    }

    /// A drawable outside the display with these rows on it.
    pub(crate) fn pixmap(&self, rows: &[u8], width: u16, height: u16) -> Result<Drawable> {
        let pixmap = self.connection.generate_id()?;
        self.connection.create_pixmap(self.depth, pixmap, self.window, width, height)?;
        self.draw(pixmap, rows, width, (0, 0))?;
        Ok(pixmap)
    }

    /// A page of text over the whole window.
    pub(crate) fn draw_page(&self) -> Result<()> {
        let (width, height) = (usize::from(self.width), usize::from(self.height));
        let rows = picture::page(width, height, 0, 0x0022_2222, 0x00F4_F4F0);
        self.draw(self.window, &rows, self.width, (0, 0))
    }

    /// Tells whoever started this that the first picture is there.
    #[expect(clippy::print_stdout, reason = "read by the process that measures")]
    pub(crate) fn announce(&self) -> Result<()> {
        self.connection.sync()?;
        println!("{READY}");
        Ok(())
    }

    /// A page of text, for ever.
    pub(crate) fn show_page(&self) -> Result<()> {
        self.draw_page()?;
        self.announce()?;
        loop {
            self.connection.wait_for_event()?;
        }
    }
}

/// Memory that the X server draws from. It is written through its file: safe code,
/// and the server sees the same pages.
pub(crate) struct SharedImage {
    file: File,
    segment: shm::Seg,
    width: u16,
    height: u16,
}

impl SharedImage {
    pub(crate) fn new(connection: &RustConnection, width: u16, height: u16) -> Result<Self> {
        connection
            .extension_information(shm::X11_EXTENSION_NAME)?
            .context("the X server has no shared memory")?;
        let descriptor = memfd_create("guruconnect-bench", MemfdFlags::CLOEXEC)?;
        ftruncate(&descriptor, u64::from(width) * u64::from(height) * 4)?;
        let file = File::from(descriptor);
        let segment = connection.generate_id()?;
        connection.shm_attach_fd(segment, file.try_clone()?, false)?.check()?;
        Ok(Self { file, segment, width, height })
    }

    /// Puts these rows on the window.
    pub(crate) fn show(&self, canvas: &Canvas, rows: &[u8], (x, y): (i16, i16)) -> Result<()> {
        self.file.write_all_at(rows, 0)?;
        let (width, height) = (self.width, self.height);
        canvas.connection.shm_put_image(
            canvas.window,
            canvas.gc,
            width,
            height,
            0,
            0,
            width,
            height,
            x,
            y,
            canvas.depth,
            ImageFormat::Z_PIXMAP.into(),
            false,
            self.segment,
            0,
        )?;
        canvas.connection.flush()?;
        Ok(())
    }

    /// Takes a rectangle of a drawable; the bytes are B G R X rows without padding.
    pub(crate) fn take(
        &self,
        connection: &RustConnection,
        from: Drawable,
        (x, y): (i16, i16),
        (width, height): (u16, u16),
        into: &mut [u8],
    ) -> Result<()> {
        let planes = !0;
        connection
            .shm_get_image(
                from,
                x,
                y,
                width,
                height,
                planes,
                ImageFormat::Z_PIXMAP.into(),
                self.segment,
                0,
            )?
            .reply()?;
        self.file.read_exact_at(into, 0)?;
        Ok(())
    }
}

impl Canvas {
    /// Moves `height` rows of the window from one place to another.
    pub(crate) fn copy_rows(&self, from: i16, to: i16, height: u16) -> Result<()> {
        let window = self.window;
        self.connection.copy_area(window, window, self.gc, 0, from, 0, to, self.width, height)?;
        Ok(())
    }
}
