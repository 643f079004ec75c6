//! Whether what a graphics card draws is on the screen: a few places of the window, as they
//! were drawn, and as the screen shows them. A driver may say that all went well while the
//! window stays black.

use gc_platform::PixelSize;

/// Places of the window that may be looked at: eight rows of eight.
const ROWS: u32 = 8;
/// As many are looked at. Each may cost a compositor a millisecond or more.
const MOST: usize = 6;
/// Fewer prove nothing.
const FEWEST: usize = 3;
/// What is darker than this might as well be a window that shows nothing.
const DARK: u8 = 40;
/// Compositors, and screens with more colours, change them a little.
const NEAR: u8 = 24;
/// The screen may be some frames behind.
const PATIENCE: u32 = 10;
/// Looks are left out after one that told nothing.
const REST: u32 = 20;

/// What a look at the screen tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The window shows what was drawn.
    Seen,
    /// It shows something else.
    Missing,
    /// It is covered or dark, or the screen cannot be read.
    Unknown,
}

/// A place in the window, and the red, green and blue that were drawn there.
pub type DrawnAt = ((u32, u32), [u8; 3]);

/// Places all over the window, neighbours far from each other.
pub fn places(size: PixelSize) -> impl Iterator<Item = (u32, u32)> {
    let middle = |at: u32, length: u32| (2 * at + 1) * length / (2 * ROWS);
    // 27 has no part in common with 64: each place comes once.
    let scattered = (0..ROWS * ROWS).map(|number| number * 27 % (ROWS * ROWS));
    scattered.map(move |at| (middle(at % ROWS, size.width), middle(at / ROWS, size.height)))
}

/// The places of these that can tell something; none, if they are too few.
pub fn telling(places: &[(u32, u32)], drawn: &[[u8; 3]]) -> Vec<DrawnAt> {
    let all = places.iter().copied().zip(drawn.iter().copied());
    let light = all.filter(|(_, color)| color.iter().any(|part| *part >= DARK));
    let looks: Vec<DrawnAt> = light.take(MOST).collect();
    if looks.len() < FEWEST { Vec::new() } else { looks }
}

/// Compares them with what the screen shows there. Half is enough: something that the
/// pointer goes through may lie over the window.
pub fn judge(looks: &[DrawnAt], shown: &[Option<[u8; 3]>]) -> Proof {
    let near = |a: &[u8; 3], b: &[u8; 3]| a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= NEAR);
    let pairs: Vec<bool> = looks
        .iter()
        .zip(shown)
        .filter_map(|((_, drawn), shown)| shown.as_ref().map(|shown| near(drawn, shown)))
        .collect();
    if pairs.len() < FEWEST {
        Proof::Unknown
    } else if pairs.iter().filter(|same| **same).count() * 2 >= pairs.len() {
        Proof::Seen
    } else {
        Proof::Missing
    }
}

/// When to look: until it was seen, and again in another size.
#[derive(Debug, Default)]
pub struct Watch {
    seen: Option<PixelSize>,
    missed: u32,
    rest: u32,
}

impl Watch {
    /// Whether to look now, in a window of this size.
    pub fn is_due(&mut self, size: PixelSize) -> bool {
        let rests = self.rest > 0;
        self.rest = self.rest.saturating_sub(1);
        self.seen != Some(size) && !rests
    }

    /// It was missing a moment ago, and is to be looked for soon.
    pub const fn is_worried(&self) -> bool {
        self.missed > 0
    }

    /// Takes a finding; whether the card is to be given up.
    pub fn found(&mut self, size: PixelSize, proof: Proof) -> bool {
        match proof {
            Proof::Seen => *self = Self { seen: Some(size), ..Self::default() },
            Proof::Unknown => *self = Self { rest: REST, ..Self::default() },
            Proof::Missing => self.missed += 1,
        }
        let lost = self.missed >= PATIENCE;
        if lost {
            // Said once.
            *self = Self { seen: Some(size), ..Self::default() };
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const SIZE: PixelSize = PixelSize { width: 800, height: 600 };

    #[test]
    fn places_lie_all_over_the_window_and_inside_of_the_smallest() {
        let all: BTreeSet<_> = places(SIZE).collect();
        assert_eq!(all.len(), 64);
        assert!(all.contains(&(50, 37)) && all.contains(&(750, 562)), "{all:?}");
        let first: BTreeSet<_> = places(SIZE).take(8).map(|(x, y)| (x / 400, y / 300)).collect();
        assert_eq!(first.len(), 4, "the first few are in all quarters");
        let dot = PixelSize { width: 1, height: 1 };
        assert!(places(dot).all(|place| place == (0, 0)));
    }

    #[test]
    fn what_is_dark_tells_nothing() {
        let places: Vec<_> = places(SIZE).take(10).collect();
        assert!(telling(&places, &[[10, 20, 30]; 10]).is_empty());
        let mut drawn = [[0; 3]; 10];
        drawn[..2].fill([200, 0, 0]);
        assert!(telling(&places, &drawn).is_empty(), "two are too few");
        drawn[9] = [0, 0, 40];
        let looks = telling(&places, &drawn);
        assert_eq!(looks.len(), 3);
        assert_eq!(looks[2], (places[9], [0, 0, 40]));
    }

    #[test]
    fn half_of_the_places_prove_it_and_a_black_window_does_not() {
        let looks: Vec<DrawnAt> = places(SIZE).take(6).map(|at| (at, [100, 150, 200])).collect();
        let same = Some([110, 140, 210]);
        assert_eq!(judge(&looks, &[same; 6]), Proof::Seen);
        assert_eq!(judge(&looks, &[Some([0; 3]); 6]), Proof::Missing);
        let black = Some([0; 3]);
        assert_eq!(judge(&looks, &[same, same, same, black, black, black]), Proof::Seen);
        assert_eq!(judge(&looks, &[same, same, black, black, black, black]), Proof::Missing);
        assert_eq!(judge(&looks, &[None, None, None, None, same, same]), Proof::Unknown);
    }

    #[test]
    fn a_card_is_given_up_when_it_was_missing_again_and_again() {
        let mut watch = Watch::default();
        for _ in 1..PATIENCE {
            assert!(watch.is_due(SIZE));
            assert!(!watch.found(SIZE, Proof::Missing));
            assert!(watch.is_worried());
        }
        assert!(watch.found(SIZE, Proof::Missing));
        assert!(!watch.is_due(SIZE) && !watch.is_worried(), "said once");
    }

    #[test]
    fn it_is_looked_for_until_it_was_seen_and_again_in_another_size() {
        let mut watch = Watch::default();
        assert!(!watch.found(SIZE, Proof::Missing));
        assert!(!watch.found(SIZE, Proof::Seen));
        assert!(!watch.is_worried() && !watch.is_due(SIZE));
        assert!(watch.is_due(PixelSize { width: 801, ..SIZE }));

        let mut watch = Watch::default();
        assert!(!watch.found(SIZE, Proof::Unknown));
        let rested = (0..100).take_while(|_| !watch.is_due(SIZE)).count();
        assert_eq!(rested, REST as usize);
    }
}
