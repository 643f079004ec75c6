//! What is known of each cell of the surface, and how cells become rectangles.

use std::time::Duration;

use crate::PixelRect;
use crate::picture::CELL;

/// Changes that follow each other this closely are motion.
const MOTION_GAP_MS: u32 = 150;
/// Changes closer than this are one.
const SAME_DRAWING_MS: u32 = 4;
/// This many of them in a row make a cell hot.
const HOT: u8 = 5;
/// After this, earlier changes do not count at all.
const FORGET_MS: u32 = 600;
/// A hot cell cools down after this.
const COOL_MS: u32 = 300;

#[derive(Clone, Copy, Default)]
struct Cell {
    changed_ms: u32,
    /// Drawn on last, as far as damage tells.
    damaged_ms: u32,
    /// Drawn on so often, in quick succession, since it was captured last.
    beats: u8,
    heat: u8,
    lossy: bool,
    /// Pass that looked at it last.
    seen: u32,
    label: u32,
}

/// A group of near cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) rect: PixelRect,
    pub(crate) cells: u32,
}

pub(crate) struct Cells {
    columns: u32,
    rows: u32,
    bounds: PixelRect,
    states: Vec<Cell>,
    lossy: usize,
    pass: u32,
    label: u32,
    /// What of each cell has changed in this pass; empty for most.
    parts: Vec<PixelRect>,
    marked: Vec<usize>,
}

/// Milliseconds that wrap; only differences are used.
pub(crate) const fn millis(now: Duration) -> u32 {
    now.as_millis() as u32
}

impl Cells {
    pub(crate) fn new(bounds: PixelRect) -> Self {
        let columns = bounds.width.div_ceil(CELL);
        let rows = bounds.height.div_ceil(CELL);
        let count = columns as usize * rows as usize;
        Self {
            columns,
            rows,
            bounds,
            states: vec![Cell::default(); count],
            lossy: 0,
            pass: 0,
            label: 0,
            parts: vec![PixelRect::default(); count],
            marked: Vec::new(),
        }
    }

    pub(crate) fn rect(&self, index: usize) -> PixelRect {
        let index = index as u32;
        let (column, row) = (index % self.columns, index / self.columns);
        PixelRect::new(column * CELL, row * CELL, CELL, CELL).intersection(&self.bounds)
    }

    /// How many there are.
    pub(crate) const fn count(&self) -> usize {
        self.states.len()
    }

    /// The cell in this column and row; `None` outside of the surface.
    pub(crate) fn index(&self, column: u32, row: u32) -> Option<usize> {
        (column < self.columns && row < self.rows)
            .then(|| row as usize * self.columns as usize + column as usize)
    }

    /// The cells that `rect` touches.
    pub(crate) fn touched(&self, rect: &PixelRect) -> impl Iterator<Item = usize> + use<> {
        let rect = rect.intersection(&self.bounds);
        let width = self.columns as usize;
        let first = (rect.x / CELL) as usize;
        let last = rect.right().div_ceil(CELL) as usize;
        let rows = (rect.y / CELL) as usize..rect.bottom().div_ceil(CELL) as usize;
        let rows = if rect.is_empty() { 0..0 } else { rows };
        rows.flat_map(move |row| (first..last).map(move |column| row * width + column))
    }

    /// `rect` grown to whole cells.
    pub(crate) fn around(&self, rect: &PixelRect) -> PixelRect {
        let rect = rect.intersection(&self.bounds);
        if rect.is_empty() {
            return rect;
        }
        let (x, y) = (rect.x / CELL * CELL, rect.y / CELL * CELL);
        let width = rect.right().next_multiple_of(CELL) - x;
        let height = rect.bottom().next_multiple_of(CELL) - y;
        PixelRect::new(x, y, width, height).intersection(&self.bounds)
    }

    /// Starts a pass: nothing is marked, nothing has been seen.
    pub(crate) fn begin(&mut self) {
        self.pass = self.pass.wrapping_add(1).max(1);
        self.unmark_all();
    }

    /// Whether this is the first look at the cell in this pass.
    pub(crate) fn first_look(&mut self, index: usize) -> bool {
        let pass = self.pass;
        self.states.get_mut(index).is_some_and(|cell| {
            let first = cell.seen != pass;
            cell.seen = pass;
            first
        })
    }

