//! The cursor's shape and place.

use gc_platform::CursorImage;
use windows::Win32::Foundation::POINT;
use windows::Win32::Graphics::Gdi::{
    BITMAP, DIB_RGB_COLORS, DeleteObject, GetDIBits, GetObjectW, HBITMAP,
};
use windows::Win32::UI::WindowsAndMessaging::{
    CURSOR_SHOWING, CURSORINFO, GetCursorInfo, GetIconInfo, HCURSOR, ICONINFO,
};

use super::surface::{ScreenContext, top_down};
use crate::cursor::{CursorBitmaps, cursor_picture};

/// What the cursor is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    /// On the virtual desktop.
    pub(super) at: (i32, i32),
    /// `None`: hidden.
    pub(super) handle: Option<HCURSOR>,
}

// SAFETY: the handle is only compared, and read by calls that any thread may make.
unsafe impl Send for Cursor {}

/// `None` when the desktop is not ours to ask.
pub(super) fn cursor() -> Option<Cursor> {
    let size = u32::try_from(size_of::<CURSORINFO>()).ok()?;
    let mut info = CURSORINFO { cbSize: size, ..CURSORINFO::default() };
    // SAFETY: it writes into the live structure, which says its size.
    unsafe { GetCursorInfo(&raw mut info) }.ok()?;
    let POINT { x, y } = info.ptScreenPos;
    let shows = info.flags.0 & CURSOR_SHOWING.0 != 0 && !info.hCursor.is_invalid();
    Some(Cursor { at: (x, y), handle: shows.then_some(info.hCursor) })
}

/// Bitmaps of an icon, deleted in the end.
struct Bitmaps {
    color: HBITMAP,
    mask: HBITMAP,
}

impl Drop for Bitmaps {
    fn drop(&mut self) {
        for bitmap in [self.color, self.mask] {
            if !bitmap.is_invalid() {
                // SAFETY: `GetIconInfo` made it for us.
                unsafe {
                    let _ = DeleteObject(bitmap.into());
                }
            }
        }
    }
}

/// Its picture; `None` when nothing of it can be seen, or it is gone already.
pub(super) fn picture(cursor: HCURSOR) -> Option<CursorImage> {
    let mut info = ICONINFO::default();
    // SAFETY: it writes into the live structure; the bitmaps are ours afterwards.
    unsafe { GetIconInfo(cursor.into(), &raw mut info) }.ok()?;
    let bitmaps = Bitmaps { color: info.hbmColor, mask: info.hbmMask };
    let screen = ScreenContext::get().ok()?;
    let (mask, width, height) = read(&screen, bitmaps.mask)?;
    let color = if bitmaps.color.is_invalid() { None } else { read(&screen, bitmaps.color) };
    cursor_picture(&CursorBitmaps {
        width,
        // Without colours the mask holds two pictures, one above the other.
        height: if color.is_some() { height } else { height / 2 },
        color: color.as_ref().map(|(pixels, ..)| pixels.as_slice()),
        mask: &mask,
        hotspot: (info.xHotspot, info.yHotspot),
    })
}

/// Pixels, width and height of a bitmap.
fn read(screen: &ScreenContext, bitmap: HBITMAP) -> Option<(Vec<u8>, u32, u32)> {
    let mut facts = BITMAP::default();
    let size = i32::try_from(size_of::<BITMAP>()).ok()?;
    // SAFETY: it writes at most `size` bytes into the live structure.
    let known = unsafe { GetObjectW(bitmap.into(), size, Some((&raw mut facts).cast())) };
    let (width, height) = (facts.bmWidth, facts.bmHeight);
    if known == 0 || !(1..=1024).contains(&width) || !(1..=2048).contains(&height) {
        return None;
    }
    let (columns, rows) = (width.cast_unsigned(), height.cast_unsigned());
    let mut header = top_down(width, height);
    let mut pixels = vec![0; columns as usize * rows as usize * 4];
    // SAFETY: the header asks for `rows` rows of `columns` pixels of four bytes, for
    // which there is room.
    let read = unsafe {
        GetDIBits(
            screen.0,
            bitmap,
            0,
            rows,
            Some(pixels.as_mut_ptr().cast()),
            &raw mut header,
            DIB_RGB_COLORS,
        )
    };
    (read == height).then_some((pixels, columns, rows))
}
