//! How a connection notice looks.

use gc_proto::{MAX_NAME, clean_text};

use crate::{Area, Canvas, Rgb, Style, Typeface, Weight};

const WIDTH: f32 = 420.0;
const PADDING: f32 = 18.0;
const LINE: f32 = 22.0;
const EDGE_BAR: f32 = 5.0;
const CLOSE: f32 = 28.0;
const CORNER: f32 = 9.0;
/// Lines shown at most; a template is short, and what it is filled with is bounded.
const MAX_LINES: usize = 12;

// Dark in both schemes, as the bar: it lies on other programs.
const SURFACE: Rgb = [0x16, 0x26, 0x25];
const EDGE: Rgb = [0x6F, 0x8A, 0x87];
const TEXT: Rgb = [0xF4, 0xF9, 0xF8];
const ACCENT: Rgb = [0x4F, 0xD1, 0x9B];
const HOVER: Rgb = [0x2E, 0x46, 0x44];

/// A notice as drawn.
pub struct NoticeView<T> {
    /// The picture; transparent outside of the round corners.
    pub canvas: Canvas<T>,
    /// The cross that closes it, where it can be dismissed.
    pub close: Option<Area>,
    /// The pointer is on it.
    pub hover: bool,
    scale: f32,
    lines: Vec<String>,
}

impl<T: Typeface> NoticeView<T> {
    /// At most `room` pixels wide at a scale of 1 for 96 dots per inch.
    pub fn new(text: &str, dismissible: bool, scale: f32, room: u32, fonts: T) -> Option<Self> {
        let s = |v: f32| (v * scale).round();
        let mut canvas = Canvas::new(1, 1, fonts)?;
        let style = style(scale);
        let beside = if dismissible { s(CLOSE) } else { 0.0 };
        let fixed = s(EDGE_BAR) + 2.0 * s(PADDING) + beside;
        let widest = (s(WIDTH).min(room as f32) - fixed).max(s(60.0));
        let mut lines = Vec::new();
        for line in text.lines() {
            // Names may be long; a template is a few of them.
            lines.extend(canvas.wrapped(&clean_text(line, 4 * MAX_NAME), widest, style));
        }
        if lines.len() > MAX_LINES {
            lines.truncate(MAX_LINES - 1);
            lines.push("…".to_owned());
        }
        let mut inner = s(120.0).min(widest);
        for line in &lines {
            inner = inner.max(canvas.measure(line, style).ceil());
        }
        let height = 2.0 * s(PADDING - 3.0) + s(LINE) * lines.len().max(1) as f32;
        let width = fixed + inner;
        let close = dismissible.then(|| Area {
            x: width - s(CLOSE + 8.0),
            y: s(8.0),
            width: s(CLOSE),
            height: s(CLOSE),
        });
        let canvas = Canvas::new(width as u32, height as u32, canvas.into_fonts())?;
        Some(Self { canvas, close, hover: false, scale, lines })
    }

    /// Everything anew.
    pub fn draw(&mut self) {
        let scale = self.scale;
        let s = |v: f32| (v * scale).round();
        let (width, height) = (self.canvas.width() as f32, self.canvas.height() as f32);
        let all = Area { x: 0.0, y: 0.0, width, height };
        let corner = CORNER * scale;
        self.canvas.erase();
        self.canvas.fill_rounded(all, corner, SURFACE);
        self.canvas.outline_rounded(all, corner, EDGE, s(1.0).max(1.0));
        let inset = s(10.0);
        let edge =
            Area { x: inset, y: inset, width: s(EDGE_BAR - 1.0), height: height - 2.0 * inset };
        self.canvas.fill_rounded(edge, s(2.0), ACCENT);
        let style = style(scale);
        let mut baseline = (s(PADDING - 3.0) + s(LINE) * 0.5 + style.px * 0.36).round();
        for line in std::mem::take(&mut self.lines) {
            self.canvas.text(&line, s(EDGE_BAR) + s(PADDING), baseline, style);
            baseline += s(LINE);
            self.lines.push(line);
        }
        if let Some(close) = self.close {
            if self.hover {
                self.canvas.fill_rounded(close, s(5.0), HOVER);
            }
            self.canvas.cross(close.grown(-close.width * 0.34), TEXT, (1.6 * scale).max(1.0));
        }
    }
}

fn style(scale: f32) -> Style {
    Style { px: 14.5 * scale, weight: Weight::Regular, color: TEXT }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_face::Boxes;

    #[test]
    fn it_is_as_large_as_its_text_and_never_larger_than_its_room() {
        let view = |text: &str, dismissible, scale, room| {
            NoticeView::new(text, dismissible, scale, room, Boxes).unwrap()
        };
        let short = view("Anna is connected", false, 1.0, 1000);
        assert!(short.canvas.width() < 200 && short.close.is_none());
        let two = view("Anna is connected\nto this machine", false, 1.0, 1000);
        assert_eq!(two.canvas.height(), short.canvas.height() + LINE as u32);
        let hostile = format!("{}\n{}", "W".repeat(5000), "あ😀\u{202E} ".repeat(500));
        for (scale, room) in [(1.0, 1000), (2.0, 1000), (1.0, 200)] {
            let view = view(&hostile, true, scale, room);
            assert!(view.canvas.width() <= room && view.canvas.height() < 600);
        }
        assert!(view("", true, 1.0, 300).canvas.height() > 20);
    }

    #[test]
    fn corners_are_transparent_and_the_cross_is_inside() {
        let mut view = NoticeView::new("Anna\nof Contoso", true, 1.0, 500, Boxes).unwrap();
        view.draw();
        view.hover = true;
        view.draw();
        let (width, height) = (view.canvas.width() as usize, view.canvas.height() as usize);
        let pixels = view.canvas.bgra();
        assert_eq!(pixels[3], 0);
        assert_eq!(pixels[(height / 2 * width + width / 2) * 4 + 3], 255);
        let close = view.close.unwrap();
        assert!(close.x + close.width <= width as f32 && close.y + close.height <= height as f32);
    }
}
