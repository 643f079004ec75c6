//! Which monitors have a window of their own, and what follows from what happens in it.

use gc_platform::PixelRect;
use gc_proto::v2::Display;

use crate::app::App;
use crate::chrome::intersection;
use crate::spread::{Monitor, PaneEvent, Spread};

impl App {
    /// The monitors, where each is to have a window: all of them are in the picture.
    fn monitors_apart(&mut self) -> Option<Vec<Monitor>> {
        if !self.spread_wanted {
            return None;
        }
        let seat = match &self.seat {
            Some(seat) if !seat.displays().0.is_empty() => seat,
            // A link that is lost, or just taken up, knows of none.
            _ => return self.spread.as_ref().map(|spread| spread.monitors().to_vec()),
        };
        let (displays, selected) = seat.displays();
        if selected != 0 {
            // Somebody chose one of them since.
            self.spread_wanted = self.spread_asked;
            return None;
        }
        self.spread_asked = false;
        let whole = self.surface_size()?;
        let origin = |display: &Display| {
            display.origin.map_or((0, 0), |at| (i64::from(at.x), i64::from(at.y)))
        };
        let left = displays.iter().map(|it| origin(it).0).min()?;
        let top = displays.iter().map(|it| origin(it).1).min()?;
        let all = PixelRect { x: 0, y: 0, width: whole.width, height: whole.height };
        let monitor = |(index, display): (usize, &Display)| {
            let (x, y) = origin(display);
            let part = PixelRect {
                x: u32::try_from(x - left).ok()?.min(whole.width),
                y: u32::try_from(y - top).ok()?.min(whole.height),
                width: display.width.min(whole.width),
                height: display.height.min(whole.height),
            };
            let title = format!("Monitor {} · {}", index + 1, seat.machine());
            Some(Monitor { title, part: intersection(part, all)? })
        };
        let monitors: Option<Vec<_>> = displays.iter().enumerate().map(monitor).collect();
        monitors.filter(|monitors| monitors.len() > 1)
    }

    /// Opens and closes the windows of monitors.
    pub(crate) fn arrange(&mut self) {
        let monitors = self.monitors_apart();
        if self.spread.as_ref().map(Spread::monitors) != monitors.as_deref() {
            if self.spread.take().is_some_and(|spread| spread.focused.is_some()) {
                self.let_go();
            }
            self.view.set_surface(self.surface_size());
            self.drawer.picture_is_new();
            self.damage_all();
            if let Some(monitors) = monitors {
                match Spread::open(monitors, &self.more_windows, &self.window.waker(), &self.drawer)
                {
                    Ok(spread) => self.spread = spread,
                    Err(error) => {
                        tracing::warn!(%error, "no thread for a window");
                        self.spread_wanted = false;
                    }
                }
            }
            if let (Some(spread), Some(surface)) = (&self.spread, self.surface()) {
                let (width, height) = (surface.width(), surface.height());
                let all = PixelRect { x: 0, y: 0, width, height };
                spread.update(surface, std::iter::once(all));
                tracing::info!(monitors = spread.monitors().len(), "a window for each monitor");
            }
        }
        let first = self.spread.as_ref().and_then(|spread| spread.monitors().first());
        if let Some(part) = first.map(|first| first.part)
            && self.view.part() != Some(part)
        {
            self.view.set_part(part);
            self.drawer.picture_is_new();
            self.damage_all();
        }
    }

    pub(crate) fn take_spread(&mut self) {
        let Some(spread) = &self.spread else { return };
        let events: Vec<(usize, PaneEvent)> = spread.events.try_iter().collect();
        for (index, event) in events {
            self.on_pane(index, event);
        }
    }

    fn on_pane(&mut self, index: usize, event: PaneEvent) {
        let Some(spread) = &mut self.spread else { return };
        match event {
            PaneEvent::Focus(on) => {
                if on {
                    spread.focused = Some(index);
                } else {
                    if spread.focused == Some(index) {
                        spread.focused = None;
                    }
                    self.let_go();
                }
                self.stale = true;
            }
            PaneEvent::Key(key) => {
                self.key_of = Some(index);
                self.on_key(&key);
                self.key_of = None;
            }
            PaneEvent::Moved(at) if self.in_control() => self.pointer.moved(at),
            PaneEvent::Button { button, down, at } if self.in_control() => {
                let events = self.pointer.button(button, down, at);
                self.send(&events);
            }
            PaneEvent::Wheel { dx, dy, at } if self.in_control() => {
                let events = self.pointer.wheel(dx, dy, at);
                self.send(&events);
            }
            PaneEvent::Moved(_) | PaneEvent::Button { .. } | PaneEvent::Wheel { .. } => {}
            PaneEvent::Dropped(files, at) => self.drop_files(files, at),
            PaneEvent::Closed => {
                self.spread_wanted = false;
                self.stale = true;
            }
        }
    }
}
