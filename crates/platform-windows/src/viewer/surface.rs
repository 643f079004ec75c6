//! The window's pixels, in a bitmap that Windows copies from.

use gc_platform::{PixelRect, PixelSize, WindowError};
use windows::Win32::Graphics::Gdi::{
    BitBlt, CreateCompatibleDC, DeleteDC, DeleteObject, GdiFlush, HBITMAP, HDC, HGDIOBJ, SRCCOPY,
    SelectObject,
};

use crate::ui::dib_section;

/// B G R X, rows from the top without gaps.
pub(super) struct Surface {
    size: PixelSize,
    bitmap: HBITMAP,
    pixels: *mut u8,
    dc: HDC,
    before: HGDIOBJ,
}

impl Surface {
    /// Black.
    pub(super) fn new(size: PixelSize) -> Result<Self, WindowError> {
        let none = || WindowError("there is no memory for a picture of that size".to_owned());
        let (bitmap, pixels) =
            dib_section(size.width as i32, size.height as i32).ok_or_else(none)?;
        // SAFETY: both are made here and given back in `drop`.
        unsafe {
            let dc = CreateCompatibleDC(None);
            if dc.is_invalid() {
                let _ = DeleteObject(HGDIOBJ(bitmap.0));
                return Err(none());
            }
            let before = SelectObject(dc, HGDIOBJ(bitmap.0));
            Ok(Self { size, bitmap, pixels, dc, before })
        }
    }

    pub(super) const fn size(&self) -> PixelSize {
        self.size
    }

    pub(super) fn pixels(&mut self) -> &mut [u8] {
        let bytes = self.size.width as usize * self.size.height as usize * 4;
        // SAFETY: the bitmap has that many bytes and lives as long as this value, whose
        // only view this is. What Windows was asked to copy it has copied after the flush.
        unsafe {
            let _ = GdiFlush();
            std::slice::from_raw_parts_mut(self.pixels, bytes)
        }
    }

    /// Copies a part to the same place of a window.
    pub(super) fn copy(&self, to: HDC, area: PixelRect) {
        let (x, y) = (area.x as i32, area.y as i32);
        let (width, height) = (area.width as i32, area.height as i32);
        // A window that is being closed takes nothing, and needs nothing.
        // SAFETY: both contexts are live.
        let _ = unsafe { BitBlt(to, x, y, width, height, Some(self.dc), x, y, SRCCOPY) };
    }
}

impl Drop for Surface {
    fn drop(&mut self) {
        // SAFETY: ours; the bitmap is chosen no more when it goes.
        unsafe {
            SelectObject(self.dc, self.before);
            let _ = DeleteDC(self.dc);
            let _ = DeleteObject(HGDIOBJ(self.bitmap.0));
        }
    }
}
