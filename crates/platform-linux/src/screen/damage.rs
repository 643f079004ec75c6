//! Damage that has not been reported yet.

use gc_platform::{PixelRect, PixelSize};

/// Rectangles of at most [`Region::LIMIT`]; they cover everything added and may
/// cover a little more.
#[derive(Debug, Default)]
pub(crate) struct Region {
    rects: Vec<PixelRect>,
}

fn area(rect: PixelRect) -> u64 {
    u64::from(rect.width) * u64::from(rect.height)
}

fn union(a: PixelRect, b: PixelRect) -> PixelRect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    PixelRect {
        x,
        y,
        width: (a.x + a.width).max(b.x + b.width) - x,
        height: (a.y + a.height).max(b.y + b.height) - y,
    }
}

impl Region {
    pub(crate) const LIMIT: usize = 64;

    /// Adds a rectangle. Neighbours are joined when that covers hardly more than
    /// the two do: glyph by glyph damage becomes lines of text.
    pub(crate) fn add(&mut self, rect: PixelRect) {
        let mut rect = rect;
        while let Some(index) = self
            .rects
            .iter()
            .position(|other| area(union(*other, rect)) * 8 <= (area(*other) + area(rect)) * 9)
        {
            rect = union(self.rects.swap_remove(index), rect);
        }
        self.rects.push(rect);
        if self.rects.len() > Self::LIMIT {
            self.join_cheapest();
        }
    }

    // The last rectangle goes into the one it makes grow least.
    fn join_cheapest(&mut self) {
        let Some(last) = self.rects.pop() else { return };
        let growth = |other: &PixelRect| area(union(*other, last)) - area(*other);
        if let Some(best) = self.rects.iter_mut().min_by_key(|other| growth(other)) {
            *best = union(*best, last);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.rects.clear();
    }

    pub(crate) fn take(&mut self) -> Vec<PixelRect> {
        std::mem::take(&mut self.rects)
    }
}

/// The part of a rectangle with signed corners that lies on a surface.
pub(crate) fn clip(x: i32, y: i32, width: u32, height: u32, size: PixelSize) -> Option<PixelRect> {
    let left = i64::from(x).max(0);
    let top = i64::from(y).max(0);
    let right = (i64::from(x) + i64::from(width)).min(size.width.into());
    let bottom = (i64::from(y) + i64::from(height)).min(size.height.into());
    (left < right && top < bottom).then(|| PixelRect {
        x: left as u32,
        y: top as u32,
        width: (right - left) as u32,
        height: (bottom - top) as u32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rect(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
        PixelRect { x, y, width, height }
    }

    #[test]
    fn a_line_of_glyphs_is_one_rectangle() {
        let mut region = Region::default();
        for n in 0..80 {
            region.add(rect(n * 8, 40, 8, 16));
        }
        assert_eq!(region.take(), [rect(0, 40, 640, 16)]);
        assert_eq!(region.take(), []);
    }

    #[test]
    fn distant_rectangles_stay_apart() {
        let mut region = Region::default();
        region.add(rect(0, 0, 10, 10));
        region.add(rect(500, 500, 10, 10));
        region.add(rect(2, 2, 3, 3));
        assert_eq!(region.take(), [rect(500, 500, 10, 10), rect(0, 0, 10, 10)]);
    }

    #[test]
    fn many_rectangles_are_bounded_and_nothing_is_uncovered() {
        let seed = 7_u32;
        println!("seed {seed}");
        let mut state = seed;
        let mut random = move |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut region = Region::default();
        let mut added = Vec::new();
        for _ in 0..2_000 {
            let rect = rect(random(1900), random(1000), 1 + random(20), 1 + random(20));
            added.push(rect);
            region.add(rect);
            assert!(region.rects.len() <= Region::LIMIT);
        }
        let cover = region.take();
        for rect in added {
            // A rectangle that was added is inside one that is reported: they only grow.
            assert!(cover.iter().any(|c| union(*c, rect) == *c), "{rect:?}");
        }
    }

    #[test]
    fn clipping_keeps_what_is_on_the_surface() {
        let size = PixelSize { width: 100, height: 50 };
        assert_eq!(clip(-10, -10, 20, 20, size), Some(rect(0, 0, 10, 10)));
        assert_eq!(clip(90, 40, 20, 20, size), Some(rect(90, 40, 10, 10)));
        assert_eq!(clip(100, 0, 5, 5, size), None);
        assert_eq!(clip(-5, 0, 5, 5, size), None);
        assert_eq!(clip(i32::MIN, i32::MIN, u32::MAX, u32::MAX, size), Some(rect(0, 0, 100, 50)));
    }
}
