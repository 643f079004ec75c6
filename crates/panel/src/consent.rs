//! How the consent prompt looks and what is where.

use gc_platform::{ConsentAnswer, ConsentRequest};

use crate::{Area, Canvas, Palette, Style, Typeface, Weight, words};

const WIDTH: f32 = 540.0;
const PADDING: f32 = 28.0;
const RING: f32 = 54.0;
const BUTTON_HEIGHT: f32 = 44.0;

/// A button of the prompt.
#[derive(Debug, Clone, Copy)]
pub struct ConsentButton {
    /// What it says; the first letter is its mnemonic.
    pub label: &'static str,
    /// What it answers.
    pub answer: ConsentAnswer,
    /// Where it is.
    pub area: Area,
}

/// The prompt as drawn.
pub struct ConsentView<T> {
    /// The picture.
    pub canvas: Canvas<T>,
    /// From left to right.
    pub buttons: Vec<ConsentButton>,
    /// The button that has the keyboard; Decline at first.
    pub focus: usize,
    /// The button under the pointer.
    pub hover: Option<usize>,
    /// The button held down.
    pub pressed: Option<usize>,
    /// Underline the mnemonics.
    pub mnemonics: bool,
    palette: Palette,
    scale: f32,
    ring: Area,
    body: Vec<Line>,
    panel: Area,
    bullets: Vec<(f32, f32)>,
}

struct Line {
    text: String,
    x: f32,
    baseline: f32,
    style: Style,
}

impl<T: Typeface> ConsentView<T> {
    /// Lays everything out for a scale (1 at 96 dots per inch) at which it fits a
    /// monitor of this size. `None` where not even a small picture can be made.
    pub fn new(
        request: &ConsentRequest,
        palette: Palette,
        scale: f32,
        room: (u32, u32),
        fonts: T,
    ) -> Option<Self> {
        let fits = |canvas: &Canvas<T>| {
            canvas.width() <= room.0.max(1) && canvas.height() <= room.1.max(1)
        };
        let mut scale = scale;
        let mut fonts = fonts;
        loop {
            let view = Self::lay_out(request, palette, scale, fonts)?;
            if fits(&view.canvas) || scale <= 0.6 {
                return Some(view);
            }
            fonts = view.canvas.into_fonts();
            scale *= 0.9;
        }
    }

