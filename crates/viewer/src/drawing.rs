//! Who draws the window: the graphics card, or this program into memory (ADR 27).

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    Card, CardStep, PixelRect, PixelSize, ViewerWindow, WindowError, is_software_renderer,
};
use gc_types::Clock;

use crate::chrome::{Layer, intersection, union};
use crate::paint;
use crate::picture::Part;
use crate::view::Placed;

/// Who is to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Drawing {
    /// The graphics card, if there is one, for as long as it can.
    #[default]
    Auto,
    /// The same, whatever calls itself a card, and however slow.
    Card,
    /// This program.
    Software,
}

/// Of the machine's picture in the card's memory; layers follow.
const PICTURE: u32 = 0;
/// Rectangles that are put apart; beyond it one around all costs less.
const MOST: usize = 32;
/// A frame that takes longer is a slow one.
const SLOW: Duration = Duration::from_millis(60);
/// Slow frames in a row until the card is given up.
const PATIENCE: u32 = 10;

#[derive(Debug)]
enum Way {
    /// Nobody asked the card yet: the window is to be there at once.
    Open,
    /// The card of this name.
    Card(String),
    /// This program, and why.
    Software(String),
}

/// The machine's picture, and how it is shown.
pub(crate) struct Picture<'a> {
    pub(crate) pixels: Part<'a>,
    /// What of it is shown.
    pub(crate) part: PixelRect,
    pub(crate) placed: Placed,
    pub(crate) dim: bool,
}

/// What a window shows.
pub(crate) struct Scene<'a> {
    pub(crate) picture: Option<Picture<'a>>,
    /// Where there is none.
    pub(crate) field: [u8; 3],
    /// From the bottom up; each keeps its place in the list.
    pub(crate) layers: &'a [Option<&'a Layer>],
}

/// By whom the window was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drawn {
    /// The card; nothing is left to do.
    ByCard,
    /// Nobody yet.
    Not,
    /// Nobody, and the card never will again: the whole window is to be drawn.
    Lost,
}

/// Keeps the card's memory in step with what is to be seen.
pub(crate) struct Drawer {
    choice: Drawing,
    way: Way,
    clock: Arc<dyn Clock>,
    /// Of the picture, not put yet; `None` is all of it.
    changed: Option<Vec<PixelRect>>,
    /// What was put, by slot.
    held: Vec<Option<Layer>>,
    slow: u32,
}

impl Drawer {
    pub(crate) fn new(choice: Drawing, clock: Arc<dyn Clock>) -> Self {
        let way = match choice {
            Drawing::Software => Way::Software("as chosen".to_owned()),
            Drawing::Auto | Drawing::Card => Way::Open,
        };
        Self { choice, way, clock, changed: None, held: Vec::new(), slow: 0 }
    }

    /// For one more window.
    pub(crate) fn for_another(&self) -> Self {
        Self::new(self.choice, Arc::clone(&self.clock))
    }

    /// For the statistics.
    pub(crate) fn told(&self) -> String {
        match &self.way {
            Way::Open => "Drawing: software, as long as there is no picture".to_owned(),
            Way::Card(name) => format!("Drawing: graphics card ({name})"),
            Way::Software(cause) => format!("Drawing: software ({cause})"),
        }
    }

    /// Another picture, or another part of it, or its size has changed.
    pub(crate) fn picture_is_new(&mut self) {
        self.changed = None;
    }

    /// A part of the picture, in its own pixels.
    pub(crate) fn picture_changed(&mut self, area: PixelRect) {
        // By software nobody would ever take them.
        if let (Some(changed), Way::Card(_)) = (&mut self.changed, &self.way) {
            changed.push(area);
            if changed.len() > MOST {
                let all = changed.drain(..).reduce(union);
                changed.extend(all);
            }
        }
    }

    /// Goes on without the card.
    pub(crate) fn give_up(&mut self, window: &mut dyn ViewerWindow, cause: &str) {
        window.close_card();
        self.way = Way::Software(cause.to_owned());
        self.changed = None;
        self.held.clear();
        tracing::info!(told = self.told(), "drawing");
    }

