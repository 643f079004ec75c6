//! Where two pictures of the same size differ, for systems that do not say what they
//! have drawn.

use gc_platform::{PixelRect, PixelSize};

/// Rows that are looked at together.
const BAND: u32 = 16;
/// Bytes of a pixel.
const PIXEL: usize = 4;

/// Rectangles that hold every pixel that differs: one per band of rows, as narrow as
/// its changes, joined with the one above where both are equally wide. Rows are
/// `width` pixels of 4 bytes without padding; bytes that mean nothing have to be
/// equal. What is too short is not looked at.
pub fn changes(before: &[u8], after: &[u8], size: PixelSize) -> Vec<PixelRect> {
    let row = size.width as usize * PIXEL;
    let mut found: Vec<PixelRect> = Vec::new();
    if row == 0 {
        return found;
    }
    let band = row * BAND as usize;
    for (index, (old, new)) in before.chunks(band).zip(after.chunks(band)).enumerate() {
        // The whole band first: nearly all are equal, and this is one memcmp.
        if old == new {
            continue;
        }
        let Some(change) = band_change(old, new, row) else { continue };
        let y = index as u32 * BAND;
        let change = PixelRect { y: y + change.y, ..change };
        match found.last_mut() {
            Some(last)
                if last.y + last.height == change.y
                    && (last.x, last.width) == (change.x, change.width) =>
            {
                last.height += change.height;
            }
            _ => found.push(change),
        }
    }
    found
}

fn band_change(old: &[u8], new: &[u8], row: usize) -> Option<PixelRect> {
    let mut edges: Option<(usize, usize)> = None;
    let mut rows: Option<(usize, usize)> = None;
    for (y, (old, new)) in old.chunks_exact(row).zip(new.chunks_exact(row)).enumerate() {
        if old == new {
            continue;
        }
        let (old, new) = (old.as_chunks::<PIXEL>().0, new.as_chunks::<PIXEL>().0);
        let differs = |(a, b): (&[u8; PIXEL], &[u8; PIXEL])| a != b;
        let left = old.iter().zip(new).position(differs)?;
        let right = old.iter().zip(new).rposition(differs)?;
        edges = Some(edges.map_or((left, right), |(l, r)| (l.min(left), r.max(right))));
        rows = Some(rows.map_or((y, y), |(first, _)| (first, y)));
    }
    let ((left, right), (top, bottom)) = (edges?, rows?);
    Some(PixelRect {
        x: left as u32,
        y: top as u32,
        width: (right - left + 1) as u32,
        height: (bottom - top + 1) as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PixelSize = PixelSize { width: 40, height: 50 };

    fn with(changed: &[(u32, u32)]) -> Vec<u8> {
        let mut pixels = vec![7; (SIZE.width * SIZE.height * 4) as usize];
        for (x, y) in changed {
            pixels[((y * SIZE.width + x) * 4) as usize] = 8;
        }
        pixels
    }

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    #[test]
    fn equal_pictures_have_no_changes() {
        assert_eq!(changes(&with(&[]), &with(&[]), SIZE), []);
    }

    #[test]
    fn one_pixel_is_one_pixel() {
        for (x, y) in [(0, 0), (39, 49), (17, 16), (17, 15)] {
            assert_eq!(changes(&with(&[]), &with(&[(x, y)]), SIZE), [rect(x, y, 1, 1)]);
        }
    }

    #[test]
    fn bands_are_apart_unless_they_touch_and_are_equally_wide() {
        let apart = changes(&with(&[]), &with(&[(3, 2), (5, 40)]), SIZE);
        assert_eq!(apart, [rect(3, 2, 1, 1), rect(5, 40, 1, 1)]);
        let joined = changes(&with(&[]), &with(&[(3, 15), (3, 16), (3, 20)]), SIZE);
        assert_eq!(joined, [rect(3, 15, 1, 6)]);
    }

    #[test]
    fn every_change_lies_in_some_rectangle() {
        let seed = 0x0D1F_F5EE_u64;
        println!("seed {seed:#x}");
        let mut state = seed;
        for _ in 0..200 {
            let mut random = |below: u32| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 33) as u32 % below
            };
            let points: Vec<_> = (0..random(8)).map(|_| (random(40), random(50))).collect();
            let found = changes(&with(&[]), &with(&points), SIZE);
            for (x, y) in &points {
                let holds = |r: &PixelRect| {
                    (r.x..r.x + r.width).contains(x) && (r.y..r.y + r.height).contains(y)
                };
                assert!(found.iter().any(holds), "{x} {y} in {found:?}");
            }
            assert!(found.iter().all(|r| r.x + r.width <= 40 && r.y + r.height <= 50));
        }
    }

    #[test]
    fn pictures_that_are_too_short_are_not_looked_at() {
        assert_eq!(changes(&[], &[1; 16], SIZE), []);
        assert_eq!(changes(&[0; 8], &[1; 8], PixelSize { width: 0, height: 3 }), []);
    }
}
