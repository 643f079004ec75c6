//! What rests becomes exact.

use std::time::Duration;

use super::{HostError, VideoHost};
use crate::picture::CELL;

/// Cells of one step at most: about 4 ms of compression.
const MOST_CELLS: usize = 200_000 / (CELL * CELL) as usize;

impl VideoHost {
    /// When the next lossy cell will have rested long enough.
    pub(super) fn refine_due(&self, now: Duration) -> Option<Duration> {
        let surface = self.surface.as_ref()?;
        let busy = self.motion.rects();
        let longest = surface.cells.lossy_at_rest(&busy, now).map(|(_, rest)| rest).max()?;
        Some(now + self.rest.saturating_sub(longest))
    }

    /// Makes some of the lossy cells at rest exact: so many that new damage would
    /// not wait noticeably behind them.
    pub(super) fn refine(&mut self, now: Duration) -> Result<(), HostError> {
        let budget = self.budget(0.04, 2 << 10, 128 << 10);
        let busy = self.motion.rects();
        let Some(surface) = &mut self.surface else { return Ok(()) };
        let due: Vec<usize> = surface
            .cells
            .lossy_at_rest(&busy, now)
            .filter(|(_, rest)| *rest >= self.rest)
            .map(|(index, _)| index)
            .take(MOST_CELLS)
            .collect();
        surface.cells.begin();
        let mut cost = 0;
        for index in due {
            let rect = surface.cells.rect(index);
            surface.cells.mark(index, rect);
            cost += 16 + surface.picture.transitions(&rect) as usize * 3;
            if cost > budget {
                break;
            }
        }
        let mut operations = Vec::new();
        self.draw_tiles(&mut operations)?;
        self.emit(0, false, operations, now);
        Ok(())
    }
}
