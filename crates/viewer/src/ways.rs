//! Pointer and keys on what lies over the picture.

use gc_platform::WindowKey;

use crate::app::{App, Focus};
use crate::commands::{Command, Tool};

/// Keys by which toolbar, menus and cards are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Back,
    On,
    Up,
    Down,
    Press,
    Leave,
}

fn way(key: &WindowKey) -> Option<Way> {
    Some(match (key.scan_code, key.extended) {
        (0x4B, _) => Way::Back,
        (0x4D, _) | (0x0F, false) => Way::On,
        (0x48, _) => Way::Up,
        (0x50, _) => Way::Down,
        (0x1C, _) | (0x39, false) => Way::Press,
        (0x01, false) => Way::Leave,
        _ => return None,
    })
}

impl App {
    // The pointer -------------------------------------------------------------

    pub(crate) fn over_toolbar(&self, (x, y): (i32, i32)) -> bool {
        let Some(bar) = &self.bar else { return false };
        if self.toolbar_shown() { bar.contains(x, y) } else { bar.on_handle(x, y) }
    }

    /// Whether a place belongs to the viewer and not to the picture.
    pub(crate) fn over_chrome(&self, (x, y): (i32, i32)) -> bool {
        self.panes.is_some()
            || self.over_toolbar((x, y))
            || self.menu.as_ref().is_some_and(|(_, menu)| menu.contains(x, y))
            || self.status.card.as_ref().is_some_and(|card| card.contains(x, y))
            || self.status.banner.as_ref().is_some_and(|banner| banner.contains(x, y))
            || self.status.panel.as_ref().is_some_and(|panel| panel.contains(x, y))
    }

    /// Marks what is under the pointer.
    pub(crate) fn mark(&mut self, x: i32, y: i32) {
        self.pane_hover(x, y);
        let shown = self.toolbar_shown();
        let hover = self.bar.as_ref().filter(|_| shown).and_then(|bar| bar.at(x, y));
        let on_handle = !shown && self.bar.as_ref().is_some_and(|bar| bar.on_handle(x, y));
        let on_card = self.status.card.as_ref().and_then(|card| card.at(x, y));
        let on_banner = self.status.banner.as_ref().and_then(|banner| banner.at(x, y));
        let marked = on_card.or(on_banner);
        let on_panel = self.status.panel.as_ref().and_then(|panel| panel.at(x, y));
        let mut changed = false;
        if let Some((_, menu)) = &mut self.menu {
            let at = menu.at(x, y);
            changed = at.is_some() && at != menu.marked;
            if changed {
                menu.marked = at;
            }
        }
        if (hover, on_handle, marked) != (self.hover, self.on_handle, self.status.marked) {
            (self.hover, self.on_handle, self.status.marked) = (hover, on_handle, marked);
            changed = true;
        }
        changed |= std::mem::replace(&mut self.status.on_panel, on_panel) != on_panel;
        self.stale |= changed;
    }

    /// A press of the left button on something of the viewer's.
    pub(crate) fn click(&mut self, x: i32, y: i32) {
        self.stale = true;
        if let Some((_, menu)) = &self.menu
            && menu.contains(x, y)
        {
            let command = menu.at(x, y).and_then(|index| menu.command(index));
            if let Some(command) = command {
                self.execute(command);
            }
            return;
        }
        if self.over_toolbar((x, y)) {
            if !self.toolbar_shown() {
                self.toolbar_open = true;
                self.hide_later();
            } else if let Some(tool) = self.bar.as_ref().and_then(|bar| bar.at(x, y)) {
                self.press(tool);
            } else {
                self.menu = None;
            }
            return;
        }
        self.menu = None;
        let card = self.status.card.as_ref();
        let banner = self.status.banner.as_ref();
        let panel = self.status.panel.as_ref();
        let command = card
            .and_then(|card| card.command(card.at(x, y)?))
            .or_else(|| banner.and_then(|banner| banner.command(banner.at(x, y)?)))
            .or_else(|| panel.and_then(|panel| panel.command(panel.at(x, y)?)));
        if let Some(command) = command {
            self.execute(command);
        } else if !self.over_layers((x, y)) {
            self.pane_press(x, y);
        }
    }

