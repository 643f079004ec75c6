//! From the picture as an adapter holds it to the picture as people see it.
//!
//! What is duplicated is the unrotated image, whatever way the monitor is turned, and
//! its dirty and move rectangles are those of that image ("Desktop Duplication API",
//! Microsoft Learn).

use gc_platform::{PixelRect, PixelSize};

/// Bytes of a pixel.
const PIXEL: usize = 4;

/// How the image is turned to become what the monitor shows (`DXGI_MODE_ROTATION`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// Not at all.
    Identity,
    /// By 90 degrees to the right.
    Right,
    /// Upside down.
    Half,
    /// By 270 degrees to the right.
    Left,
}

impl Rotation {
    /// From its number; `None`: there is no such rotation. 0 stands for "not said",
    /// which is none.
    pub const fn from_number(number: i32) -> Option<Self> {
        match number {
            0 | 1 => Some(Self::Identity),
            2 => Some(Self::Right),
            3 => Some(Self::Half),
            4 => Some(Self::Left),
            _ => None,
        }
    }

    /// The size that people see of an image of this size.
    #[must_use]
    pub const fn size(self, image: PixelSize) -> PixelSize {
        match self {
            Self::Identity | Self::Half => image,
            Self::Right | Self::Left => PixelSize { width: image.height, height: image.width },
        }
    }

    /// Where a rectangle of an image of this size is seen. It must lie inside.
    #[must_use]
    pub const fn rect(self, rect: PixelRect, image: PixelSize) -> PixelRect {
        let PixelRect { x, y, width, height } = rect;
        match self {
            Self::Identity => rect,
            Self::Right => {
                PixelRect { x: image.height - (y + height), y: x, width: height, height: width }
            }
            Self::Half => PixelRect {
                x: image.width - (x + width),
                y: image.height - (y + height),
                width,
                height,
            },
            Self::Left => {
                PixelRect { x: y, y: image.width - (x + width), width: height, height: width }
            }
        }
    }
}

/// The part of a rectangle that lies inside; edges may be anywhere. `None`: nothing.
pub fn clip(left: i32, top: i32, right: i32, bottom: i32, size: PixelSize) -> Option<PixelRect> {
    let inside = |edge: i32, side: u32| edge.clamp(0, i32::try_from(side).unwrap_or(i32::MAX));
    let (left, right) = (inside(left, size.width), inside(right, size.width));
    let (top, bottom) = (inside(top, size.height), inside(bottom, size.height));
    if right <= left || bottom <= top {
        return None;
    }
    Some(PixelRect {
        x: left.cast_unsigned(),
        y: top.cast_unsigned(),
        width: (right - left).cast_unsigned(),
        height: (bottom - top).cast_unsigned(),
    })
}

/// Where an image's pixels go: rows of 4-byte pixels without padding, as seen.
pub struct Canvas<'a> {
    /// As seen.
    pub size: PixelSize,
    /// Rows from the top.
    pub pixels: &'a mut [u8],
}

