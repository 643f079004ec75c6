//! Pictures of fewer pixels for lines that are too slow for all of them, and back.
//!
//! A block of `scale` x `scale` pixels becomes one, its average; where a side is no
//! multiple the last block is smaller. Enlarging interpolates between the middles of
//! the blocks.

use crate::PictureView;

/// The length of a side when it is shrunk.
pub const fn shrunk(side: u32, scale: u32) -> u32 {
    side.div_ceil(if scale == 0 { 1 } else { scale })
}

/// Averages blocks of `scale` x `scale` pixels, at most 4 x 4, into `out`: rows of
/// [`shrunk`] width without padding. What does not fit is left out: never the case for
/// a view that passes its check.
pub(crate) fn shrink(view: &PictureView<'_>, scale: u32, out: &mut Vec<u8>) {
    let width = shrunk(view.width, scale) as usize;
    let block = scale as usize * 4;
    let mut sums = vec![0_u16; width * 4];
    out.clear();
    out.reserve(width * shrunk(view.height, scale) as usize * 4);
    let mut top = 0;
    while top < view.height {
        let rows = scale.min(view.height - top);
        sums.fill(0);
        for y in top..top + rows {
            let row = view.row(0, y, view.width);
            for (sum, block) in sums.chunks_exact_mut(4).zip(row.chunks(block)) {
                for pixel in block.chunks_exact(4) {
                    for (sum, value) in sum.iter_mut().zip(pixel) {
                        *sum += u16::from(*value);
                    }
                }
            }
        }
        let last = view.width - (width as u32 - 1) * scale;
        for (column, sum) in sums.chunks_exact(4).enumerate() {
            let columns = if column + 1 == width { last } else { scale };
            let count = (rows * columns) as u16;
            out.extend(sum.iter().map(|sum| ((sum + count / 2) / count) as u8));
        }
        top += rows;
    }
}

/// Where a pixel of the large picture lies in the small one: the pixel before it, the
/// one after it, and the weight of the latter out of `2 * scale`.
const fn place(at: u32, scale: u32, side: u32) -> (u32, u32, u32) {
    let middle = 2 * at + 1;
    if middle <= scale {
        return (0, 0, 0);
    }
    let from = middle - scale;
    let before = from / (2 * scale);
    if before + 1 >= side {
        return (side - 1, side - 1, 0);
    }
    (before, before + 1, from % (2 * scale))
}

/// Draws the small picture `from`, whose sides are those of `to` [`shrunk`], rows
/// without padding, over `width` x `height` pixels of `to`, rows `stride` bytes apart.
/// False when either buffer is too small for that; then part of it may be drawn.
#[must_use]
pub fn enlarge(
    from: &[u8],
    scale: u32,
    (width, height): (u32, u32),
    to: &mut [u8],
    stride: usize,
) -> bool {
    let (small_width, small_height) = (shrunk(width, scale), shrunk(height, scale));
    let row_bytes = small_width as usize * 4;
    let columns: Vec<(usize, usize, u32)> = (0..width)
        .map(|x| {
            let (before, after, weight) = place(x, scale, small_width);
            (before as usize * 4, after as usize * 4, weight)
        })
        .collect();
    let full = 2 * scale;
    let mut mixed = vec![0_u32; row_bytes];
    for y in 0..height {
        let (above, below, weight) = place(y, scale, small_height);
        let row = |at: u32| from.get(at as usize * row_bytes..(at as usize + 1) * row_bytes);
        let start = y as usize * stride;
        let line = to.get_mut(start..start + width as usize * 4);
        let (Some(above), Some(below), Some(line)) = (row(above), row(below), line) else {
            return false;
        };
        for (mixed, (a, b)) in mixed.iter_mut().zip(above.iter().zip(below)) {
            *mixed = u32::from(*a) * (full - weight) + u32::from(*b) * weight;
        }
        for (pixel, (before, after, weight)) in line.chunks_exact_mut(4).zip(&columns) {
            for (channel, value) in pixel.iter_mut().enumerate() {
                let (a, b) = (mixed[before + channel], mixed[after + channel]);
                let sum = a * (full - weight) + b * weight;
                *value = ((sum + full * full / 2) / (full * full)) as u8;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32, value: impl Fn(u32, u32) -> u8) -> Vec<u8> {
        (0..height)
            .flat_map(|y| (0..width).map(move |x| (x, y)))
            .map(|(x, y)| value(x, y))
            .flat_map(|value| [value, value / 2, 255 - value, 255])
            .collect()
    }

    #[test]
    fn blocks_become_their_average_also_at_odd_edges() {
        let pixels = picture(5, 3, |x, y| (x * 10 + y * 100) as u8);
        let view = PictureView { width: 5, height: 3, stride: 20, pixels: &pixels };
        let mut out = Vec::new();
        shrink(&view, 2, &mut out);
        let first: Vec<u8> = out.chunks_exact(4).map(|pixel| pixel[0]).collect();
        assert_eq!(first, [55, 75, 90, 205, 225, 240]);
    }

    #[test]
    fn one_colour_stays_and_a_slope_is_smooth() {
        for scale in [2, 4] {
            for (width, height) in [(96, 96), (97, 101), (3, 2), (1, 1)] {
                let pixels = picture(width, height, |x, y| (40 + x + y / 2) as u8);
                let stride = width as usize * 4;
                let view = PictureView { width, height, stride, pixels: &pixels };
                let mut small = Vec::new();
                shrink(&view, scale, &mut small);
                let mut back = vec![0; pixels.len()];
                assert!(enlarge(&small, scale, (width, height), &mut back, stride));
                for (at, (a, b)) in pixels.iter().zip(&back).enumerate() {
                    assert!(a.abs_diff(*b) <= 3, "{scale} {width}x{height} {at}: {a} {b}");
                }
            }
        }
    }

    #[test]
    fn buffers_that_are_too_small_are_refused() {
        let mut to = vec![0; 8 * 8 * 4];
        assert!(!enlarge(&[0; 4 * 4 * 4 - 1], 2, (8, 8), &mut to, 32));
        assert!(!enlarge(&[0; 4 * 4 * 4], 2, (8, 8), &mut to[1..], 32));
    }
}
