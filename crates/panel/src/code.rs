//! How the code window looks in each of its states.

use gc_platform::CodeStatus;
use gc_proto::clean_text;
use gc_types::{SupportCode, SupportCodeError};

use crate::{Area, Canvas, Palette, Rgb, Style, Typeface, Weight, words};

const WIDTH: f32 = 460.0;
const HEIGHT: f32 = 288.0;
const PADDING: f32 = 28.0;
const FIELD_HEIGHT: f32 = 52.0;
const BUTTON_HEIGHT: f32 = 44.0;
const BUTTON_WIDTH: f32 = 148.0;
/// Text of the server at most, characters.
const MAX_REASON: usize = 400;

/// What to say of the text in the field as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryHint {
    /// Nothing to complain about, but it is no code yet.
    Incomplete,
    /// A code.
    Code(SupportCode),
    /// It cannot become a code; the sentence says why.
    Impossible(String),
}

impl EntryHint {
    /// Looks at a text in any form: either case, dashes and spaces anywhere.
    pub fn of(text: &str) -> Self {
        match text.parse::<SupportCode>() {
            Ok(code) => Self::Code(code),
            Err(SupportCodeError::Symbol(symbol)) => {
                let symbol = clean_text(&symbol.to_string(), 1);
                if symbol.is_empty() {
                    Self::Impossible("This is never part of a support code.".to_owned())
                } else {
                    Self::Impossible(format!(
                        "“{symbol}” is never part of a support code. Please look at it again."
                    ))
                }
            }
            Err(SupportCodeError::Length) => {
                let counted = |c: &char| *c != '-' && !c.is_whitespace();
                // Nine symbols make a code (see `SupportCode`).
                if text.chars().filter(counted).count() > 9 {
                    Self::Impossible("A support code has nine characters.".to_owned())
                } else {
                    Self::Incomplete
                }
            }
        }
    }
}

/// What the one button does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeButton {
    /// Takes what is in the field.
    Connect,
    /// Closes the window.
    Close,
}

/// The code window as drawn. Its size stays the same in all states.
pub struct CodeView<T> {
    /// The picture.
    pub canvas: Canvas<T>,
    /// The button's place.
    pub button: Area,
    /// Whether the button can be used.
    pub enabled: bool,
    /// The pointer is on the button.
    pub hover: bool,
    /// The button is held down.
    pub pressed: bool,
    /// The button has the keyboard.
    pub focus: bool,
    /// The field has the keyboard.
    pub field_focus: bool,
    palette: Palette,
    scale: f32,
    status: CodeStatus,
    complaint: String,
}

/// A state in words.
struct Said {
    heading: String,
    text: String,
    /// Below the field.
    bad: String,
    label: &'static str,
    action: CodeButton,
    mark: Mark,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    None,
    Waiting,
    Good,
}

fn said(status: &CodeStatus, complaint: &str) -> Said {
    let ask = "Your technician has given it to you. Nothing is shown to anyone before you allow \
               it in the next step.";
    let entry = |bad: &str, label| Said {
        heading: "Enter your support code".to_owned(),
        text: ask.to_owned(),
        bad: bad.to_owned(),
        label,
        action: CodeButton::Connect,
        mark: Mark::None,
    };
    let told = |heading: String, text: String, label, mark| Said {
        heading,
        text,
        bad: String::new(),
        label,
        action: CodeButton::Close,
        mark,
    };
    match status {
        CodeStatus::Enter => entry(complaint, "Connect"),
        CodeStatus::Checking => entry("", "Checking…"),
        CodeStatus::Refused(why) => {
            let why = clean_text(why, MAX_REASON);
            entry(if complaint.is_empty() { &why } else { complaint }, "Connect")
        }
        CodeStatus::Waiting => told(
            "Waiting for your technician".to_owned(),
            "Your code is right. When your technician connects, a window asks you first whether \
             you allow it. Please leave this window open."
                .to_owned(),
            "Cancel",
            Mark::Waiting,
        ),
        CodeStatus::Connected { technician, company } => told(
            format!("{}{} is connected", words::person(technician), words::of(company)),
            "You can end this at any time: press Stop in the bar at the top of your screen, or \
             End session here."
                .to_owned(),
            "End session",
            Mark::Good,
        ),
        CodeStatus::Ended { reason, removed } => {
            let reason = clean_text(reason, MAX_REASON);
            let gone = if *removed {
                "Nobody is connected any more, and this program has removed itself from your \
                 computer."
            } else {
                "Nobody is connected any more."
            };
            let gap = if reason.is_empty() { "" } else { " " };
            told(
                "The session is over".to_owned(),
                format!("{reason}{gap}{gone}"),
                "Close",
                Mark::None,
            )
        }
    }
}

