//! The toolbar at the top, and the handle that is left of it while it is away.

use gc_panel::{Area, Weight};
use gc_platform::{PixelRect, PixelSize};

use crate::chrome::layer::{Layer, Painter};

/// A button of the toolbar.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tool<T> {
    pub(crate) id: T,
    pub(crate) label: String,
    /// Switched on.
    pub(crate) pressed: bool,
    pub(crate) enabled: bool,
    /// A thin line goes before it.
    pub(crate) apart: bool,
}

/// Where everything is.
#[derive(Debug)]
pub(crate) struct Toolbar<T> {
    tools: Vec<(Tool<T>, Area)>,
    area: PixelRect,
    handle: PixelRect,
}

impl<T: Copy + PartialEq> Toolbar<T> {
    /// In the middle of the window's upper edge.
    pub(crate) fn lay_out(tools: Vec<Tool<T>>, window: PixelSize, painter: &mut Painter) -> Self {
        let style = painter.text();
        let (height, margin) = (painter.px(36.0), painter.px(4.0));
        // Less air where the window is narrow.
        let mut air = painter.px(10.0);
        let mut widths: Vec<f32> =
            tools.iter().map(|tool| painter.measure(&tool.label, style).ceil()).collect();
        let apart = tools.iter().filter(|tool| tool.apart).count() as f32 * painter.px(9.0);
        let text: f32 = widths.iter().sum::<f32>() + apart + 2.0 * margin;
        let room = window.width as f32 - text;
        let count = tools.len().max(1) as f32 * 2.0;
        air = air.min((room / count).floor()).max(painter.px(3.0));
        for width in &mut widths {
            *width += 2.0 * air;
        }
        let whole = (widths.iter().sum::<f32>() + apart + 2.0 * margin).ceil() as u32;
        let width = whole.clamp(1, window.width);
        let mut x = margin;
        let placed = tools
            .into_iter()
            .zip(widths)
            .map(|(tool, width)| {
                if tool.apart {
                    x += painter.px(9.0);
                }
                let area = Area { x, y: margin, width, height: height - 2.0 * margin };
                x += width;
                (tool, area)
            })
            .collect();
        let handle_width = (painter.px(56.0) as u32).min(window.width);
        let handle_height = (painter.px(10.0) as u32).clamp(1, window.height);
        Self {
            tools: placed,
            area: PixelRect {
                x: (window.width - width) / 2,
                y: 0,
                width,
                height: (height as u32).clamp(1, window.height),
            },
            handle: PixelRect {
                x: (window.width - handle_width) / 2,
                y: 0,
                width: handle_width,
                height: handle_height,
            },
        }
    }

    pub(crate) fn contains(&self, x: i32, y: i32) -> bool {
        within(self.area, x, y)
    }

    pub(crate) fn on_handle(&self, x: i32, y: i32) -> bool {
        within(self.handle, x, y)
    }

    /// The button at a place.
    pub(crate) fn at(&self, x: i32, y: i32) -> Option<T> {
        let (x, y) = ((x - self.area.x as i32) as f32, (y - self.area.y as i32) as f32);
        let (tool, _) = self.tools.iter().find(|(_, area)| area.contains(x, y))?;
        tool.enabled.then_some(tool.id)
    }

    /// Left end of a button and the toolbar's lower edge, in the window.
    pub(crate) fn below(&self, id: T) -> (f32, f32) {
        let left = self.tools.iter().find(|(tool, _)| tool.id == id).map_or(0.0, |it| it.1.x);
        (self.area.x as f32 + left, (self.area.y + self.area.height) as f32)
    }

    /// The next button that can be used.
    pub(crate) fn next(&self, from: Option<T>, forward: bool) -> Option<T> {
        let usable: Vec<T> =
            self.tools.iter().filter(|(tool, _)| tool.enabled).map(|(tool, _)| tool.id).collect();
        let count = usable.len();
        let at = from.and_then(|id| usable.iter().position(|known| *known == id));
        let next = match at {
            None => 0,
            Some(at) if forward => (at + 1) % count,
            Some(at) => (at + count - 1) % count,
        };
        usable.get(next).copied()
    }

