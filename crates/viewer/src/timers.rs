//! What happens after a while, and when to look again.

use std::time::Duration;

use crate::app::{App, TOOLBAR_STAYS};

/// How often shown statistics are drawn anew.
const STATISTICS_EVERY: Duration = Duration::from_millis(500);
/// Between two parts of a long text: the relay lets 200 events pass in a second.
const TYPE_EVERY: Duration = Duration::from_millis(50);

impl App {
    pub(crate) fn timers(&mut self) {
        let now = self.now();
        if let Some(at) = self.hide_at
            && at <= now
        {
            let wanted = self.hover.is_some() || self.menu.is_some() || self.focus.is_some();
            let over = self.pointer_at.is_some_and(|at| self.over_toolbar(at));
            if wanted || over || self.pinned || !self.live() {
                self.hide_at = Some(now + TOOLBAR_STAYS);
            } else {
                self.hide_at = None;
                self.toolbar_open = false;
                self.stale = true;
            }
        }
        if self.crossed.is_some_and(|(_, until)| until <= now) {
            self.crossed = None;
            self.stale = true;
        }
        if let Some((_, Some(until))) = self.ghost_at
            && until <= now
        {
            self.ghost_at = None;
            self.stale = true;
        }
        if self.show_statistics && self.statistics_at <= now {
            self.statistics_at = now + STATISTICS_EVERY;
            self.stale = true;
        }
        if self.seat_tick.is_some_and(|at| at <= now) {
            self.look_at_pace();
        }
        if let Some(event) = self.pointer.due(now) {
            self.send(&[event]);
        }
        if self.type_at <= now
            && let Some(event) = self.typing.pop_front()
        {
            self.type_at = now + TYPE_EVERY;
            self.send(&[event]);
        }
        if self.told.as_ref().is_some_and(|told| told.until <= now) {
            self.told = None;
            self.stale = true;
        }
        if self.drags.rests.is_some_and(|at| at <= now) {
            self.ask_drag();
        }
        if self.scroll_at.is_some_and(|at| at <= now) {
            self.scroll_at = None;
            self.scroll_at_edge();
        }
    }

    pub(crate) fn look_at_pace(&mut self) {
        let now = self.now();
        let Some(seat) = &mut self.seat else { return };
        let (next, changes) = seat.tick(now);
        self.seat_tick = next;
        for change in changes {
            self.on_change(change, now);
        }
    }

    pub(crate) fn timeout(&self) -> Option<Duration> {
        let typing = (!self.typing.is_empty()).then_some(self.type_at);
        let statistics = self.show_statistics.then_some(self.statistics_at);
        let due = [
            self.hide_at,
            self.crossed.map(|(_, until)| until),
            self.ghost_at.and_then(|(_, until)| until),
            statistics,
            self.seat_tick,
            self.pointer.deadline(),
            typing,
            self.scroll_at,
            self.clipboard_retry,
            self.told.as_ref().map(|told| told.until),
            self.drags.rests,
        ];
        let due = due.into_iter().flatten().min()?;
        // Not to the nanosecond: the systems wait in milliseconds.
        Some(due.saturating_sub(self.now()).max(Duration::from_millis(1)))
    }
}
