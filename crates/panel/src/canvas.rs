//! A picture to draw on: shapes, and text that fits.

use gc_platform::PixelRect;
use tiny_skia::{
    Color, FillRule, LineCap, Paint, Path, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

use crate::{Rgb, Typeface, Weight};

/// A rectangle on the canvas, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
}

impl Area {
    /// Whether a point lies in it.
    pub fn contains(&self, x: f32, y: f32) -> bool {
        (self.x..self.x + self.width).contains(&x) && (self.y..self.y + self.height).contains(&y)
    }

    /// Larger by so much on every side.
    pub fn grown(&self, by: f32) -> Self {
        Self {
            x: self.x - by,
            y: self.y - by,
            width: self.width + 2.0 * by,
            height: self.height + 2.0 * by,
        }
    }

    /// The whole pixels it touches, inside a picture of this size.
    pub fn pixels(&self, width: u32, height: u32) -> PixelRect {
        let left = (self.x.floor().max(0.0) as u32).min(width - 1);
        let top = (self.y.floor().max(0.0) as u32).min(height - 1);
        let right = ((self.x + self.width).ceil().max(0.0) as u32).clamp(left + 1, width);
        let bottom = ((self.y + self.height).ceil().max(0.0) as u32).clamp(top + 1, height);
        PixelRect { x: left, y: top, width: right - left, height: bottom - top }
    }
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Size of the em square, pixels.
    pub px: f32,
    /// Weight.
    pub weight: Weight,
    /// Colour.
    pub color: Rgb,
}

/// A picture, and the face of its text.
pub struct Canvas<T> {
    pixmap: Pixmap,
    fonts: T,
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

pub(crate) fn strip(pixmap: &mut Pixmap, area: Area, color: Rgb) {
    if let Some(rect) = Rect::from_xywh(area.x, area.y, area.width, area.height) {
        pixmap.fill_rect(rect, &paint(color), Transform::identity(), None);
    }
}

pub(crate) fn rounded_box(pixmap: &mut Pixmap, area: Area, radius: f32, color: Rgb) {
    if let Some(path) = rounded(area, radius) {
        let rule = FillRule::Winding;
        pixmap.fill_path(&path, &paint(color), rule, Transform::identity(), None);
    }
}

pub(crate) fn disc(pixmap: &mut Pixmap, x: f32, y: f32, radius: f32, color: Rgb) {
    if let Some(path) = PathBuilder::from_circle(x, y, radius) {
        let rule = FillRule::Winding;
        pixmap.fill_path(&path, &paint(color), rule, Transform::identity(), None);
    }
}

/// Capitals are about 0.72 of the size high; their middle is the area's.
fn centred_baseline(area: Area, style: Style) -> f32 {
    (area.y + area.height / 2.0 + style.px * 0.36).round()
}

impl<T: Typeface> Canvas<T> {
    /// Transparent. `None` for less than one pixel, or more than there is room for.
    pub fn new(width: u32, height: u32, fonts: T) -> Option<Self> {
        Some(Self { pixmap: Pixmap::new(width, height)?, fonts })
    }

    /// Gives the face back.
    pub fn into_fonts(self) -> T {
        self.fonts
    }

    /// The face.
    pub fn fonts(&mut self) -> &mut T {
        &mut self.fonts
    }

    /// Pixels from left to right.
    pub fn width(&self) -> u32 {
        self.pixmap.width()
    }

    /// Pixels from top to bottom.
    pub fn height(&self) -> u32 {
        self.pixmap.height()
    }

    /// Transparent everywhere.
    pub fn erase(&mut self) {
        self.pixmap.fill(Color::TRANSPARENT);
    }

    /// One colour everywhere.
    pub fn clear(&mut self, color: Rgb) {
        self.pixmap.fill(Color::from_rgba8(color[0], color[1], color[2], 255));
    }

    /// One colour in an area.
    pub fn fill(&mut self, area: Area, color: Rgb) {
        strip(&mut self.pixmap, area, color);
    }