    pub(crate) fn draw(
        &self,
        painter: &mut Painter,
        hover: Option<T>,
        focus: Option<T>,
    ) -> Option<Layer> {
        let palette = painter.palette;
        let style = painter.text();
        let muted = painter.style(13.0, Weight::Regular, palette.border);
        let accent = painter.style(13.0, Weight::Bold, palette.accent);
        let (px2, px4, px6, px8) =
            (painter.px(2.0), painter.px(4.0), painter.px(6.0), painter.px(8.0));
        let outline = painter.px(1.0).max(1.0);
        // Round at the bottom only: the upper corners lie outside.
        let ground = Area {
            x: 0.0,
            y: -px8,
            width: self.area.width as f32,
            height: self.area.height as f32 + px8,
        };
        painter.layer(self.area, |canvas| {
            canvas.fill_rounded(ground, px8, palette.surface);
            canvas.outline_rounded(ground, px8, palette.border, outline);
            for (tool, area) in &self.tools {
                if tool.apart {
                    let line = Area {
                        x: area.x - px4 - outline,
                        y: area.y + px6,
                        width: outline,
                        height: area.height - 2.0 * px6,
                    };
                    canvas.fill(line, palette.track);
                }
                if tool.pressed {
                    canvas.fill_rounded(*area, px4, palette.pressed);
                } else if tool.enabled && hover == Some(tool.id) {
                    canvas.fill_rounded(*area, px4, palette.hover);
                }
                if focus == Some(tool.id) {
                    canvas.outline_rounded(*area, px4, accent.color, px2);
                }
                let look = if tool.enabled { style } else { muted };
                canvas.text_centred(&tool.label, *area, look);
            }
        })
    }

    /// What is left while it is away.
    pub(crate) fn draw_handle(&self, painter: &mut Painter, hover: bool) -> Option<Layer> {
        let palette = painter.palette;
        let color = if hover { palette.accent } else { palette.border };
        let (px3, px5) = (painter.px(3.0), painter.px(5.0));
        let ground = Area {
            x: 0.0,
            y: -px5,
            width: self.handle.width as f32,
            height: self.handle.height as f32 + px5,
        };
        let grip = Area {
            x: ground.width * 0.3,
            y: (self.handle.height as f32 - px3) / 2.0,
            width: ground.width * 0.4,
            height: px3,
        };
        painter.layer(self.handle, |canvas| {
            canvas.fill_rounded(ground, px5, palette.surface);
            canvas.fill_rounded(grip, px3 / 2.0, color);
        })
    }
}

fn within(area: PixelRect, x: i32, y: i32) -> bool {
    (area.x as i32..(area.x + area.width) as i32).contains(&x)
        && (area.y as i32..(area.y + area.height) as i32).contains(&y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chrome::layer::tests::painter;

    fn tools() -> Vec<Tool<u8>> {
        let tool = |id, label: &str, enabled| Tool {
            id,
            label: label.into(),
            pressed: false,
            enabled,
            apart: id == 3,
        };
        vec![tool(1, "Monitors", true), tool(2, "Clipboard", false), tool(3, "Leave", true)]
    }

    #[test]
    fn buttons_lie_side_by_side_in_the_middle_and_off_ones_are_passed_over() {
        let window = PixelSize { width: 800, height: 600 };
        let bar = Toolbar::lay_out(tools(), window, &mut painter());
        let middle = bar.area.x + bar.area.width / 2;
        assert!(middle.abs_diff(400) <= 1 && bar.area.y == 0);
        let found: Vec<Option<u8>> =
            (0..800).map(|x| bar.at(x, 18)).fold(Vec::new(), |mut row, id| {
                if row.last() != Some(&id) {
                    row.push(id);
                }
                row
            });
        assert_eq!(found, [None, Some(1), None, Some(3), None]);
        assert!(bar.on_handle(400, 2) && !bar.on_handle(300, 2) && !bar.on_handle(400, 30));
        assert_eq!(bar.next(None, true), Some(1));
        assert_eq!(bar.next(Some(1), true), Some(3));
        assert_eq!(bar.next(Some(3), true), Some(1));
        assert_eq!(bar.next(Some(1), false), Some(3));
        assert!(bar.below(3).0 > bar.below(1).0);
        assert!(bar.draw(&mut painter(), Some(1), Some(3)).is_some());
    }

    #[test]
    fn a_narrow_window_has_less_air_between_and_nothing_outside() {
        for width in [1, 60, 200, 240] {
            let window = PixelSize { width, height: 40 };
            let bar = Toolbar::lay_out(tools(), window, &mut painter());
            assert!(bar.area.x + bar.area.width <= width);
            assert!(bar.draw(&mut painter(), None, None).is_some());
            assert!(bar.draw_handle(&mut painter(), true).is_some());
        }
    }
}
