//! The round trip of an empty line.

use std::time::Duration;

/// Half of the time for which the shortest round trip is remembered.
const MIN_WINDOW: Duration = Duration::from_secs(30);

/// The shortest round trip of the last minute or so.
#[derive(Debug, Default)]
pub(super) struct Shortest {
    current: Option<Duration>,
    before: Option<Duration>,
    since: Duration,
    /// What frames that were alone on the way have told in a row, that all were longer.
    longer: Option<Duration>,
    in_a_row: u32,
}

/// So many small frames in a row, all alone, tell that the way has become longer.
const CONVINCING: u32 = 5;
/// By less than this it does not matter.
const LONGER: Duration = Duration::from_millis(5);

impl Shortest {
    pub(super) fn get(&self) -> Option<Duration> {
        self.current.into_iter().chain(self.before).min()
    }

    pub(super) fn note(&mut self, trip: Duration, now: Duration) -> Duration {
        if now > self.since + MIN_WINDOW {
            self.before = self.current.take();
            self.since = now;
        }
        let current = self.current.map_or(trip, |least| least.min(trip));
        self.current = Some(current);
        self.before.map_or(current, |before| before.min(current))
    }

    /// A small frame that nothing was in front of made its round trip. There is no queue
    /// to blame: when several in a row took longer than the shortest one, the way has
    /// changed, for one through another network.
    pub(super) fn note_alone(&mut self, trip: Duration, now: Duration) {
        let shortest = self.get().unwrap_or(trip);
        if trip <= shortest + LONGER.max(shortest / 4) {
            (self.longer, self.in_a_row) = (None, 0);
            return;
        }
        let longer = self.longer.map_or(trip, |least| least.min(trip));
        self.longer = Some(longer);
        self.in_a_row += 1;
        if self.in_a_row >= CONVINCING {
            (self.longer, self.in_a_row) = (None, 0);
            (self.current, self.before, self.since) = (Some(longer), None, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_shortest_is_kept_for_a_while_and_then_forgotten() {
        let mut shortest = Shortest::default();
        shortest.note(MS * 20, MS * 100);
        shortest.note(MS * 60, MS * 5_000);
        assert_eq!(shortest.get(), Some(MS * 20));
        shortest.note(MS * 60, MS * 32_000);
        assert_eq!(shortest.get(), Some(MS * 20));
        shortest.note(MS * 60, MS * 63_000);
        assert_eq!(shortest.get(), Some(MS * 60));
    }

    #[test]
    fn a_longer_way_is_believed_when_small_frames_say_so_in_a_row() {
        let mut shortest = Shortest::default();
        shortest.note(MS, MS * 100);
        for step in 0..4 {
            shortest.note_alone(MS * (22 + step), MS * 200);
        }
        shortest.note_alone(MS * 2, MS * 300);
        assert_eq!(shortest.get(), Some(MS), "one that was as short as ever");
        for step in 0..5 {
            shortest.note_alone(MS * (25 - step), MS * 400);
        }
        assert_eq!(shortest.get(), Some(MS * 21));
        shortest.note(MS * 3, MS * 500);
        assert_eq!(shortest.get(), Some(MS * 3), "and a shorter one at once");
    }
}
