//! Pixels to frames.

use std::time::Duration;

use gc_proto::HEADER_LEN;
use gc_proto::v2::Operation;
use prost::Message as _;

use super::{HostError, Surface, VideoHost};
use crate::outgoing::{FrameHead, split};
use crate::{PictureView, PixelRect, ViewError, fills};

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
        self.captured = now;

        let surface = self.surface.as_mut().ok_or(HostError::NoSurface)?;
        let all_anew = self.viewers.values().all(|viewer| viewer.needs_key);
        let busy = self.motion.rects();
        surface.compare(&view, &busy, !all_anew, now);
        surface.take_over(&view, now);
        if all_anew {
            surface.painted = true;
            surface.cells.unmark_all();
            self.motion.close_all();
            return self.key_pictures(now);
        }
        let mut operations = surface.moves.operations();
        self.motion.close_moved(&surface.moves);
        let mut streams = Vec::new();
        self.draw_motion(now, &mut streams);
        self.defer(now);
        self.draw_tiles(&mut operations)?;
        // What is exact is shown without waiting for what is in motion.
        self.emit(0, false, operations, now);
        self.emit(0, false, streams, now);
        self.drifted_status(now);
        self.key_pictures(now)
    }

    fn draw_motion(&mut self, now: Duration, operations: &mut Vec<Operation>) {
        let allowed = self.motion_allowed(now);
        let rate = self.rate();
        let budget = self.budget(0.1, 8 << 10, 512 << 10);
        let Some(surface) = &mut self.surface else { return };
        let Surface { cells, picture, moves, .. } = surface;
        if allowed {
            self.tile_motion = false;
            self.motion.follow_motion(cells, picture, moves, rate, now);
            self.motion.relieve(cells, picture, budget, rate, now);
            self.motion.draw(cells, picture, rate, now, operations);
            // What has come since the capture began is still to be captured.
            for rect in surface.damage.rects() {
                self.motion.damaged(rect, now);
            }
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
                for piece in fills::cut(&surface.picture, &rect) {
                    match self.tiles.draw(&surface.picture, &piece, operations) {
                        Ok(more) => bytes += more,
                        Err(failure) => {
                            // The reference is ahead of the viewers now.
                            self.viewers.values_mut().for_each(|viewer| viewer.needs_key = true);
                            return Err(HostError::Tiles(failure));
                        }
                    }
                }
                surface.cells.set_exact(&rect, &busy);
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
    /// Marks what has changed within the captured damage; with `copies`, finds out
    /// what of it has moved.
    fn compare(&mut self, view: &PictureView<'_>, busy: &[PixelRect], copies: bool, now: Duration) {
        self.cells.begin();
        if copies {
            self.repeat_moves(view, now);
        } else {
            self.moves.forget();
        }
        for at in 0..self.capturing.rects().len() {
            let rect = self.capturing.rects()[at];
            self.look_at(view, &rect);
        }
        if copies {
            self.find_moves(view, now);
            self.remember_moves();
        }
        self.tighten_marks(view, busy);
        for rect in self.capturing.rects() {
            self.cells.note_captured(rect);
        }
        self.capturing.clear();
    }

    /// Brings the marked parts into the reference.
    fn take_over(&mut self, view: &PictureView<'_>, now: Duration) {
        for (_, part) in self.cells.marked() {
            self.picture.copy_from(view, &part);
        }
        self.cells.note_changes(now);
    }
}
