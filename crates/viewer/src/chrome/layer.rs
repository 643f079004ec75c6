//! Drawings over the picture.

use std::sync::Arc;

use gc_panel::{Canvas, Palette, Rgb, Style, Typeface, Weight};
use gc_platform::{PixelRect, PixelSize};

/// The face of all text.
type Face = Box<dyn Typeface>;

/// A drawing at a place of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layer {
    /// Where.
    pub(crate) area: PixelRect,
    /// B G R A, colours multiplied by A.
    pixels: Arc<Vec<u8>>,
}

impl Layer {
    /// A picture with straight alpha, R G B A, as far as it lies in the window.
    pub(crate) fn of_rgba(
        (left, top): (i32, i32),
        (width, height): (u32, u32),
        rgba: &[u8],
        window: PixelSize,
    ) -> Option<Self> {
        let clip = |start: i32, length: u32, room: u32| {
            let end = (start.saturating_add_unsigned(length)).clamp(0, room as i32);
            let from = start.clamp(0, room as i32);
            (end > from).then_some((from as u32, (end - from) as u32))
        };
        let (x, wide) = clip(left, width, window.width)?;
        let (y, high) = clip(top, height, window.height)?;
        let mut pixels = Vec::with_capacity(wide as usize * high as usize * 4);
        for row in 0..high {
            let from_y = (y as i32 - top) as u32 + row;
            for column in 0..wide {
                let from_x = (x as i32 - left) as u32 + column;
                let at = (from_y as usize * width as usize + from_x as usize) * 4;
                let pixel = rgba.get(at..at + 4)?;
                let a = u16::from(pixel[3]);
                let by = |channel: u8| ((u16::from(channel) * a + 127) / 255) as u8;
                pixels.extend([by(pixel[2]), by(pixel[1]), by(pixel[0]), pixel[3]]);
            }
        }
        let area = PixelRect { x, y, width: wide, height: high };
        Some(Self { area, pixels: Arc::new(pixels) })
    }

    /// B G R A, colours multiplied by A; rows without gaps.
    pub(crate) fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Whether the other is a copy of this one, wherever it lies.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pixels, &other.pixels)
    }

    /// Draws the part of it that lies in `clip`, which lies in the window.
    pub(crate) fn blend(&self, frame: &mut [u8], window: PixelSize, clip: PixelRect) {
        let Some(part) = intersection(self.area, clip) else { return };
        for y in part.y..part.y + part.height {
            let to = (y as usize * window.width as usize + part.x as usize) * 4;
            let from = ((y - self.area.y) as usize * self.area.width as usize
                + (part.x - self.area.x) as usize)
                * 4;
            let bytes = part.width as usize * 4;
            let (Some(to), Some(from)) =
                (frame.get_mut(to..to + bytes), self.pixels.get(from..from + bytes))
            else {
                return;
            };
            for (to, from) in to.chunks_exact_mut(4).zip(from.chunks_exact(4)) {
                let rest = 255 - u32::from(from[3]);
                for (to, from) in to.iter_mut().zip(from).take(3) {
                    *to = (u32::from(*from) + (u32::from(*to) * rest + 127) / 255).min(255) as u8;
                }
            }
        }
    }
}

/// What two rectangles share.
pub(crate) fn intersection(a: PixelRect, b: PixelRect) -> Option<PixelRect> {
    let (x, y) = (a.x.max(b.x), a.y.max(b.y));
    let right = (a.x + a.width).min(b.x + b.width);
    let bottom = (a.y + a.height).min(b.y + b.height);
    (right > x && bottom > y).then(|| PixelRect { x, y, width: right - x, height: bottom - y })
}

/// The smallest rectangle around both.
pub(crate) fn union(a: PixelRect, b: PixelRect) -> PixelRect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    let right = (a.x + a.width).max(b.x + b.width);
    let bottom = (a.y + a.height).max(b.y + b.height);
    PixelRect { x, y, width: right - x, height: bottom - y }
}

/// Draws layers in one look.
pub(crate) struct Painter {
    face: Option<Face>,
    /// Pixels to one of 1/96 inch.
    pub(crate) scale: f32,
    pub(crate) palette: Palette,
}

impl Painter {
    pub(crate) fn new(face: Face, scale: f32) -> Self {
        Self { face: Some(face), scale, palette: Palette::DARK }
    }