    fn lay_out(request: &ConsentRequest, palette: Palette, scale: f32, fonts: T) -> Option<Self> {
        let Palette { text: plain_color, muted, .. } = palette;
        let s = |v: f32| (v * scale).round();
        let style = |px: f32, weight, color| Style { px: px * scale, weight, color };
        // Measuring needs a canvas before its height is known.
        let mut canvas = Canvas::new(1, 1, fonts)?;
        let mut body = Vec::new();
        let left = s(PADDING);
        let inner = s(WIDTH) - 2.0 * left;
        let beside_ring = inner - s(RING + 20.0);
        let mut y = s(PADDING);
        let mut put =
            |canvas: &mut Canvas<T>, text: &str, x: f32, width: f32, y: f32, style: Style| {
                let text = canvas.fitted(text, width, style);
                body.push(Line { text, x, baseline: (y + style.px * 0.82).round(), style });
            };

        let name = words::person(&request.technician);
        let company = words::of(&request.company);
        let heading = style(21.0, Weight::Bold, plain_color);
        put(&mut canvas, words::CONSENT_HEADING, left, beside_ring, y, heading);
        y += s(38.0);
        let who = style(17.0, Weight::Bold, plain_color);
        put(&mut canvas, &name, left, beside_ring, y, who);
        y += s(24.0);
        if !company.is_empty() {
            let of = style(14.0, Weight::Regular, muted);
            put(&mut canvas, company.trim_start(), left, beside_ring, y, of);
            y += s(20.0);
        }
        y += s(12.0);

        let (lead, points) = words::what_is_allowed(request.control);
        let panel_top = y;
        y += s(16.0);
        let small = style(13.0, Weight::Bold, muted);
        put(&mut canvas, lead, left + s(18.0), inner, y, small);
        y += s(24.0);
        let mut bullets = Vec::new();
        let plain = style(14.0, Weight::Regular, plain_color);
        for point in points {
            bullets.push((left + s(23.0), y + s(6.5)));
            put(&mut canvas, point, left + s(36.0), inner - s(54.0), y, plain);
            y += s(24.0);
        }
        if request.control {
            let note = words::VIEW_ONLY_NOTE;
            let quiet = style(13.0, Weight::Regular, muted);
            put(&mut canvas, note, left + s(18.0), inner - s(36.0), y + s(2.0), quiet);
            y += s(24.0);
        }
        y += s(8.0);
        let panel = Area { x: left, y: panel_top, width: inner, height: y - panel_top };
        y += s(16.0);

        let calm = style(13.5, Weight::Regular, muted);
        for line in canvas.wrapped(words::WORRIED, inner, calm) {
            put(&mut canvas, &line, left, inner, y, calm);
            y += s(20.0);
        }
        y += s(18.0);

        let answers = words::answers(request.control);
        let gap = s(12.0);
        let count = answers.len() as f32;
        let width = ((inner - gap * (count - 1.0)) / count).floor();
        let buttons: Vec<ConsentButton> = answers
            .iter()
            .enumerate()
            .map(|(index, (label, answer))| {
                let x = left + index as f32 * (width + gap);
                let area = Area { x, y, width, height: s(BUTTON_HEIGHT) };
                ConsentButton { label, answer: *answer, area }
            })
            .collect();
        y += s(BUTTON_HEIGHT + PADDING);

        let ring = Area {
            x: s(WIDTH) - left - s(RING),
            y: s(PADDING - 4.0),
            width: s(RING),
            height: s(RING),
        };
        let canvas = Canvas::new(s(WIDTH) as u32, y as u32, canvas.into_fonts())?;
        let focus = buttons.len() - 1;
        Some(Self {
            canvas,
            buttons,
            focus,
            hover: None,
            pressed: None,
            mnemonics: false,
            palette,
            scale,
            ring,
            body,
            panel,
            bullets,
        })
    }

    /// Which button is at a point of the picture.
    pub fn button_at(&self, x: f32, y: f32) -> Option<usize> {
        self.buttons.iter().position(|button| button.area.contains(x, y))
    }

    /// Where the text is, without what changes.
    pub fn text_area(&self) -> Area {
        let bottom = self.buttons[0].area.y - self.focus_room();
        Area { x: 0.0, y: 0.0, width: self.ring.x, height: bottom.max(1.0) }
    }

    /// How far the mark of the keyboard reaches over a button.
    pub fn focus_room(&self) -> f32 {
        (5.0 * self.scale).floor()
    }

    /// Everything anew; returns what changed.
    pub fn draw(&mut self, seconds: u32, part: f32) -> Area {
        let (scale, palette) = (self.scale, self.palette);
        self.canvas.clear(palette.surface);
        let (width, height) = (self.canvas.width() as f32, self.canvas.height() as f32);
        let all = Area { x: 0.0, y: 0.0, width, height };
        self.canvas.outline_rounded(all, 0.0, palette.border, scale.round().max(1.0));
        self.canvas.fill_rounded(self.panel, 8.0 * scale, palette.panel);
        for (x, y) in &self.bullets {
            self.canvas.dot(*x, *y, 3.0 * scale, palette.accent);
        }
        for line in &self.body {
            self.canvas.text(&line.text, line.x, line.baseline, line.style);
        }
        self.draw_countdown(seconds, part);
        self.draw_buttons();
        all
    }

    /// The ring and the seconds in it; returns what changed.
    pub fn draw_countdown(&mut self, seconds: u32, part: f32) -> Area {
        let (scale, palette, ring) = (self.scale, self.palette, self.ring);
        self.canvas.fill(ring, palette.surface);
        let (x, y) = (ring.x + ring.width / 2.0, ring.y + ring.height / 2.0);
        let (radius, width) = (ring.width / 2.0 - 3.0 * scale, 4.0 * scale);
        self.canvas.ring(x, y, radius, 1.0, palette.track, width);
        self.canvas.ring(x, y, radius, part, palette.accent, width);
        let style = Style { px: 16.0 * scale, weight: Weight::Bold, color: palette.text };
        self.canvas.text_centred(&seconds.to_string(), ring, style);
        ring
    }