    /// Whether it was compared in this pass.
    pub(crate) fn was_looked_at(&self, index: usize) -> bool {
        self.states.get(index).is_some_and(|cell| cell.seen == self.pass)
    }

    /// Whether any of it is to be sent.
    pub(crate) fn is_marked(&self, index: usize) -> bool {
        self.parts.get(index).is_some_and(|part| !part.is_empty())
    }

    /// Notes that `part` of the cell is to be sent.
    pub(crate) fn mark(&mut self, index: usize, part: PixelRect) {
        if let Some(held) = self.parts.get_mut(index) {
            if held.is_empty() {
                self.marked.push(index);
            }
            *held = held.union(&part);
        }
    }

    pub(crate) fn unmark_all(&mut self) {
        for index in self.marked.drain(..) {
            if let Some(part) = self.parts.get_mut(index) {
                *part = PixelRect::default();
            }
        }
    }

    /// Takes every mark inside `rect` off.
    pub(crate) fn unmark_inside(&mut self, rect: &PixelRect) {
        let parts = &mut self.parts;
        self.marked.retain(|index| {
            let Some(part) = parts.get_mut(*index) else { return false };
            let inside = rect.contains(part);
            if inside {
                *part = PixelRect::default();
            }
            !inside
        });
    }

    /// Gives every mark the part that `part_of` says, or takes it off.
    pub(crate) fn tighten(&mut self, part_of: impl Fn(PixelRect) -> Option<PixelRect>) {
        let mut marked = std::mem::take(&mut self.marked);
        marked.retain(|index| {
            let part = part_of(self.rect(*index));
            if let Some(held) = self.parts.get_mut(*index) {
                *held = part.unwrap_or_default();
            }
            part.is_some()
        });
        self.marked = marked;
    }