    /// One colour in an area with round corners.
    pub fn fill_rounded(&mut self, area: Area, radius: f32, color: Rgb) {
        rounded_box(&mut self.pixmap, area, radius, color);
    }

    /// A line of `width` pixels inside the edge of an area with round corners.
    pub fn outline_rounded(&mut self, area: Area, radius: f32, color: Rgb, width: f32) {
        // The line lies inside the area.
        let inner = area.grown(-width / 2.0);
        if let Some(path) = rounded(inner, radius - width / 2.0) {
            let stroke = Stroke { width, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
        }
    }

    /// A disc.
    pub fn dot(&mut self, x: f32, y: f32, radius: f32, color: Rgb) {
        disc(&mut self.pixmap, x, y, radius, color);
    }

    /// A cross from corner to corner of an area.
    pub fn cross(&mut self, area: Area, color: Rgb, width: f32) {
        let mut path = PathBuilder::new();
        let (right, bottom) = (area.x + area.width, area.y + area.height);
        path.move_to(area.x, area.y);
        path.line_to(right, bottom);
        path.move_to(right, area.y);
        path.line_to(area.x, bottom);
        if let Some(path) = path.finish() {
            let stroke = Stroke { width, line_cap: LineCap::Round, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &paint(color), &stroke, Transform::identity(), None);
        }
    }

    /// A part (0–1) of a circle's line, clockwise from the top.
    pub fn ring(&mut self, x: f32, y: f32, radius: f32, part: f32, color: Rgb, width: f32) {
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

    /// Pixels a text takes from left to right.
    pub fn measure(&mut self, text: &str, style: Style) -> f32 {
        self.fonts.measure(text, style.px, style.weight)
    }

    /// Writes a line whose baseline is `baseline`.
    pub fn text(&mut self, text: &str, x: f32, baseline: f32, style: Style) {
        let (width, height) = (self.width() as i32, self.height() as i32);
        let data = self.pixmap.data_mut();
        self.fonts.draw(text, x, baseline, style.px, style.weight, &mut |x, y, coverage| {
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

    /// Writes a line in the middle of an area; returns where it starts.
    pub fn text_centred(&mut self, text: &str, area: Area, style: Style) -> f32 {
        let width = self.measure(text, style);
        let left = (area.x + (area.width - width) / 2.0).round();
        self.text(text, left, centred_baseline(area, style), style);
        left
    }

    /// A line below the first letter of a text in the middle of an area.
    pub fn underline_first(&mut self, text: &str, left: f32, area: Area, style: Style) {
        let Some(first) = text.chars().next() else { return };
        let width = self.measure(first.encode_utf8(&mut [0; 4]), style).round();
        let thick = (style.px / 14.0).round().max(1.0);
        let y = centred_baseline(area, style) + 2.0 * thick;
        self.fill(Area { x: left, y, width, height: thick }, style.color);
    }

    /// The text, shortened with an ellipsis to fit.
    pub fn fitted(&mut self, text: &str, width: f32, style: Style) -> String {
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
    pub fn wrapped(&mut self, text: &str, width: f32, style: Style) -> Vec<String> {
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

    /// All pixels as B G R A, colours multiplied by A, row by row without gaps.
    pub fn bgra(&self) -> Vec<u8> {
        self.pixmap.data().chunks_exact(4).flat_map(|p| [p[2], p[1], p[0], p[3]]).collect()
    }

    /// Pixels of a part as B G R X, row by row without gaps.
    pub fn bgrx(&self, part: PixelRect) -> Vec<u8> {
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
    use crate::test_face::Boxes;

    const STYLE: Style = Style { px: 16.0, weight: Weight::Regular, color: [0; 3] };

    #[test]
    fn long_text_is_shortened_and_wrapped_to_fit() {
        let mut canvas = Canvas::new(10, 10, Boxes).unwrap();
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