    /// The row of buttons; returns what changed.
    pub fn draw_buttons(&mut self) -> Area {
        let (scale, palette) = (self.scale, self.palette);
        let first = self.buttons[0].area;
        let last = self.buttons[self.buttons.len() - 1].area;
        let row = Area { width: last.x + last.width - first.x, ..first }.grown(5.0 * scale);
        self.canvas.fill(row, palette.surface);
        let style = Style { px: 15.0 * scale, weight: Weight::Bold, color: palette.text };
        for (index, button) in self.buttons.iter().enumerate() {
            let radius = 7.0 * scale;
            let color = match (self.pressed, self.hover) {
                (Some(pressed), _) if pressed == index => palette.pressed,
                (_, Some(hover)) if hover == index => palette.hover,
                _ => palette.surface,
            };
            self.canvas.fill_rounded(button.area, radius, color);
            self.canvas.outline_rounded(button.area, radius, palette.muted, (1.5 * scale).round());
            if index == self.focus {
                let around = button.area.grown(4.0 * scale);
                self.canvas.outline_rounded(
                    around,
                    radius + 4.0 * scale,
                    palette.accent,
                    2.0 * scale,
                );
            }
            let left = self.canvas.text_centred(button.label, button.area, style);
            if self.mnemonics {
                self.canvas.underline_first(button.label, left, button.area, style);
            }
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::test_face::Boxes;

    fn request(control: bool) -> ConsentRequest {
        ConsentRequest {
            technician: "Anna Technician".to_owned(),
            company: "Contoso".to_owned(),
            control,
            timeout: Duration::from_mins(1),
        }
    }

    #[test]
    fn buttons_have_equal_weight_and_decline_has_the_keyboard() {
        let view =
            ConsentView::new(&request(true), Palette::LIGHT, 1.0, (1024, 768), Boxes).unwrap();
        let answers: Vec<_> = view.buttons.iter().map(|button| button.answer).collect();
        assert_eq!(
            answers,
            [ConsentAnswer::Allow, ConsentAnswer::ViewOnly, ConsentAnswer::Decline]
        );
        let sizes: Vec<_> = view.buttons.iter().map(|b| (b.area.width, b.area.height)).collect();
        assert!(sizes.iter().all(|size| *size == sizes[0]));
        assert_eq!(view.buttons[view.focus].answer, ConsentAnswer::Decline);
        for (index, button) in view.buttons.iter().enumerate() {
            let middle = (button.area.x + 5.0, button.area.y + 5.0);
            assert_eq!(view.button_at(middle.0, middle.1), Some(index));
        }
        assert_eq!(view.button_at(1.0, 1.0), None);
    }

    #[test]
    fn looking_only_has_one_yes() {
        let view =
            ConsentView::new(&request(false), Palette::DARK, 1.0, (1024, 768), Boxes).unwrap();
        assert_eq!(view.buttons.len(), 2);
        assert_eq!(view.buttons[view.focus].answer, ConsentAnswer::Decline);
    }

    #[test]
    fn it_fits_small_and_dense_monitors_and_hostile_names() {
        let mut request = request(true);
        request.technician = format!("\u{202E}{}\n\u{0}", "W".repeat(5000));
        request.company = "あ😀 <b>".repeat(100);
        for (scale, room) in [(1.0, (1024, 768)), (2.0, (1024, 768)), (3.0, (3840, 2160))] {
            let mut view = ConsentView::new(&request, Palette::LIGHT, scale, room, Boxes).unwrap();
            assert!(view.canvas.width() <= room.0 && view.canvas.height() <= room.1);
            let area = view.draw(60, 1.0);
            assert_eq!(area.width as u32, view.canvas.width());
        }
    }
}
