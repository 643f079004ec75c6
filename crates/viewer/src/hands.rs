//! The pointer of this computer over the window: what of it is the machine's, and what it
//! looks like.

use std::time::Duration;

use gc_platform::{CursorImage, PixelSize, PointerButton, WindowCursor};
use gc_viewer_core::Cursor;

use crate::app::{App, TOOLBAR_STAYS};

/// One step of scrolling at the edge.
const SCROLL_STEP: Duration = Duration::from_millis(16);

impl App {
    pub(crate) fn on_pointer(&mut self, x: i32, y: i32) {
        self.pointer_at = Some((x, y));
        self.watch_edge();
        if self.pointer.holds_any() {
            if let Some(place) = self.view.surface_at(x, y) {
                self.pointer.moved(place);
            }
            self.scroll_at_edge();
            return;
        }
        self.mark(x, y);
        if self.in_control() && !self.over_chrome((x, y)) && self.view.shows(x, y) {
            if self.ghost_at.take().is_some() {
                self.stale = true;
            }
            if let Some(place) = self.view.surface_at(x, y) {
                self.pointer.moved(place);
            }
        }
        self.scroll_at_edge();
        self.choose_cursor();
    }

    /// The toolbar goes by itself after a while.
    pub(crate) fn hide_later(&mut self) {
        self.hide_at = Some(self.now() + TOOLBAR_STAYS);
    }

    pub(crate) fn scroll_at_edge(&mut self) {
        let Some((x, y)) = self.pointer_at.filter(|at| !self.over_chrome(*at)) else { return };
        let (dx, dy) = self.view.edge(x, y, self.painter.scale);
        if (dx, dy) != (0, 0) && self.view.scroll_by(dx, dy) {
            self.damage_all();
            self.scroll_at = Some(self.now() + SCROLL_STEP);
            if self.in_control()
                && let Some(place) = self.view.surface_at(x, y)
            {
                self.pointer.moved(place);
            }
        }
    }

    pub(crate) fn on_button(&mut self, button: PointerButton, down: bool, x: i32, y: i32) {
        self.pointer_at = Some((x, y));
        let remote = self.pointer.holds_any();
        if !remote && self.over_chrome((x, y)) {
            if down && button == PointerButton::Left {
                self.click(x, y);
            }
            return;
        }
        if down && (self.menu.is_some() || self.focus.is_some()) {
            self.menu = None;
            self.focus = None;
            self.stale = true;
            return;
        }
        if !self.in_control() || down && !self.view.shows(x, y) {
            return;
        }
        if let Some(place) = self.view.surface_at(x, y) {
            let events = self.pointer.button(button, down, place);
            self.send(&events);
            self.touched |= down;
            self.watch_edge();
        }
    }

    /// Over the picture.
    pub(crate) fn machines_cursor(&self) -> WindowCursor {
        match &self.cursor {
            Some(cursor) if self.in_control() => shape(cursor),
            _ => WindowCursor::Arrow,
        }
    }

    pub(crate) fn choose_cursor(&mut self) {
        let over_picture = self
            .pointer_at
            .is_some_and(|(x, y)| self.view.shows(x, y) && !self.over_chrome((x, y)));
        let cursor = if over_picture { self.machines_cursor() } else { WindowCursor::Arrow };
        if self.shown_cursor.as_ref() != Some(&cursor) {
            self.window.set_cursor(&cursor);
            self.shown_cursor = Some(cursor);
        }
    }
}

/// The machine's pointer; where it shows none, a dot, so that the hand is not lost.
fn shape(cursor: &Cursor) -> WindowCursor {
    const DOT: usize = 5;
    let (width, height) = cursor.size;
    if width > 0 && height > 0 {
        return WindowCursor::Image(CursorImage {
            size: PixelSize { width, height },
            hotspot_x: cursor.hotspot.0,
            hotspot_y: cursor.hotspot.1,
            rgba: cursor.rgba.clone(),
        });
    }
    let inside =
        |at: usize| (1..DOT - 1).contains(&(at % DOT)) && (1..DOT - 1).contains(&(at / DOT));
    let pixel = |at: usize| if inside(at) { [0, 0, 0, 255] } else { [255, 255, 255, 160] };
    WindowCursor::Image(CursorImage {
        size: PixelSize { width: DOT as u32, height: DOT as u32 },
        hotspot_x: 2,
        hotspot_y: 2,
        rgba: (0..DOT * DOT).flat_map(pixel).collect(),
    })
}
