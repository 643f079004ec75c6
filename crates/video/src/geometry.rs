//! Rectangles and borrowed pictures.

use gc_proto::v2;

/// A rectangle in pixels of the surface. Empty when a side is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PixelRect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

impl PixelRect {
    /// From its corner and its size.
    pub const fn new(x: u32, y: u32, width: u32, height: u32) -> Self {
        Self { x, y, width, height }
    }

    /// First column after it.
    pub const fn right(&self) -> u32 {
        self.x.saturating_add(self.width)
    }

    /// First row after it.
    pub const fn bottom(&self) -> u32 {
        self.y.saturating_add(self.height)
    }

    /// Pixels in it.
    pub const fn area(&self) -> u64 {
        self.width as u64 * self.height as u64
    }

    /// Whether it has no pixel.
    pub const fn is_empty(&self) -> bool {
        self.width == 0 || self.height == 0
    }

    /// What both have in common; empty when they do not meet.
    pub fn intersection(&self, other: &Self) -> Self {
        let x = self.x.max(other.x);
        let y = self.y.max(other.y);
        let width = self.right().min(other.right()).saturating_sub(x);
        let height = self.bottom().min(other.bottom()).saturating_sub(y);
        if width == 0 || height == 0 { Self::default() } else { Self { x, y, width, height } }
    }

    /// The smallest rectangle around both.
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return *other;
        }
        if other.is_empty() {
            return *self;
        }
        let x = self.x.min(other.x);
        let y = self.y.min(other.y);
        Self {
            x,
            y,
            width: self.right().max(other.right()) - x,
            height: self.bottom().max(other.bottom()) - y,
        }
    }

    /// Whether `other` lies inside as a whole.
    pub fn contains(&self, other: &Self) -> bool {
        other.is_empty() || self.intersection(other) == *other
    }

    /// Whether both have a pixel in common.
    pub(crate) fn touches(&self, other: &Self) -> bool {
        !self.intersection(other).is_empty()
    }

    /// Larger by `by` pixels on every side, as far as there is room at the top and
    /// at the left.
    pub(crate) const fn around(&self, by: u32) -> Self {
        let (x, y) = (self.x.saturating_sub(by), self.y.saturating_sub(by));
        let width = self.right().saturating_add(by) - x;
        Self { x, y, width, height: self.bottom().saturating_add(by) - y }
    }

    pub(crate) const fn wire(&self) -> v2::Rect {
        v2::Rect { x: self.x, y: self.y, width: self.width, height: self.height }
    }
}

/// Why a [`PictureView`] cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewError {
    /// Its rows do not fit into its bytes.
    #[error("picture of {width}x{height} with rows of {stride} bytes has only {bytes} bytes")]
    TooShort {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
        /// Bytes from row to row.
        stride: usize,
        /// Bytes there are.
        bytes: usize,
    },
    /// It is not of the surface's size.
    #[error("picture is {width}x{height}, the surface is not")]
    Size {
        /// Pixels from left to right.
        width: u32,
        /// Pixels from top to bottom.
        height: u32,
    },
}

/// Somebody else's pixels: B G R X, 4 bytes each, X undefined.
#[derive(Debug, Clone, Copy)]
pub struct PictureView<'a> {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
    /// Bytes from one row to the next; at least four times the width.
    pub stride: usize,
    /// Rows from the top.
    pub pixels: &'a [u8],
}

impl<'a> PictureView<'a> {
    /// Fails when the rows do not fit into the bytes.
    pub fn check(&self) -> Result<(), ViewError> {
        let row = self.width as usize * 4;
        let needed = (self.height as usize)
            .checked_sub(1)
            .and_then(|rows| rows.checked_mul(self.stride))
            .and_then(|bytes| bytes.checked_add(row));
        if self.width > 0 && self.stride >= row && needed.is_some_and(|n| n <= self.pixels.len()) {
            Ok(())
        } else {
            Err(ViewError::TooShort {
                width: self.width,
                height: self.height,
                stride: self.stride,
                bytes: self.pixels.len(),
            })
        }
    }

