//! From a place that moved to the rectangle that did.

use super::Move;
use crate::cells::Cells;
use crate::picture::{CELL, equal};
use crate::{PictureView, PixelRect};

/// Cells that a copy must explain to be worth it.
const LEAST_CELLS: u32 = 8;

/// What a copy would do to a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Unknown,
    /// It was not compared, or comes from outside of the picture.
    Outside,
    /// Makes it what it is to be.
    Explains,
    /// It has not changed, and the copy leaves it so.
    Keeps,
    /// It has changed, but not like this.
    Misses,
    /// It has not changed, but would have to be drawn again.
    Breaks,
}

struct Map<'a> {
    old: &'a PictureView<'a>,
    new: &'a PictureView<'a>,
    cells: &'a Cells,
    way: (i32, i32),
    effects: Vec<Effect>,
}

/// Columns and rows of cells; the ends are not part of it.
#[derive(Debug, Clone, Copy)]
struct Block {
    left: u32,
    top: u32,
    right: u32,
    bottom: u32,
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Top,
    Right,
    Bottom,
}

const SIDES: [Side; 4] = [Side::Left, Side::Top, Side::Right, Side::Bottom];

impl Block {
    /// The line of cells inside at this side, or the one beyond it.
    const fn line(self, side: Side, beyond: bool) -> Option<Self> {
        let Self { left, top, right, bottom } = self;
        Some(match (side, beyond) {
            (Side::Left, false) => Self { right: left + 1, ..self },
            (Side::Left, true) if left == 0 => return None,
            (Side::Left, true) => Self { left: left - 1, right: left, ..self },
            (Side::Top, false) => Self { bottom: top + 1, ..self },
            (Side::Top, true) if top == 0 => return None,
            (Side::Top, true) => Self { top: top - 1, bottom: top, ..self },
            (Side::Right, false) => Self { left: right - 1, ..self },
            (Side::Right, true) => Self { left: right, right: right + 1, ..self },
            (Side::Bottom, false) => Self { top: bottom - 1, ..self },
            (Side::Bottom, true) => Self { top: bottom, bottom: bottom + 1, ..self },
        })
    }

    const fn grow(&mut self, side: Side) {
        match side {
            Side::Left => self.left -= 1,
            Side::Top => self.top -= 1,
            Side::Right => self.right += 1,
            Side::Bottom => self.bottom += 1,
        }
    }

    const fn shrink(&mut self, side: Side) {
        match side {
            Side::Left => self.left += 1,
            Side::Top => self.top += 1,
            Side::Right => self.right -= 1,
            Side::Bottom => self.bottom -= 1,
        }
    }

    const fn is_empty(self) -> bool {
        self.left >= self.right || self.top >= self.bottom
    }
}

/// Sums over a line of cells.
#[derive(Debug, Clone, Copy, Default)]
struct Worth {
    explains: u32,
    keeps: u32,
    misses: u32,
    breaks: u32,
    outside: u32,
}

impl Worth {
    /// Whether a copy should go on over this line. One that changes nothing may be
    /// the space between two lines of text.
    const fn pays(self) -> bool {
        let idle = if self.breaks == 0 { self.keeps } else { 0 };
        self.outside == 0 && 2 * self.breaks + self.misses <= self.explains + idle
    }

    /// Whether a copy should end with this line.
    const fn is_edge(self) -> bool {
        self.explains > 0 && 2 * self.breaks + self.misses <= self.explains
    }
}

