//! Pixels of the screen, by GDI.

use std::ffi::c_void;
use std::hash::{DefaultHasher, Hasher as _};
use std::ops::Range;

use gc_platform::{PixelRect, PixelSize};
use windows::Win32::Graphics::Gdi::{
    BI_RGB, BITMAPINFO, BITMAPINFOHEADER, BitBlt, CreateCompatibleDC, CreateDIBSection,
    DIB_RGB_COLORS, DeleteDC, DeleteObject, GdiFlush, GetDC, HBITMAP, HDC, HGDIOBJ, ReleaseDC,
    SRCCOPY, SelectObject,
};
use windows::core::{Error, Result};

use crate::changes::changes;
use crate::choice::Area;

/// What describes a picture of B G R X, rows from the top.
pub(super) fn top_down(width: i32, height: i32) -> BITMAPINFO {
    BITMAPINFO {
        bmiHeader: BITMAPINFOHEADER {
            biSize: u32::try_from(size_of::<BITMAPINFOHEADER>()).unwrap_or(0),
            biWidth: width,
            biHeight: -height,
            biPlanes: 1,
            biBitCount: 32,
            biCompression: BI_RGB.0,
            ..BITMAPINFOHEADER::default()
        },
        ..BITMAPINFO::default()
    }
}

/// The screen's device context, for as long as one picture takes: the desktop behind
/// it may be another one the next time.
pub(super) struct ScreenContext(pub(super) HDC);

impl ScreenContext {
    pub(super) fn get() -> Result<Self> {
        // SAFETY: given back by `drop`.
        let context = unsafe { GetDC(None) };
        if context.is_invalid() { Err(Error::from_thread()) } else { Ok(Self(context)) }
    }
}

impl Drop for ScreenContext {
    fn drop(&mut self) {
        // SAFETY: ours, and given back once.
        unsafe {
            ReleaseDC(None, self.0);
        }
    }
}

/// A part of the desktop: a bitmap that GDI draws into, and the picture that was
/// handed out, by which the next one is compared.
pub(super) struct Surface {
    pub(super) origin: (i32, i32),
    pub(super) size: PixelSize,
    context: HDC,
    bitmap: HBITMAP,
    before: HGDIOBJ,
    drawn: *mut u8,
    pub(super) shown: Vec<u8>,
}

// SAFETY: the handles are ours alone and may be used from any thread, one at a time;
// `drawn` points into the bitmap.
unsafe impl Send for Surface {}

impl Surface {
    pub(super) fn new(origin: (i32, i32), size: PixelSize) -> Result<Self> {
        let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        let header = top_down(side(size.width), side(size.height));
        let screen = ScreenContext::get()?;
        let mut drawn: *mut c_void = std::ptr::null_mut();
        // SAFETY: what is made here is kept, and ended by `drop`; on a failure half-way
        // the context is deleted at once.
        unsafe {
            let context = CreateCompatibleDC(Some(screen.0));
            if context.is_invalid() {
                return Err(Error::from_thread());
            }
            let made = CreateDIBSection(
                Some(screen.0),
                &raw const header,
                DIB_RGB_COLORS,
                &raw mut drawn,
                None,
                0,
            );
            let bitmap = match made {
                Ok(bitmap) if !drawn.is_null() => bitmap,
                other => {
                    let _ = DeleteDC(context);
                    return Err(other.err().unwrap_or_else(Error::from_thread));
                }
            };
            let before = SelectObject(context, bitmap.into());
            let bytes = size.width as usize * size.height as usize * 4;
            let shown = vec![0; bytes];
            Ok(Self { origin, size, context, bitmap, before, drawn: drawn.cast(), shown })
        }
    }

    /// Draws the screen's pixels of a rectangle into the bitmap.
    fn draw(&self, screen: &ScreenContext, rect: &PixelRect) -> Result<()> {
        let number = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
        let (x, y) = (number(rect.x), number(rect.y));
        // SAFETY: both contexts are ours and live.
        unsafe {
            BitBlt(
                self.context,
                x,
                y,
                number(rect.width),
                number(rect.height),
                Some(screen.0),
                self.origin.0.saturating_add(x),
                self.origin.1.saturating_add(y),
                SRCCOPY,
            )
        }
    }

