//! Plain paper within a rectangle that is to be drawn: it need not pass through a
//! compressor, nor through the viewer's.

use crate::PixelRect;
use crate::picture::Picture;

/// Smaller rectangles are left alone, pixels.
const LEAST_WHOLE: u64 = 128 * 64;
/// A plain part must have so many pixels,
const LEAST_AREA: u64 = 8_192;
/// so many rows,
const LEAST_ROWS: u32 = 16;
/// and a margin so many columns, or another operation costs more than it saves.
const LEAST_COLUMNS: u32 = 64;

/// Cuts `rect` into pieces that are of one colour, or are not.
pub(crate) fn cut(picture: &Picture, rect: &PixelRect) -> Vec<PixelRect> {
    if rect.area() < LEAST_WHOLE {
        return vec![*rect];
    }
    let mut pieces = Vec::new();
    // Of the rows that are not in a piece yet.
    let mut mixed = rect.y;
    let mut y = rect.y;
    while y < rect.bottom() {
        let plain = PixelRect { y, height: plain_rows(picture, rect, y), ..*rect };
        if plain.height >= LEAST_ROWS && plain.area() >= LEAST_AREA {
            cut_margins(picture, &PixelRect { y: mixed, height: y - mixed, ..*rect }, &mut pieces);
            pieces.push(plain);
            mixed = plain.bottom();
        }
        y += plain.height.max(1);
    }
    cut_margins(picture, &PixelRect { y: mixed, height: y - mixed, ..*rect }, &mut pieces);
    pieces
}

/// Rows from `y` on that are all of one colour.
fn plain_rows(picture: &Picture, rect: &PixelRect, y: u32) -> u32 {
    let one = |y| picture.solid(&PixelRect { y, height: 1, ..*rect });
    let Some(color) = one(y) else { return 0 };
    (y..rect.bottom()).take_while(|y| one(*y) == Some(color)).count() as u32
}

fn cut_margins(picture: &Picture, band: &PixelRect, pieces: &mut Vec<PixelRect>) {
    if band.is_empty() {
        return;
    }
    let pays = |width: u32| {
        width >= LEAST_COLUMNS && u64::from(width) * u64::from(band.height) >= LEAST_AREA
    };
    let (left, right) = picture.margins(band, LEAST_COLUMNS);
    let left = if pays(left) { left } else { 0 };
    let right = if pays(right) { right } else { 0 };
    if left > 0 {
        pieces.push(PixelRect { width: left, ..*band });
    }
    if left + right < band.width {
        pieces.push(PixelRect { x: band.x + left, width: band.width - left - right, ..*band });
    }
    if right > 0 {
        pieces.push(PixelRect { x: band.right() - right, width: right, ..*band });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PictureView;

    #[test]
    fn paper_around_text_is_cut_off_and_nothing_is_lost() {
        let (width, height) = (640_u32, 300_u32);
        let mut pixels = vec![0xF4_u8; (width * height * 4) as usize];
        let text = PixelRect::new(200, 40, 240, 50);
        for y in text.y..text.bottom() {
            for x in (text.x..text.right()).step_by(3) {
                pixels[((y * width + x) * 4) as usize] = (x + y) as u8 & 0x7F;
            }
        }
        let whole = PixelRect::new(0, 0, width, height);
        let mut picture = Picture::black(width, height);
        let stride = (width * 4) as usize;
        picture.copy_from(&PictureView { width, height, stride, pixels: &pixels }, &whole);
        let pieces = cut(&picture, &whole);
        let area: u64 = pieces.iter().map(PixelRect::area).sum();
        assert_eq!(area, whole.area());
        for (at, piece) in pieces.iter().enumerate() {
            assert!(pieces[..at].iter().all(|other| other.intersection(piece).is_empty()));
        }
        let mixed: Vec<_> = pieces.iter().filter(|p| picture.solid(p).is_none()).collect();
        assert_eq!(mixed, [&PixelRect { width: 238, ..text }]);
        // A plain page is one piece, and a small one is left alone.
        let plain = PixelRect::new(0, 100, 640, 200);
        assert_eq!(cut(&picture, &plain), [plain]);
        let small = PixelRect::new(190, 30, 60, 60);
        assert_eq!(cut(&picture, &small), [small]);
    }

    #[test]
    fn a_page_without_paper_stays_whole() {
        let (width, height) = (200_u32, 100_u32);
        let pixels: Vec<u8> = (0..width * height * 4).map(|i| (i % 251) as u8).collect();
        let whole = PixelRect::new(0, 0, width, height);
        let mut picture = Picture::black(width, height);
        let stride = (width * 4) as usize;
        picture.copy_from(&PictureView { width, height, stride, pixels: &pixels }, &whole);
        assert_eq!(cut(&picture, &whole), [whole]);
    }
}