impl Canvas<'_> {
    /// Puts the rectangle `rect` of an unrotated image where it is seen. `source`
    /// begins with the rectangle's first pixel; its rows are `pitch` bytes apart. Tells
    /// where that is; what does not fit into the canvas, or is not in `source`, stays
    /// out.
    pub fn put(
        &mut self,
        rotation: Rotation,
        rect: PixelRect,
        source: &[u8],
        pitch: usize,
    ) -> PixelRect {
        // The image has the size of the canvas, turned back; turning is its own way
        // back as far as sizes go.
        let seen = rotation.rect(rect, rotation.size(self.size));
        let stride = self.size.width as usize * PIXEL;
        let row_bytes = rect.width as usize * PIXEL;
        for row in 0..rect.height {
            let start = row as usize * pitch;
            let Some(from) = source.get(start..start + row_bytes) else { break };
            let y = seen.y as usize;
            match rotation {
                Rotation::Identity => {
                    let at = (y + row as usize) * stride + seen.x as usize * PIXEL;
                    if let Some(to) = self.pixels.get_mut(at..at + row_bytes) {
                        to.copy_from_slice(from);
                    }
                }
                Rotation::Half => {
                    let at =
                        (y + (rect.height - 1 - row) as usize) * stride + seen.x as usize * PIXEL;
                    if let Some(to) = self.pixels.get_mut(at..at + row_bytes) {
                        let to = to.as_chunks_mut::<PIXEL>().0.iter_mut().rev();
                        to.zip(from.as_chunks::<PIXEL>().0).for_each(|(to, from)| *to = *from);
                    }
                }
                Rotation::Right | Rotation::Left => {
                    let column = if rotation == Rotation::Right {
                        seen.x + (rect.height - 1 - row)
                    } else {
                        seen.x + row
                    };
                    let first = y * stride + column as usize * PIXEL;
                    let pixels = from.as_chunks::<PIXEL>().0;
                    for (index, pixel) in pixels.iter().enumerate() {
                        let down = if rotation == Rotation::Right {
                            index
                        } else {
                            pixels.len() - 1 - index
                        };
                        let at = first + down * stride;
                        if let Some(to) = self.pixels.get_mut(at..at + PIXEL) {
                            to.copy_from_slice(pixel);
                        }
                    }
                }
            }
        }
        seen
    }
}

/// Rectangles that are kept apart at most; more become one that holds them all.
const MOST_APART: usize = 64;

/// Adds a rectangle, unless others hold it already.
pub fn add(list: &mut Vec<PixelRect>, rect: PixelRect) {
    let holds = |outer: &PixelRect, inner: &PixelRect| {
        outer.x <= inner.x
            && outer.y <= inner.y
            && outer.x + outer.width >= inner.x + inner.width
            && outer.y + outer.height >= inner.y + inner.height
    };
    if list.iter().any(|old| holds(old, &rect)) {
        return;
    }
    list.retain(|old| !holds(&rect, old));
    list.push(rect);
    if list.len() > MOST_APART {
        let bounds = list.drain(..).reduce(|a, b| {
            let (x, y) = (a.x.min(b.x), a.y.min(b.y));
            let right = (a.x + a.width).max(b.x + b.width);
            let bottom = (a.y + a.height).max(b.y + b.height);
            PixelRect { x, y, width: right - x, height: bottom - y }
        });
        list.extend(bounds);
    }
}

