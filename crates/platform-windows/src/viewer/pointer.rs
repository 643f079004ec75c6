//! The pointer's shape in the window.

use gc_platform::CursorImage;
use windows::Win32::Graphics::Gdi::{CreateBitmap, DeleteObject, HGDIOBJ};
use windows::Win32::UI::WindowsAndMessaging::{CreateIconIndirect, HCURSOR, ICONINFO};

use crate::ui::dib_section;

/// A pointer out of a picture.
pub(super) fn cursor_of(image: &CursorImage) -> Option<HCURSOR> {
    let (width, height) = (image.size.width, image.size.height);
    let (color, into) = dib_section(width as i32, height as i32)?;
    let pixels: Vec<u8> =
        image.rgba.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], p[3]]).collect();
    if pixels.len() != width as usize * height as usize * 4 {
        return None;
    }
    // Transparency is in the colours; rows of the mask have a whole number of 16 bits.
    let mask = vec![0xFF_u8; width.div_ceil(16) as usize * 2 * height as usize];
    // SAFETY: as many bytes as the pictures have; both are copied by the cursor, and go.
    unsafe {
        std::ptr::copy_nonoverlapping(pixels.as_ptr(), into, pixels.len());
        let mask = CreateBitmap(width as i32, height as i32, 1, 1, Some(mask.as_ptr().cast()));
        let info = ICONINFO {
            fIcon: false.into(),
            xHotspot: image.hotspot_x,
            yHotspot: image.hotspot_y,
            hbmMask: mask,
            hbmColor: color,
        };
        let made = CreateIconIndirect(&raw const info);
        let _ = DeleteObject(HGDIOBJ(color.0));
        let _ = DeleteObject(HGDIOBJ(mask.0));
        made.ok().map(|icon| HCURSOR(icon.0))
    }
}
