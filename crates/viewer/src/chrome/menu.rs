//! A menu below a button.

use gc_panel::{Area, Weight};
use gc_platform::{PixelRect, PixelSize};

use crate::chrome::layer::{Layer, Painter};

/// A line of a menu.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry<C> {
    pub(crate) label: String,
    /// At the right, in a muted colour.
    pub(crate) trail: String,
    pub(crate) checked: bool,
    /// What it does; `None`: it only tells something.
    pub(crate) command: Option<C>,
}

impl<C> Entry<C> {
    pub(crate) fn new(label: impl Into<String>, command: C) -> Self {
        Self { label: label.into(), trail: String::new(), checked: false, command: Some(command) }
    }

    /// Says something.
    pub(crate) fn told(label: impl Into<String>) -> Self {
        Self { label: label.into(), trail: String::new(), checked: false, command: None }
    }

    pub(crate) fn checked(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    pub(crate) fn trail(mut self, trail: impl Into<String>) -> Self {
        self.trail = trail.into();
        self
    }

    /// Cannot be chosen at the moment.
    pub(crate) fn only_if(mut self, possible: bool) -> Self {
        if !possible {
            self.command = None;
        }
        self
    }
}

/// An open menu.
#[derive(Debug)]
pub(crate) struct Menu<C> {
    pub(crate) entries: Vec<Entry<C>>,
    /// Under the pointer, or reached by keys.
    pub(crate) marked: Option<usize>,
    area: PixelRect,
    row: f32,
    margin: f32,
}

impl<C: Clone> Menu<C> {
    /// Below a place, inside the window.
    pub(crate) fn open(
        entries: Vec<Entry<C>>,
        below: (f32, f32),
        window: PixelSize,
        painter: &mut Painter,
    ) -> Self {
        let style = painter.text();
        let (mut label, mut trail) = (0.0_f32, 0.0_f32);
        for entry in &entries {
            label = label.max(painter.measure(&entry.label, style));
            trail = trail.max(painter.measure(&entry.trail, style));
        }
        let row = painter.px(28.0);
        let margin = painter.px(4.0);
        let gap = if trail > 0.0 { painter.px(24.0) } else { 0.0 };
        let width = painter.px(28.0) + label + gap + trail + painter.px(16.0);
        let width = (width.ceil() as u32).clamp(1, window.width);
        let height = (row * entries.len() as f32 + 2.0 * margin).ceil() as u32;
        let height = height.clamp(1, window.height);
        let x = (below.0.max(0.0) as u32).min(window.width - width);
        let y = (below.1.max(0.0) as u32).min(window.height - height);
        Self { entries, marked: None, area: PixelRect { x, y, width, height }, row, margin }
    }

    /// Whether a place is on it.
    pub(crate) fn contains(&self, x: i32, y: i32) -> bool {
        let area = self.area;
        (area.x as i32..(area.x + area.width) as i32).contains(&x)
            && (area.y as i32..(area.y + area.height) as i32).contains(&y)
    }

    /// The line at a place.
    pub(crate) fn at(&self, x: i32, y: i32) -> Option<usize> {
        if !self.contains(x, y) {
            return None;
        }
        let inside = y as f32 - self.area.y as f32 - self.margin;
        let index = (inside / self.row).floor();
        (index >= 0.0 && (index as usize) < self.entries.len()).then_some(index as usize)
    }

    /// What a line does.
    pub(crate) fn command(&self, index: usize) -> Option<C> {
        self.entries.get(index)?.command.clone()
    }

    /// Goes on to the next line that does something.
    pub(crate) fn step(&mut self, forward: bool) {
        let count = self.entries.len();
        let mut at = self.marked.unwrap_or(if forward { count.wrapping_sub(1) } else { 0 });
        for _ in 0..count {
            at = if forward { at.wrapping_add(1) % count } else { (at + count - 1) % count };
            if self.entries.get(at).is_some_and(|entry| entry.command.is_some()) {
                self.marked = Some(at);
                return;
            }
        }
    }

    pub(crate) fn draw(&self, painter: &mut Painter) -> Option<Layer> {
        let style = painter.text();
        let palette = painter.palette;
        let (px4, px8, px28) = (painter.px(4.0), painter.px(8.0), painter.px(28.0));
        let bold = painter.style(13.0, Weight::Bold, palette.accent);
        let ground =
            Area { x: 0.0, y: 0.0, width: self.area.width as f32, height: self.area.height as f32 };
        let muted = painter.style(13.0, Weight::Regular, palette.muted);
        let outline = painter.px(1.0).max(1.0);
        painter.layer(self.area, |canvas| {
            canvas.fill_rounded(ground, px8, palette.surface);
            canvas.outline_rounded(ground, px8, palette.border, outline);
            for (index, entry) in self.entries.iter().enumerate() {
                let line = Area {
                    x: self.margin,
                    y: self.margin + index as f32 * self.row,
                    width: ground.width - 2.0 * self.margin,
                    height: self.row,
                };
                if self.marked == Some(index) && entry.command.is_some() {
                    canvas.fill_rounded(line, px4, palette.hover);
                }
                let baseline = (line.y + line.height / 2.0 + style.px * 0.36).round();
                if entry.checked {
                    canvas.dot(
                        line.x + px28 / 2.0 - px4 / 2.0,
                        line.y + line.height / 2.0,
                        px4 * 0.8,
                        bold.color,
                    );
                }
                let look = if entry.command.is_some() { style } else { muted };
                canvas.text(&entry.label, line.x + px28 - px4, baseline, look);
                if !entry.trail.is_empty() {
                    let width = canvas.measure(&entry.trail, muted);
                    let x = line.x + line.width - width - px8;
                    canvas.text(&entry.trail, x, baseline, muted);
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chrome::layer::tests::painter;

    #[test]
    fn lines_that_do_nothing_are_passed_over_and_the_menu_stays_in_the_window() {
        let entries = vec![
            Entry::told("In this session"),
            Entry::new("one", 1),
            Entry::new("two", 2).only_if(false),
            Entry::new("three", 3).checked(true).trail("trail"),
        ];
        let window = PixelSize { width: 300, height: 200 };
        let mut menu = Menu::open(entries, (290.0, 190.0), window, &mut painter());
        assert!(menu.area.x + menu.area.width <= 300 && menu.area.y + menu.area.height <= 200);
        menu.step(true);
        assert_eq!(menu.marked.and_then(|at| menu.command(at)), Some(1));
        menu.step(true);
        assert_eq!(menu.marked.and_then(|at| menu.command(at)), Some(3));
        menu.step(true);
        assert_eq!(menu.marked, Some(1), "round and round");
        menu.step(false);
        assert_eq!(menu.marked, Some(3));
        let third = (menu.area.y as f32 + menu.margin + 2.5 * menu.row) as i32;
        assert_eq!(menu.at(menu.area.x as i32 + 5, third), Some(2));
        assert_eq!(menu.command(2), None);
        assert!(menu.at(0, 0).is_none());
        assert!(menu.draw(&mut painter()).is_some());
        let mut empty: Menu<u8> = Menu::open(vec![], (0.0, 0.0), window, &mut painter());
        empty.step(true);
        assert_eq!(empty.marked, None);
    }
}
