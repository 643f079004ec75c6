//! The window's pixels, and how they get there: through shared memory, or over the
//! socket where that fails.

use gc_platform::{PixelRect, PixelSize};
use x11rb::connection::Connection;
use x11rb::protocol::shm::ConnectionExt as _;
use x11rb::protocol::xproto::{ConnectionExt as _, Gcontext, ImageFormat, Window};

use crate::DisplayError;
use crate::display::Link;
use crate::screen::Segment;

/// Bytes of one request over the socket; well below the smallest limit of a server.
const CHUNK: u32 = 192 << 10;

enum Memory {
    Shared(Segment),
    Plain(Vec<u8>),
}

/// B G R X, rows without gaps.
pub(super) struct Surface {
    size: PixelSize,
    memory: Memory,
}

impl Surface {
    pub(super) fn new(link: &Link, size: PixelSize, shared: bool) -> Result<Self, DisplayError> {
        let bytes = size.width as usize * size.height as usize * 4;
        let memory = if shared {
            Memory::Shared(Segment::new(link, bytes)?)
        } else {
            Memory::Plain(vec![0; bytes])
        };
        Ok(Self { size, memory })
    }

    pub(super) const fn size(&self) -> PixelSize {
        self.size
    }

    pub(super) fn pixels(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Shared(segment) => segment.bytes_mut(),
            Memory::Plain(bytes) => bytes,
        }
    }

    /// Gives the server's side of the memory back.
    pub(super) fn release(self, link: &Link) -> Result<(), DisplayError> {
        if let Memory::Shared(segment) = &self.memory {
            link.conn.shm_detach(segment.id())?;
        }
        Ok(())
    }

    /// Puts a part on the window; whether the server tells when it has read it.
    pub(super) fn put(
        &self,
        link: &Link,
        window: Window,
        gc: Gcontext,
        area: PixelRect,
    ) -> Result<bool, DisplayError> {
        let depth = link.screen().root_depth;
        match &self.memory {
            Memory::Shared(segment) => {
                link.conn.shm_put_image(
                    window,
                    gc,
                    self.size.width as u16,
                    self.size.height as u16,
                    area.x as u16,
                    area.y as u16,
                    area.width as u16,
                    area.height as u16,
                    area.x as i16,
                    area.y as i16,
                    depth,
                    ImageFormat::Z_PIXMAP.into(),
                    true,
                    segment.id(),
                    0,
                )?;
                link.conn.flush()?;
                Ok(true)
            }
            Memory::Plain(bytes) => {
                let rows = (CHUNK / (area.width * 4)).max(1);
                let stride = self.size.width as usize * 4;
                for y in (area.y..area.y + area.height).step_by(rows as usize) {
                    let height = rows.min(area.y + area.height - y);
                    let mut part = Vec::with_capacity((area.width * height * 4) as usize);
                    for row in y..y + height {
                        let start = row as usize * stride + area.x as usize * 4;
                        part.extend_from_slice(&bytes[start..start + area.width as usize * 4]);
                    }
                    link.conn.put_image(
                        ImageFormat::Z_PIXMAP,
                        window,
                        gc,
                        area.width as u16,
                        height as u16,
                        area.x as i16,
                        y as i16,
                        0,
                        depth,
                        &part,
                    )?;
                }
                link.conn.flush()?;
                Ok(false)
            }
        }
    }
}
