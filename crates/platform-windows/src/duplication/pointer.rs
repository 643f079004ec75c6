//! The pointer, which travels apart from the duplicated picture.

use gc_platform::{CursorImage, PixelSize};

use crate::cursor::{CursorBitmaps, cursor_picture};

/// Longest side of a shape that is read at all.
const LONGEST_SIDE: u32 = 256;

/// How a shape is written (`DXGI_OUTDUPL_POINTER_SHAPE_TYPE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeKind {
    /// One bit a pixel: what is kept of the screen, and below that, what is inverted.
    Monochrome,
    /// B G R A.
    Color,
    /// B G R and a mask: 0 replaces the screen, 0xFF inverts it by the colour.
    MaskedColor,
}

impl ShapeKind {
    /// From its number; `None`: there is no such kind.
    pub const fn from_number(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::Monochrome),
            2 => Some(Self::Color),
            4 => Some(Self::MaskedColor),
            _ => None,
        }
    }
}

/// A pointer's shape as it comes with a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointerShape {
    /// How it is written.
    pub kind: ShapeKind,
    /// Pixels from left to right.
    pub width: u32,
    /// Rows; twice those of the pointer where it is monochrome.
    pub height: u32,
    /// Bytes from one row to the next.
    pub pitch: u32,
    /// The pixel that points.
    pub hotspot: (u32, u32),
    /// The rows.
    pub bytes: Vec<u8>,
}

impl PointerShape {
    /// Its picture; `None` when nothing of it can be seen, or it is not whole.
    pub fn picture(&self) -> Option<CursorImage> {
        let (width, rows) = (self.width, self.height);
        if width == 0 || rows == 0 || width > LONGEST_SIDE || rows > LONGEST_SIDE * 2 {
            return None;
        }
        match self.kind {
            ShapeKind::Monochrome => {
                let bit = |x: u32, row: &[u8]| {
                    let byte = row.get(x as usize / 8).copied().unwrap_or(0);
                    if byte & (0x80 >> (x % 8)) == 0 { [0; 4] } else { [255; 4] }
                };
                let mask = self.rows(width.div_ceil(8) as usize)?;
                let mask: Vec<u8> =
                    mask.flat_map(|row| (0..width).flat_map(move |x| bit(x, row))).collect();
                self.make(rows / 2, None, &mask)
            }
            ShapeKind::Color => {
                let color: Vec<u8> = self.rows(width as usize * 4)?.flatten().copied().collect();
                // What is transparent may have any colour; no mask stands behind it.
                let rgba: Vec<u8> = color
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .flat_map(|[b, g, r, a]| if *a == 0 { [0; 4] } else { [*r, *g, *b, *a] })
                    .collect();
                let visible = rgba.as_chunks::<4>().0.iter().any(|pixel| pixel[3] != 0);
                (visible && rows <= LONGEST_SIDE).then(|| CursorImage {
                    size: PixelSize { width, height: rows },
                    hotspot_x: self.hotspot.0.min(width - 1),
                    hotspot_y: self.hotspot.1.min(rows - 1),
                    rgba,
                })
            }
            ShapeKind::MaskedColor => {
                let (mut color, mut mask) = (Vec::new(), Vec::new());
                for pixel in self.rows(width as usize * 4)?.flat_map(|row| row.as_chunks::<4>().0) {
                    let [b, g, r, a] = *pixel;
                    color.extend([b, g, r, 0]);
                    mask.extend(if a == 0 { [0; 4] } else { [255; 4] });
                }
                self.make(rows, Some(&color), &mask)
            }
        }
    }

    /// The rows, each of `bytes` bytes; `None` when one is missing.
    fn rows(&self, bytes: usize) -> Option<impl Iterator<Item = &[u8]>> {
        let pitch = self.pitch as usize;
        let needed = pitch.checked_mul(self.height as usize - 1)?.checked_add(bytes)?;
        if pitch < bytes || self.bytes.len() < needed {
            return None;
        }
        Some((0..self.height as usize).map(move |row| &self.bytes[row * pitch..][..bytes]))
    }

    fn make(&self, height: u32, color: Option<&[u8]>, mask: &[u8]) -> Option<CursorImage> {
        let (width, hotspot) = (self.width, self.hotspot);
        cursor_picture(&CursorBitmaps { width, height, color, mask, hotspot })
    }
}

/// What a frame says of the pointer on its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PointerUpdate {
    /// When, in the system's counter; never 0.
    pub at: i64,
    /// Left and top of the shape on the output, as seen.
    pub position: (i32, i32),
    /// On this output, and not drawn into the picture.
    pub visible: bool,
}

/// The one pointer of several outputs.
#[derive(Debug, Default)]
pub struct Pointer {
    /// Who told last, and what.
    last: Option<(usize, PointerUpdate)>,
}