impl<T: Typeface> CodeView<T> {
    /// Lays everything out for a scale of 1 for 96 dots per inch.
    pub fn new(palette: Palette, scale: f32, fonts: T) -> Option<Self> {
        let s = |v: f32| (v * scale).round();
        let canvas = Canvas::new(s(WIDTH) as u32, s(HEIGHT) as u32, fonts)?;
        let button = Area {
            x: s(WIDTH) - s(PADDING) - s(BUTTON_WIDTH),
            y: s(HEIGHT) - s(PADDING) - s(BUTTON_HEIGHT),
            width: s(BUTTON_WIDTH),
            height: s(BUTTON_HEIGHT),
        };
        Some(Self {
            canvas,
            button,
            enabled: true,
            hover: false,
            pressed: false,
            focus: false,
            field_focus: true,
            palette,
            scale,
            status: CodeStatus::Enter,
            complaint: String::new(),
        })
    }

    /// Shows another state.
    pub fn set_status(&mut self, status: CodeStatus) {
        self.enabled = status != CodeStatus::Checking;
        self.status = status;
        self.complaint.clear();
    }

    /// Complains about what is in the field; empty for nothing to say.
    pub fn complain(&mut self, complaint: &str) {
        complaint.clone_into(&mut self.complaint);
        // What was wrong is being changed.
        if matches!(self.status, CodeStatus::Refused(_)) {
            self.status = CodeStatus::Enter;
        }
    }

    /// The state shown.
    pub fn status(&self) -> &CodeStatus {
        &self.status
    }