    /// Whether something lies above the panel there.
    fn over_layers(&self, (x, y): (i32, i32)) -> bool {
        let status = &self.status;
        [&status.card, &status.banner, &status.panel]
            .into_iter()
            .flatten()
            .any(|placed| placed.contains(x, y))
            || status.card.is_some()
    }

    // The keyboard ------------------------------------------------------------

    /// Whether keys are for toolbar, menu or card and not for the machine.
    pub(crate) fn navigates(&self) -> bool {
        let asks = self.status.card.as_ref().is_some_and(|card| card.count() > 0);
        self.menu.is_some() || self.focus.is_some() || asks || self.panes.is_some()
    }

    pub(crate) fn navigate(&mut self, key: &WindowKey) {
        // A question has the keys before it is drawn.
        let asks = self.status.card.as_ref().is_some_and(|card| card.count() > 0)
            || self.asking.is_some()
            || !self.conflicts.is_empty();
        if self.panes.is_some() && self.menu.is_none() && self.focus.is_none() && !asks {
            return self.pane_key(key);
        }
        let Some(way) = way(key) else { return };
        self.stale = true;
        if let Some((tool, menu)) = &mut self.menu {
            let tool = *tool;
            match way {
                Way::Up => menu.step(false),
                Way::Down => menu.step(true),
                Way::Press => {
                    let command = menu.marked.and_then(|index| menu.command(index));
                    if let Some(command) = command {
                        self.execute(command);
                    }
                }
                Way::Leave => {
                    self.menu = None;
                    self.focus = Some(Focus::Toolbar(tool));
                }
                Way::Back | Way::On => {
                    self.menu = None;
                    self.move_on(tool, way == Way::On);
                }
            }
            return;
        }
        match self.focus {
            Some(Focus::Toolbar(tool)) => match way {
                Way::Back => self.move_on(tool, false),
                Way::On => self.move_on(tool, true),
                Way::Press | Way::Down => {
                    self.press(tool);
                    if let Some((_, menu)) = &mut self.menu {
                        menu.step(true);
                    }
                }
                Way::Leave => {
                    self.focus = None;
                    self.hide_later();
                }
                Way::Up => {}
            },
            Some(Focus::Card(_)) | None => self.navigate_card(way),
        }
    }

    fn navigate_card(&mut self, way: Way) {
        if way == Way::Leave && self.asking.is_some() {
            return self.execute(Command::Cancel);
        }
        let Some(card) = self.status.card.as_ref().filter(|card| card.count() > 0) else { return };
        let at = match self.focus {
            Some(Focus::Card(index)) => Some(index.min(card.count() - 1)),
            _ => None,
        };
        match way {
            Way::On | Way::Down => {
                self.focus = Some(Focus::Card(at.map_or(0, |at| (at + 1) % card.count())));
            }
            Way::Back | Way::Up => {
                let last = card.count() - 1;
                self.focus = Some(Focus::Card(at.map_or(last, |at| (at + last) % card.count())));
            }
            Way::Press => {
                // Nothing is chosen for somebody who was typing when the card came.
                if let Some(command) = at.and_then(|at| card.command(at)) {
                    self.execute(command);
                }
            }
            Way::Leave => self.focus = None,
        }
    }

    fn move_on(&mut self, from: Tool, forward: bool) {
        let next = self.bar.as_ref().and_then(|bar| bar.next(Some(from), forward));
        self.focus = next.map(Focus::Toolbar);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_tab_enter_and_escape_are_the_ways_through_the_toolbar() {
        let key = |scan_code, extended| WindowKey {
            scan_code,
            extended,
            down: true,
            repeat: false,
            text: None,
        };
        assert_eq!(way(&key(0x4B, true)), Some(Way::Back));
        assert_eq!(way(&key(0x0F, false)), Some(Way::On));
        assert_eq!(way(&key(0x1C, true)), Some(Way::Press));
        assert_eq!(way(&key(0x01, false)), Some(Way::Leave));
        assert_eq!(way(&key(0x1E, false)), None);
    }
}