impl Pointer {
    /// Takes in what an output says; tells whether it counts. An output that the
    /// pointer has left says so after another one has said that it came.
    pub fn update(&mut self, output: usize, update: PointerUpdate) -> bool {
        let counts = self.last.is_none_or(|(other, last)| {
            other == output || (update.visible && (!last.visible || update.at >= last.at))
        });
        if counts {
            self.last = Some((output, update));
        }
        counts
    }

    /// Which output it is on, and where its shape is; `None`: on none of them.
    pub fn place(&self) -> Option<(usize, (i32, i32))> {
        self.last.filter(|(_, last)| last.visible).map(|(output, last)| (output, last.position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(kind: ShapeKind, width: u32, height: u32, pitch: u32, bytes: &[u8]) -> PointerShape {
        PointerShape { kind, width, height, pitch, hotspot: (0, 0), bytes: bytes.to_vec() }
    }

    #[test]
    fn one_bit_a_pixel_is_screen_white_black_and_inverted() {
        // Kept: 1 of "and"; then what is inverted, below. Pixels: black, white,
        // transparent (beside what inverts, so white), inverted, transparent far off.
        let and = 0b0011_1111;
        let xor = 0b0101_0000;
        let picture = shape(ShapeKind::Monochrome, 6, 2, 2, &[and, 0, xor, 0]).picture().unwrap();
        assert_eq!(picture.size, PixelSize { width: 6, height: 1 });
        let black = [0, 0, 0, 255];
        let expected = [black, [255; 4], [255; 4], black, [255; 4], [0; 4]].concat();
        assert_eq!(picture.rgba, expected);
    }

    #[test]
    fn colours_keep_their_transparency() {
        let bytes = [1, 2, 3, 255, 9, 9, 9, 0, 4, 5, 6, 128, 99, 99, 99, 99];
        let picture = shape(ShapeKind::Color, 1, 2, 8, &bytes).picture().unwrap();
        assert_eq!(picture.rgba, [3, 2, 1, 255, 6, 5, 4, 128]);
        let hidden = shape(ShapeKind::Color, 1, 1, 4, &[1, 2, 3, 0]);
        assert_eq!(hidden.picture(), None, "nothing to see");
    }

    #[test]
    fn masked_colours_replace_keep_or_invert() {
        // Replaced by black and by a colour; kept (inverted by nothing); inverted.
        let bytes = [0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 255, 255, 255, 255, 255];
        let picture = shape(ShapeKind::MaskedColor, 4, 1, 16, &bytes).picture().unwrap();
        assert_eq!(picture.rgba, [0, 0, 0, 255, 3, 2, 1, 255, 0, 0, 0, 0, 0, 0, 0, 255]);
    }

    #[test]
    fn shapes_that_are_not_whole_are_none() {
        for (width, height, pitch, bytes) in
            [(2, 1, 8, 7), (2, 2, 8, 12), (2, 1, 4, 64), (0, 1, 4, 64), (300, 1, 1200, 1200)]
        {
            for kind in [ShapeKind::Color, ShapeKind::MaskedColor] {
                let bytes = vec![255; bytes];
                assert_eq!(shape(kind, width, height, pitch, &bytes).picture(), None);
            }
        }
        assert_eq!(shape(ShapeKind::Monochrome, 9, 2, 1, &[255; 64]).picture(), None);
        assert_eq!(shape(ShapeKind::Monochrome, 8, 1, 1, &[0; 64]).picture(), None);
        assert_eq!(ShapeKind::from_number(3), None);
        assert_eq!(ShapeKind::from_number(4), Some(ShapeKind::MaskedColor));
    }

    #[test]
    fn the_pointer_is_where_the_last_output_saw_it() {
        let mut pointer = Pointer::default();
        assert_eq!(pointer.place(), None);
        let update = |at, x, visible| PointerUpdate { at, position: (x, 0), visible };
        assert!(pointer.update(0, update(10, 5, true)));
        assert_eq!(pointer.place(), Some((0, (5, 0))));
        // It went to the other one, which says so first.
        assert!(pointer.update(1, update(20, 1, true)));
        assert!(!pointer.update(0, update(20, 9, false)), "it is on the other one");
        assert_eq!(pointer.place(), Some((1, (1, 0))));
        assert!(!pointer.update(0, update(15, 9, true)), "older");
        // Hidden where it is; then shown elsewhere, whatever the times.
        assert!(pointer.update(1, update(30, 1, false)));
        assert_eq!(pointer.place(), None);
        assert!(pointer.update(0, update(25, 3, true)));
        assert_eq!(pointer.place(), Some((0, (3, 0))));
    }
}
