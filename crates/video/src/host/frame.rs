//! Pixels to frames.

use std::time::Duration;

use gc_proto::HEADER_LEN;
use gc_proto::v2::{CopyFrom, Operation, operation};
use prost::Message as _;

use super::{HostError, Surface, VideoHost};
use crate::outgoing::{FrameHead, split};
use crate::picture::CELL;
use crate::{PictureView, PixelRect, ViewError, scroll};

/// Marked cells from which on a scroll is searched for.
const SCROLL_CELLS: usize = 48;
/// Hot cells that make tiles slow down where H.264 is not to be had.
const HEAVY_CELLS: usize = 36;

impl VideoHost {
    /// Takes the surface as it was just captured. `now` is the time of capture.
    /// Pixels outside the region of [`Step::Capture`](super::Step::Capture) are not
    /// looked at, save for those next to it.
    pub fn encode(&mut self, view: PictureView<'_>, now: Duration) -> Result<(), HostError> {
        view.check()?;
        let surface = self.surface.as_mut().ok_or(HostError::NoSurface)?;
        if (view.width, view.height) != (surface.info.width, surface.info.height) {
            return Err(ViewError::Size { width: view.width, height: view.height }.into());
        }
        if surface.capturing.is_empty() {
            std::mem::swap(&mut surface.damage, &mut surface.capturing);
        }
        let fps = self.fps();
        self.bucket.take(fps, now);

        let surface = self.surface.as_mut().ok_or(HostError::NoSurface)?;
        surface.compare(&view);
        if self.viewers.values().all(|viewer| viewer.needs_key) {
            surface.take_over(&view, now);
            surface.painted = true;
            surface.cells.unmark_all();
            self.motion.close_all();
            return self.key_pictures(now);
        }
        let mut operations = Vec::new();
        if let Some(operation) = self.find_scroll(&view) {
            operations.push(operation);
        }
        let surface = self.surface.as_mut().ok_or(HostError::NoSurface)?;
        surface.take_over(&view, now);
        let mut streams = Vec::new();
        self.draw_motion(now, !operations.is_empty(), &mut streams);
        self.defer();
        self.draw_tiles(&mut operations)?;
        // What is exact is shown without waiting for what is in motion.
        self.emit(0, false, operations, now);
        self.emit(0, false, streams, now);
        self.refresh_status(now);
        self.key_pictures(now)
    }

    /// Looks for a copy that explains most of the marked cells; carries it out on
    /// the reference and marks anew what remains.
    fn find_scroll(&mut self, view: &PictureView<'_>) -> Option<Operation> {
        let surface = self.surface.as_mut()?;
        let count = surface.cells.marked().count();
        if count < SCROLL_CELLS {
            return None;
        }
        if self.scroll_pause.0 > 0 {
            self.scroll_pause.0 -= 1;
            return None;
        }
        let busy = self.motion.rects();
        let area = surface
            .cells
            .marked()
            .filter(|(_, part)| !busy.iter().any(|rect| rect.contains(part)))
            .fold(PixelRect::default(), |sum, (_, part)| sum.union(&part));
        let clean = busy.iter().all(|rect| rect.intersection(&area).is_empty())
            && surface.cells.touched(&area).all(|index| !surface.cells.is_lossy(index));
        let found = if clean { scroll::find(&surface.picture, view, &area) } else { None };
        let Some(found) = found else {
            self.scroll_pause = (self.scroll_pause.1, (self.scroll_pause.1 * 2).clamp(1, 16));
            return None;
        };
        self.scroll_pause = (0, 0);
        surface.picture.scroll(&found.rect, found.from_y);
        surface.cells.begin();
        surface.look_at(view, &area);
        Some(Operation {
            rect: Some(found.rect.wire()),
            draw: Some(operation::Draw::Copy(CopyFrom { x: found.rect.x, y: found.from_y })),
        })
    }

