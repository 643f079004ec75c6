//! A picture to draw on: shapes, and text that fits.

use gc_platform::PixelRect;
use tiny_skia::{
    Color, FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use super::font::{Fonts, Weight};

/// A colour, red green blue.
pub(crate) type Rgb = [u8; 3];

/// A rectangle on the canvas, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Area {
    pub(crate) x: f32,
    pub(crate) y: f32,
    pub(crate) width: f32,
    pub(crate) height: f32,
}

impl Area {
    pub(crate) fn contains(&self, x: f32, y: f32) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    pub(crate) fn grown(&self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }

    /// The whole pixels it touches, inside a picture of this size.
    pub(crate) fn pixels(&self, width: u32, height: u32) -> PixelRect {
        let left = (self.x.floor().max(0.0) as u32).min(width - 1);
        let top = (self.y.floor().max(0.0) as u32).min(height - 1);
        let right = ((self.x + self.width).ceil().max(0.0) as u32).clamp(left + 1, width);
        let bottom = ((self.y + self.height).ceil().max(0.0) as u32).clamp(top + 1, height);
        PixelRect { x: left, y: top, width: right - left, height: bottom - top }
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) px: f32,
    pub(crate) weight: Weight,
    pub(crate) color: Rgb,
}

pub(crate) struct Canvas {
    pixmap: Pixmap,
    pub(crate) fonts: Fonts,
}

fn paint(color: Rgb) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(color[0], color[1], color[2], 255);
    paint.anti_alias = true;
    paint
}

fn rounded(area: Area, radius: f32) -> Option<Path> {
    let Area { x, y, width, height } = area;
    let r = radius.min(width / 2.0).min(height / 2.0);
    // A quarter of a circle as a cubic curve.
    let k = r * 0.447_715;
    let (right, bottom) = (x + width, y + height);
    let mut path = PathBuilder::new();
    path.move_to(x + r, y);
    path.line_to(right - r, y);
    path.cubic_to(right - k, y, right, y + k, right, y + r);
    path.line_to(right, bottom - r);
    path.cubic_to(right, bottom - k, right - k, bottom, right - r, bottom);
    path.line_to(x + r, bottom);
    path.cubic_to(x + k, bottom, x, bottom - k, x, bottom - r);
    path.line_to(x, y + r);
    path.cubic_to(x, y + k, x + k, y, x + r, y);
    path.close();
    path.finish()
}

impl Canvas {
    /// At least one pixel.
    pub(crate) fn new(width: u32, height: u32, fonts: Fonts) -> Option<Self> {
        Some(Self { pixmap: Pixmap::new(width, height)?, fonts })
    }

    pub(crate) fn into_fonts(self) -> Fonts {
        self.fonts
    }

    pub(crate) fn width(&self) -> u32 {
        self.pixmap.width()
    }

    pub(crate) fn height(&self) -> u32 {
        self.pixmap.height()
    }

    pub(crate) fn clear(&mut self, color: Rgb) {
        self.pixmap.fill(Color::from_rgba8(color[0], color[1], color[2], 255));
    }

    pub(crate) fn fill(&mut self, area: Area, color: Rgb) {
        if let Some(rect) = Rect::from_xywh(area.x, area.y, area.width, area.height) {
            self.pixmap.fill_rect(rect, &paint(color), Transform::identity(), None);
        }
    }

    pub(crate) fn fill_rounded(&mut self, area: Area, radius: f32, color: Rgb) {
        if let Some(path) = rounded(area, radius) {
            let rule = FillRule::Winding;
            self.pixmap.fill_path(&path, &paint(color), rule, Transform::identity(), None);
        }
    }

