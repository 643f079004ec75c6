//! How the consent prompt looks and what is where. Knows no X.

use gc_platform::{ConsentAnswer, ConsentRequest};
use gc_proto::{MAX_NAME, clean_text};

use super::canvas::{Area, Canvas, Rgb, Style};
use super::font::{Fonts, Weight};

const WIDTH: f32 = 540.0;
const PADDING: f32 = 28.0;
const RING: f32 = 54.0;
const BUTTON_HEIGHT: f32 = 44.0;

// Tokens of the hue 184; one calm light scheme with an outline that holds on dark
// and on light desktops.
const SURFACE: Rgb = [0xFC, 0xFD, 0xFD];
const PANEL: Rgb = [0xEF, 0xF5, 0xF4];
const BORDER: Rgb = [0x8A, 0x9C, 0x9A];
const TEXT: Rgb = [0x12, 0x20, 0x1F];
const MUTED: Rgb = [0x47, 0x5A, 0x58];
const ACCENT: Rgb = [0x00, 0x72, 0x6B];
const TRACK: Rgb = [0xD3, 0xDF, 0xDD];
const HOVER: Rgb = [0xE2, 0xED, 0xEB];
const PRESSED: Rgb = [0xCB, 0xDC, 0xD9];

const WORRIED: &str = "You can end this at any time: press Stop in the bar that stays at the \
    top of your screen. If you did not ask for help, or do not know this person, choose Decline.";

pub(super) struct Button {
    pub(super) label: &'static str,
    pub(super) answer: ConsentAnswer,
    pub(super) area: Area,
}

/// The prompt as drawn.
pub(super) struct ConsentView {
    pub(super) canvas: Canvas,
    pub(super) buttons: Vec<Button>,
    /// Has the keyboard.
    pub(super) focus: usize,
    /// Under the pointer.
    pub(super) hover: Option<usize>,
    /// Held down by the pointer.
    pub(super) pressed: Option<usize>,
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

impl ConsentView {
    /// Lays everything out for a scale at which it fits a monitor of this height.
    pub(super) fn new(request: &ConsentRequest, scale: f32, room: (u32, u32)) -> Option<Self> {
        let fits =
            |canvas: &Canvas| canvas.width() <= room.0.max(1) && canvas.height() <= room.1.max(1);
        let mut scale = scale;
        let mut fonts = Fonts::load();
        loop {
            let view = Self::lay_out(request, scale, fonts)?;
            if fits(&view.canvas) || scale <= 0.6 {
                return Some(view);
            }
            fonts = view.canvas.into_fonts();
            scale *= 0.9;
        }
    }

