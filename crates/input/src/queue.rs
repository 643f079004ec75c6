//! How fast one participant's input may act.

use std::collections::VecDeque;
use std::time::Duration;

use gc_proto::v2::input_event::Event;
use gc_proto::v2::{ReleaseAll, Wheel};

/// Events per second that go through for long.
pub const RATE: u32 = 200;
/// Events that may go through at once after a pause.
pub const BURST: u32 = 200;
/// Events that wait; see [`InputQueue::push`].
pub const CAPACITY: usize = 256;

// Beyond CAPACITY only releases are queued, and there are not more keys and buttons
// than this.
const RELEASE_ROOM: usize = 160;
const WHEEL_LIMIT: i32 = 120 * 100;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It waits, or was merged into one that waits.
    Queued,
    /// The queue was full: this event, or a pointer motion before it, is lost.
    Dropped,
}

/// Events of one participant on their way to the system: merged, limited to
/// [`RATE`] and bounded.
///
/// INVARIANT: a release is lost only together with everything else, and then a
/// [`ReleaseAll`] takes its place; so no key stays down because of a flood.
#[derive(Debug)]
pub struct InputQueue {
    waiting: VecDeque<Event>,
    // In events; whole nanoseconds of credit would do, but a float cannot drift
    // far enough to matter below the burst.
    tokens: f64,
    refilled: Duration,
}

impl InputQueue {
    /// An empty queue with the whole burst to spend. `now` is monotonic, as in
    /// every other call.
    pub fn new(now: Duration) -> Self {
        Self { waiting: VecDeque::new(), tokens: f64::from(BURST), refilled: now }
    }

    /// Takes an event. A pointer motion replaces a motion that waits right before
    /// it; wheel turns add up. When the queue is full, motions are dropped first,
    /// then wheel turns, then new presses and text.
    pub fn push(&mut self, event: Event) -> Pushed {
        if self.merge(&event) {
            return Pushed::Queued;
        }
        if self.waiting.len() < CAPACITY {
            self.waiting.push_back(event);
            return Pushed::Queued;
        }
        if matches!(event, Event::PointerMove(_)) {
            return Pushed::Dropped;
        }
        if self.make_room() {
            self.waiting.push_back(event);
        } else if is_release(&event) {
            if self.waiting.len() >= CAPACITY + RELEASE_ROOM {
                // Releases of keys that were never pressed: nobody types this.
                self.waiting.clear();
                self.waiting.push_back(Event::ReleaseAll(ReleaseAll {}));
                return Pushed::Dropped;
            }
            self.waiting.push_back(event);
            return Pushed::Queued;
        }
        Pushed::Dropped
    }

    /// The next event that may act now. Call until it gives `None`, then wait for
    /// [`next_at`](Self::next_at).
    pub fn pop(&mut self, now: Duration) -> Option<Event> {
        let since = now.saturating_sub(self.refilled).as_secs_f64();
        self.refilled = self.refilled.max(now);
        self.tokens = (self.tokens + since * f64::from(RATE)).min(f64::from(BURST));
        let cost = cost(self.waiting.front()?);
        if self.tokens < cost {
            return None;
        }
        self.tokens -= cost;
        self.waiting.pop_front()
    }

    /// When [`pop`](Self::pop) will give an event, in the time it was last called
    /// with; `None` while nothing waits.
    pub fn next_at(&self) -> Option<Duration> {
        let missing = (cost(self.waiting.front()?) - self.tokens).max(0.0);
        // One microsecond more, so that rounding cannot make the caller come early
        // and spin.
        let wait = Duration::from_secs_f64(missing / f64::from(RATE)) + Duration::from_micros(1);
        Some(self.refilled + if missing > 0.0 { wait } else { Duration::ZERO })
    }

    /// Throws away what waits: the participant lost control.
    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    /// Number of events that wait; at most [`CAPACITY`] and the releases beyond it.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn merge(&mut self, event: &Event) -> bool {
        match (self.waiting.back_mut(), event) {
            (Some(Event::PointerMove(last)), Event::PointerMove(new)) => {
                *last = *new;
                true
            }
            (Some(Event::Wheel(last)), Event::Wheel(new)) => {
                let add = |a: i32, b: i32| a.saturating_add(b).clamp(-WHEEL_LIMIT, WHEEL_LIMIT);
                *last = Wheel {
                    x: add(last.x, new.x),
                    y: add(last.y, new.y),
                    position: new.position.or(last.position),
                };
                true
            }
            (Some(Event::ReleaseAll(_)), Event::ReleaseAll(_)) => true,
            _ => false,
        }
    }

    fn make_room(&mut self) -> bool {
        let is_move = |event: &Event| matches!(event, Event::PointerMove(_));
        let is_wheel = |event: &Event| matches!(event, Event::Wheel(_));
        let victim = self
            .waiting
            .iter()
            .position(is_move)
            .or_else(|| self.waiting.iter().position(is_wheel));
        victim.is_some_and(|index| self.waiting.remove(index).is_some())
    }
}

fn is_release(event: &Event) -> bool {
    match event {
        Event::Key(key) => !key.down,
        Event::PointerButton(button) => !button.down,
        Event::ReleaseAll(_) => true,
        _ => false,
    }
}