    fn draw_motion(&mut self, now: Duration, copied: bool, operations: &mut Vec<Operation>) {
        let allowed = self.motion_allowed(now);
        let rate = self.rate();
        let budget = self.budget(0.1, 8 << 10, 512 << 10);
        let Some(surface) = &mut self.surface else { return };
        let Surface { cells, picture, .. } = surface;
        if allowed {
            self.tile_motion = false;
            // What a copy has left over is the new part of what scrolls.
            if !copied {
                self.motion.follow_motion(cells, picture, rate, now);
            }
            self.motion.relieve(cells, picture, budget, rate, now);
            self.motion.draw(cells, picture, rate, now, operations);
        } else {
            self.motion.close_all();
            let hot = cells.marked().filter(|(index, _)| cells.is_hot(*index, now)).count();
            self.tile_motion = hot >= HEAVY_CELLS;
        }
    }

    /// Draws everything marked, exactly.
    pub(super) fn draw_tiles(
        &mut self,
        operations: &mut Vec<Operation>,
    ) -> Result<usize, HostError> {
        let Some(surface) = &mut self.surface else { return Ok(0) };
        let mut bytes = 0;
        if surface.cells.has_marks() {
            let busy = self.motion.rects();
            for rect in surface.cells.rectangles() {
                match self.tiles.draw(&surface.picture, &rect, operations) {
                    Ok(more) => bytes += more,
                    Err(failure) => {
                        // The reference is ahead of the viewers now.
                        self.viewers.values_mut().for_each(|viewer| viewer.needs_key = true);
                        return Err(HostError::Tiles(failure));
                    }
                }
                if busy.iter().all(|held| held.intersection(&rect).is_empty()) {
                    surface.cells.set_exact(&rect);
                }
            }
            surface.cells.unmark_all();
        }
        Ok(bytes)
    }

    /// Queues a frame, unless there is nothing in it.
    pub(super) fn emit(
        &mut self,
        participant: u16,
        key: bool,
        operations: Vec<Operation>,
        captured_at: Duration,
    ) {
        if operations.is_empty() {
            return;
        }
        let generation = self.generation;
        self.frame_id = self.frame_id.wrapping_add(1).max(1);
        let frame_id = self.frame_id;
        let head = FrameHead { participant, generation, frame_id, key, captured_at };
        if participant == 0 {
            self.note_shared(frame_id, &operations);
        }
        let mut bytes = 0;
        for message in split(head, operations) {
            // Not the upper bound: a rate that is believed too high lets a queue stand.
            bytes += message.message.encoded_len() + HEADER_LEN;
            self.outbox.push_back(message);
        }
        if participant == 0 {
            self.shared_rate.add(bytes, captured_at);
        }
        self.pacer.sent(frame_id, participant, bytes, captured_at);
    }
}

impl Surface {
    /// Marks what has changed within the captured damage.
    fn compare(&mut self, view: &PictureView<'_>) {
        self.cells.begin();
        for at in 0..self.capturing.rects().len() {
            let rect = self.capturing.rects()[at];
            self.look_at(view, &rect);
        }
        self.capturing.clear();
    }

    fn look_at(&mut self, view: &PictureView<'_>, rect: &PixelRect) {
        let rect = self.cells.around(rect);
        for y in (rect.y..rect.bottom()).step_by(CELL as usize) {
            let band = PixelRect { y, height: CELL.min(rect.bottom() - y), ..rect };
            self.picture.changed_cells(view, &band, &mut self.changed);
            for (index, changed) in self.cells.touched(&band).zip(&self.changed) {
                if *changed
                    && self.cells.first_look(index)
                    && let Some(part) = self.picture.changed_part(view, &self.cells.rect(index))
                {
                    self.cells.mark(index, part);
                }
            }
        }
    }

    /// Brings the marked parts into the reference.
    fn take_over(&mut self, view: &PictureView<'_>, now: Duration) {
        for (_, part) in self.cells.marked() {
            self.picture.copy_from(view, &part);
        }
        self.cells.note_changes(now);
    }
}
