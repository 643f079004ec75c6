//! Finds what has moved, in any direction, so that it can travel as a copy.
//!
//! Small pieces of the old picture at even distances are indexed by a hash of their
//! pixels. Around a few places of the change every offset is looked up there; what
//! moved as a whole meets exactly one indexed piece in each such window, and thereby
//! votes for the way it went. A way with votes is then grown to the rectangle that
//! it explains. Nothing found here is believed: after a copy everything it touched
//! is compared again, exactly.

mod area;
mod index;

use crate::cells::Cells;
use crate::picture::{Picture, equal};
use crate::{PictureView, PixelRect};
use index::Index;

/// Windows of the change that are looked at.
const WINDOWS: usize = 40;
/// After so many without any vote the search ends: most often it is a film, or a
/// page that came anew.
const VAIN_WINDOWS: usize = 14;
/// Rectangles that are grown for one picture at most.
pub(crate) const MOST_TRIES: usize = 10;

/// A copy operation: `rect` shows now what stood at (`from_x`, `from_y`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) rect: PixelRect,
    pub(crate) from_x: u32,
    pub(crate) from_y: u32,
}

impl Move {
    /// Where its pixels come from.
    pub(crate) const fn source(&self) -> PixelRect {
        PixelRect::new(self.from_x, self.from_y, self.rect.width, self.rect.height)
    }

    /// Whether the same has happened once more, as far as samples tell: as with a
    /// scroll that goes on.
    pub(crate) fn goes_on(&self, old: &Picture, new: &PictureView<'_>) -> bool {
        const PIXELS: u32 = 16;
        let Self { rect, from_x, from_y } = *self;
        if rect.width < PIXELS {
            return false;
        }
        let old = old.view();
        let down = (rect.height / 28).max(1);
        let across = (rect.width / 14).max(PIXELS);
        let (mut explained, mut unexplained, mut broken) = (0_u32, 0_u32, 0_u32);
        for (line, row) in (0..rect.height).step_by(down as usize).enumerate() {
            // Not one above the other, or all might fall between words.
            let first = line as u32 * 37 % across;
            for column in (first..=rect.width - PIXELS).step_by(across as usize) {
                let now = new.row(rect.x + column, rect.y + row, PIXELS);
                let changed = !equal(old.row(rect.x + column, rect.y + row, PIXELS), now);
                let fits = equal(old.row(from_x + column, from_y + row, PIXELS), now);
                match (changed, fits) {
                    (true, true) => explained += 1,
                    (true, false) => unexplained += 1,
                    (false, false) => broken += 1,
                    (false, true) => {}
                }
            }
        }
        explained >= 8 && unexplained * 8 <= explained && broken * 8 <= explained
    }
}

/// A way that part of the picture may have gone, and a place that has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    /// What to add to a place to get where its pixels stood.
    way: (i32, i32),
    /// A pixel that went this way.
    seed: (u32, u32),
}

impl Candidate {
    /// The rectangle that went this way, as it seems; `None` when it is too small
    /// to pay. Only cells that were compared in this pass are looked at.
    pub(crate) fn grow(&self, old: &Picture, new: &PictureView<'_>, cells: &Cells) -> Option<Move> {
        area::grow(&old.view(), new, cells, self.seed, self.way)
    }

    /// A pixel that went this way.
    pub(crate) const fn seed(&self) -> (u32, u32) {
        self.seed
    }
}

/// Searches; keeps its memory from picture to picture.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    index: Index,
    seen: Vec<Candidate>,
    tally: Vec<((i32, i32), u32)>,
}

impl Finder {
    /// Candidates for the changed cells `wanted`, the likeliest first; few.
    pub(crate) fn find(
        &mut self,
        old: &Picture,
        new: &PictureView<'_>,
        cells: &Cells,
        wanted: &[usize],
    ) -> Vec<Candidate> {
        let area = wanted.iter().fold(PixelRect::default(), |sum, i| sum.union(&cells.rect(*i)));
        self.seen.clear();
        self.tally.clear();
        if !self.index.build(&old.view(), &area) {
            return Vec::new();
        }
        let windows = WINDOWS.min(wanted.len());
        for window in 0..windows {
            // In an order that visits all parts of the change early.
            let place = window * 17 % windows * wanted.len() / windows;
            let Some(cell) = wanted.get(place) else { continue };
            let corner = cells.rect(*cell);
            let seen = &mut self.seen;
            self.index.look_up(new, (corner.x, corner.y), |candidate| seen.push(candidate));
            if window + 1 == VAIN_WINDOWS && self.seen.is_empty() {
                return Vec::new();
            }
        }
        for candidate in &self.seen {
            match self.tally.iter_mut().find(|(way, _)| *way == candidate.way) {
                Some((_, votes)) => *votes += 1,
                None => self.tally.push((candidate.way, 1)),
            }
        }
        self.tally.sort_by_key(|((x, y), votes)| (std::cmp::Reverse(*votes), x.abs() + y.abs()));
        let mut likely = Vec::new();
        for (way, votes) in self.tally.iter().take(MOST_TRIES) {
            // One that stands alone among many is chance.
            if *votes == 1 && self.tally.first().is_some_and(|(_, most)| *most > 8) {
                break;
            }
            likely.extend(self.seen.iter().filter(|seen| seen.way == *way));
        }
        likely
    }
}

#[cfg(test)]
mod tests;