/// What two rectangles share.
pub fn shared(a: PixelRect, b: PixelRect) -> Option<PixelRect> {
    let (x, y) = (a.x.max(b.x), a.y.max(b.y));
    let right = (a.x + a.width).min(b.x + b.width);
    let bottom = (a.y + a.height).min(b.y + b.height);
    (right > x && bottom > y).then(|| PixelRect { x, y, width: right - x, height: bottom - y })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::duplication::testing::Random;

    /// Where a pixel of an image of this size is seen, one by one as Microsoft's sample
    /// turns its corners.
    fn seen(rotation: Rotation, (x, y): (u32, u32), image: PixelSize) -> (u32, u32) {
        match rotation {
            Rotation::Identity => (x, y),
            Rotation::Right => (image.height - 1 - y, x),
            Rotation::Half => (image.width - 1 - x, image.height - 1 - y),
            Rotation::Left => (y, image.width - 1 - x),
        }
    }

    const ALL: [Rotation; 4] =
        [Rotation::Identity, Rotation::Right, Rotation::Half, Rotation::Left];

    #[test]
    fn every_pixel_goes_where_it_is_seen_whatever_the_rotation() {
        let mut random = Random::new(0x0717_A7E5);
        for round in 0..400 {
            let rotation = ALL[round % 4];
            let image = PixelSize { width: random.below(40) + 1, height: random.below(30) + 1 };
            let (x, y) = (random.below(image.width), random.below(image.height));
            let rect = PixelRect {
                x,
                y,
                width: random.below(image.width - x) + 1,
                height: random.below(image.height - y) + 1,
            };
            let pitch = rect.width as usize * PIXEL + random.below(3) as usize * PIXEL;
            let source: Vec<u8> =
                (0..pitch * rect.height as usize).map(|_| random.below(255) as u8 + 1).collect();
            let size = rotation.size(image);
            let mut pixels = vec![0; size.width as usize * size.height as usize * PIXEL];
            let mut expected = pixels.clone();
            let mut touched = Vec::new();
            for row in 0..rect.height {
                for column in 0..rect.width {
                    let (to_x, to_y) = seen(rotation, (rect.x + column, rect.y + row), image);
                    let at = (to_y * size.width + to_x) as usize * PIXEL;
                    let from = row as usize * pitch + column as usize * PIXEL;
                    expected[at..at + PIXEL].copy_from_slice(&source[from..from + PIXEL]);
                    touched.push((to_x, to_y));
                }
            }
            let where_seen =
                Canvas { size, pixels: &mut pixels }.put(rotation, rect, &source, pitch);
            assert_eq!(pixels, expected, "{rotation:?} {rect:?} of {image:?}");
            assert_eq!(where_seen, rotation.rect(rect, image));
            assert_eq!(touched.len() as u32, where_seen.width * where_seen.height);
            let inside = |(x, y): &(u32, u32)| {
                (where_seen.x..where_seen.x + where_seen.width).contains(x)
                    && (where_seen.y..where_seen.y + where_seen.height).contains(y)
            };
            assert!(touched.iter().all(inside), "{rotation:?} {rect:?} of {image:?}");
        }
    }

    #[test]
    fn a_source_that_is_too_short_leaves_the_rest_alone() {
        let size = PixelSize { width: 2, height: 2 };
        let mut pixels = [7; 16];
        let whole = PixelRect { x: 0, y: 0, width: 2, height: 2 };
        Canvas { size, pixels: &mut pixels }.put(Rotation::Identity, whole, &[1; 12], 8);
        assert_eq!(pixels, [1, 1, 1, 1, 1, 1, 1, 1, 7, 7, 7, 7, 7, 7, 7, 7]);
    }

    #[test]
    fn rotations_have_the_numbers_of_the_header() {
        let found: Vec<_> = (0..6).map(Rotation::from_number).collect();
        let [identity, right, half, left] = ALL.map(Some);
        assert_eq!(found, [identity, identity, right, half, left, None]);
    }

    #[test]
    fn edges_outside_are_cut_off() {
        let size = PixelSize { width: 10, height: 20 };
        let whole = PixelRect { x: 0, y: 0, width: 10, height: 20 };
        assert_eq!(clip(-5, -5, 99, 99, size), Some(whole));
        assert_eq!(
            clip(i32::MIN, 3, i32::MAX, 4, size),
            Some(PixelRect { y: 3, height: 1, ..whole })
        );
        assert_eq!(clip(4, 4, 4, 9, size), None);
        assert_eq!(clip(10, 0, 12, 5, size), None);
        assert_eq!(clip(6, 5, 2, 1, size), None);
    }

    #[test]
    fn many_rectangles_become_one_and_none_is_lost() {
        let mut list = Vec::new();
        let at = |n: u32| PixelRect { x: n * 2, y: n, width: 1, height: 1 };
        (0..64).for_each(|n| add(&mut list, at(n)));
        assert_eq!(list.len(), 64);
        add(&mut list, at(3));
        assert_eq!(list.len(), 64, "it was there");
        add(&mut list, at(64));
        assert_eq!(list, [PixelRect { x: 0, y: 0, width: 129, height: 65 }]);
        add(&mut list, PixelRect { x: 0, y: 0, width: 200, height: 200 });
        assert_eq!(list.len(), 1, "it holds the other");
    }

    #[test]
    fn what_two_share() {
        let a = PixelRect { x: 2, y: 2, width: 4, height: 4 };
        assert_eq!(shared(a, a), Some(a));
        let b = PixelRect { x: 5, y: 0, width: 4, height: 3 };
        assert_eq!(shared(a, b), Some(PixelRect { x: 5, y: 2, width: 1, height: 1 }));
        assert_eq!(shared(a, PixelRect { x: 6, ..a }), None);
    }
}
