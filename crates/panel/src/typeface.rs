//! The seam to the system's text.

/// Weight of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Running text.
    Regular,
    /// Headings and buttons.
    Bold,
}

/// Measures and draws text with the fonts of the system.
pub trait Typeface {
    /// Pixels a text takes from left to right; `px` is the size of the em square.
    fn measure(&mut self, text: &str, px: f32, weight: Weight) -> f32;

    /// Gives the coverage (0–1) of each pixel of a text that starts at `x` on the line
    /// `baseline`. Pixels may lie outside of the picture.
    fn draw(
        &mut self,
        text: &str,
        x: f32,
        baseline: f32,
        px: f32,
        weight: Weight,
        pixel: &mut dyn FnMut(i32, i32, f32),
    );
}

impl<T: Typeface + ?Sized> Typeface for Box<T> {
    fn measure(&mut self, text: &str, px: f32, weight: Weight) -> f32 {
        (**self).measure(text, px, weight)
    }

    fn draw(
        &mut self,
        text: &str,
        x: f32,
        baseline: f32,
        px: f32,
        weight: Weight,
        pixel: &mut dyn FnMut(i32, i32, f32),
    ) {
        (**self).draw(text, x, baseline, px, weight, pixel);
    }
}
