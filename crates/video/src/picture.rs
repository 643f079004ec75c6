//! The reference picture: what viewers have, or would have if nothing were lossy.

use crate::{PictureView, PixelRect};

/// Side of a cell, the unit of change tracking; that of an H.264 macroblock.
pub(crate) const CELL: u32 = 16;
const CELL_BYTES: usize = CELL as usize * 4;
/// The X byte says nothing and is not compared.
const COLOR: u32 = 0x00FF_FFFF;

pub(crate) struct Picture {
    width: u32,
    height: u32,
    stride: usize,
    pixels: Vec<u8>,
}

impl Picture {
    /// Black, as a surface starts.
    pub(crate) fn black(width: u32, height: u32) -> Self {
        let stride = width as usize * 4;
        let mut pixels = vec![0; stride * height as usize];
        for pixel in pixels.chunks_exact_mut(4) {
            pixel[3] = 255;
        }
        Self { width, height, stride, pixels }
    }

    pub(crate) const fn bounds(&self) -> PixelRect {
        PixelRect::new(0, 0, self.width, self.height)
    }

    pub(crate) fn view(&self) -> PictureView<'_> {
        PictureView {
            width: self.width,
            height: self.height,
            stride: self.stride,
            pixels: &self.pixels,
        }
    }

    /// Tells which cells of a band of rows hold a change: `found[n]` is set for the
    /// n-th cell from `band.x` on, which must be a cell's edge. Tells, too, whether
    /// any is.
    pub(crate) fn changed_cells(
        &self,
        view: &PictureView<'_>,
        band: &PixelRect,
        found: &mut Vec<bool>,
    ) -> bool {
        found.clear();
        found.resize(band.width.div_ceil(CELL) as usize, false);
        let ours = self.view();
        let mut any = false;
        for y in band.y..band.bottom() {
            let theirs = view.row(band.x, y, band.width);
            let held = ours.row(band.x, y, band.width);
            // Most rows are the same to the byte, X included, and nothing is faster
            // than the comparison of the C library.
            if theirs == held {
                continue;
            }
            any = true;
            let (a, b) = (theirs.chunks(CELL_BYTES), held.chunks(CELL_BYTES));
            for ((a, b), found) in a.zip(b).zip(found.iter_mut()) {
                *found |= if let (Some(a), Some(b)) = (a.first_chunk(), b.first_chunk()) {
                    cells_differ(a, b)
                } else {
                    a.chunks_exact(4).zip(b.chunks_exact(4)).any(|(a, b)| a[..3] != b[..3])
                };
            }
        }
        any
    }

    /// The part of `rect`, at most a cell wide, in which `view` has other colours;
    /// `None` when it has none.
    pub(crate) fn changed_part(
        &self,
        view: &PictureView<'_>,
        rect: &PixelRect,
    ) -> Option<PixelRect> {
        let mut columns = [0_u32; CELL as usize];
        let mut rows: Option<(u32, u32)> = None;
        let ours = self.view();
        for y in rect.y..rect.bottom() {
            let theirs = view.row(rect.x, y, rect.width);
            if differs(theirs, ours.row(rect.x, y, rect.width), &mut columns) {
                rows = Some(rows.map_or((y, y), |(first, _)| (first, y)));
            }
        }
        let (top, last) = rows?;
        let left = columns.iter().position(|c| *c != 0)? as u32;
        let right = columns.iter().rposition(|c| *c != 0)? as u32;
        Some(PixelRect::new(rect.x + left, top, right - left + 1, last - top + 1))
    }

    /// Takes over the pixels of `rect`, X included: so rows that stay the same are
    /// the same to the byte.
    pub(crate) fn copy_from(&mut self, view: &PictureView<'_>, rect: &PixelRect) {
        for y in rect.y..rect.bottom() {
            let start = y as usize * self.stride + rect.x as usize * 4;
            let end = start + rect.width as usize * 4;
            let theirs = view.row(rect.x, y, rect.width);
            if let Some(ours) = self.pixels.get_mut(start..end)
                && ours.len() == theirs.len()
            {
                ours.copy_from_slice(theirs);
            }
        }
    }

    /// Carries out a copy operation row by row: `rect` becomes what was at `from`.
    /// Both lie inside. Where the rows overlap those of `from`, the caller has to
    /// keep the order; here they go downwards when `from` lies below or beside.
    pub(crate) fn copy_within(&mut self, rect: &PixelRect, (from_x, from_y): (u32, u32)) {
        let width = rect.width as usize * 4;
        let stride = self.stride;
        let start = |x: u32, y: u32| y as usize * stride + x as usize * 4;
        let mut one = |row: u32| {
            let (from, to) = (start(from_x, from_y + row), start(rect.x, rect.y + row));
            if from.max(to) + width <= self.pixels.len() {
                self.pixels.copy_within(from..from + width, to);
            }
        };
        if from_y >= rect.y {
            (0..rect.height).for_each(&mut one);
        } else {
            (0..rect.height).rev().for_each(&mut one);
        }
    }

    /// Tells the colour (0x00RRGGBB) of `rect` if it has but one; else writes its rows
    /// one after the other to `out`, which is emptied first, with X set to 255.
    pub(crate) fn gather(&self, rect: &PixelRect, out: &mut Vec<u8>) -> Option<u32> {
        out.clear();
        if let Some(color) = self.solid(rect) {
            return Some(color);
        }
        let view = self.view();
        for y in rect.y..rect.bottom() {
            out.extend_from_slice(view.row(rect.x, y, rect.width));
        }
        for pixel in out.as_chunks_mut::<4>().0 {
            *pixel = (u32::from_le_bytes(*pixel) | !COLOR).to_le_bytes();
        }
        None
    }

    /// The colour (0x00RRGGBB) of `rect` if it has but one.
    pub(crate) fn solid(&self, rect: &PixelRect) -> Option<u32> {
        let view = self.view();
        let color = u32::from_le_bytes(*view.row(rect.x, rect.y, 1).first_chunk()?) & COLOR;
        (rect.y..rect.bottom())
            .all(|y| is_solid(view.row(rect.x, y, rect.width), color))
            .then_some(color)
    }

    /// Columns at the left and at the right of `rect` that have the colour of its
    /// first or last pixel in every row; 0 where they are fewer than `least`.
    pub(crate) fn margins(&self, rect: &PixelRect, least: u32) -> (u32, u32) {
        let view = self.view();
        let row = |y| view.row(rect.x, y, rect.width).as_chunks::<4>().0;
        let color = |pixel: Option<&[u8; 4]>| pixel.map_or(0, |p| u32::from_le_bytes(*p) & COLOR);
        let left_color = color(row(rect.y).first());
        let right_color = color(row(rect.y).last());
        let (mut left, mut right) = (rect.width as usize, rect.width as usize);
        for y in rect.y..rect.bottom() {
            let is = |color: u32| {
                move |pixel: &&[u8; 4]| (u32::from_le_bytes(**pixel) ^ color) & COLOR == 0
            };
            if left > 0 {
                left = row(y).iter().take(left).take_while(is(left_color)).count();
            }
            if right > 0 {
                right = row(y).iter().rev().take(right).take_while(is(right_color)).count();
            }
            left = if left < least as usize { 0 } else { left };
            right = if right < least as usize { 0 } else { right };
            if left == 0 && right == 0 {
                break;
            }
        }
        (left as u32, right.min(rect.width as usize - left) as u32)
    }

    /// Neighbouring pixels in `rect` that differ: a cheap stand-in for the bytes
    /// that lossless compression would need. Looks at every second row.
    pub(crate) fn transitions(&self, rect: &PixelRect) -> u32 {
        let view = self.view();
        let mut count = 0;
        for y in (rect.y..rect.bottom()).step_by(2) {
            let row = view.row(rect.x, y, rect.width);
            let pixels = row.as_chunks::<4>().0;
            let next = pixels.get(1..).unwrap_or_default();
            let changes = pixels.iter().zip(next);
            count += changes
                .map(|(a, b)| {
                    u32::from((u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b)) & COLOR != 0)
                })
                .sum::<u32>();
        }
        count * 2
    }
}

