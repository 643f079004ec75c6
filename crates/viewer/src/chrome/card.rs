//! Cards, which say what there is instead of a picture and ask; and banners, which say
//! something beside it.

use gc_panel::{Area, Weight};
use gc_platform::{PixelRect, PixelSize};

use crate::chrome::layer::{Layer, Painter};

/// A button with what it does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Button<C> {
    pub(crate) label: String,
    pub(crate) command: C,
}

impl<C> Button<C> {
    pub(crate) fn new(label: &str, command: C) -> Self {
        Self { label: label.to_owned(), command }
    }
}

/// In the middle of the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Card<C> {
    pub(crate) title: String,
    pub(crate) sentence: String,
    /// In a muted colour below it.
    pub(crate) detail: String,
    pub(crate) buttons: Vec<Button<C>>,
}

/// At the lower edge of the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Banner<C> {
    pub(crate) text: String,
    pub(crate) buttons: Vec<Button<C>>,
}

/// A layer with places to click on.
#[derive(Debug)]
pub(crate) struct Placed<C> {
    pub(crate) layer: Layer,
    /// In the window.
    buttons: Vec<(Area, C)>,
}

impl<C: Clone + PartialEq> Placed<C> {
    pub(crate) fn contains(&self, x: i32, y: i32) -> bool {
        let area = self.layer.area;
        (area.x as i32..(area.x + area.width) as i32).contains(&x)
            && (area.y as i32..(area.y + area.height) as i32).contains(&y)
    }

    pub(crate) fn at(&self, x: i32, y: i32) -> Option<usize> {
        self.buttons.iter().position(|(area, _)| area.contains(x as f32, y as f32))
    }

    pub(crate) fn command(&self, index: usize) -> Option<C> {
        self.buttons.get(index).map(|(_, command)| command.clone())
    }

    pub(crate) const fn count(&self) -> usize {
        self.buttons.len()
    }
}

impl<C: Clone> Card<C> {
    /// Draws it; `marked` is the button under the pointer or reached by keys.
    pub(crate) fn draw(
        &self,
        window: PixelSize,
        painter: &mut Painter,
        marked: Option<usize>,
    ) -> Option<Placed<C>> {
        let palette = painter.palette;
        let title = painter.style(17.0, Weight::Bold, palette.text);
        let (text, muted) = (painter.text(), painter.style(12.0, Weight::Regular, palette.muted));
        let margin = painter.px(20.0);
        let width = painter.px(440.0).min(window.width as f32 - 2.0 * painter.px(8.0)).max(1.0);
        let inner = (width - 2.0 * margin).max(1.0);
        let heads = painter.wrapped(&self.title, inner, title);
        let lines = painter.wrapped(&self.sentence, inner, text);
        let details = if self.detail.is_empty() {
            Vec::new()
        } else {
            painter.wrapped(&self.detail, inner, muted)
        };
        let step = |px: f32| (px * 1.4).round();
        let mut rows: Vec<(String, f32, gc_panel::Style)> = Vec::new();
        let mut y = margin;
        for (lines, style) in [(heads, title), (lines, text), (details, muted)] {
            for line in lines {
                y += step(style.px);
                rows.push((line, (y - style.px * 0.3).round(), style));
            }
            y += painter.px(6.0);
        }
        let mut buttons = Vec::new();
        if !self.buttons.is_empty() {
            y += painter.px(10.0);
            let mut x = margin;
            for button in &self.buttons {
                let wide = (painter.measure(&button.label, text) + painter.px(28.0)).ceil();
                buttons.push(Area { x, y, width: wide, height: painter.px(32.0) });
                x += wide + painter.px(8.0);
            }
            y += painter.px(32.0);
        }
        let height = (y + margin).min(window.height as f32).max(1.0);
        let area = PixelRect {
            x: (window.width.saturating_sub(width as u32)) / 2,
            y: (window.height.saturating_sub(height as u32)) / 2,
            width: (width as u32).max(1),
            height: (height as u32).max(1),
        };
        let ground = Area { x: 0.0, y: 0.0, width: area.width as f32, height: area.height as f32 };
        let (px1, px2, px6, px10) =
            (painter.px(1.0).max(1.0), painter.px(2.0), painter.px(6.0), painter.px(10.0));
        let layer = painter.layer(area, |canvas| {
            canvas.fill_rounded(ground, px10, palette.surface);
            canvas.outline_rounded(ground, px10, palette.border, px1);
            for (line, baseline, style) in &rows {
                canvas.text(line, margin, *baseline, *style);
            }
            for (index, (button, at)) in self.buttons.iter().zip(&buttons).enumerate() {
                let color = if marked == Some(index) { palette.pressed } else { palette.hover };
                canvas.fill_rounded(*at, px6, color);
                let (line, width) = if marked == Some(index) {
                    (palette.accent, px2)
                } else {
                    (palette.border, px1)
                };
                canvas.outline_rounded(*at, px6, line, width);
                canvas.text_centred(&button.label, *at, text);
            }
        })?;
        Some(placed(layer, &buttons, &self.buttons))
    }
}

