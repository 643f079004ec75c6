//! Notices that pictures have stopped although the screen goes on.

use std::time::Duration;

/// Between two looks while no pictures come.
const EVERY: Duration = Duration::from_secs(1);
/// A change that was seen brings a picture within this time.
const GRACE: Duration = Duration::from_millis(900);

/// Compares what pictures show with what another way of looking sees, while no
/// pictures come. A change is seen within a second and has less than another one to
/// become a picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Watchdog {
    looked: Option<(Duration, u64)>,
    changed: Option<Duration>,
    /// The picture that this is the silence after.
    after: Option<Duration>,
}

impl Watchdog {
    fn follow(&mut self, last_picture: Option<Duration>) {
        if last_picture != self.after {
            *self = Self { after: last_picture, ..Self::default() };
        }
    }

    /// Whether to look now. A picture ends the silence.
    pub fn is_due(&mut self, now: Duration, last_picture: Option<Duration>) -> bool {
        self.follow(last_picture);
        let from = self.looked.map(|(at, _)| at).or(self.after);
        from.is_none_or(|from| now.saturating_sub(from) >= EVERY)
    }

    /// Takes what was seen: a number that is another one when the screen looks
    /// different.
    pub fn saw(&mut self, now: Duration, fingerprint: u64) {
        if self.looked.is_some_and(|(_, before)| before != fingerprint) {
            self.changed.get_or_insert(now);
        }
        self.looked = Some((now, fingerprint));
    }

    /// Whether a change was seen that did not become a picture.
    pub fn is_stalled(&mut self, now: Duration, last_picture: Option<Duration>) -> bool {
        self.follow(last_picture);
        self.changed.is_some_and(|changed| now.saturating_sub(changed) >= GRACE)
    }

    /// Starts over.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_change_without_a_picture_is_a_stall_within_two_seconds() {
        let mut dog = Watchdog::default();
        let picture = Some(ms(10_000));
        assert!(!dog.is_due(ms(10_999), picture));
        assert!(dog.is_due(ms(11_000), picture));
        dog.saw(ms(11_000), 1);
        assert!(!dog.is_due(ms(11_999), picture));
        assert!(dog.is_due(ms(12_000), picture));
        // Changed right after the look before.
        dog.saw(ms(12_000), 2);
        assert!(!dog.is_stalled(ms(12_500), picture));
        assert!(dog.is_stalled(ms(12_900), picture), "less than two seconds after 11000");
        dog.reset();
        assert!(!dog.is_stalled(ms(12_900), picture));
    }

    #[test]
    fn a_picture_or_a_still_screen_is_none() {
        let mut dog = Watchdog::default();
        for second in 1..60 {
            let now = ms(second * 1000);
            assert!(dog.is_due(now, Some(ms(0))));
            dog.saw(now, 7);
            assert!(!dog.is_stalled(now, Some(ms(0))));
        }
        dog.saw(ms(60_000), 8);
        assert!(!dog.is_stalled(ms(62_000), Some(ms(60_100))), "the picture came");
        assert!(!dog.is_due(ms(61_000), Some(ms(60_100))));
        assert!(dog.is_due(ms(61_100), Some(ms(60_100))));
        dog.saw(ms(61_100), 9);
        assert!(!dog.is_stalled(ms(69_000), Some(ms(60_100))), "the first look of a silence");
    }
}