impl Map<'_> {
    fn effect(&mut self, column: u32, row: u32) -> Effect {
        let Some(index) = self.cells.index(column, row) else { return Effect::Outside };
        let known = self.effects.get(index).copied().unwrap_or(Effect::Outside);
        if known != Effect::Unknown {
            return known;
        }
        let effect = self.judge(index);
        if let Some(held) = self.effects.get_mut(index) {
            *held = effect;
        }
        effect
    }

    fn judge(&self, index: usize) -> Effect {
        let rect = self.cells.rect(index);
        let Some((x, y)) = self.origin(&rect) else { return Effect::Outside };
        if !self.cells.was_looked_at(index) {
            return Effect::Outside;
        }
        // Every third row stands for all; the comparison after the copy is exact.
        let fits = (0..rect.height).step_by(3).all(|row| {
            let now = self.new.row(rect.x, rect.y + row, rect.width);
            equal(self.old.row(x, y + row, rect.width), now)
        });
        match (fits, self.cells.is_marked(index)) {
            (true, true) => Effect::Explains,
            (true, false) => Effect::Keeps,
            (false, true) => Effect::Misses,
            (false, false) => Effect::Breaks,
        }
    }

    /// Where the pixels of `rect` stood, if that is in the picture.
    fn origin(&self, rect: &PixelRect) -> Option<(u32, u32)> {
        let x = rect.x.checked_add_signed(self.way.0)?;
        let y = rect.y.checked_add_signed(self.way.1)?;
        (x + rect.width <= self.old.width && y + rect.height <= self.old.height).then_some((x, y))
    }

    fn worth(&mut self, line: Block) -> Worth {
        let mut worth = Worth::default();
        for row in line.top..line.bottom {
            for column in line.left..line.right {
                match self.effect(column, row) {
                    Effect::Explains => worth.explains += 1,
                    Effect::Keeps => worth.keeps += 1,
                    Effect::Misses => worth.misses += 1,
                    Effect::Breaks => worth.breaks += 1,
                    Effect::Outside | Effect::Unknown => {
                        worth.outside += 1;
                        return worth;
                    }
                }
            }
        }
        worth
    }

    /// Goes on from the cells to the pixel where the match ends.
    fn sharpen(&mut self, block: Block, rect: PixelRect) -> PixelRect {
        let mut rect = rect;
        for side in SIDES {
            let Some(line) = block.line(side, true) else { continue };
            if line_is_outside(self, line) {
                continue;
            }
            for _ in 1..CELL {
                let (strip, larger) = match side {
                    Side::Left if rect.x > 0 => (
                        PixelRect { x: rect.x - 1, width: 1, ..rect },
                        PixelRect { x: rect.x - 1, width: rect.width + 1, ..rect },
                    ),
                    Side::Top if rect.y > 0 => (
                        PixelRect { y: rect.y - 1, height: 1, ..rect },
                        PixelRect { y: rect.y - 1, height: rect.height + 1, ..rect },
                    ),
                    Side::Right => (
                        PixelRect { x: rect.right(), width: 1, ..rect },
                        PixelRect { width: rect.width + 1, ..rect },
                    ),
                    Side::Bottom => (
                        PixelRect { y: rect.bottom(), height: 1, ..rect },
                        PixelRect { height: rect.height + 1, ..rect },
                    ),
                    Side::Left | Side::Top => break,
                };
                if larger.right() > self.new.width
                    || larger.bottom() > self.new.height
                    || !self.mostly_fits(&strip)
                {
                    break;
                }
                rect = larger;
            }
        }
        rect
    }

    /// Whether nearly all of a strip, one pixel wide or high, comes from there.
    fn mostly_fits(&self, strip: &PixelRect) -> bool {
        const PIECE: u32 = 8;
        let Some((from_x, from_y)) = self.origin(strip) else { return false };
        let pieces = strip.width.div_ceil(PIECE) * strip.height;
        let mut wrong = 0;
        for row in 0..strip.height {
            for column in (0..strip.width).step_by(PIECE as usize) {
                let width = PIECE.min(strip.width - column);
                let now = self.new.row(strip.x + column, strip.y + row, width);
                let fits = equal(self.old.row(from_x + column, from_y + row, width), now);
                wrong += u32::from(!fits);
                if wrong * 16 > pieces {
                    return false;
                }
            }
        }
        true
    }
}

fn line_is_outside(map: &mut Map<'_>, line: Block) -> bool {
    // Pixels may stand at the edge of the picture although their cell does not; so
    // only what was compared counts here.
    (line.top..line.bottom).any(|row| {
        (line.left..line.right).any(|column| {
            map.cells.index(column, row).is_none_or(|index| !map.cells.was_looked_at(index))
        })
    })
}

/// Grows the rectangle around `seed` that went by `way`.
pub(super) fn grow(
    old: &PictureView<'_>,
    new: &PictureView<'_>,
    cells: &Cells,
    seed: (u32, u32),
    way: (i32, i32),
) -> Option<Move> {
    let effects = vec![Effect::Unknown; cells.count()];
    let mut map = Map { old, new, cells, way, effects };
    let (column, row) = (seed.0 / CELL, seed.1 / CELL);
    let mut block = Block { left: column, top: row, right: column + 1, bottom: row + 1 };
    if map.effect(column, row) != Effect::Explains {
        return None;
    }
    let mut grown = true;
    while grown {
        grown = false;
        for side in SIDES {
            while block.line(side, true).is_some_and(|line| map.worth(line).pays()) {
                block.grow(side);
                grown = true;
                // Long and thin ones would meet obstacles that are small for others.
                if block.right - block.left > 4 * (block.bottom - block.top)
                    || block.bottom - block.top > 4 * (block.right - block.left)
                {
                    break;
                }
            }
        }
    }
    for side in SIDES.into_iter().chain(SIDES) {
        while !block.is_empty()
            && block.line(side, false).is_some_and(|line| !map.worth(line).is_edge())
        {
            block.shrink(side);
        }
    }
    if block.is_empty() || map.worth(block).explains < LEAST_CELLS {
        return None;
    }
    let first = cells.rect(cells.index(block.left, block.top)?);
    let last = cells.rect(cells.index(block.right - 1, block.bottom - 1)?);
    let rect = map.sharpen(block, first.union(&last));
    let (from_x, from_y) = map.origin(&rect)?;
    Some(Move { rect, from_x, from_y })
}
