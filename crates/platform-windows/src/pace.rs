//! How often to look at a screen that does not say when it changes.

use std::time::Duration;

/// Between two looks at what costs next to nothing: pointer and input.
pub const TICK: Duration = Duration::from_millis(10);
/// Between two pictures while something changes.
const ACTIVE: Duration = Duration::from_millis(33);
/// Between two pictures while nothing does.
const IDLE: Duration = Duration::from_millis(500);
/// After input, its effect is looked for at every tick.
const ANSWER: Duration = Duration::from_millis(100);
/// This long after the last change or input something may still be going on.
const LINGER: Duration = Duration::from_secs(1);
/// Of the time at most one part in this many is spent on looking.
const SHARE: u32 = 3;

/// Decides when to take the next picture.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    taken: Option<Duration>,
    cost: Duration,
    changed: Option<Duration>,
    input: Option<Duration>,
}

impl Pace {
    /// A picture was taken from `start` on, until `end`, and `changed` since the last.
    pub fn taken(&mut self, start: Duration, end: Duration, changed: bool) {
        self.taken = Some(start);
        self.cost = end.saturating_sub(start);
        if changed {
            self.changed = Some(end);
        }
    }

    /// Somebody typed, or moved the pointer.
    pub fn input(&mut self, now: Duration) {
        self.input = Some(now);
    }

    /// The next picture is due at once.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// How old the last picture is.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        Some(now.saturating_sub(self.taken?))
    }

    /// How long from `now` to the next picture; zero: it is due.
    pub fn due_in(&self, now: Duration) -> Duration {
        let Some(taken) = self.taken else { return Duration::ZERO };
        let within = |moment: Option<Duration>, span: Duration| {
            moment.is_some_and(|moment| now.saturating_sub(moment) < span)
        };
        let interval = if within(self.input, ANSWER) {
            TICK
        } else if within(self.input, LINGER) || within(self.changed, LINGER) {
            ACTIVE
        } else {
            IDLE
        };
        (taken + interval.max(self.cost * SHARE)).saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_first_picture_is_due_at_once() {
        let mut pace = Pace::default();
        assert_eq!((pace.due_in(ms(5)), pace.age(ms(5))), (ms(0), None));
        pace.taken(ms(5), ms(6), false);
        assert!(!pace.due_in(ms(6)).is_zero());
        assert_eq!(pace.age(ms(9)), Some(ms(4)));
        pace.restart();
        assert_eq!(pace.due_in(ms(6)), ms(0));
    }

    #[test]
    fn it_hurries_after_input_and_rests_when_nothing_happens() {
        let mut pace = Pace::default();
        pace.taken(ms(5000), ms(5002), false);
        assert_eq!(pace.due_in(ms(5002)), ms(498));
        pace.input(ms(5003));
        assert_eq!(pace.due_in(ms(5003)), ms(7));
        // Overtaken by its own clock.
        assert_eq!(pace.due_in(ms(5050)), ms(0));
        pace.taken(ms(5103), ms(5105), false);
        assert_eq!(pace.due_in(ms(5105)), ms(31));
        pace.taken(ms(7000), ms(7002), true);
        assert_eq!(pace.due_in(ms(7002)), ms(31));
        pace.taken(ms(8500), ms(8502), false);
        assert_eq!(pace.due_in(ms(8502)), ms(498));
    }

    #[test]
    fn a_slow_screen_does_not_take_all_the_time() {
        let mut pace = Pace::default();
        pace.taken(ms(1000), ms(1040), true);
        pace.input(ms(1040));
        assert_eq!(pace.due_in(ms(1040)), ms(80));
    }
}