    /// So many pixels of 1/96 inch, in whole ones.
    pub(crate) fn px(&self, pixels: f32) -> f32 {
        (pixels * self.scale).round()
    }

    pub(crate) fn style(&self, px: f32, weight: Weight, color: Rgb) -> Style {
        Style { px: px * self.scale, weight, color }
    }

    /// Running text.
    pub(crate) fn text(&self) -> Style {
        self.style(13.0, Weight::Regular, self.palette.text)
    }

    /// Pixels a text takes.
    pub(crate) fn measure(&mut self, text: &str, style: Style) -> f32 {
        self.face.as_mut().map_or(0.0, |face| face.measure(text, style.px, style.weight))
    }

    /// Lines of at most `width`.
    pub(crate) fn wrapped(&mut self, text: &str, width: f32, style: Style) -> Vec<String> {
        self.with(1, 1, |canvas| canvas.wrapped(text, width, style)).unwrap_or_default()
    }

    /// The text, shortened to fit.
    pub(crate) fn with_fitted(&mut self, text: &str, width: f32, style: Style) -> String {
        self.with(1, 1, |canvas| canvas.fitted(text, width, style)).unwrap_or_default()
    }

    fn with<R>(
        &mut self,
        width: u32,
        height: u32,
        draw: impl FnOnce(&mut Canvas<Face>) -> R,
    ) -> Option<R> {
        if width == 0 || height == 0 {
            return None;
        }
        let face = self.face.take()?;
        // A picture of this size always fits: it is no larger than the window.
        let mut canvas = Canvas::new(width, height, face)?;
        let drawn = draw(&mut canvas);
        self.face = Some(canvas.into_fonts());
        Some(drawn)
    }

    /// Draws a layer of this size with its corner there.
    pub(crate) fn layer(
        &mut self,
        area: PixelRect,
        draw: impl FnOnce(&mut Canvas<Face>),
    ) -> Option<Layer> {
        let pixels = self.with(area.width, area.height, |canvas| {
            draw(canvas);
            canvas.bgra()
        })?;
        Some(Layer { area, pixels: Arc::new(pixels) })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A face whose letters are boxes of half their size.
    pub(crate) struct Boxes;

    impl Typeface for Boxes {
        fn measure(&mut self, text: &str, px: f32, _: Weight) -> f32 {
            text.chars().count() as f32 * px / 2.0
        }

        fn draw(
            &mut self,
            text: &str,
            x: f32,
            baseline: f32,
            px: f32,
            _: Weight,
            pixel: &mut dyn FnMut(i32, i32, f32),
        ) {
            for index in 0..text.chars().count() {
                let left = x + index as f32 * px / 2.0;
                for y in 0..(px / 2.0) as i32 {
                    for x in 0..(px / 3.0) as i32 {
                        pixel(left as i32 + x, baseline as i32 - y, 1.0);
                    }
                }
            }
        }
    }

    pub(crate) fn painter() -> Painter {
        Painter::new(Box::new(Boxes), 1.0)
    }

    #[test]
    fn a_layer_covers_what_is_below_by_its_alpha_and_inside_the_clip_only() {
        let window = PixelSize { width: 4, height: 2 };
        let mut frame = vec![100; 4 * 2 * 4];
        // Half-transparent red beside solid blue, its left column outside of the window.
        let rgba = [9, 9, 9, 255, 255, 0, 0, 128, 0, 0, 255, 255];
        let layer = Layer::of_rgba((-1, 0), (3, 1), &rgba, window).unwrap();
        assert_eq!(layer.area, PixelRect { x: 0, y: 0, width: 2, height: 1 });
        let all = PixelRect { x: 0, y: 0, width: 4, height: 2 };
        layer.blend(&mut frame, window, all);
        assert_eq!(frame[..3], [50, 50, 178]);
        assert_eq!(frame[4..7], [255, 0, 0]);
        assert_eq!(frame[8..11], [100; 3]);
        let mut frame = vec![100; 4 * 2 * 4];
        layer.blend(&mut frame, window, PixelRect { x: 1, y: 0, width: 3, height: 2 });
        assert_eq!(frame[..3], [100; 3]);
        assert!(Layer::of_rgba((-3, 0), (3, 1), &rgba, window).is_none());
    }
}
