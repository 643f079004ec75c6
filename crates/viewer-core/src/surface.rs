//! The pixels that a viewer shows.

use gc_video::PixelRect;

/// A picture of B G R X pixels, X undefined; black at first.
#[derive(Debug, Clone)]
pub struct Surface {
    width: u32,
    height: u32,
    generation: u32,
    display_id: u32,
    stride: usize,
    pixels: Vec<u8>,
}

impl Surface {
    /// The caller has checked the size. Zeroed memory costs nothing until it is
    /// written.
    pub(crate) fn black(width: u32, height: u32, generation: u32, display_id: u32) -> Self {
        let stride = width as usize * 4;
        let pixels = vec![0; stride * height as usize];
        Self { width, height, generation, display_id, stride, pixels }
    }

    /// Pixels from left to right.
    pub const fn width(&self) -> u32 {
        self.width
    }

    /// Pixels from top to bottom.
    pub const fn height(&self) -> u32 {
        self.height
    }

    /// Number of the surface in its session.
    pub const fn generation(&self) -> u32 {
        self.generation
    }

    /// Which display it shows; 0 for all in one.
    pub const fn display_id(&self) -> u32 {
        self.display_id
    }

    /// Bytes from one row to the next.
    pub const fn stride(&self) -> usize {
        self.stride
    }

    /// Rows from the top.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The whole of it as a rectangle.
    pub const fn bounds(&self) -> PixelRect {
        PixelRect::new(0, 0, self.width, self.height)
    }

    const fn start(&self, x: u32, y: u32) -> usize {
        y as usize * self.stride + x as usize * 4
    }

    /// The bytes from the first pixel of `rect` on; `rect` lies inside.
    pub(crate) fn at_corner(&mut self, rect: &PixelRect) -> &mut [u8] {
        let start = self.start(rect.x, rect.y);
        self.pixels.get_mut(start..).unwrap_or_default()
    }

    /// Replaces the pixels of `rect` by rows without padding.
    pub(crate) fn draw(&mut self, rect: &PixelRect, rows: &[u8]) {
        let (stride, row) = (self.stride, rect.width as usize * 4);
        for (to, from) in self.at_corner(rect).chunks_mut(stride).zip(rows.chunks_exact(row)) {
            if let Some(to) = to.get_mut(..row) {
                to.copy_from_slice(from);
            }
        }
    }

    /// Gives `rect` one colour, 0x00RRGGBB.
    pub(crate) fn fill(&mut self, rect: &PixelRect, color: u32) {
        let [b, g, r, _] = color.to_le_bytes();
        let (stride, row) = (self.stride, rect.width as usize * 4);
        let rows = self.at_corner(rect).chunks_mut(stride).take(rect.height as usize);
        for to in rows {
            for pixel in to.get_mut(..row).unwrap_or_default().chunks_exact_mut(4) {
                pixel.copy_from_slice(&[b, g, r, 255]);
            }
        }
    }

    /// Copies from a rectangle of the same size; both lie inside and may overlap.
    pub(crate) fn copy(&mut self, rect: &PixelRect, from_x: u32, from_y: u32) {
        let row = rect.width as usize * 4;
        let mut one = |y: u32| {
            let from = self.start(from_x, from_y + y);
            let to = self.start(rect.x, rect.y + y);
            self.pixels.copy_within(from..from + row, to);
        };
        if from_y >= rect.y {
            (0..rect.height).for_each(&mut one);
        } else {
            (0..rect.height).rev().for_each(&mut one);
        }
    }
}