    /// Draws these parts of the window by the card, and shows them, if there is one.
    pub(crate) fn draw(
        &mut self,
        window: &mut dyn ViewerWindow,
        areas: &[PixelRect],
        scene: &Scene<'_>,
    ) -> Drawn {
        let mut whole = None;
        if matches!(self.way, Way::Open) && scene.picture.is_some() {
            self.open(window);
            whole = Some([paint::whole(window.size())]);
        }
        if !matches!(self.way, Way::Card(_)) {
            return Drawn::Not;
        }
        let areas = whole.as_ref().map_or(areas, |whole| whole);
        if areas.is_empty() {
            return Drawn::ByCard;
        }
        let began = self.clock.monotonic();
        let size = window.size();
        let drawn = match window.card() {
            Some(card) => self.draw_with(card, size, areas, scene),
            None => Err(WindowError("the window has lost it".to_owned())),
        };
        if let Err(error) = drawn {
            self.give_up(window, &error.0);
            return Drawn::Lost;
        }
        let took = self.clock.monotonic().saturating_sub(began);
        self.slow = if took > SLOW { self.slow + 1 } else { 0 };
        if self.choice == Drawing::Auto && self.slow >= PATIENCE {
            let cause = format!("the graphics card was slow: {} ms a frame", took.as_millis());
            self.give_up(window, &cause);
            return Drawn::Lost;
        }
        Drawn::ByCard
    }

    fn open(&mut self, window: &mut dyn ViewerWindow) {
        let any = self.choice == Drawing::Card;
        self.way = match window.open_card(any) {
            Ok(name) if !any && is_software_renderer(&name) => {
                window.close_card();
                Way::Software(format!("no graphics card, only {name}"))
            }
            Ok(name) => Way::Card(name),
            Err(error) => {
                window.close_card();
                Way::Software(format!("no graphics card: {}", error.0))
            }
        };
        tracing::info!(told = self.told(), "drawing");
    }

    fn draw_with(
        &mut self,
        card: &mut dyn Card,
        window: PixelSize,
        areas: &[PixelRect],
        scene: &Scene<'_>,
    ) -> Result<(), WindowError> {
        if let Some(picture) = &scene.picture {
            self.put_picture(card, picture)?;
        }
        self.held.resize(scene.layers.len(), None);
        for ((slot, held), layer) in (PICTURE + 1..).zip(&mut self.held).zip(scene.layers) {
            match layer {
                Some(layer) if held.as_ref().is_none_or(|held| !held.is_same(layer)) => {
                    let PixelRect { width, height, .. } = layer.area;
                    let (size, stride) = (PixelSize { width, height }, width as usize * 4);
                    let all = PixelRect { x: 0, y: 0, width, height };
                    card.put(slot, size, all, layer.pixels(), stride)?;
                    *held = Some((*layer).clone());
                }
                None if held.take().is_some() => card.forget(slot),
                _ => {}
            }
        }
        for area in areas {
            card.draw(window, *area, &steps(*area, scene))?;
        }
        card.show(areas)
    }

    fn put_picture(
        &mut self,
        card: &mut dyn Card,
        picture: &Picture<'_>,
    ) -> Result<(), WindowError> {
        let (pixels, part) = (picture.pixels, picture.part);
        let changed = self.changed.replace(Vec::new()).unwrap_or_else(|| vec![part]);
        for area in changed.into_iter().filter_map(|area| intersection(area, part)) {
            card.put(PICTURE, pixels.size(), area, pixels.from(area.x, area.y), pixels.stride())?;
        }
        Ok(())
    }
}

/// How a part of the window is drawn: the picture between bars of black, or a field
/// without it, and the layers over both.
fn steps(area: PixelRect, scene: &Scene<'_>) -> Vec<CardStep> {
    let mut steps = Vec::new();
    match &scene.picture {
        Some(Picture { part, placed, dim, .. }) => {
            let Placed { x: left, y: top, width, height } = *placed;
            let covers = left <= area.x as i32
                && top <= area.y as i32
                && left + width as i32 >= (area.x + area.width) as i32
                && top + height as i32 >= (area.y + area.height) as i32;
            if !covers {
                steps.push(CardStep::Fill { area, color: [0; 3] });
            }
            let size = PixelSize { width, height };
            let (part, dim) = (*part, *dim);
            steps.push(CardStep::Picture { slot: PICTURE, part, left, top, size, dim });
        }
        None => steps.push(CardStep::Fill { area, color: scene.field }),
    }
    for (slot, layer) in (PICTURE + 1..).zip(scene.layers) {
        if let Some(layer) = layer
            && intersection(layer.area, area).is_some()
        {
            steps.push(CardStep::Layer { slot, area: layer.area });
        }
    }
    steps
}

#[cfg(test)]
#[path = "drawing_tests.rs"]
mod tests;
