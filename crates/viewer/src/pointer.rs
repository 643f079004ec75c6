//! Pointer and wheel in the machine's pixels. Moves wait for their turn, buttons never
//! do: each carries its place.

use std::collections::BTreeSet;
use std::time::Duration;

use gc_platform::PointerButton;
use gc_proto::v2::{self, InputEvent, Point, PointerMove, Wheel, input_event};

/// Shortest time between two moves: the relay lets 200 events pass in a second.
const SPACING: Duration = Duration::from_millis(10);
/// Furthest at once, of both axes.
const MOST_WHEEL: i32 = 120 * 100;

/// A place on the machine's surface.
pub(crate) type Place = (i32, i32);

/// Where the pointer is, and what it holds.
#[derive(Debug, Default)]
pub(crate) struct Pointer {
    waiting: Option<Place>,
    last: Option<Place>,
    next: Duration,
    down: BTreeSet<i32>,
}

fn point((x, y): Place) -> Point {
    Point { x, y }
}

fn event(event: input_event::Event) -> InputEvent {
    InputEvent { event: Some(event) }
}

impl Pointer {
    /// The pointer is here now.
    pub(crate) fn moved(&mut self, place: Place) {
        self.waiting = (self.last != Some(place)).then_some(place);
    }

    /// A move that may go now.
    pub(crate) fn due(&mut self, now: Duration) -> Option<InputEvent> {
        if now < self.next {
            return None;
        }
        let event = self.pending()?;
        self.next = now + SPACING;
        Some(event)
    }

    /// When there is a move to go.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.waiting.map(|_| self.next)
    }

    fn pending(&mut self) -> Option<InputEvent> {
        let place = self.waiting.take()?;
        self.last = Some(place);
        Some(event(input_event::Event::PointerMove(PointerMove { position: Some(point(place)) })))
    }

    /// A button at a place.
    pub(crate) fn button(
        &mut self,
        button: PointerButton,
        down: bool,
        at: Place,
    ) -> Vec<InputEvent> {
        let button = match button {
            PointerButton::Left => v2::Button::Left,
            PointerButton::Middle => v2::Button::Middle,
            PointerButton::Right => v2::Button::Right,
            PointerButton::Back => v2::Button::Back,
            PointerButton::Forward => v2::Button::Forward,
        };
        if down {
            self.down.insert(button.into());
        } else if !self.down.remove(&button.into()) {
            // A release whose press went elsewhere is not ours to tell.
            return Vec::new();
        }
        let mut events: Vec<InputEvent> = self.pending().into_iter().collect();
        self.last = Some(at);
        events.push(event(input_event::Event::PointerButton(v2::PointerButton {
            button: button.into(),
            down,
            position: Some(point(at)),
        })));
        events
    }

    /// The wheel at a place, in 1/120 of a notch.
    pub(crate) fn wheel(&mut self, dx: i32, dy: i32, at: Place) -> Vec<InputEvent> {
        let mut events: Vec<InputEvent> = self.pending().into_iter().collect();
        let clamp = |units: i32| units.clamp(-MOST_WHEEL, MOST_WHEEL);
        let wheel = Wheel { x: clamp(dx), y: clamp(dy), position: Some(point(at)) };
        events.push(event(input_event::Event::Wheel(wheel)));
        events
    }

    /// Whether a button is down on the machine.
    pub(crate) fn holds_any(&self) -> bool {
        !self.down.is_empty()
    }

    /// Whether the left one is.
    pub(crate) fn holds_left(&self) -> bool {
        self.down.contains(&i32::from(v2::Button::Left))
    }

    /// Where the machine was told that it is.
    pub(crate) const fn last_place(&self) -> Option<Place> {
        self.last
    }

    /// Everything is up there already.
    pub(crate) fn let_go(&mut self) {
        self.down.clear();
        self.waiting = None;
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_wait_for_their_turn_and_only_the_last_of_them_goes() {
        let mut pointer = Pointer::default();
        let at = Duration::from_millis;
        pointer.moved((1, 1));
        assert!(pointer.due(at(0)).is_some());
        pointer.moved((2, 2));
        pointer.moved((3, 3));
        assert!(pointer.due(at(5)).is_none());
        assert_eq!(pointer.deadline(), Some(at(10)));
        let moved = pointer.due(at(10)).unwrap();
        let Some(input_event::Event::PointerMove(moved)) = moved.event else { panic!("{moved:?}") };
        assert_eq!(moved.position, Some(point((3, 3))));
        pointer.moved((3, 3));
        assert_eq!(pointer.deadline(), None, "it is there already");
    }

    #[test]
    fn a_button_takes_a_waiting_move_along_and_is_released_once() {
        let mut pointer = Pointer::default();
        pointer.moved((5, 6));
        assert_eq!(pointer.button(PointerButton::Left, true, (5, 6)).len(), 2);
        assert!(pointer.holds_any());
        assert_eq!(pointer.button(PointerButton::Left, false, (7, 8)).len(), 1);
        assert!(pointer.button(PointerButton::Left, false, (7, 8)).is_empty());
        assert!(pointer.button(PointerButton::Right, false, (7, 8)).is_empty());
        assert_eq!(pointer.wheel(0, i32::MAX, (1, 1)).len(), 1);
    }
}
