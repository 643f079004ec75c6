//! How the bar looks.

use std::time::Duration;

use crate::{Area, Canvas, Rgb, Style, Typeface, Weight, words};

const HEIGHT: f32 = 36.0;
const PADDING: f32 = 14.0;

// Dark in both schemes: it lies on other programs and has to stand out from them.
const SURFACE: Rgb = [0x16, 0x26, 0x25];
const EDGE: Rgb = [0x6F, 0x8A, 0x87];
const TEXT: Rgb = [0xF4, 0xF9, 0xF8];
const MUTED: Rgb = [0xB7, 0xC8, 0xC6];
const GOOD: Rgb = [0x4F, 0xD1, 0x9B];
const STOP: Rgb = [0xB3, 0x26, 0x2E];
const STOP_HOVER: Rgb = [0xD3, 0x3A, 0x42];

/// The bar as drawn.
pub struct BarView<T> {
    /// The picture.
    pub canvas: Canvas<T>,
    /// The button.
    pub stop: Area,
    /// The pointer is on Stop.
    pub hover: bool,
    /// Stop has the keyboard.
    pub focus: bool,
    scale: f32,
    sentence: String,
    time: Area,
}

/// Whole minutes: what the time shown changes with. Not seconds: the bar is part of
/// the picture that is sent, and a session at rest is to cost nothing.
pub fn whole_minutes(time: Duration) -> u64 {
    time.as_secs() / 60
}

impl<T: Typeface> BarView<T> {
    /// At most `room` pixels wide at a scale of 1 for 96 dots per inch; long names are
    /// shortened.
    pub fn new(names: &[String], company: &str, scale: f32, room: u32, fonts: T) -> Option<Self> {
        let s = |v: f32| (v * scale).round();
        let mut canvas = Canvas::new(1, 1, fonts)?;
        let text = text_style(scale);
        // Figures of most faces are equally wide; the widest is taken for all, and
        // there is room for 999 hours, so that the bar never changes its width.
        let digit =
            ('0'..='9').map(|digit| canvas.measure(&digit.to_string(), text)).fold(0.0, f32::max);
        let time_width = (digit * 5.0 + canvas.measure(":", text)).ceil() + s(4.0);
        let stop_width = (canvas.measure(words::STOP, stop_style(scale)) + s(28.0)).ceil();
        let fixed = s(PADDING) + s(16.0) + s(14.0) + time_width + s(12.0) + stop_width + s(6.0);
        let full = words::connected(names, company);
        let sentence = canvas.fitted(&full, (room as f32 - fixed).max(s(60.0)), text);
        let mut x = s(PADDING) + s(16.0) + canvas.measure(&sentence, text).ceil() + s(14.0);
        let height = s(HEIGHT);
        let time = Area { x, y: s(4.0), width: time_width, height: height - s(8.0) };
        x += time_width + s(12.0);
        let stop = Area { x, y: s(5.0), width: stop_width, height: height - s(10.0) };
        let width = x + stop_width + s(6.0);
        let canvas = Canvas::new(width as u32, height as u32, canvas.into_fonts())?;
        Some(Self { canvas, stop, hover: false, focus: false, scale, sentence, time })
    }

    /// Everything anew; returns what changed.
    pub fn draw(&mut self, elapsed: Duration) -> Area {
        let scale = self.scale;
        self.canvas.clear(SURFACE);
        let all = Area {
            x: 0.0,
            y: 0.0,
            width: self.canvas.width() as f32,
            height: self.canvas.height() as f32,
        };
        // The upper edge is the screen's; the corners below are round.
        let edge = Area { y: -20.0 * scale, height: all.height + 20.0 * scale, ..all };
        self.canvas.outline_rounded(edge, self.corner(), EDGE, scale.round().max(1.0));
        let middle = all.height / 2.0;
        self.canvas.dot((PADDING + 4.0) * scale, middle, 4.5 * scale, GOOD);
        let x = (PADDING * scale).round() + (16.0 * scale).round();
        let style = text_style(scale);
        let baseline = (middle + style.px * 0.36).round();
        let sentence = self.sentence.clone();
        self.canvas.text(&sentence, x, baseline, style);
        self.draw_time(elapsed);
        self.draw_stop();
        all
    }

    /// The time alone; returns what changed.
    pub fn draw_time(&mut self, elapsed: Duration) -> Area {
        self.canvas.fill(self.time, SURFACE);
        let style = Style { color: MUTED, ..text_style(self.scale) };
        self.canvas.text_centred(&words::hours_and_minutes(elapsed), self.time, style);
        self.time
    }

    /// The button alone; returns what changed.
    pub fn draw_stop(&mut self) -> Area {
        let color = if self.hover { STOP_HOVER } else { STOP };
        self.canvas.fill(self.stop, SURFACE);
        let radius = 6.0 * self.scale;
        self.canvas.fill_rounded(self.stop, radius, color);
        if self.focus {
            let width = (2.0 * self.scale).round();
            self.canvas.outline_rounded(self.stop, radius, TEXT, width);
        }
        self.canvas.text_centred(words::STOP, self.stop, stop_style(self.scale));
        self.stop
    }

    /// Radius of the lower corners, pixels.
    pub fn corner(&self) -> f32 {
        9.0 * self.scale
    }

    /// Whether a point of the picture is on Stop.
    pub fn on_stop(&self, x: f32, y: f32) -> bool {
        self.stop.contains(x, y)
    }
}

fn text_style(scale: f32) -> Style {
    Style { px: 14.0 * scale, weight: Weight::Regular, color: TEXT }
}

fn stop_style(scale: f32) -> Style {
    Style { px: 14.0 * scale, weight: Weight::Bold, color: [0xFF; 3] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_face::Boxes;

    #[test]
    fn it_keeps_its_room_and_the_time_is_a_small_part() {
        let names = vec!["W".repeat(200), "Ben".to_owned()];
        let mut view = BarView::new(&names, "Contoso", 1.5, 700, Boxes).unwrap();
        assert!(view.canvas.width() <= 700);
        let all = view.draw(Duration::ZERO);
        let time = view.draw_time(Duration::from_mins(1));
        assert!(time.width * time.height * 5.0 < all.width * all.height);
        assert!(view.on_stop(view.stop.x + 2.0, view.stop.y + 2.0));
    }
}