    /// The bytes of a row from column `x` on, `width` pixels; short when they are
    /// not there.
    pub fn row(&self, x: u32, y: u32, width: u32) -> &'a [u8] {
        let start = y as usize * self.stride + x as usize * 4;
        self.pixels.get(start..start + width as usize * 4).unwrap_or_default()
    }

    /// A part of it, without copying; `None` when it reaches outside.
    pub fn crop(&self, rect: &PixelRect) -> Option<Self> {
        let whole = PixelRect::new(0, 0, self.width, self.height);
        if rect.is_empty() || !whole.contains(rect) {
            return None;
        }
        let start = rect.y as usize * self.stride + rect.x as usize * 4;
        let pixels = self.pixels.get(start..)?;
        Some(Self { width: rect.width, height: rect.height, stride: self.stride, pixels })
    }
}

/// Damage that waits: few rectangles that hold every pixel ever added.
#[derive(Debug, Default)]
pub(crate) struct Damage {
    rects: Vec<PixelRect>,
}

impl Damage {
    const MOST: usize = 24;

    pub(crate) fn is_empty(&self) -> bool {
        self.rects.is_empty()
    }

    pub(crate) fn rects(&self) -> &[PixelRect] {
        &self.rects
    }

    pub(crate) fn clear(&mut self) {
        self.rects.clear();
    }

    pub(crate) fn add(&mut self, rect: PixelRect) {
        if rect.is_empty() || self.rects.iter().any(|held| held.contains(&rect)) {
            return;
        }
        let mut rect = rect;
        // Joins what overlaps or nearly does; each join may make another possible.
        while let Some(at) = self
            .rects
            .iter()
            .position(|held| held.union(&rect).area() <= (held.area() + rect.area()) * 9 / 8)
        {
            rect = rect.union(&self.rects.swap_remove(at));
        }
        self.rects.push(rect);
        if self.rects.len() > Self::MOST {
            let all = self.rects.iter().fold(PixelRect::default(), |sum, r| sum.union(r));
            self.rects.clear();
            self.rects.push(all);
        }
    }

    pub(crate) fn append(&mut self, other: &mut Self) {
        for rect in other.rects.drain(..) {
            self.add(rect);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_keeps_every_pixel_in_few_rectangles() {
        let mut damage = Damage::default();
        let mut added = Vec::new();
        for i in 0..200_u32 {
            let rect = PixelRect::new((i * 97) % 1900, (i * 53) % 1000, 1 + i % 17, 1 + i % 9);
            damage.add(rect);
            added.push(rect);
            assert!(damage.rects().len() <= Damage::MOST);
        }
        for rect in added {
            let covered: bool = damage.rects().iter().any(|held| held.contains(&rect));
            assert!(covered, "{rect:?}");
        }
    }

    #[test]
    fn far_apart_damage_stays_apart() {
        let mut damage = Damage::default();
        damage.add(PixelRect::new(0, 0, 10, 10));
        damage.add(PixelRect::new(1000, 900, 10, 10));
        assert_eq!(damage.rects().len(), 2);
        damage.add(PixelRect::new(0, 10, 10, 10));
        assert_eq!(damage.rects().len(), 2);
    }

    #[test]
    fn views_that_lie_are_refused() {
        let pixels = [0_u8; 64];
        let good = PictureView { width: 4, height: 4, stride: 16, pixels: &pixels };
        assert_eq!(good.check(), Ok(()));
        assert!(PictureView { height: 5, ..good }.check().is_err());
        assert!(PictureView { stride: 15, ..good }.check().is_err());
        assert!(PictureView { width: 0, ..good }.check().is_err());
        assert!(good.crop(&PixelRect::new(3, 3, 2, 1)).is_none());
        assert_eq!(good.crop(&PixelRect::new(3, 3, 1, 1)).map(|c| c.check()), Some(Ok(())));
    }
}
