//! How often, and at how much, to look at a screen that does not say when it changes.
//!
//! A look costs about a millisecond for each hundred rows, so a screen at rest is
//! looked at in bands, in an order that finds tall changes soon; what is found, and
//! every input, makes it look at the whole.

use std::time::Duration;

/// Parts that a screen at rest is looked at in.
pub const BANDS: u32 = 8;
/// Their order: far apart from each other first.
const ORDER: [u32; BANDS as usize] = [0, 4, 2, 6, 1, 5, 3, 7];
/// Between two looks at pointer and local input while somebody is at it.
const TICK: Duration = Duration::from_millis(10);
/// The same while nobody is. Input of ours does not wait for it.
const IDLE_TICK: Duration = Duration::from_millis(50);
/// Between two looks at the whole while something changes.
const ACTIVE: Duration = Duration::from_millis(33);
/// Between two looks near the caret after input.
const NEAR: Duration = Duration::from_millis(4);
/// A program needs this long to draw what it was told: the first look near the caret
/// after input that came from silence.
const FIRST_NEAR: Duration = Duration::from_millis(2);
/// The same for the whole, which takes so long that something might be missed meanwhile.
const FIRST_WHOLE: Duration = Duration::from_millis(12);
/// So long after input its effect is looked for there.
const ANSWER: Duration = Duration::from_millis(100);
/// So long after the last change or input something may still be going on.
const LINGER: Duration = Duration::from_secs(1);
/// Between two bands after that.
const REST: Duration = Duration::from_millis(60);
/// So long after the last change or input.
const RESTING: Duration = Duration::from_secs(10);
/// Between two bands when nothing has happened for longer.
const IDLE: Duration = Duration::from_millis(125);
/// Of the time at most one part in this many is spent on looking.
const SHARE: u32 = 3;

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// All of it.
    Whole,
    /// Where input shows its effect first.
    Near,
    /// One of [`BANDS`] parts, from the top.
    Band(u32),
}

/// Decides when to look at what.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    whole: Option<(Duration, Duration)>,
    /// Start and cost of the last look of any kind but the whole.
    part: Option<(Duration, Duration)>,
    bands: u32,
    changed: Option<Duration>,
    input: Option<Duration>,
    /// The first input after a silence.
    burst: Option<Duration>,
    /// Something was found, and the rest was not looked at since.
    owed: bool,
}

impl Pace {
    /// Looked from `start` on, until `end`; whether something was different.
    pub fn looked(&mut self, look: Look, start: Duration, end: Duration, changed: bool) {
        let taken = Some((start, end.saturating_sub(start)));
        match look {
            Look::Whole => {
                self.whole = taken;
                self.owed = false;
            }
            Look::Near => self.part = taken,
            Look::Band(_) => {
                self.part = taken;
                self.bands = self.bands.wrapping_add(1);
            }
        }
        if changed {
            self.changed = Some(end);
            self.owed |= look != Look::Whole;
        }
    }

    /// Somebody typed, or moved the pointer.
    pub fn input(&mut self, now: Duration) {
        if !Self::within(now, self.input, ANSWER) {
            self.burst = Some(now);
        }
        self.input = Some(now);
    }

    /// The next look is due at once, at all of it.
    pub fn restart(&mut self) {
        *self = Self::default();
    }

    /// How old the last look at the whole is.
    pub fn age(&self, now: Duration) -> Option<Duration> {
        Some(now.saturating_sub(self.whole?.0))
    }

    fn within(now: Duration, moment: Option<Duration>, span: Duration) -> bool {
        moment.is_some_and(|moment| now.saturating_sub(moment) < span)
    }

    /// What to look at next, and how long from `now`; zero: it is due.
    pub fn plan(&self, now: Duration) -> (Look, Duration) {
        let due = |last: Option<(Duration, Duration)>, interval: Duration| {
            let next = last.map(|(at, cost)| at + interval.max(cost * SHARE));
            next.unwrap_or_default().saturating_sub(now)
        };
        let lingers =
            Self::within(now, self.input, LINGER) || Self::within(now, self.changed, LINGER);
        if self.whole.is_none() {
            return (Look::Whole, Duration::ZERO);
        }
        let answers = Self::within(now, self.input, ANSWER);
        let lead = |span: Duration| {
            let start = self.burst.filter(|_| answers).map(|burst| burst + span);
            start.unwrap_or_default().saturating_sub(now)
        };
        let part = if answers {
            (Look::Near, due(self.part, NEAR).max(lead(FIRST_NEAR)))
        } else {
            let rests =
                Self::within(now, self.input, RESTING) || Self::within(now, self.changed, RESTING);
            let band = ORDER.get((self.bands % BANDS) as usize).copied().unwrap_or(0);
            // The whole was all bands.
            let last = self.part.max(self.whole);
            (Look::Band(band), due(last, if rests { REST } else { IDLE }))
        };
        let whole = (Look::Whole, due(self.whole, ACTIVE).max(lead(FIRST_WHOLE)));
        match part.0 {
            _ if !lingers && !self.owed => part,
            Look::Near if part.1 < whole.1 => part,
            _ => whole,
        }
    }

