//! Where the rectangles of a frame go in the memory that the display draws from.

use gc_video::PixelRect;

/// A rectangle without padding in the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    /// In the window.
    pub(super) rect: PixelRect,
    /// Of its first row, bytes.
    pub(super) offset: u64,
}

/// Cuts the rectangles to the window and lays them one after another. Rectangles
/// that overlap so much that they need more than `room` pixels become their hull.
pub(super) fn pack(damage: &[PixelRect], (width, height): (u32, u32), room: u64) -> Vec<Placed> {
    let inside: Vec<PixelRect> = damage
        .iter()
        .map(|rect| {
            let (x, y) = (rect.x.min(width), rect.y.min(height));
            PixelRect::new(x, y, rect.width.min(width - x), rect.height.min(height - y))
        })
        .filter(|rect| rect.width > 0 && rect.height > 0)
        .collect();
    let pixels = |rect: &PixelRect| u64::from(rect.width) * u64::from(rect.height);
    let rects = if inside.iter().map(pixels).sum::<u64>() > room {
        hull(&inside).into_iter().collect()
    } else {
        inside
    };
    let mut offset = 0;
    let mut place = |rect: PixelRect| {
        let placed = Placed { rect, offset };
        offset += pixels(&rect) * 4;
        placed
    };
    rects.into_iter().map(&mut place).collect()
}

fn hull(rects: &[PixelRect]) -> Option<PixelRect> {
    let left = rects.iter().map(|rect| rect.x).min()?;
    let top = rects.iter().map(|rect| rect.y).min()?;
    let right = rects.iter().map(|rect| rect.x + rect.width).max()?;
    let bottom = rects.iter().map(|rect| rect.y + rect.height).max()?;
    Some(PixelRect::new(left, top, right - left, bottom - top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rectangles_lie_one_after_another() {
        let damage = [PixelRect::new(1, 2, 10, 3), PixelRect::new(50, 0, 2, 2)];
        let placed = pack(&damage, (100, 100), 10_000);
        assert_eq!(placed[0], Placed { rect: damage[0], offset: 0 });
        assert_eq!(placed[1], Placed { rect: damage[1], offset: 120 });
    }

    #[test]
    fn what_reaches_outside_is_cut_and_what_lies_outside_is_left_out() {
        let damage = [PixelRect::new(90, 95, 20, 20), PixelRect::new(100, 0, 5, 5)];
        let placed = pack(&damage, (100, 100), 10_000);
        assert_eq!(placed, [Placed { rect: PixelRect::new(90, 95, 10, 5), offset: 0 }]);
    }

    #[test]
    fn too_many_that_overlap_become_their_hull() {
        let damage = [PixelRect::new(0, 0, 80, 100), PixelRect::new(10, 0, 80, 100)];
        let placed = pack(&damage, (100, 100), 10_000);
        assert_eq!(placed, [Placed { rect: PixelRect::new(0, 0, 90, 100), offset: 0 }]);
    }
}