// Text is many key strokes in one event.
fn cost(event: &Event) -> f64 {
    match event {
        Event::Text(text) => (text.text.chars().count() as f64 / 4.0).clamp(1.0, f64::from(BURST)),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use gc_proto::v2::{Button, KeyEvent, Point, PointerButton, PointerMove, TextEvent};

    use super::*;

    fn at(x: i32) -> Event {
        Event::PointerMove(PointerMove { position: Some(Point { x, y: 0 }) })
    }

    fn key(scan_code: u32, down: bool) -> Event {
        Event::Key(KeyEvent { scan_code, extended: false, down })
    }

    fn wheel(y: i32) -> Event {
        Event::Wheel(Wheel { x: 0, y, position: None })
    }

    fn drain(queue: &mut InputQueue, now: Duration) -> Vec<Event> {
        std::iter::from_fn(|| queue.pop(now)).collect()
    }

    #[test]
    fn consecutive_motions_become_the_last_and_clicks_stay_between() {
        let mut queue = InputQueue::new(Duration::ZERO);
        let click = Event::PointerButton(PointerButton {
            button: Button::Left.into(),
            down: true,
            position: None,
        });
        for event in [at(1), at(2), click.clone(), at(3), at(4), wheel(60), wheel(60), at(5)] {
            assert_eq!(queue.push(event), Pushed::Queued);
        }
        let out = drain(&mut queue, Duration::ZERO);
        assert_eq!(out, [at(2), click, at(4), wheel(120), at(5)]);
    }

    #[test]
    fn two_hundred_a_second_go_through_for_long() {
        let mut queue = InputQueue::new(Duration::ZERO);
        let mut passed = 0;
        // 5,000 keys a second for ten seconds, polled every millisecond.
        for millis in 0..10_000 {
            let now = Duration::from_millis(millis);
            for n in 0..5 {
                queue.push(key(0x1E, n % 2 == 0));
            }
            passed += drain(&mut queue, now).len();
            assert!(queue.len() <= CAPACITY + RELEASE_ROOM);
        }
        let expected = (BURST + 10 * RATE) as usize;
        assert!((expected - 2..=expected).contains(&passed), "{passed}");
    }

    #[test]
    fn a_motion_flood_costs_no_key() {
        let mut queue = InputQueue::new(Duration::ZERO);
        let mut out = Vec::new();
        for n in 0..50_000 {
            queue.push(at(n));
            if n % 500 == 0 {
                queue.push(key(0x1E, true));
                queue.push(key(0x1E, false));
            }
            if n % 50 == 0 {
                out.extend(drain(&mut queue, Duration::from_millis(n as u64 / 50)));
            }
        }
        out.extend(drain(&mut queue, Duration::from_secs(10)));
        let keys = out.iter().filter(|event| matches!(event, Event::Key(_))).count();
        assert_eq!(keys, 200);
        assert_eq!(out.last(), Some(&at(49_999)));
    }

    #[test]
    fn a_full_queue_drops_motions_first() {
        let mut queue = InputQueue::new(Duration::ZERO);
        for n in 0..CAPACITY as u32 / 2 {
            queue.push(at(n as i32));
            queue.push(key(n % 0x7F + 1, true));
        }
        assert_eq!(queue.len(), CAPACITY);
        assert_eq!(queue.push(key(0x50, true)), Pushed::Dropped);
        assert_eq!(queue.len(), CAPACITY);
        assert_eq!(queue.waiting.back(), Some(&key(0x50, true)));
        assert_eq!(queue.waiting.front(), Some(&key(1, true)));
        assert_eq!(queue.push(at(7)), Pushed::Dropped);
    }

    #[test]
    fn a_queue_full_of_presses_still_takes_releases() {
        let mut queue = InputQueue::new(Duration::ZERO);
        for n in 0..CAPACITY as u32 {
            queue.push(key(n % 0x7F + 1, true));
        }
        assert_eq!(queue.push(key(0x1E, true)), Pushed::Dropped);
        assert_eq!(queue.push(key(0x1E, false)), Pushed::Queued);
        assert_eq!(queue.waiting.back(), Some(&key(0x1E, false)));
    }

    #[test]
    fn a_flood_of_releases_ends_in_release_all() {
        let mut queue = InputQueue::new(Duration::ZERO);
        for n in 0..10_000 {
            queue.push(key(n % 0x7F + 1, false));
            assert!(queue.len() <= CAPACITY + RELEASE_ROOM);
        }
        let out = drain(&mut queue, Duration::from_secs(1));
        assert_eq!(out.first(), Some(&Event::ReleaseAll(ReleaseAll {})));
    }

    #[test]
    fn the_announced_time_is_when_an_event_goes() {
        let mut queue = InputQueue::new(Duration::from_secs(5));
        assert_eq!(queue.next_at(), None);
        for n in 0..BURST + 20 {
            queue.push(key(0x1E, n % 2 == 0));
        }
        let mut now = Duration::from_secs(5);
        let mut passed = drain(&mut queue, now).len();
        assert_eq!(passed, BURST as usize);
        while let Some(next) = queue.next_at() {
            assert!(next > now, "would spin");
            now = next;
            let out = drain(&mut queue, now).len();
            assert!(out > 0, "came for nothing");
            passed += out;
        }
        assert_eq!(passed, BURST as usize + 20);
    }

    #[test]
    fn text_costs_by_its_length() {
        let mut queue = InputQueue::new(Duration::ZERO);
        for _ in 0..3 {
            queue.push(Event::Text(TextEvent { text: "x".repeat(400) }));
        }
        assert_eq!(drain(&mut queue, Duration::ZERO).len(), 2);
        assert_eq!(drain(&mut queue, Duration::from_millis(600)).len(), 1);
    }
}