/// Whether all pixels of a row have this colour (0x00RRGGBB).
fn is_solid(row: &[u8], color: u32) -> bool {
    // In pieces: most rows that are not solid tell so early.
    row.chunks(CELL_BYTES).all(|piece| {
        let pixels = piece.as_chunks::<4>().0;
        pixels.iter().fold(0, |any, pixel| any | (u32::from_le_bytes(*pixel) ^ color)) & COLOR == 0
    })
}

/// Whether two rows have the same colours; not when they have no pixels.
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && !a.is_empty() && {
        let pixels = a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0);
        let differs = |any, (a, b): (&[u8; 4], &[u8; 4])| {
            any | (u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b))
        };
        pixels.fold(0, differs) & COLOR == 0
    }
}

/// Compares two rows of a cell. The constant length compiles to vector code.
#[inline]
fn cells_differ(a: &[u8; CELL_BYTES], b: &[u8; CELL_BYTES]) -> bool {
    let mut any = 0;
    for (a, b) in a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0) {
        any |= u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b);
    }
    any & COLOR != 0
}

/// Compares two rows of at most a cell and notes in which columns they differ.
#[inline]
fn differs(theirs: &[u8], ours: &[u8], columns: &mut [u32; CELL as usize]) -> bool {
    let mut any = 0;
    if let (Ok(a), Ok(b)) =
        (<&[u8; CELL_BYTES]>::try_from(theirs), <&[u8; CELL_BYTES]>::try_from(ours))
    {
        let pixels = a.as_chunks::<4>().0.iter().zip(b.as_chunks::<4>().0);
        for ((a, b), column) in pixels.zip(columns) {
            let x = (u32::from_le_bytes(*a) ^ u32::from_le_bytes(*b)) & COLOR;
            *column |= x;
            any |= x;
        }
    } else {
        for ((a, b), column) in theirs.chunks_exact(4).zip(ours.chunks_exact(4)).zip(columns) {
            let differs = u32::from(a[..3] != b[..3]);
            *column |= differs;
            any |= differs;
        }
    }
    any != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_is_found_to_the_pixel_and_x_is_ignored() {
        let mut reference = Picture::black(40, 20);
        let mut pixels = vec![0_u8; 40 * 20 * 4];
        let view = |pixels: &[u8]| {
            let pixels = pixels.to_vec();
            move |reference: &Picture, rect: PixelRect| {
                let view = PictureView { width: 40, height: 20, stride: 160, pixels: &pixels };
                reference.changed_part(&view, &rect)
            }
        };
        let cell = PixelRect::new(16, 0, 16, 16);
        assert_eq!(view(&pixels)(&reference, cell), None);
        for (x, y) in [(18_usize, 3_usize), (25, 9)] {
            pixels[y * 160 + x * 4] = 7;
        }
        assert_eq!(view(&pixels)(&reference, cell), Some(PixelRect::new(18, 3, 8, 7)));
        // The narrow cell at the right edge takes the other path.
        pixels[17 * 160 + 39 * 4 + 2] = 1;
        let edge = PixelRect::new(32, 16, 8, 4);
        assert_eq!(view(&pixels)(&reference, edge), Some(PixelRect::new(39, 17, 1, 1)));
        let all = PictureView { width: 40, height: 20, stride: 160, pixels: &pixels };
        reference.copy_from(&all, &PixelRect::new(0, 0, 40, 20));
        assert_eq!(view(&pixels)(&reference, cell), None);
    }

    #[test]
    fn solid_rectangles_are_recognised() {
        let mut reference = Picture::black(8, 8);
        let mut out = Vec::new();
        let (whole, one) = (PixelRect::new(0, 0, 8, 8), PixelRect::new(0, 0, 1, 1));
        assert_eq!(reference.gather(&whole, &mut out), Some(0));
        assert!(out.is_empty());
        // X of whatever was captured never gets out.
        let pixel = [3, 2, 1, 0];
        let view = PictureView { width: 1, height: 1, stride: 4, pixels: &pixel };
        reference.copy_from(&view, &one);
        assert_eq!(reference.gather(&one, &mut out), Some(0x0001_0203));
        assert_eq!(reference.gather(&whole, &mut out), None);
        assert_eq!((out.len(), &out[..5]), (8 * 8 * 4, &[3, 2, 1, 255, 0][..]));
    }

    #[test]
    fn copies_overlap_in_every_direction() {
        let pixels: Vec<u8> = (0..16 * 16 * 4_u32).map(|i| (i / 4 * 7 % 251) as u8).collect();
        let view = PictureView { width: 16, height: 16, stride: 64, pixels: &pixels };
        for (x, y, from_x, from_y) in [(4, 4, 3, 3), (3, 3, 4, 4), (4, 3, 4, 5), (3, 4, 5, 4)] {
            let mut reference = Picture::black(16, 16);
            reference.copy_from(&view, &PixelRect::new(0, 0, 16, 16));
            reference.copy_within(&PixelRect::new(x, y, 9, 9), (from_x, from_y));
            for row in 0..9 {
                let moved = reference.view().row(x, y + row, 9);
                assert_eq!(moved, view.row(from_x, from_y + row, 9));
            }
        }
    }
}
