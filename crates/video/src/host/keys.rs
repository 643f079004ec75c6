//! Whole pictures for those who have none. They come from the reference picture;
//! nothing is captured for them.

use std::time::Duration;

use gc_proto::Flags;
use gc_proto::v2::{VideoMessage, video_message};

use super::{HostError, Surface, VideoHost, keys_due};
use crate::Outgoing;

/// The first part of a whole picture takes this much of the line's time.
const FIRST_SECONDS: f64 = 0.1;

impl VideoHost {
    /// Serves every viewer that needs a picture and may have one now.
    pub(super) fn key_pictures(&mut self, now: Duration) -> Result<(), HostError> {
        let due: Vec<u16> = keys_due(&self.viewers, &self.pacer)
            .filter(|(_, at)| *at <= now)
            .map(|(participant, _)| participant)
            .collect();
        let painted = self.surface.as_ref().is_some_and(|surface| surface.painted);
        if due.is_empty() || !painted {
            return Ok(());
        }
        let everyone = due.len() == self.viewers.len();
        let allowed = self.motion_allowed(now);
        let rate = self.rate();
        let budget = self.budget(0.5, 32 << 10, 2 << 20);
        let first = self.budget(FIRST_SECONDS, 8 << 10, 1 << 20);
        if !allowed {
            self.motion.close_all();
        }
        let Some(surface) = &mut self.surface else { return Ok(()) };
        let Surface { cells, picture, info, .. } = surface;
        let info = *info;

        // All that no stream draws, exactly.
        cells.begin();
        for index in cells.touched(&picture.bounds()) {
            cells.mark(index, cells.rect(index));
        }
        if allowed {
            self.motion.relieve(cells, picture, budget, rate, now);
        }
        let streamed = self.motion.rects();
        for rect in &streamed {
            cells.unmark_inside(rect);
        }
        if !everyone && !cells.has_marks() {
            // Even where streams draw all, a key frame must come first.
            cells.mark(0, cells.rect(0));
        }
        // As much as the line bears soon; the rest follows in pieces.
        let rest = self.first_pieces(first, now);
        let Some(surface) = &mut self.surface else { return Ok(()) };
        let Surface { cells, .. } = surface;
        // Where the joiner alone gets tiles, the others' lossy cells stay lossy.
        let was_lossy: Vec<usize> = if everyone {
            Vec::new()
        } else {
            cells.marked().map(|(i, _)| i).filter(|i| cells.is_lossy(*i)).collect()
        };
        let mut exact = Vec::new();
        self.draw_measured(&mut exact)?;
        let Some(surface) = &mut self.surface else { return Ok(()) };
        for index in was_lossy {
            let rect = surface.cells.rect(index);
            surface.cells.set_lossy(&rect);
        }
        if everyone {
            surface.owed.clear();
            for index in &rest {
                surface.owed.add(*index);
                surface.cells.set_lossy(&surface.cells.rect(*index));
            }
        }

        // The rest, as key pictures of the streams, for all: a stream has one
        // state.
        self.motion.want_keys();
        let mut streams = Vec::new();
        let Surface { cells, picture, .. } = surface;
        self.motion.draw(cells, picture, rate, now, &mut streams);
        if streams.len() < streamed.len() {
            // An encoder failed: its region goes as tiles too.
            for rect in &streamed {
                for index in cells.touched(rect) {
                    cells.mark(index, cells.rect(index));
                }
            }
            self.draw_tiles(&mut exact)?;
            streams.clear();
        }
        if everyone {
            exact.append(&mut streams);
        }
        let targets = if everyone && due.len() > 1 { vec![0] } else { due.clone() };
        for participant in targets {
            self.outbox.push_back(Outgoing {
                participant,
                flags: Flags::KEY_FRAME,
                message: VideoMessage { body: Some(video_message::Body::Surface(info)) },
                captured_at: now,
            });
            self.emit(participant, true, exact.clone(), now);
        }
        self.emit(0, false, streams, now);
        for participant in due {
            self.pacer.attach(participant, true);
            if let Some(viewer) = self.viewers.get_mut(&participant) {
                viewer.forget();
                if !everyone {
                    for index in &rest {
                        viewer.debt.add(*index);
                    }
                }
                viewer.needs_key = false;
                viewer.last_key = Some(now);
                viewer.last_key_id = self.frame_id;
            }
        }
        self.status_due = true;
        self.drifted_status(now);
        Ok(())
    }
}