    pub(crate) fn marked(&self) -> impl Iterator<Item = (usize, PixelRect)> + '_ {
        self.marked.iter().filter_map(|index| Some((*index, *self.parts.get(*index)?)))
    }

    pub(crate) fn has_marks(&self) -> bool {
        !self.marked.is_empty()
    }

    /// Records that something was drawn in `rect`. It may wait for the line before it
    /// is captured; what is drawn on again and again meanwhile is in motion although few
    /// of its changes are ever seen.
    pub(crate) fn note_damage(&mut self, rect: &PixelRect, now: Duration) {
        let now = millis(now);
        for index in self.touched(rect) {
            let Some(cell) = self.states.get_mut(index) else { continue };
            let gap = now.wrapping_sub(cell.damaged_ms);
            // What comes at once with the last is part of the same drawing.
            if gap >= SAME_DRAWING_MS {
                cell.beats = if gap <= MOTION_GAP_MS { cell.beats.saturating_add(1) } else { 1 };
                cell.damaged_ms = now;
            }
        }
    }

    /// Damage in `rect` was captured; cells that have not changed were drawn on with the
    /// same pixels.
    pub(crate) fn note_captured(&mut self, rect: &PixelRect) {
        for index in self.touched(rect) {
            if !self.is_marked(index)
                && let Some(cell) = self.states.get_mut(index)
            {
                cell.beats = 0;
            }
        }
    }

    /// Records that every marked cell has changed at `now`. A mark on a lossy cell
    /// grows to the whole cell, which thereby becomes exact.
    pub(crate) fn note_changes(&mut self, now: Duration) {
        let now = millis(now);
        for at in 0..self.marked.len() {
            let index = self.marked[at];
            let whole = self.rect(index);
            let Some(cell) = self.states.get_mut(index) else { continue };
            let gap = now.wrapping_sub(cell.changed_ms);
            let beats = std::mem::take(&mut cell.beats);
            cell.heat = if beats > 1 {
                cell.heat.saturating_add(beats).min(4 * HOT)
            } else if gap <= MOTION_GAP_MS {
                cell.heat.saturating_add(u8::from(gap >= SAME_DRAWING_MS)).min(4 * HOT)
            } else if gap <= FORGET_MS {
                cell.heat / 2
            } else {
                0
            };
            cell.changed_ms = now;
            if cell.lossy
                && let Some(part) = self.parts.get_mut(index)
            {
                *part = whole;
            }
        }
    }

    /// Whether the cell has been changing like motion does.
    pub(crate) fn is_hot(&self, index: usize, now: Duration) -> bool {
        self.states.get(index).is_some_and(|cell| {
            cell.heat >= HOT && millis(now).wrapping_sub(cell.changed_ms) <= COOL_MS
        })
    }

    pub(crate) fn is_lossy(&self, index: usize) -> bool {
        self.states.get(index).is_some_and(|cell| cell.lossy)
    }

    pub(crate) const fn lossy_count(&self) -> usize {
        self.lossy
    }

    /// Every cell that `rect` touches is no longer exact.
    pub(crate) fn set_lossy(&mut self, rect: &PixelRect) {
        for index in self.touched(rect) {
            if let Some(cell) = self.states.get_mut(index)
                && !cell.lossy
            {
                cell.lossy = true;
                self.lossy += 1;
            }
        }
    }

    /// `rect` has become what was at `from`, lossy where that was, and then of the
    /// same age: it becomes exact in time, however long it keeps moving.
    pub(crate) fn copy_lossy(&mut self, rect: &PixelRect, from: (u32, u32), now: Duration) {
        if self.lossy == 0 {
            return;
        }
        let now = millis(now);
        let age = |index: usize| {
            let cell = self.states.get(index).filter(|cell| cell.lossy)?;
            Some(now.wrapping_sub(cell.changed_ms))
        };
        let after: Vec<(usize, Option<u32>)> = self
            .touched(rect)
            .map(|index| {
                let whole = self.rect(index);
                let part = whole.intersection(rect);
                let source =
                    PixelRect { x: part.x - rect.x + from.0, y: part.y - rect.y + from.1, ..part };
                let kept = if part == whole { None } else { age(index) };
                (index, self.touched(&source).filter_map(age).chain(kept).min())
            })
            .collect();
        for (index, age) in after {
            let Some(cell) = self.states.get_mut(index) else { continue };
            self.lossy -= usize::from(cell.lossy);
            self.lossy += usize::from(age.is_some());
            cell.lossy = age.is_some();
            if let Some(age) = age {
                cell.changed_ms = now.wrapping_sub(age);
            }
        }
    }

    /// Every cell that lies in `rect` as a whole is exact, save where one of `busy`,
    /// which a stream draws again and again, touches it.
    pub(crate) fn set_exact(&mut self, rect: &PixelRect, busy: &[PixelRect]) {
        if self.lossy == 0 {
            return;
        }
        for index in self.touched(rect) {
            let cell = self.rect(index);
            let inside = rect.contains(&cell) && !busy.iter().any(|held| held.touches(&cell));
            if let Some(cell) = self.states.get_mut(index)
                && inside
                && cell.lossy
            {
                cell.lossy = false;
                self.lossy -= 1;
            }
        }
    }

    /// Lossy cells outside `busy`, with how long each has been at rest.
    pub(crate) fn lossy_at_rest<'a>(
        &'a self,
        busy: &'a [PixelRect],
        now: Duration,
    ) -> impl Iterator<Item = (usize, Duration)> + 'a {
        let now = millis(now);
        let none = if self.lossy == 0 { 0 } else { self.states.len() };
        self.states.iter().enumerate().take(none).filter(|(_, cell)| cell.lossy).filter_map(
            move |(index, cell)| {
                let rect = self.rect(index);
                let rest = Duration::from_millis(u64::from(now.wrapping_sub(cell.changed_ms)));
                let free = !busy.iter().any(|held| held.contains(&rect));
                free.then_some((index, rest))
            },
        )
    }

    /// Groups `wanted` cells; those up to two cells apart belong together.
    pub(crate) fn clusters(&mut self, wanted: &[usize]) -> Vec<Cluster> {
        const REACH: u32 = 2;
        let fresh = self.label.wrapping_add(1);
        let done = fresh.wrapping_add(1);
        self.label = done;
        for index in wanted {
            if let Some(cell) = self.states.get_mut(*index) {
                cell.label = fresh;
            }
        }
        let mut found = Vec::new();
        let mut open = Vec::new();
        for start in wanted {
            if self.states.get(*start).is_none_or(|cell| cell.label != fresh) {
                continue;
            }
            let mut cluster = Cluster { rect: PixelRect::default(), cells: 0 };
            open.push(*start);
            self.states[*start].label = done;
            while let Some(index) = open.pop() {
                cluster.rect = cluster.rect.union(&self.rect(index));
                cluster.cells += 1;
                let (column, row) = (index as u32 % self.columns, index as u32 / self.columns);
                for y in row.saturating_sub(REACH)..=(row + REACH).min(self.rows - 1) {
                    for x in column.saturating_sub(REACH)..=(column + REACH).min(self.columns - 1) {
                        let near = (y * self.columns + x) as usize;
                        if self.states[near].label == fresh {
                            self.states[near].label = done;
                            open.push(near);
                        }
                    }
                }
            }
            found.push(cluster);
        }
        found
    }

    /// Rectangles around all marked parts: few, tight, and not overlapping more
    /// than saves anything.
    pub(crate) fn rectangles(&mut self) -> Vec<PixelRect> {
        self.marked.sort_unstable();
        let mut rects = self.join(1);
        if rects.len() > 256 {
            rects = self.join(8);
        }
        if rects.len() > 1024 {
            rects = self.join(self.columns);
        }
        rects
    }

    fn join(&self, gap: u32) -> Vec<PixelRect> {
        struct Run {
            row: u32,
            first: u32,
            last: u32,
            rect: PixelRect,
            /// Pixels of it that are marked. Against these the waste is counted: what
            /// each row wastes a little of would add up to any shape.
            filled: u64,
        }
        let mut closed = Vec::new();
        let mut above: Vec<Run> = Vec::new();
        let mut current: Vec<Run> = Vec::new();
        let mut finish_row = |current: &mut Vec<Run>, above: &mut Vec<Run>| {
            for run in current.iter_mut() {
                // Goes on with a run of the row above where that costs little.
                let fits = above.iter().position(|over| {
                    over.row + 1 == run.row && (over.first, over.last) == (run.first, run.last)
                        || over.row + 1 == run.row
                            && over.first <= run.last
                            && run.first <= over.last
                            && over.rect.union(&run.rect).area()
                                <= (over.filled + run.filled) * 9 / 8
                });
                if let Some(at) = fits {
                    let over = above.swap_remove(at);
                    run.rect = run.rect.union(&over.rect);
                    run.filled += over.filled;
                }
            }
            closed.extend(above.drain(..).map(|run| run.rect));
            std::mem::swap(current, above);
        };
        for index in &self.marked {
            let part = self.parts.get(*index).copied().unwrap_or_default();
            let (column, row) = (*index as u32 % self.columns, *index as u32 / self.columns);
            if current.first().is_some_and(|run| run.row != row) {
                finish_row(&mut current, &mut above);
            }
            match current.last_mut() {
                Some(run) if column <= run.last + 1 + gap => {
                    run.last = column;
                    run.rect = run.rect.union(&part);
                    run.filled += part.area();
                }
                _ => current.push(Run {
                    row,
                    first: column,
                    last: column,
                    rect: part,
                    filled: part.area(),
                }),
            }
        }
        finish_row(&mut current, &mut above);
        finish_row(&mut current, &mut above);
        closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells() -> Cells {
        Cells::new(PixelRect::new(0, 0, 500, 300))
    }

    #[test]
    fn a_line_of_text_becomes_one_tight_rectangle() {
        let mut cells = cells();
        cells.begin();
        let line = PixelRect::new(37, 50, 256, 24);
        for index in cells.touched(&line) {
            cells.mark(index, cells.rect(index).intersection(&line));
        }
        assert_eq!(cells.rectangles(), vec![line]);
    }

    #[test]
    fn what_lies_around_a_film_leaves_the_film_out() {
        let mut cells = cells();
        cells.begin();
        let film = PixelRect::new(96, 48, 320, 192);
        for index in cells.touched(&PixelRect::new(0, 0, 500, 300)) {
            let rect = cells.rect(index);
            if rect.intersection(&film).is_empty() {
                cells.mark(index, rect);
            }
        }
        let drawn: u64 = cells.rectangles().iter().map(PixelRect::area).sum();
        let around = 500 * 300 - film.area();
        assert!(drawn <= around * 9 / 8, "{drawn} of {around}");
    }

    #[test]
    fn rectangles_cover_every_mark() {
        let seed = 0x5EED_u64;
        println!("seed {seed:#x}");
        let mut state = seed;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for count in [1, 10, 100, 600] {
            let mut cells = cells();
            cells.begin();
            for _ in 0..count {
                let index = random(32 * 19) as usize;
                cells.mark(index, cells.rect(index));
            }
            let rects = cells.rectangles();
            for (_, part) in cells.marked() {
                assert!(rects.iter().any(|rect| rect.contains(&part)), "{part:?}");
            }
        }
    }

    #[test]
    fn only_quick_changes_make_a_cell_hot() {
        let mut cells = cells();
        let rect = cells.rect(5);
        let mut now = Duration::from_secs(1);
        for _ in 0..20 {
            now += Duration::from_millis(400);
            cells.begin();
            cells.mark(5, rect);
            cells.note_changes(now);
        }
        assert!(!cells.is_hot(5, now));
        for _ in 0..6 {
            now += Duration::from_millis(33);
            cells.begin();
            cells.mark(5, rect);
            cells.note_changes(now);
        }
        assert!(cells.is_hot(5, now));
        assert!(!cells.is_hot(5, now + Duration::from_secs(1)));
    }

    #[test]
    fn clusters_separate_what_is_apart() {
        let mut cells = cells();
        let left: Vec<_> = cells.touched(&PixelRect::new(0, 0, 64, 64)).collect();
        let right: Vec<_> = cells.touched(&PixelRect::new(300, 0, 64, 64)).collect();
        let all: Vec<_> = left.iter().chain(&right).copied().collect();
        let found = cells.clusters(&all);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0], Cluster { rect: PixelRect::new(0, 0, 64, 64), cells: 16 });
    }

    #[test]
    fn lossy_cells_are_counted_once_and_cleared_only_as_a_whole() {
        let mut cells = cells();
        let area = PixelRect::new(0, 0, 32, 32);
        cells.set_lossy(&area);
        cells.set_lossy(&area);
        assert_eq!(cells.lossy_count(), 4);
        cells.set_exact(&PixelRect::new(0, 0, 31, 32), &[]);
        assert_eq!(cells.lossy_count(), 2);
        cells.set_exact(&area, &[PixelRect::new(16, 0, 16, 32)]);
        assert_eq!(cells.lossy_count(), 2);
        cells.set_exact(&area, &[]);
        assert_eq!(cells.lossy_count(), 0);
    }

    #[test]
    fn a_copy_takes_its_losses_along() {
        let mut cells = cells();
        let now = Duration::from_secs(9);
        cells.set_lossy(&PixelRect::new(0, 0, 16, 16));
        // By whole cells: one there, one stays.
        cells.copy_lossy(&PixelRect::new(64, 0, 32, 32), (0, 0), now);
        assert_eq!(cells.lossy_count(), 2);
        assert!(cells.is_lossy(4) && !cells.is_lossy(5));
        // By half cells: every cell that it touches.
        cells.copy_lossy(&PixelRect::new(136, 8, 16, 16), (0, 0), now);
        assert_eq!(cells.lossy_count(), 6);
        // An exact source makes exact what it covers as a whole, and no more.
        cells.copy_lossy(&PixelRect::new(128, 0, 24, 32), (300, 64), now);
        let left: Vec<_> = (0..cells.count()).filter(|index| cells.is_lossy(*index)).collect();
        assert_eq!(left, [0, 4, 9, 9 + 32]);
    }

    #[test]
    fn what_is_drawn_on_again_and_again_is_hot_although_it_waits_for_the_line() {
        let mut cells = Cells::new(PixelRect::new(0, 0, 64, 64));
        let (film, typed, same) = (0, 5, 10);
        let mut now = Duration::from_secs(9);
        for step in 0..14 {
            now += Duration::from_millis(33);
            cells.note_damage(&cells.rect(film), now);
            cells.note_damage(&cells.rect(same), now);
            if step % 7 == 0 {
                cells.note_damage(&cells.rect(typed), now);
                // Several requests, one drawing.
                for _ in 0..9 {
                    cells.note_damage(&cells.rect(typed), now + Duration::from_millis(1));
                }
            }
        }
        let capture = |cells: &mut Cells, changed: &[usize]| {
            cells.begin();
            for index in changed {
                cells.mark(*index, cells.rect(*index));
            }
            cells.note_captured(&PixelRect::new(0, 0, 64, 64));
            cells.note_changes(now);
        };
        capture(&mut cells, &[film, typed]);
        assert!(cells.is_hot(film, now));
        assert!(!cells.is_hot(typed, now), "twice within half a second is typing");
        capture(&mut cells, &[same]);
        assert!(!cells.is_hot(same, now), "painted with the same pixels until now");
    }
}
