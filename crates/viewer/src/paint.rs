//! From picture and layers to the window.

use gc_platform::{PixelRect, PixelSize, WindowError};

use crate::app::{App, Focus, Layers};
use crate::chrome::{Layer, Menu, Toolbar, union};
use crate::drawing::{Drawn, Picture, Scene};
use crate::picture::Part;

impl App {
    /// Draws what has changed and shows it; then tells the machine of each new picture.
    pub(crate) fn paint(&mut self) -> Result<(), WindowError> {
        let damage = std::mem::take(&mut self.damage);
        let mut areas = merged(damage);
        match self.draw_by_card(&areas) {
            Drawn::ByCard => areas.clear(),
            Drawn::Not => {}
            Drawn::Lost => areas = vec![whole(self.window.size())],
        }
        for area in areas {
            self.compose(area);
            self.window.present(area)?;
        }
        let shown = self.now();
        let frames = std::mem::take(&mut self.frames);
        if !frames.is_empty() {
            if let Some(seat) = &mut self.seat {
                for (frame_id, came) in frames {
                    seat.drawn(frame_id, shown.saturating_sub(came));
                }
            }
            self.look_at_pace();
        }
        Ok(())
    }

    fn draw_by_card(&mut self, areas: &[PixelRect]) -> Drawn {
        let surface = match &self.last {
            Some(last) => Some(last),
            None => self.seat.as_ref().and_then(crate::seat::Seat::surface),
        };
        let picture = surface.zip(self.view.placed()).map(|(surface, placed)| {
            let pixels = Part::of(surface, None);
            let part = self.view.part().unwrap_or_else(|| whole(pixels.size()));
            Picture { pixels, part, placed, dim: self.status.dims }
        });
        let (field, layers) = (self.painter.palette.field, &self.layers.in_order());
        self.drawer.draw(&mut *self.window, areas, &Scene { picture, field, layers })
    }

    fn compose(&mut self, area: PixelRect) {
        let window = self.window.size();
        let dimmed = self.status.dims;
        let surface = match &self.last {
            Some(last) => Some(last),
            None => self.seat.as_ref().and_then(crate::seat::Seat::surface),
        };
        let frame = self.window.pixels();
        match (surface, self.view.placed()) {
            (Some(surface), Some(placed)) => {
                let picture = Part::of(surface, self.view.part());
                self.scaler.draw(frame, window, area, picture, placed);
                if dimmed {
                    dim(frame, window.width, area);
                }
            }
            _ => fill(frame, window.width, area, self.painter.palette.field),
        }
        for layer in self.layers.in_order().into_iter().flatten() {
            layer.blend(frame, window, area);
        }
    }

    /// Draws every layer anew, and has what changed of them shown.
    pub(crate) fn draw_chrome(&mut self) {
        let window = self.window.size();
        let status = self.tell_status();
        if status.dims != self.status.dims {
            self.status.dims = status.dims;
            self.damage_all();
        }
        let tools = self.tools();
        let bar = Toolbar::lay_out(tools, window, &mut self.painter);
        let focus = match self.focus {
            Some(Focus::Toolbar(tool)) => Some(tool),
            _ => None,
        };
        let hover = self.menu.as_ref().map(|(tool, _)| *tool).or(self.hover);
        let toolbar = if self.toolbar_shown() {
            bar.draw(&mut self.painter, hover, focus)
        } else {
            bar.draw_handle(&mut self.painter, self.on_handle)
        };
        self.bar = Some(bar);
        let menu = match &self.menu {
            Some((_, menu)) => Menu::draw(menu, &mut self.painter),
            None => None,
        };
        let on_card = match self.focus {
            Some(Focus::Card(index)) => Some(index),
            _ => self.status.marked,
        };
        let card = status.card.as_ref();
        let card = card.and_then(|card| card.draw(window, &mut self.painter, on_card));
        let marked = if card.is_some() { None } else { self.status.marked };
        let banner = status.banner.as_ref();
        let banner = banner.and_then(|banner| banner.draw(window, &mut self.painter, marked));
        let panel = self.draw_transfers();
        let panes = self.draw_panes(panel.as_ref().map(|it| it.layer.area));
        let statistics = self.statistics();
        let ghost = self.ghost();
        let layers = [
            (&mut self.layers.ghost, ghost),
            (&mut self.layers.statistics, statistics),
            (&mut self.layers.panes, panes),
            (&mut self.layers.banner, banner.as_ref().map(|it| it.layer.clone())),
            (&mut self.layers.panel, panel.as_ref().map(|it| it.layer.clone())),
            (&mut self.layers.card, card.as_ref().map(|it| it.layer.clone())),
            (&mut self.layers.toolbar, toolbar),
            (&mut self.layers.menu, menu),
        ];
        let mut changed = Vec::new();
        for (old, new) in layers {
            replace(old, new, &mut changed);
        }
        (self.status.card, self.status.banner, self.status.panel) = (card, banner, panel);
        for area in changed {
            self.damage(area);
        }
    }