    /// How long pointer and local input need no look, either.
    pub fn nap(&self, now: Duration) -> Duration {
        let tick = if Self::within(now, self.input, LINGER) { TICK } else { IDLE_TICK };
        self.plan(now).1.min(tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn the_first_look_is_due_at_once() {
        let mut pace = Pace::default();
        assert_eq!((pace.plan(ms(5)), pace.age(ms(5))), ((Look::Whole, ms(0)), None));
        pace.looked(Look::Whole, ms(5), ms(6), true);
        assert_eq!(pace.plan(ms(6)), (Look::Whole, ms(32)));
        assert_eq!(pace.age(ms(9)), Some(ms(4)));
        pace.restart();
        assert_eq!(pace.plan(ms(6)), (Look::Whole, ms(0)));
    }

    #[test]
    fn a_screen_at_rest_is_looked_at_band_by_band() {
        let mut pace = Pace::default();
        pace.looked(Look::Whole, ms(0), ms(8), true);
        let mut now = ms(8);
        let mut seen = Vec::new();
        // A second of looking at the whole, then bands; all of them in a turn.
        let mut wholes = 0;
        while seen.len() < 2 * BANDS as usize {
            let (look, due) = pace.plan(now);
            now += due;
            pace.looked(look, now, now + ms(1), false);
            match look {
                Look::Whole => wholes += 1,
                Look::Band(band) => seen.push(band),
                Look::Near => panic!("nobody typed"),
            }
        }
        assert!((25..=31).contains(&wholes), "{wholes}");
        for turn in seen.chunks(BANDS as usize) {
            let mut turn = turn.to_vec();
            assert_eq!(turn[..2], [0, 4]);
            turn.sort_unstable();
            assert_eq!(turn, (0..BANDS).collect::<Vec<_>>());
        }
        assert_eq!(pace.plan(now).1, REST);
        assert_eq!(pace.plan(ms(60_000)), (Look::Band(0), ms(0)));
        pace.looked(Look::Band(0), ms(60_000), ms(60_001), false);
        assert_eq!(pace.plan(ms(60_000)), (Look::Band(4), IDLE));
        assert_eq!(pace.nap(ms(60_000)), IDLE_TICK);
    }

    #[test]
    fn what_a_band_finds_makes_it_look_at_the_whole() {
        let mut pace = Pace::default();
        pace.looked(Look::Whole, ms(0), ms(8), false);
        pace.looked(Look::Band(0), ms(60_000), ms(60_001), true);
        assert_eq!(pace.plan(ms(60_001)), (Look::Whole, ms(0)));
        pace.looked(Look::Whole, ms(60_001), ms(60_009), false);
        assert_eq!(pace.plan(ms(60_009)), (Look::Whole, ms(25)), "it may go on");
    }

    #[test]
    fn after_input_it_looks_near_and_then_at_the_whole() {
        let mut pace = Pace::default();
        pace.looked(Look::Whole, ms(0), ms(8), false);
        pace.looked(Look::Band(0), ms(59_990), ms(59_991), false);
        pace.input(ms(60_000));
        assert_eq!(pace.plan(ms(60_000)), (Look::Near, ms(2)), "as soon as it can be there");
        assert_eq!(pace.nap(ms(60_000)), ms(2));
        pace.looked(Look::Near, ms(60_002), ms(60_003), true);
        pace.input(ms(60_003));
        assert_eq!(pace.plan(ms(60_003)), (Look::Near, ms(3)), "often");
        assert_eq!(pace.plan(ms(60_012)).0, Look::Whole, "more input does not put it off");
        let mut now = ms(60_003);
        let mut looks = Vec::new();
        while now < ms(60_100) {
            let (look, due) = pace.plan(now);
            now += due;
            let cost = if look == Look::Whole { ms(8) } else { ms(1) };
            pace.looked(look, now, now + cost, false);
            now += cost;
            looks.push(look);
        }
        assert!(looks.iter().filter(|look| **look == Look::Whole).count() >= 2, "{looks:?}");
        assert!(looks.iter().filter(|look| **look == Look::Near).count() >= 8, "{looks:?}");
        assert_eq!(pace.plan(ms(60_200)).0, Look::Whole, "the effect may come late");
        assert_eq!(pace.nap(ms(60_200)), ms(0));
        assert_eq!(pace.plan(ms(61_200)).0, Look::Band(4));
    }

    #[test]
    fn a_slow_screen_does_not_take_all_the_time() {
        let mut pace = Pace::default();
        pace.looked(Look::Whole, ms(1000), ms(1040), true);
        assert_eq!(pace.plan(ms(1040)), (Look::Whole, ms(80)));
        pace.looked(Look::Near, ms(1040), ms(1050), false);
        pace.input(ms(1050));
        assert_eq!(pace.plan(ms(1050)), (Look::Near, ms(20)));
    }
}