pub(super) fn placed<C: Clone>(layer: Layer, areas: &[Area], buttons: &[Button<C>]) -> Placed<C> {
    let corner = (layer.area.x as f32, layer.area.y as f32);
    let buttons = areas
        .iter()
        .zip(buttons)
        .map(|(area, button)| {
            let area = Area { x: area.x + corner.0, y: area.y + corner.1, ..*area };
            (area, button.command.clone())
        })
        .collect();
    Placed { layer, buttons }
}

impl<C: Clone> Banner<C> {
    pub(crate) fn draw(
        &self,
        window: PixelSize,
        painter: &mut Painter,
        marked: Option<usize>,
    ) -> Option<Placed<C>> {
        let palette = painter.palette;
        let text = painter.text();
        let (pad, height) = (painter.px(14.0), painter.px(36.0));
        let widths: Vec<f32> = self
            .buttons
            .iter()
            .map(|button| (painter.measure(&button.label, text) + painter.px(20.0)).ceil())
            .collect();
        let taken: f32 = widths.iter().map(|width| width + painter.px(6.0)).sum();
        let room = (window.width as f32 - taken - 2.0 * pad - painter.px(8.0)).max(1.0);
        let shown = painter.with_fitted(&self.text, room, text);
        let words = painter.measure(&shown, text).ceil();
        let width = ((2.0 * pad + words + taken) as u32).clamp(1, window.width);
        let high = (height as u32).clamp(1, window.height);
        let above = painter.px(12.0) as u32;
        let area = PixelRect {
            x: (window.width - width) / 2,
            y: window.height.saturating_sub(high + above),
            width,
            height: high,
        };
        let mut x = pad + words + painter.px(6.0);
        let buttons: Vec<Area> = widths
            .iter()
            .map(|width| {
                let at = Area {
                    x,
                    y: painter.px(5.0),
                    width: *width,
                    height: height - 2.0 * painter.px(5.0),
                };
                x += width + painter.px(6.0);
                at
            })
            .collect();
        let ground = Area { x: 0.0, y: 0.0, width: width as f32, height: high as f32 };
        let (px1, px6) = (painter.px(1.0).max(1.0), painter.px(6.0));
        let layer = painter.layer(area, |canvas| {
            canvas.fill_rounded(ground, ground.height / 2.0, palette.surface);
            canvas.outline_rounded(ground, ground.height / 2.0, palette.border, px1);
            let baseline = (ground.height / 2.0 + text.px * 0.36).round();
            canvas.text(&shown, pad, baseline, text);
            for (index, (button, at)) in self.buttons.iter().zip(&buttons).enumerate() {
                let color = if marked == Some(index) { palette.pressed } else { palette.hover };
                canvas.fill_rounded(*at, px6, color);
                canvas.outline_rounded(*at, px6, palette.border, px1);
                canvas.text_centred(&button.label, *at, text);
            }
        })?;
        Some(placed(layer, &buttons, &self.buttons))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chrome::layer::tests::painter;

    #[test]
    fn buttons_are_where_they_are_drawn_in_any_window() {
        let card = Card {
            title: "Reconnecting".into(),
            sentence: "The connection to the server was lost. Reconnecting by itself.".into(),
            detail: "connection_lost".into(),
            buttons: vec![Button::new("Try now", 'r'), Button::new("Close", 'c')],
        };
        for (width, height) in [(1280, 800), (300, 200), (20, 20)] {
            let window = PixelSize { width, height };
            let placed = card.draw(window, &mut painter(), Some(0)).unwrap();
            let area = placed.layer.area;
            assert!(area.x + area.width <= width && area.y + area.height <= height);
            assert_eq!(placed.count(), 2);
        }
        let window = PixelSize { width: 800, height: 600 };
        let placed = card.draw(window, &mut painter(), None).unwrap();
        let (at, _) = placed.buttons[1];
        let index = placed.at((at.x + 3.0) as i32, (at.y + 3.0) as i32);
        assert_eq!(index.and_then(|index| placed.command(index)), Some('c'));
        assert!(placed.at(0, 0).is_none() && placed.contains(400, 300));
        let banner = Banner { text: "x".repeat(500), buttons: vec![Button::new("Ask", 'a')] };
        let placed = banner.draw(window, &mut painter(), None).unwrap();
        assert!(placed.layer.area.x + placed.layer.area.width <= 800);
        let (at, _) = placed.buttons[0];
        assert_eq!(placed.at(at.x as i32 + 2, at.y as i32 + 2), Some(0));
    }
}
