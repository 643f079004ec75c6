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
}

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
}
