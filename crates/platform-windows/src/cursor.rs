//! From what Windows knows of a cursor to a picture with transparency.

use gc_platform::{CursorImage, PixelSize};

/// Viewers take no longer side.
const LONGEST_SIDE: u32 = 256;

/// The bitmaps of a cursor, rows from the top, B G R A.
#[derive(Debug, Clone, Copy)]
pub struct CursorBitmaps<'a> {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom; of one half where there is no colour.
    pub height: u32,
    /// Colours; `None`: black, white, transparent or inverted, as the mask says.
    pub color: Option<&'a [u8]>,
    /// Where it is white, the screen shows; without colour, the lower half says what
    /// is done to what shows.
    pub mask: &'a [u8],
    /// The pixel that points.
    pub hotspot: (u32, u32),
}

/// The picture; `None` where nothing can be seen, or the bitmaps are too short. What
/// inverts the screen, as the text cursor does, becomes black with a white edge: a
/// viewer cannot invert.
pub fn cursor_picture(cursor: &CursorBitmaps<'_>) -> Option<CursorImage> {
    let CursorBitmaps { width, height, color, mask, hotspot } = *cursor;
    let pixels = width as usize * height as usize;
    if pixels == 0 || width.max(height) > LONGEST_SIDE {
        return None;
    }
    let masks = mask.as_chunks::<4>().0;
    let needed = if color.is_some() { pixels } else { pixels * 2 };
    if masks.len() < needed {
        return None;
    }
    let kinds: Vec<[u8; 4]> = if let Some(color) = color {
        let colors = color.as_chunks::<4>().0;
        // Cursors from before there was alpha have none at all.
        let has_alpha = colors.iter().take(pixels).any(|pixel| pixel[3] != 0);
        let pixel = |(color, mask): (&[u8; 4], &[u8; 4])| {
            let [b, g, r, a] = *color;
            match (has_alpha, mask[0] != 0) {
                (true, _) => [r, g, b, a],
                (false, false) => [r, g, b, 255],
                (false, true) if [r, g, b] == [0; 3] => [0; 4],
                // Inverts the screen.
                (false, true) => [0, 0, 0, 255],
            }
        };
        colors.iter().zip(masks).take(pixels).map(pixel).collect()
    } else {
        let (and, xor) = masks.split_at(pixels);
        let inverted: Vec<bool> =
            and.iter().zip(xor).map(|(and, xor)| and[0] != 0 && xor[0] != 0).collect();
        let near = |at: usize| {
            let (x, y) = ((at % width as usize) as i64, (at / width as usize) as i64);
            (-1..=1).any(|dy| {
                (-1..=1).any(|dx| {
                    let (x, y) = (x + dx, y + dy);
                    (0..i64::from(width)).contains(&x)
                        && (0..i64::from(height)).contains(&y)
                        && inverted[(y * i64::from(width) + x) as usize]
                })
            })
        };
        let pixel = |at: usize| match (and[at][0] != 0, xor[at][0] != 0) {
            (false, false) | (true, true) => [0, 0, 0, 255],
            (false, true) => [255; 4],
            (true, false) if near(at) => [255; 4],
            (true, false) => [0; 4],
        };
        (0..pixels).map(pixel).collect()
    };
    if kinds.len() < pixels || kinds.iter().all(|pixel| pixel[3] == 0) {
        return None;
    }
    Some(CursorImage {
        size: PixelSize { width, height },
        hotspot_x: hotspot.0.min(width - 1),
        hotspot_y: hotspot.1.min(height - 1),
        rgba: kinds.concat(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHITE: [u8; 4] = [255, 255, 255, 0];
    const BLACK: [u8; 4] = [0; 4];

    #[test]
    fn alpha_is_taken_as_it_is() {
        let color = [[1, 2, 3, 255], [4, 5, 6, 128], BLACK].concat();
        let cursor = CursorBitmaps {
            width: 3,
            height: 1,
            color: Some(&color),
            mask: &[0; 12],
            hotspot: (9, 9),
        };
        let picture = cursor_picture(&cursor).unwrap();
        assert_eq!(picture.rgba, [3, 2, 1, 255, 6, 5, 4, 128, 0, 0, 0, 0]);
        assert_eq!((picture.hotspot_x, picture.hotspot_y), (2, 0));
    }

    #[test]
    fn without_alpha_the_mask_decides() {
        let color = [[1, 2, 3, 0], BLACK, [255, 255, 255, 0]].concat();
        let mask = [BLACK, WHITE, WHITE].concat();
        let cursor = CursorBitmaps {
            width: 3,
            height: 1,
            color: Some(&color),
            mask: &mask,
            hotspot: (0, 0),
        };
        let picture = cursor_picture(&cursor).unwrap();
        assert_eq!(picture.rgba, [3, 2, 1, 255, 0, 0, 0, 0, 0, 0, 0, 255]);
    }

    #[test]
    fn what_inverts_gets_an_edge_that_shows_on_black() {
        // A text cursor of one pixel in a row of five; the rest is transparent.
        let mask = [[WHITE; 5], [BLACK, BLACK, WHITE, BLACK, BLACK]].as_flattened().concat();
        let cursor =
            CursorBitmaps { width: 5, height: 1, color: None, mask: &mask, hotspot: (2, 0) };
        let picture = cursor_picture(&cursor).unwrap();
        let expected = [[0; 4], [255; 4], [0, 0, 0, 255], [255; 4], [0; 4]].concat();
        assert_eq!(picture.rgba, expected);
    }

    #[test]
    fn nothing_to_see_and_nothing_to_read_are_no_picture() {
        let mask = [[WHITE; 4], [BLACK; 4]].as_flattened().concat();
        let empty =
            CursorBitmaps { width: 4, height: 1, color: None, mask: &mask, hotspot: (0, 0) };
        assert_eq!(cursor_picture(&empty), None);
        assert_eq!(cursor_picture(&CursorBitmaps { height: 2, ..empty }), None);
        assert_eq!(cursor_picture(&CursorBitmaps { width: 0, ..empty }), None);
        assert_eq!(cursor_picture(&CursorBitmaps { width: 5000, ..empty }), None);
        let short = CursorBitmaps { color: Some(&[1; 4]), ..empty };
        assert_eq!(cursor_picture(&short), None);
    }
}
