//! The cursor's picture.

use gc_platform::{CursorImage, PixelSize};
use gc_proto::MAX_CURSOR_SIDE;
use x11rb::protocol::xfixes::GetCursorImageReply;

/// Straight alpha from the server's multiplied one. `None` when nothing of it can
/// be seen. What is larger than a viewer takes is cut off.
pub(crate) fn picture(reply: &GetCursorImageReply) -> Option<CursorImage> {
    let stride = usize::from(reply.width);
    let width = u32::from(reply.width).min(MAX_CURSOR_SIDE);
    let height = u32::from(reply.height).min(MAX_CURSOR_SIDE);
    if width == 0 || height == 0 || reply.cursor_image.len() < stride * usize::from(reply.height) {
        return None;
    }
    let mut rgba = Vec::with_capacity((width * height * 4) as usize);
    let mut visible = false;
    for row in reply.cursor_image.chunks_exact(stride).take(height as usize) {
        for argb in &row[..width as usize] {
            let alpha = argb >> 24;
            visible |= alpha != 0;
            let straight = |shift: u32| {
                let channel = argb >> shift & 0xFF;
                // Rounded; a server's channel may exceed its alpha by a rounding.
                (channel * 255 + alpha / 2).checked_div(alpha).unwrap_or(0).min(255) as u8
            };
            rgba.extend_from_slice(&[straight(16), straight(8), straight(0), alpha as u8]);
        }
    }
    visible.then(|| CursorImage {
        size: PixelSize { width, height },
        hotspot_x: u32::from(reply.xhot).min(width - 1),
        hotspot_y: u32::from(reply.yhot).min(height - 1),
        rgba,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(width: u16, height: u16, cursor_image: Vec<u32>) -> GetCursorImageReply {
        let (xhot, yhot) = (width / 2, height);
        GetCursorImageReply { width, height, xhot, yhot, cursor_image, ..Default::default() }
    }

    #[test]
    fn alpha_becomes_straight() {
        let image = picture(&reply(4, 1, vec![0xFF10_2030, 0x8040_0080, 0, 0x01FF_FF01])).unwrap();
        assert_eq!(image.size, PixelSize { width: 4, height: 1 });
        assert_eq!((image.hotspot_x, image.hotspot_y), (2, 0));
        assert_eq!(image.rgba[..8], [0x10, 0x20, 0x30, 0xFF, 0x80, 0, 0xFF, 0x80]);
        assert_eq!(image.rgba[8..12], [0, 0, 0, 0]);
        assert_eq!(image.rgba[12..], [255, 255, 255, 1]);
    }

    #[test]
    fn an_invisible_cursor_is_none_and_a_huge_one_is_cut() {
        assert_eq!(picture(&reply(16, 16, vec![0; 256])), None);
        assert_eq!(picture(&reply(16, 16, vec![])), None);
        let image = picture(&reply(300, 300, vec![0xFFFF_FFFF; 90_000])).unwrap();
        assert_eq!(image.size, PixelSize { width: 256, height: 256 });
        assert_eq!((image.hotspot_y, image.rgba.len()), (255, 256 * 256 * 4));
    }
}