    /// What the button says.
    pub fn label(&self) -> &'static str {
        said(&self.status, &self.complaint).label
    }

    /// What the button does.
    pub fn action(&self) -> CodeButton {
        said(&self.status, &self.complaint).action
    }

    /// Everything as text, for a screen reader.
    pub fn spoken(&self) -> String {
        let said = said(&self.status, &self.complaint);
        [said.heading.as_str(), &said.text, &said.bad]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(". ")
    }

    /// Where the text of the field goes, in the states that have one.
    pub fn field(&self) -> Option<Area> {
        if self.action() == CodeButton::Close {
            return None;
        }
        let frame = self.field_frame();
        let (side, high) = (14.0 * self.scale, self.field_px() * 1.34);
        Some(Area {
            x: (frame.x + side).round(),
            y: (frame.y + (frame.height - high) / 2.0).round(),
            width: (frame.width - 2.0 * side).round(),
            height: high.round(),
        })
    }

    /// Where the text is.
    pub fn text_area(&self) -> Area {
        Area { height: self.field_frame().y, ..self.all() }
    }

    /// All of the picture.
    pub fn all(&self) -> Area {
        let (width, height) = (self.canvas.width() as f32, self.canvas.height() as f32);
        Area { x: 0.0, y: 0.0, width, height }
    }

    /// How far the mark of the keyboard reaches over the button.
    pub fn focus_room(&self) -> f32 {
        (5.0 * self.scale).floor()
    }

    /// Size of the field's text, pixels.
    pub fn field_px(&self) -> f32 {
        (24.0 * self.scale).round()
    }

    /// Ground and text of the field.
    pub fn field_colors(&self) -> (Rgb, Rgb) {
        (self.palette.field, self.palette.text)
    }

    fn field_frame(&self) -> Area {
        let s = |v: f32| (v * self.scale).round();
        Area {
            x: s(PADDING),
            y: s(118.0),
            width: s(WIDTH) - 2.0 * s(PADDING),
            height: s(FIELD_HEIGHT),
        }
    }

    /// Everything anew.
    pub fn draw(&mut self) {
        let (scale, palette) = (self.scale, self.palette);
        let s = |v: f32| (v * scale).round();
        let said = said(&self.status, &self.complaint);
        let left = s(PADDING);
        let inner = s(WIDTH) - 2.0 * left;
        self.canvas.clear(palette.surface);

        let heading = Style { px: 21.0 * scale, weight: Weight::Bold, color: palette.text };
        let mut y = s(PADDING) + heading.px * 0.82;
        let mut x = left;
        if said.mark != Mark::None {
            let (cx, cy, radius) = (left + s(8.0), y - heading.px * 0.35, 7.0 * scale);
            match said.mark {
                Mark::Good => self.canvas.dot(cx, cy, radius, palette.accent),
                Mark::Waiting | Mark::None => {
                    self.canvas.ring(cx, cy, radius, 1.0, palette.track, 3.0 * scale);
                    self.canvas.ring(cx, cy, radius, 0.3, palette.accent, 3.0 * scale);
                }
            }
            x += s(26.0);
        }
        let line = self.canvas.fitted(&said.heading, inner - (x - left), heading);
        self.canvas.text(&line, x, y.round(), heading);
        y += s(32.0);
        let has_field = said.action == CodeButton::Connect;
        let calm = Style { px: 14.0 * scale, weight: Weight::Regular, color: palette.muted };
        // Words may be a server's: what does not fit is cut, not drawn over the button.
        let lines = if has_field { 2 } else { 6 };
        for line in self.canvas.wrapped(&said.text, inner, calm).iter().take(lines) {
            self.canvas.text(line, left, y.round(), calm);
            y += s(21.0);
        }
        if has_field {
            self.draw_field(&said.bad);
        }
        self.draw_button(said.label);
    }

    fn draw_field(&mut self, bad: &str) {
        let (scale, palette) = (self.scale, self.palette);
        let frame = self.field_frame();
        let radius = 7.0 * scale;
        self.canvas.fill_rounded(frame, radius, palette.field);
        let (color, width) = if !bad.is_empty() {
            (palette.bad, 2.0)
        } else if self.field_focus {
            (palette.accent, 2.0)
        } else {
            (palette.border, 1.0)
        };
        self.canvas.outline_rounded(frame, radius, color, (width * scale).round());
        let style = Style { px: 13.5 * scale, weight: Weight::Regular, color: palette.bad };
        let mut y = frame.y + frame.height + (22.0 * scale).round();
        for line in self.canvas.wrapped(bad, frame.width, style).iter().take(2) {
            self.canvas.text(line, frame.x, y, style);
            y += (18.0 * scale).round();
        }
    }

    fn draw_button(&mut self, label: &str) {
        let (scale, palette, area) = (self.scale, self.palette, self.button);
        let radius = 7.0 * scale;
        let ground = match (self.enabled, self.pressed, self.hover) {
            (true, true, _) => palette.pressed,
            (true, false, true) => palette.hover,
            _ => palette.surface,
        };
        let (line, color) = if self.enabled {
            (palette.muted, palette.text)
        } else {
            (palette.border, palette.muted)
        };
        self.canvas.fill_rounded(area, radius, ground);
        self.canvas.outline_rounded(area, radius, line, (1.5 * scale).round());
        if self.focus && self.enabled {
            let around = area.grown(4.0 * scale);
            self.canvas.outline_rounded(around, radius + 4.0 * scale, palette.accent, 2.0 * scale);
        }
        let style = Style { px: 15.0 * scale, weight: Weight::Bold, color };
        self.canvas.text_centred(label, area, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_face::Boxes;

    #[test]
    fn the_field_tells_early_what_cannot_be() {
        for text in ["", "ab", " abc-def ", "ABC DEF GH"] {
            assert_eq!(EntryHint::of(text), EntryHint::Incomplete, "{text:?}");
        }
        let code = "ABC-DEF-GH2".parse().unwrap();
        for text in ["abcdefgh2", "ABC-DEF-GH2", " a b c def gh2 "] {
            assert_eq!(EntryHint::of(text), EntryHint::Code(code), "{text:?}");
        }
        for (text, part) in [
            ("O", "“O” is never"),
            ("ab0", "“0” is never"),
            ("ABC-1", "“1” is never"),
            ("é", "“é” is never"),
            ("\u{202E}", "This is never"),
            ("ABCDEFGHJK", "nine characters"),
        ] {
            let EntryHint::Impossible(why) = EntryHint::of(text) else { panic!("{text:?}") };
            assert!(why.contains(part), "{text:?}: {why}");
        }
    }

    #[test]
    fn each_state_says_what_it_is_and_what_its_button_does() {
        let mut view = CodeView::new(Palette::LIGHT, 1.0, Boxes).unwrap();
        let size = (view.canvas.width(), view.canvas.height());
        let named = |technician: &str| CodeStatus::Connected {
            technician: technician.to_owned(),
            company: "Contoso".to_owned(),
        };
        let over = |removed| CodeStatus::Ended { reason: "You pressed Stop.".to_owned(), removed };
        for (status, part, label, field) in [
            (CodeStatus::Enter, "Enter your support code", "Connect", true),
            (CodeStatus::Checking, "Enter your support code", "Checking…", true),
            (CodeStatus::Refused("It is not known.".to_owned()), "not known", "Connect", true),
            (CodeStatus::Waiting, "Waiting for your technician", "Cancel", false),
            (named("Anna"), "Anna of Contoso is connected", "End session", false),
            (named("\u{202E}\n"), "Someone of Contoso is connected", "End session", false),
            (over(true), "You pressed Stop. Nobody is connected any more, and", "Close", false),
            (over(false), "Nobody is connected any more", "Close", false),
        ] {
            view.set_status(status.clone());
            view.draw();
            assert!(view.spoken().contains(part), "{}", view.spoken());
            assert_eq!((view.label(), view.field().is_some()), (label, field), "{status:?}");
            assert_eq!(view.enabled, status != CodeStatus::Checking);
            assert_eq!((view.canvas.width(), view.canvas.height()), size);
        }
    }

    #[test]
    fn typing_takes_the_refusal_away() {
        let mut view = CodeView::new(Palette::DARK, 1.5, Boxes).unwrap();
        view.set_status(CodeStatus::Refused("It is not known.".to_owned()));
        view.complain("");
        assert!(!view.spoken().contains("not known"));
        view.complain("“O” is never part of a support code.");
        assert!(view.spoken().contains("“O”"));
        view.set_status(CodeStatus::Waiting);
        assert!(!view.spoken().contains("“O”"));
        let field = CodeView::new(Palette::DARK, 1.5, Boxes).unwrap().field().unwrap();
        assert!(field.height > 36.0 && field.y > 100.0);
    }
}