    /// What GDI has drawn, and what is shown.
    fn both(&mut self) -> (&[u8], &mut [u8]) {
        // SAFETY: the bitmap has exactly this many bytes (rows of 4-byte pixels need no
        // padding), lives as long as `self`, and GDI has finished with it.
        let drawn = unsafe {
            let _ = GdiFlush();
            std::slice::from_raw_parts(self.drawn, self.shown.len())
        };
        (drawn, &mut self.shown)
    }

    /// Looks at some rows, and tells what differs there from what is shown. That is
    /// shown from then on.
    pub(super) fn look(&mut self, rows: Range<u32>) -> Result<Vec<PixelRect>> {
        let PixelSize { width, height } = self.size;
        let rows = rows.start.min(height)..rows.end.min(height);
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let part = PixelRect { x: 0, y: rows.start, width, height: rows.end - rows.start };
        self.draw(&ScreenContext::get()?, &part)?;
        let row = width as usize * 4;
        let bytes = rows.start as usize * row..rows.end as usize * row;
        let size = PixelSize { width, height: part.height };
        let (drawn, shown) = self.both();
        let mut found = match (shown.get(bytes.clone()), drawn.get(bytes)) {
            (Some(shown), Some(drawn)) => changes(shown, drawn, size),
            _ => Vec::new(),
        };
        for rect in &mut found {
            rect.y += rows.start;
            show(drawn, shown, row, rect);
        }
        Ok(found)
    }

    /// Looks at some of it, and shows that.
    pub(super) fn refresh(&mut self, region: &[PixelRect]) -> Result<()> {
        let screen = ScreenContext::get()?;
        for rect in region {
            self.draw(&screen, rect)?;
        }
        let row = self.size.width as usize * 4;
        let (drawn, shown) = self.both();
        for rect in region {
            show(drawn, shown, row, rect);
        }
        Ok(())
    }

    /// A number that stands for what was drawn last.
    pub(super) fn fingerprint(&mut self) -> u64 {
        let mut hasher = DefaultHasher::new();
        hasher.write(self.both().0);
        hasher.finish()
    }
}

fn show(drawn: &[u8], shown: &mut [u8], row: usize, rect: &PixelRect) {
    let (left, right) = (rect.x as usize * 4, (rect.x + rect.width) as usize * 4);
    for y in rect.y as usize..(rect.y + rect.height) as usize {
        let range = y * row + left..y * row + right;
        if let (Some(to), Some(from)) = (shown.get_mut(range.clone()), drawn.get(range)) {
            to.copy_from_slice(from);
        }
    }
}

/// Strips of the screen in a bitmap of their own, so that a look at them is cheap.
pub(super) struct Strips {
    surface: Surface,
    area: Area,
}

impl Strips {
    const COUNT: u32 = 8;
    const ROWS: u32 = 4;

    pub(super) fn new(area: Area) -> Result<Self> {
        let size = PixelSize { width: area.size.width, height: Self::COUNT * Self::ROWS };
        Ok(Self { surface: Surface::new(area.origin, size)?, area })
    }

    pub(super) fn area(&self) -> Area {
        self.area
    }

    /// A number that stands for what they show now.
    pub(super) fn fingerprint(&mut self) -> Result<u64> {
        let screen = ScreenContext::get()?;
        let PixelSize { width, height } = self.area.size;
        for strip in 0..Self::COUNT {
            // In the middle of each eighth; they are drawn one below the other.
            let there =
                (height * (2 * strip + 1) / (2 * Self::COUNT)).saturating_sub(Self::ROWS / 2);
            let here = strip * Self::ROWS;
            let shift = i32::try_from(there).unwrap_or(0) - i32::try_from(here).unwrap_or(0);
            self.surface.origin = (self.area.origin.0, self.area.origin.1.saturating_add(shift));
            let rect = PixelRect { x: 0, y: here, width, height: Self::ROWS };
            self.surface.draw(&screen, &rect)?;
        }
        Ok(self.surface.fingerprint())
    }
}

impl Drop for Surface {
    fn drop(&mut self) {
        // SAFETY: ours, each ended once; the bitmap is not selected any more.
        unsafe {
            SelectObject(self.context, self.before);
            let _ = DeleteDC(self.context);
            let _ = DeleteObject(self.bitmap.into());
        }
    }
}
