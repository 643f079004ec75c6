//! The pointer over the window.

use gc_platform::{CursorImage, WindowCursor};
use x11rb::connection::Connection;
use x11rb::protocol::render::{self, ConnectionExt as _, PictType};
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, Cursor, ImageFormat, Window};

use crate::DisplayError;
use crate::display::Link;

/// Makes cursors of pictures.
pub(super) struct Cursors {
    arrow: Cursor,
    /// 32 bits with alpha; `None` where the server cannot.
    format: Option<render::Pictformat>,
    own: Option<Cursor>,
}

impl Cursors {
    pub(super) fn new(link: &Link) -> Result<Self, DisplayError> {
        let database = x11rb::resource_manager::new_from_default(&link.conn)?;
        let handle = x11rb::cursor::Handle::new(&link.conn, link.screen, &database)?.reply()?;
        let arrow = handle.load_cursor(&link.conn, "left_ptr")?;
        // Without the extension there is no alpha, and the arrow has to do.
        let formats = link.conn.render_query_pict_formats().ok().map(x11rb::cookie::Cookie::reply);
        let format = formats.and_then(Result::ok).and_then(|formats| {
            let alpha = |format: &&render::Pictforminfo| {
                let bits = format.direct;
                format.type_ == PictType::DIRECT
                    && format.depth == 32
                    && (bits.alpha_shift, bits.alpha_mask) == (24, 0xFF)
                    && (bits.red_shift, bits.green_shift, bits.blue_shift) == (16, 8, 0)
            };
            formats.formats.iter().find(alpha).map(|format| format.id)
        });
        Ok(Self { arrow, format, own: None })
    }

    /// The cursor for this; the one before is given back by [`Cursors::choose`].
    pub(super) fn choose(
        &mut self,
        link: &Link,
        window: Window,
        cursor: &WindowCursor,
    ) -> Result<Cursor, DisplayError> {
        let made = match cursor {
            WindowCursor::Arrow => None,
            WindowCursor::Hidden => self.make(link, window, &hidden())?,
            WindowCursor::Image(image) => self.make(link, window, image)?,
        };
        if let Some(old) = std::mem::replace(&mut self.own, made) {
            // Freed when no window shows it any more.
            link.conn.free_cursor(old)?;
        }
        Ok(made.unwrap_or(self.arrow))
    }

    fn make(
        &self,
        link: &Link,
        window: Window,
        image: &CursorImage,
    ) -> Result<Option<Cursor>, DisplayError> {
        let Some(format) = self.format else { return Ok(None) };
        let conn = &link.conn;
        let (width, height) = (image.size.width as u16, image.size.height as u16);
        let (pixmap, gc) = (conn.generate_id()?, conn.generate_id()?);
        let (picture, cursor) = (conn.generate_id()?, conn.generate_id()?);
        conn.create_pixmap(32, pixmap, window, width, height)?;
        conn.create_gc(gc, pixmap, &CreateGCAux::new())?;
        let pixels: Vec<u8> = image
            .rgba
            .chunks_exact(4)
            .flat_map(|pixel| {
                let by = |channel: u8| (u16::from(channel) * u16::from(pixel[3]) / 255) as u8;
                [by(pixel[2]), by(pixel[1]), by(pixel[0]), pixel[3]]
            })
            .collect();
        let rows = (48 * 1024 / (u32::from(width) * 4)).max(1) as usize;
        let stride = usize::from(width) * 4;
        for (index, part) in pixels.chunks(rows * stride).enumerate() {
            let (y, high) = ((index * rows) as i16, (part.len() / stride) as u16);
            conn.put_image(ImageFormat::Z_PIXMAP, pixmap, gc, width, high, 0, y, 0, 32, part)?;
        }
        let aux = render::CreatePictureAux::new();
        conn.render_create_picture(picture, pixmap, format, &aux)?;
        let (x, y) = (image.hotspot_x as u16, image.hotspot_y as u16);
        conn.render_create_cursor(cursor, picture, x, y)?;
        conn.render_free_picture(picture)?;
        conn.free_gc(gc)?;
        conn.free_pixmap(pixmap)?;
        Ok(Some(cursor))
    }
}

fn hidden() -> CursorImage {
    let size = gc_platform::PixelSize { width: 1, height: 1 };
    CursorImage { size, hotspot_x: 0, hotspot_y: 0, rgba: vec![0; 4] }
}
