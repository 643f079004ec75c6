//! Copies: what has moved is told as such, and the rest of the change by itself.

use std::time::Duration;

use gc_proto::v2::{CopyFrom, Operation, operation};

use super::Surface;
use crate::moves::{Finder, MOST_TRIES, Move};
use crate::picture::CELL;
use crate::{PictureView, PixelRect};

/// Marked cells from which on a search is made.
const SEARCH_CELLS: usize = 64;
/// Copies in one picture.
const MOST_MOVES: usize = 4;
/// Pictures without a search after several in vain, at most.
const LONGEST_PAUSE: u32 = 16;
/// For so many pictures a move is expected to go on: what scrolls is often drawn in
/// several steps, and captured in between.
const LONGEST_IDLE: u32 = 4;

/// What is known of copies from picture to picture.
#[derive(Debug, Default)]
pub(super) struct Moves {
    finder: Finder,
    /// Those of this picture, after it was looked at.
    found: Vec<Move>,
    /// The last that there were, and for how many pictures they have not gone on.
    last: Vec<Move>,
    idle: u32,
    pause: Pause,
}

/// After a search in vain.
#[derive(Debug, Default)]
struct Pause {
    /// Pictures without a search to come.
    left: u32,
    /// How many the next failure costs.
    next: u32,
    /// Where it was. A change elsewhere, or of another size, is another matter.
    area: PixelRect,
    cells: usize,
}

impl Moves {
    /// Where something has moved in this picture, or came from. What else changes
    /// there is what the move has uncovered, and no motion of its own.
    pub(super) fn touch(&self, rect: &PixelRect) -> bool {
        self.found
            .iter()
            .any(|found| !found.rect.union(&found.source()).intersection(rect).is_empty())
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        self.found
            .iter()
            .map(|found| Operation {
                rect: Some(found.rect.wire()),
                draw: Some(operation::Draw::Copy(CopyFrom { x: found.from_x, y: found.from_y })),
            })
            .collect()
    }

    /// How much of `rect` has moved here in this picture, pixels.
    pub(super) fn covered(&self, rect: &PixelRect) -> u64 {
        self.found.iter().map(|found| found.rect.intersection(rect).area()).sum()
    }

    pub(super) fn forget(&mut self) {
        self.found.clear();
        self.last.clear();
    }
}

impl Surface {
    /// Before anything was compared: carries out again what has happened in the
    /// picture before, where it goes on. A scroll costs one comparison so.
    pub(super) fn repeat_moves(&mut self, view: &PictureView<'_>, now: Duration) {
        self.moves.found.clear();
        for last in std::mem::take(&mut self.moves.last) {
            let captured = self.capturing.rects().iter().any(|rect| rect.contains(&last.rect));
            if captured && last.goes_on(&self.picture, view) {
                self.carry_out(&last, view, now);
            }
            self.moves.last.push(last);
        }
    }

    /// At the end of the comparison: keeps what may go on.
    pub(super) fn remember_moves(&mut self) {
        let Moves { found, last, idle, .. } = &mut self.moves;
        if !found.is_empty() {
            last.clone_from(found);
            *idle = 0;
        } else if *idle < LONGEST_IDLE {
            *idle += 1;
        } else {
            last.clear();
        }
    }

    /// Looks for copies that explain most of the marked cells. Those that a stream
    /// draws are no exception: what scrolls is better moved than filmed.
    pub(super) fn find_moves(&mut self, view: &PictureView<'_>, now: Duration) {
        let mut wanted: Vec<usize> = self.cells.marked().map(|(index, _)| index).collect();
        if wanted.len() < SEARCH_CELLS {
            return;
        }
        let area = wanted
            .iter()
            .fold(PixelRect::default(), |sum, index| sum.union(&self.cells.rect(*index)));
        let pause = &mut self.moves.pause;
        let alike = pause.area.contains(&area) && wanted.len() * 2 >= pause.cells;
        if pause.left > 0 && alike {
            pause.left -= 1;
            return;
        }
        wanted.sort_unstable();
        let candidates = self.moves.finder.find(&self.picture, view, &self.cells, &wanted);
        let (mut tries, before) = (0, self.moves.found.len());
        for candidate in candidates {
            if self.moves.found.len() >= MOST_MOVES || tries >= MOST_TRIES {
                break;
            }
            let (x, y) = candidate.seed();
            let unexplained = self
                .cells
                .index(x / CELL, y / CELL)
                .is_some_and(|index| self.cells.is_marked(index));
            if !unexplained {
                continue;
            }
            tries += 1;
            if let Some(found) = candidate.grow(&self.picture, view, &self.cells) {
                self.carry_out(&found, view, now);
            }
        }
        self.moves.pause = if self.moves.found.len() > before {
            Pause::default()
        } else {
            let left = if alike { self.moves.pause.next } else { 0 };
            let next = (left * 2).clamp(1, LONGEST_PAUSE);
            Pause { left, next, area, cells: wanted.len() }
        };
    }

    /// Copies within the reference, and marks anew what differs there.
    fn carry_out(&mut self, found: &Move, view: &PictureView<'_>, now: Duration) {
        let Move { rect, from_x, from_y } = *found;
        self.cells.copy_lossy(&rect, (from_x, from_y), now);
        let around = self.cells.around(&rect);
        self.cells.unmark_inside(&around);
        // Band by band, so that each is compared while it is still near the
        // processor; in the order that reads rows before they are overwritten.
        let bands = around.height.div_ceil(CELL);
        for step in 0..bands {
            let number = if from_y >= rect.y { step } else { bands - 1 - step };
            let y = around.y + number * CELL;
            let band = PixelRect { y, height: CELL.min(around.bottom() - y), ..around };
            let part = band.intersection(&rect);
            self.picture.copy_within(&part, (from_x, from_y + (part.y - rect.y)));
            self.mark_changes(view, &band, false);
        }
        self.moves.found.push(*found);
    }

    /// Marks what has changed within `rect` and was not looked at in this pass.
    pub(super) fn look_at(&mut self, view: &PictureView<'_>, rect: &PixelRect) {
        let rect = self.cells.around(rect);
        for y in (rect.y..rect.bottom()).step_by(CELL as usize) {
            let band = PixelRect { y, height: CELL.min(rect.bottom() - y), ..rect };
            self.mark_changes(view, &band, true);
        }
    }

    /// Marks the changed cells of one band of cells, each as a whole for now.
    fn mark_changes(&mut self, view: &PictureView<'_>, band: &PixelRect, new_only: bool) {
        let any = self.picture.changed_cells(view, band, &mut self.changed);
        let changed = self.changed.iter().map(|changed| any && *changed);
        for (index, changed) in self.cells.touched(band).zip(changed) {
            let first = self.cells.first_look(index);
            if changed && (first || !new_only) {
                self.cells.mark(index, self.cells.rect(index));
            }
        }
    }

    /// From whole cells to what of them has changed, save where a stream draws
    /// everything anyway.
    pub(super) fn tighten_marks(&mut self, view: &PictureView<'_>, busy: &[PixelRect]) {
        let picture = &self.picture;
        self.cells.tighten(|cell| {
            let drawn = busy.iter().any(|rect| rect.contains(&cell));
            if drawn { Some(cell) } else { picture.changed_part(view, &cell) }
        });
    }
}