    pub(crate) fn toolbar_shown(&self) -> bool {
        // Without a picture there is nothing to be in the way of.
        self.toolbar_open || self.pinned || !self.live() || self.focus.is_some()
    }

    fn statistics(&mut self) -> Option<Layer> {
        if !self.show_statistics {
            return None;
        }
        let now = self.now();
        let seat = self.seat.as_ref()?;
        let (numbers, trip) = (seat.statistics(now), seat.round_trip());
        let window = self.window.size();
        let drawing = self.drawer.told();
        crate::chrome::statistics(&numbers, trip, &drawing, window, &mut self.painter)
    }

    /// Where somebody else has the pointer.
    fn ghost(&self) -> Option<Layer> {
        let ((x, y), _) = self.ghost_at?;
        let cursor = self.cursor.as_ref().filter(|cursor| cursor.size.0 > 0)?;
        let (left, top) = self.view.window_at(x, y)?;
        let corner = (left - cursor.hotspot.0 as i32, top - cursor.hotspot.1 as i32);
        Layer::of_rgba(corner, cursor.size, &cursor.rgba, self.window.size())
    }
}

impl Layers {
    /// From the bottom up.
    pub(crate) fn in_order(&self) -> [Option<&Layer>; 8] {
        [
            &self.ghost,
            &self.statistics,
            &self.panes,
            &self.banner,
            &self.panel,
            &self.card,
            &self.toolbar,
            &self.menu,
        ]
        .map(Option::as_ref)
    }
}

/// All of something.
pub(crate) const fn whole(PixelSize { width, height }: PixelSize) -> PixelRect {
    PixelRect { x: 0, y: 0, width, height }
}

fn replace(old: &mut Option<Layer>, new: Option<Layer>, changed: &mut Vec<PixelRect>) {
    if *old == new {
        return;
    }
    changed.extend(old.as_ref().map(|layer| layer.area));
    changed.extend(new.as_ref().map(|layer| layer.area));
    *old = new;
}

/// Rectangles that overlap become one, so that no pixel is drawn twice.
pub(crate) fn merged(mut areas: Vec<PixelRect>) -> Vec<PixelRect> {
    let mut apart: Vec<PixelRect> = Vec::with_capacity(areas.len());
    while let Some(mut area) = areas.pop() {
        while let Some(at) = apart.iter().position(|other| touch(*other, area)) {
            area = union(apart.swap_remove(at), area);
        }
        apart.push(area);
    }
    apart
}

fn touch(a: PixelRect, b: PixelRect) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

fn rows(frame: &mut [u8], width: u32, area: PixelRect, mut each: impl FnMut(&mut [u8])) {
    for y in area.y..area.y + area.height {
        let start = (y as usize * width as usize + area.x as usize) * 4;
        if let Some(row) = frame.get_mut(start..start + area.width as usize * 4) {
            each(row);
        }
    }
}

pub(crate) fn dim(frame: &mut [u8], width: u32, area: PixelRect) {
    rows(frame, width, area, |row| {
        for byte in row {
            *byte = (u16::from(*byte) * 2 / 5) as u8;
        }
    });
}

pub(crate) fn fill(
    frame: &mut [u8],
    width: u32,
    area: PixelRect,
    [red, green, blue]: gc_panel::Rgb,
) {
    rows(frame, width, area, |row| {
        for pixel in row.chunks_exact_mut(4) {
            pixel.copy_from_slice(&[blue, green, red, 255]);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_pixel_is_drawn_twice() {
        let rect = |x, y, width, height| PixelRect { x, y, width, height };
        let apart = merged(vec![rect(0, 0, 10, 10), rect(20, 0, 5, 5), rect(9, 9, 12, 3)]);
        for (at, a) in apart.iter().enumerate() {
            assert!(apart[at + 1..].iter().all(|b| !touch(*a, *b)), "{apart:?}");
        }
        assert_eq!(merged(vec![rect(0, 0, 1, 1), rect(1, 0, 1, 1)]).len(), 2);
    }
}
