//! Finds vertical scrolling, so that it can travel as a copy.

use std::collections::HashMap;

use crate::picture::{CELL, Picture};
use crate::{PictureView, PixelRect};

/// Smallest side of an area that is searched, and of a copy that pays.
const LEAST_SIDE: u32 = 64;

/// A copy operation: `rect` shows now what stood at row `from_y` in the same
/// columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scroll {
    pub(crate) rect: PixelRect,
    pub(crate) from_y: u32,
}

/// Searches in `area`, where `old` and `new` differ. What is found explains most of
/// the change, but need not be exact.
pub(crate) fn find(old: &Picture, new: &PictureView<'_>, area: &PixelRect) -> Option<Scroll> {
    if area.width < LEAST_SIDE || area.height < LEAST_SIDE {
        return None;
    }
    // The middle votes; a scroll bar or a border at the side has no say.
    let strip = PixelRect { x: area.x + area.width / 4, width: area.width / 2, ..*area };
    let before: Vec<_> =
        rows(&strip).map(|y| hash(old.view().row(strip.x, y, strip.width))).collect();
    let after: Vec<_> = rows(&strip).map(|y| hash(new.row(strip.x, y, strip.width))).collect();
    let offset = vote(&before, &after)?;
    let (first, count) = longest_run(&before, &after, offset)?;
    if count < LEAST_SIDE / 2 {
        return None;
    }
    let rect = PixelRect { y: area.y + first, height: count, ..strip };
    let from_y = u32::try_from(i64::from(rect.y) + i64::from(offset)).ok()?;
    // Some rows stand for all: what does not match is found by the comparison that
    // follows the copy, and drawn again.
    let same = |x: u32, width: u32| {
        rows(&rect).step_by(8).all(|y| {
            let from = y - rect.y + from_y;
            equal(old.view().row(x, from, width), new.row(x, y, width))
        })
    };
    let mut found = rect;
    while found.x > area.x {
        let step = (found.x - area.x).min(CELL);
        if !same(found.x - step, step) {
            break;
        }
        found.x -= step;
        found.width += step;
    }
    while found.right() < area.right() {
        let step = (area.right() - found.right()).min(CELL);
        if !same(found.right(), step) {
            break;
        }
        found.width += step;
    }
    (found.area() * 3 >= area.area()).then_some(Scroll { rect: found, from_y })
}

fn rows(rect: &PixelRect) -> std::ops::Range<u32> {
    rect.y..rect.bottom()
}

/// Hash of the colours of a row; `None` for a row of one colour, which says
/// nothing about where it came from.
fn hash(row: &[u8]) -> Option<u64> {
    const MASK: u64 = 0x00FF_FFFF_00FF_FFFF;
    let mut lanes = [0x9E37_79B9_7F4A_7C15_u64; 4];
    let mut varied = 0;
    let first = row.first_chunk::<8>().map_or(0, |c| u64::from_le_bytes(*c)) & MASK;
    for block in row.chunks_exact(32) {
        for (lane, eight) in lanes.iter_mut().zip(block.chunks_exact(8)) {
            let value = eight.first_chunk::<8>().map_or(0, |c| u64::from_le_bytes(*c)) & MASK;
            varied |= value ^ first;
            *lane = (lane.rotate_left(5) ^ value).wrapping_mul(0x517C_C1B7_2722_0A95);
        }
    }
    let mixed = lanes
        .iter()
        .fold(0_u64, |sum, lane| (sum.rotate_left(23) ^ lane).wrapping_mul(0x2545_F491_4F6C_DD1D));
    (varied != 0).then_some(mixed)
}

fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && !a.is_empty()
        && a.chunks_exact(4).zip(b.chunks_exact(4)).fold(0, |sum, (a, b)| {
            sum | (u32::from_le_bytes([a[0], a[1], a[2], 0])
                ^ u32::from_le_bytes([b[0], b[1], b[2], 0]))
        }) == 0
}

/// The distance that most rows agree to have moved: row `y` of `after` is row
/// `y + distance` of `before`.
fn vote(before: &[Option<u64>], after: &[Option<u64>]) -> Option<i32> {
    let mut place: HashMap<u64, Option<usize>> = HashMap::new();
    for (y, hash) in before.iter().enumerate() {
        if let Some(hash) = hash {
            // A row that occurs twice has no place.
            place.entry(*hash).and_modify(|at| *at = None).or_insert(Some(y));
        }
    }
    let mut votes: HashMap<i32, u32> = HashMap::new();
    for (y, hash) in after.iter().enumerate() {
        if let Some(from) = hash.and_then(|hash| place.get(&hash).copied().flatten()) {
            *votes.entry(from as i32 - y as i32).or_default() += 1;
        }
    }
    let (distance, count) = votes.into_iter().max_by_key(|(distance, n)| (*n, -distance.abs()))?;
    (distance != 0 && count >= 8 && count as usize * 16 >= after.len()).then_some(distance)
}

fn longest_run(before: &[Option<u64>], after: &[Option<u64>], distance: i32) -> Option<(u32, u32)> {
    let matches = |y: usize| {
        let from = usize::try_from(i64::try_from(y).ok()? + i64::from(distance)).ok()?;
        (before.get(from)? == after.get(y)?).then_some(())
    };
    let (mut best, mut start) = ((0, 0), 0);
    for y in 0..=after.len() {
        if y == after.len() || matches(y).is_none() {
            if y - start > best.1 {
                best = (start, y - start);
            }
            start = y + 1;
        }
    }
    (best.1 > 0).then_some((best.0 as u32, best.1 as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    const W: u32 = 200;
    const H: u32 = 160;

    fn text(seed: u32) -> Vec<u8> {
        let mut state = seed;
        let mut pixels = vec![255; (W * H * 4) as usize];
        for y in 0..H {
            for x in 0..W {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if y % 12 < 8 && state >> 30 == 0 {
                    let at = ((y * W + x) * 4) as usize;
                    pixels[at..at + 3].fill(0);
                }
            }
        }
        pixels
    }

    fn view(pixels: &[u8]) -> PictureView<'_> {
        PictureView { width: W, height: H, stride: (W * 4) as usize, pixels }
    }

    #[test]
    fn scrolling_is_found_in_both_directions() {
        let old = text(7);
        let area = PixelRect::new(0, 0, W, H);
        let mut picture = Picture::black(W, H);
        picture.copy_from(&view(&old), &area);
        let row = (W * 4) as usize;
        for distance in [15_usize, 36] {
            let mut up = text(9);
            up[..old.len() - distance * row].copy_from_slice(&old[distance * row..]);
            let found = find(&picture, &view(&up), &area).unwrap();
            assert_eq!((found.rect.y, found.from_y), (0, distance as u32));
            assert_eq!((found.rect.width, found.rect.height), (W, H - distance as u32));

            let mut down = text(9);
            down[distance * row..].copy_from_slice(&old[..old.len() - distance * row]);
            let found = find(&picture, &view(&down), &area).unwrap();
            assert_eq!((found.rect.y, found.from_y), (distance as u32, 0));
        }
        assert_eq!(find(&picture, &view(&text(8)), &area), None);
        assert_eq!(find(&picture, &view(&old), &area), None);
    }
}