    fn lay_out(request: &ConsentRequest, scale: f32, fonts: Fonts) -> Option<Self> {
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
            |canvas: &mut Canvas, text: &str, x: f32, width: f32, y: f32, style: Style| {
                let text = canvas.fitted(text, width, style);
                body.push(Line { text, x, baseline: (y + style.px * 0.82).round(), style });
            };

        let name = clean_text(&request.technician, MAX_NAME);
        let name = if name.trim().is_empty() { "Someone".to_owned() } else { name };
        let company = clean_text(&request.company, MAX_NAME);
        let heading = style(21.0, Weight::Bold, TEXT);
        put(&mut canvas, "Allow remote support?", left, beside_ring, y, heading);
        y += s(38.0);
        let who = style(17.0, Weight::Bold, TEXT);
        put(&mut canvas, &name, left, beside_ring, y, who);
        y += s(24.0);
        if !company.trim().is_empty() {
            let of = style(14.0, Weight::Regular, MUTED);
            put(&mut canvas, &format!("of {company}"), left, beside_ring, y, of);
            y += s(20.0);
        }
        y += s(12.0);

        let (lead, points): (&str, &[&str]) = if request.control {
            (
                "If you allow it, this person can",
                &[
                    "see everything on your screen",
                    "use your mouse and keyboard",
                    "copy and paste between their computer and yours",
                ],
            )
        } else {
            (
                "If you allow it, this person",
                &["sees everything on your screen", "cannot use your mouse or keyboard"],
            )
        };
        let panel_top = y;
        y += s(16.0);
        let small = style(13.0, Weight::Bold, MUTED);
        put(&mut canvas, lead, left + s(18.0), inner, y, small);
        y += s(24.0);
        let mut bullets = Vec::new();
        let plain = style(14.0, Weight::Regular, TEXT);
        for point in points {
            bullets.push((left + s(23.0), y + s(6.5)));
            put(&mut canvas, point, left + s(36.0), inner - s(54.0), y, plain);
            y += s(24.0);
        }
        if request.control {
            let note = "With View only, this person can look and do nothing else.";
            let quiet = style(13.0, Weight::Regular, MUTED);
            put(&mut canvas, note, left + s(18.0), inner - s(36.0), y + s(2.0), quiet);
            y += s(24.0);
        }
        y += s(8.0);
        let panel = Area { x: left, y: panel_top, width: inner, height: y - panel_top };
        y += s(16.0);

        let calm = style(13.5, Weight::Regular, MUTED);
        for line in canvas.wrapped(WORRIED, inner, calm) {
            put(&mut canvas, &line, left, inner, y, calm);
            y += s(20.0);
        }
        y += s(18.0);

        let answers: &[(&'static str, ConsentAnswer)] = if request.control {
            &[
                ("Allow", ConsentAnswer::Allow),
                ("View only", ConsentAnswer::ViewOnly),
                ("Decline", ConsentAnswer::Decline),
            ]
        } else {
            &[("Allow viewing", ConsentAnswer::Allow), ("Decline", ConsentAnswer::Decline)]
        };
        let gap = s(12.0);
        let count = answers.len() as f32;
        let width = ((inner - gap * (count - 1.0)) / count).floor();
        let buttons: Vec<Button> = answers
            .iter()
            .enumerate()
            .map(|(index, (label, answer))| {
                let x = left + index as f32 * (width + gap);
                let area = Area { x, y, width, height: s(BUTTON_HEIGHT) };
                Button { label, answer: *answer, area }
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
            scale,
            ring,
            body,
            panel,
            bullets,
        })
    }

    pub(super) fn button_at(&self, x: i16, y: i16) -> Option<usize> {
        let (x, y) = (f32::from(x), f32::from(y));
        self.buttons.iter().position(|button| button.area.contains(x, y))
    }

    /// Everything anew.
    pub(super) fn draw(&mut self, seconds: u32, part: f32) -> Area {
        let scale = self.scale;
        self.canvas.clear(SURFACE);
        let (width, height) = (self.canvas.width() as f32, self.canvas.height() as f32);
        let all = Area { x: 0.0, y: 0.0, width, height };
        self.canvas.outline_rounded(all, 0.0, BORDER, scale.round().max(1.0));
        self.canvas.fill_rounded(self.panel, 8.0 * scale, PANEL);
        for (x, y) in &self.bullets {
            self.canvas.dot(*x, *y, 3.0 * scale, ACCENT);
        }
        for line in &self.body {
            self.canvas.text(&line.text, line.x, line.baseline, line.style);
        }
        self.draw_countdown(seconds, part);
        self.draw_buttons();
        all
    }

    /// The ring and the seconds in it; returns what changed.
    pub(super) fn draw_countdown(&mut self, seconds: u32, part: f32) -> Area {
        let (scale, ring) = (self.scale, self.ring);
        self.canvas.fill(ring, SURFACE);
        let (x, y) = (ring.x + ring.width / 2.0, ring.y + ring.height / 2.0);
        let (radius, width) = (ring.width / 2.0 - 3.0 * scale, 4.0 * scale);
        self.canvas.ring(x, y, radius, 1.0, TRACK, width);
        self.canvas.ring(x, y, radius, part, ACCENT, width);
        let style = Style { px: 16.0 * scale, weight: Weight::Bold, color: TEXT };
        self.canvas.text_centred(&seconds.to_string(), ring, style);
        ring
    }

    /// The row of buttons; returns what changed.
    pub(super) fn draw_buttons(&mut self) -> Area {
        let scale = self.scale;
        let first = self.buttons[0].area;
        let last = self.buttons[self.buttons.len() - 1].area;
        let row = Area { width: last.x + last.width - first.x, ..first }.grown(5.0 * scale);
        self.canvas.fill(row, SURFACE);
        let style = Style { px: 15.0 * scale, weight: Weight::Bold, color: TEXT };
        for (index, button) in self.buttons.iter().enumerate() {
            let radius = 7.0 * scale;
            let color = match (self.pressed, self.hover) {
                (Some(pressed), _) if pressed == index => PRESSED,
                (_, Some(hover)) if hover == index => HOVER,
                _ => SURFACE,
            };
            self.canvas.fill_rounded(button.area, radius, color);
            self.canvas.outline_rounded(button.area, radius, MUTED, (1.5 * scale).round());
            if index == self.focus {
                let around = button.area.grown(4.0 * scale);
                self.canvas.outline_rounded(around, radius + 4.0 * scale, ACCENT, 2.0 * scale);
            }
            self.canvas.text_centred(button.label, button.area, style);
        }
        row
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
        let view = ConsentView::new(&request(true), 1.0, (1024, 768)).unwrap();
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
            assert_eq!(view.button_at(middle.0 as i16, middle.1 as i16), Some(index));
        }
        assert_eq!(view.button_at(1, 1), None);
    }

    #[test]
    fn looking_only_has_one_yes() {
        let view = ConsentView::new(&request(false), 1.0, (1024, 768)).unwrap();
        assert_eq!(view.buttons.len(), 2);
        assert_eq!(view.buttons[view.focus].answer, ConsentAnswer::Decline);
    }

    #[test]
    fn it_fits_small_and_dense_monitors_and_hostile_names() {
        let mut request = request(true);
        request.technician = format!("\u{202E}{}\n\u{0}", "W".repeat(5000));
        request.company = "あ😀 <b>".repeat(100);
        for (scale, room) in [(1.0, (1024, 768)), (2.0, (1024, 768)), (3.0, (3840, 2160))] {
            let mut view = ConsentView::new(&request, scale, room).unwrap();
            assert!(view.canvas.width() <= room.0 && view.canvas.height() <= room.1);
            let area = view.draw(60, 1.0);
            assert_eq!(area.width as u32, view.canvas.width());
        }
    }
}
