//! From a drawing to a window, and to an icon.

use gc_panel::{Area, Canvas, Typeface};
use gc_platform::PixelRect;
use windows::Win32::Foundation::RECT;
use windows::Win32::Graphics::Gdi::{
    BeginPaint, CreateBitmap, DIB_RGB_COLORS, DeleteObject, EndPaint, HDC, HGDIOBJ, InvalidateRect,
    PAINTSTRUCT, SetDIBitsToDevice,
};
use windows::Win32::UI::Controls::DRAWITEMSTRUCT;
use windows::Win32::UI::WindowsAndMessaging::{CreateIconIndirect, HICON, ICONINFO};
use windows::core::BOOL;

use super::controls;
use super::text::{bitmap_info, dib_section};
use super::window::Window;

/// Puts a part of a drawing to a place of a context.
fn put<T: Typeface>(dc: HDC, canvas: &Canvas<T>, part: PixelRect, at: (i32, i32)) {
    let pixels = canvas.bgrx(part);
    let info = bitmap_info(part.width as i32, part.height as i32);
    // SAFETY: as many pixels as the description says.
    unsafe {
        SetDIBitsToDevice(
            dc,
            at.0,
            at.1,
            part.width,
            part.height,
            0,
            0,
            0,
            part.height,
            pixels.as_ptr().cast(),
            &raw const info,
            DIB_RGB_COLORS,
        );
    }
}

/// The whole pixels of a rectangle that lie in a drawing.
fn clipped<T: Typeface>(canvas: &Canvas<T>, rect: RECT) -> Option<PixelRect> {
    let (left, top) = (rect.left.max(0), rect.top.max(0));
    let right = rect.right.min(canvas.width() as i32);
    let bottom = rect.bottom.min(canvas.height() as i32);
    (left < right && top < bottom).then(|| PixelRect {
        x: left as u32,
        y: top as u32,
        width: (right - left) as u32,
        height: (bottom - top) as u32,
    })
}

/// Answers `WM_PAINT`.
pub(super) fn paint<T: Typeface>(window: Window, canvas: &Canvas<T>) {
    let mut paint = PAINTSTRUCT::default();
    // SAFETY: the window is ours; begun and ended once.
    unsafe {
        let dc = BeginPaint(window.0, &raw mut paint);
        if let Some(part) = clipped(canvas, paint.rcPaint) {
            put(dc, canvas, part, (part.x as i32, part.y as i32));
        }
        let _ = EndPaint(window.0, &raw const paint);
    }
}

/// Answers `WM_DRAWITEM`: a control shows what the drawing has at its place.
pub(super) fn draw_item<T: Typeface>(window: Window, canvas: &Canvas<T>, item: &DRAWITEMSTRUCT) {
    let origin = controls::origin(window, item.hwndItem);
    let rect = item.rcItem;
    let on_canvas = RECT {
        left: rect.left + origin.x,
        top: rect.top + origin.y,
        right: rect.right + origin.x,
        bottom: rect.bottom + origin.y,
    };
    if let Some(part) = clipped(canvas, on_canvas) {
        let at = (part.x as i32 - origin.x, part.y as i32 - origin.y);
        put(item.hDC, canvas, part, at);
    }
}

/// Has an area drawn again, and the controls in it.
pub(super) fn stale(window: Window, area: Area, controls: &[windows::Win32::Foundation::HWND]) {
    let rect = outer(area);
    // SAFETY: the windows are ours.
    unsafe {
        let _ = InvalidateRect(Some(window.0), Some(&raw const rect), false);
        for control in controls {
            let _ = InvalidateRect(Some(*control), None, false);
        }
    }
}

/// The whole pixels that an area touches.
pub(super) fn outer(area: Area) -> RECT {
    RECT {
        left: area.x.floor() as i32,
        top: area.y.floor() as i32,
        right: (area.x + area.width).ceil() as i32,
        bottom: (area.y + area.height).ceil() as i32,
    }
}

/// An icon of `side` pixels square out of B G R A. Whoever gets it destroys it.
pub(super) fn icon(side: u32, bgra: &[u8]) -> Option<HICON> {
    let pixels = side as usize * side as usize;
    if bgra.len() != pixels * 4 {
        return None;
    }
    let (color, into) = dib_section(side as i32, side as i32)?;
    // Transparency is in the colours; the mask of one bit for each pixel says nothing.
    // Its rows have a whole number of 16 bits.
    let mask = vec![0_u8; side.div_ceil(16) as usize * 2 * side as usize];
    // SAFETY: as many bytes as the pictures have; both are copied by the icon, and go.
    unsafe {
        std::ptr::copy_nonoverlapping(bgra.as_ptr(), into, bgra.len());
        let mask = CreateBitmap(side as i32, side as i32, 1, 1, Some(mask.as_ptr().cast()));
        let info =
            ICONINFO { fIcon: BOOL(1), xHotspot: 0, yHotspot: 0, hbmMask: mask, hbmColor: color };
        let icon = CreateIconIndirect(&raw const info);
        let _ = DeleteObject(HGDIOBJ(color.0));
        let _ = DeleteObject(HGDIOBJ(mask.0));
        icon.ok()
    }
}