    pub(crate) fn outline_rounded(&mut self, area: Area, radius: f32, color: Rgb, width: f32) {
        // The line lies inside the area.
        let inner = area.grown(-width / 2.0);
        if let Some(path) = rounded(inner, radius - width / 2.0) {
            let stroke = Stroke { width, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
        }
    }

    pub(crate) fn dot(&mut self, x: f32, y: f32, radius: f32, color: Rgb) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            let rule = FillRule::Winding;
            self.pixmap.fill_path(&path, &paint(color), rule, Transform::identity(), None);
        }
    }

    /// A part (0–1) of a circle's line, clockwise from the top.
    pub(crate) fn ring(&mut self, x: f32, y: f32, radius: f32, part: f32, color: Rgb, width: f32) {
        let steps = (part.clamp(0.0, 1.0) * 120.0).round() as u32;
        if steps == 0 {
            return;
        }
        let mut path = PathBuilder::new();
        for step in 0..=steps {
            let angle = step as f32 / 120.0 * std::f32::consts::TAU;
            let (px, py) = (x + radius * angle.sin(), y - radius * angle.cos());
            if step == 0 {
                path.move_to(px, py);
            } else {
                path.line_to(px, py);
            }
        }
        if let Some(path) = path.finish() {
            let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
        }
    }

    pub(crate) fn measure(&mut self, text: &str, style: Style) -> f32 {
        self.fonts.measure(text, style.px, style.weight)
    }

    /// Writes a line whose baseline is `baseline`.
    pub(crate) fn text(&mut self, text: &str, x: f32, baseline: f32, style: Style) {
        let (width, height) = (self.width() as i32, self.height() as i32);
        let data = self.pixmap.data_mut();
        self.fonts.draw(text, x, baseline, style.px, style.weight, |x, y, coverage| {
            if (0..width).contains(&x) && (0..height).contains(&y) {
                let at = ((y * width + x) * 4) as usize;
                for (channel, color) in data[at..at + 3].iter_mut().zip(style.color) {
                    let mixed =
                        f32::from(*channel) * (1.0 - coverage) + f32::from(color) * coverage;
                    *channel = mixed.round() as u8;
                }
            }
        });
    }

    pub(crate) fn text_centred(&mut self, text: &str, area: Area, style: Style) {
        let width = self.measure(text, style);
        // Capitals are about 0.72 of the size high; their middle is the area's.
        let baseline = (area.y + area.height / 2.0 + style.px * 0.36).round();
        self.text(text, (area.x + (area.width - width) / 2.0).round(), baseline, style);
    }

    /// The text, shortened with an ellipsis to fit.
    pub(crate) fn fitted(&mut self, text: &str, width: f32, style: Style) -> String {
        if self.measure(text, style) <= width {
            return text.to_owned();
        }
        let mut kept: Vec<char> = text.chars().collect();
        while kept.pop().is_some() {
            let short: String = kept.iter().chain(&['…']).collect();
            if self.measure(&short, style) <= width {
                return short;
            }
        }
        "…".to_owned()
    }

    /// Lines of at most `width`, broken between words.
    pub(crate) fn wrapped(&mut self, text: &str, width: f32, style: Style) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            let longer = lines.last().map(|line| format!("{line} {word}"));
            match longer.filter(|longer| self.measure(longer, style) <= width) {
                Some(longer) => {
                    lines.pop();
                    lines.push(longer);
                }
                None => lines.push(self.fitted(word, width, style)),
            }
        }
        lines
    }

    /// Pixels of a part as B G R X, row by row without gaps.
    pub(crate) fn bgrx(&self, part: PixelRect) -> Vec<u8> {
        let stride = self.width() as usize * 4;
        let mut out = Vec::with_capacity(part.width as usize * part.height as usize * 4);
        for y in part.y..part.y + part.height {
            let start = y as usize * stride + part.x as usize * 4;
            let row = &self.pixmap.data()[start..start + part.width as usize * 4];
            out.extend(row.chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], 0xFF]));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { px: 16.0, weight: Weight::Regular, color: [0; 3] };

    #[test]
    fn long_text_is_shortened_and_wrapped_to_fit() {
        let mut canvas = Canvas::new(10, 10, Fonts::load()).unwrap();
        let name = "x".repeat(255);
        let fitted = canvas.fitted(&name, 200.0, STYLE);
        assert!(fitted.ends_with('…') && fitted.chars().count() > 5);
        assert!(canvas.measure(&fitted, STYLE) <= 200.0);
        let text = format!("You can end this at any time {name} with Stop");
        let lines = canvas.wrapped(&text, 150.0, STYLE);
        assert!(lines.len() > 2);
        for line in &lines {
            assert!(canvas.measure(line, STYLE) <= 150.0, "{line}");
        }
        assert_eq!(canvas.fitted("Anna", 200.0, STYLE), "Anna");
    }

    #[test]
    fn areas_become_pixels_inside_the_picture() {
        let area = Area { x: -3.0, y: 2.5, width: 10.0, height: 100.0 };
        assert_eq!(area.pixels(20, 30), PixelRect { x: 0, y: 2, width: 7, height: 28 });
    }
}
