//! Large pictures go in pieces, and who was skipped catches up with what it missed.
//!
//! A cell that there was no room for is *owed*. Owed cells are drawn from the
//! reference picture, which holds the newest pixels, nearest to where people look
//! first, and only while the line has nothing more urgent: what changes anew
//! overtakes them.

use std::time::Duration;

use gc_proto::Flags;
use gc_proto::v2::{Operation, VideoMessage, operation, video_message};

use super::{HostError, KEY_SPACING, KEY_SPACING_UNSEEN, Surface, VideoHost, Viewer};
use crate::cells::{Cells, millis};
use crate::pacing::{Debt, Gate, Urgency};
use crate::picture::Picture;
use crate::{Outgoing, PixelRect};

/// Fresh tiles may take this much of the line's time at once; the rest is owed.
const FRESH_SECONDS: f64 = 0.05;
/// A piece of what is owed takes this much.
const PIECE_SECONDS: f64 = 0.025;
/// Streams start over this seldom for viewers that have caught up: it costs
/// everybody a key picture.
const ENTRY_SPACING: Duration = Duration::from_secs(3);
/// What is owed for longer goes along with what is fresh, milliseconds.
const OVERDUE_MS: u32 = 300;
/// Bytes that every cell costs, however empty.
const CELL_COST: f64 = 6.0;
/// Rings around the focus within which order does not matter, pixels.
const RING: u32 = 96;
/// A viewer gets what everybody gets again when its line is wider than that by this.
const HEADROOM: f64 = 1.25;

/// Bytes per second over the last second or so.
#[derive(Debug, Default)]
pub(super) struct Meter {
    per_second: f64,
    at: Duration,
}

impl Meter {
    pub(super) fn add(&mut self, bytes: usize, now: Duration) {
        self.per_second = self.get(now) + bytes as f64;
        self.at = self.at.max(now);
    }

    /// Exponentially forgets within a second.
    pub(super) fn get(&self, now: Duration) -> f64 {
        self.per_second * (-now.saturating_sub(self.at).as_secs_f64()).exp()
    }
}

impl Viewer {
    /// It starts over: nothing that was is of use.
    pub(super) fn forget(&mut self) {
        self.behind = false;
        self.missed = false;
        self.debt.clear();
        self.unseen.take().for_each(drop);
    }
}

fn distance(rect: &PixelRect, focus: Option<(u32, u32)>) -> u32 {
    let Some((x, y)) = focus else { return 0 };
    let (cx, cy) = (rect.x + rect.width / 2, rect.y + rect.height / 2);
    cx.abs_diff(x).max(cy.abs_diff(y)) / RING
}

/// The wanted cells that `budget` bytes are enough for, by importance, with what
/// they will probably cost. At least one. Where everything moves it is what was quiet
/// that somebody has just done.
fn choose(
    wanted: impl Iterator<Item = usize>,
    cells: &Cells,
    picture: &Picture,
    focus: Option<(u32, u32)>,
    tile_cost: f64,
    budget: usize,
    now: Duration,
) -> (Vec<usize>, f64) {
    let mut wanted: Vec<_> = wanted
        .map(|index| (cells.is_hot(index, now), distance(&cells.rect(index), focus), index))
        .collect();
    wanted.sort_unstable();
    let mut cost = 0.0;
    let mut chosen = Vec::new();
    for (_, _, index) in wanted {
        chosen.push(index);
        let transitions = picture.transitions(&cells.rect(index));
        cost += CELL_COST + f64::from(transitions) * tile_cost;
        if cost >= budget as f64 {
            break;
        }
    }
    (chosen, cost)
}

impl Surface {
    /// Marks what everybody has lacked for too long, the oldest first, and tells what
    /// that is: where something changes all the time there is never a moment with
    /// nothing more urgent.
    fn mark_overdue(
        &mut self,
        busy: &[PixelRect],
        budget: usize,
        tile_cost: f64,
        now: Duration,
    ) -> Debt {
        let Self { cells, picture, owed, owed_since, .. } = self;
        let age = |index: usize| {
            owed_since.get(index).map_or(0, |since| millis(now).wrapping_sub(*since))
        };
        let mut waiting: Vec<_> = owed
            .iter()
            .filter(|index| age(*index) >= OVERDUE_MS)
            .filter(|index| {
                let rect = cells.rect(*index);
                !busy.iter().any(|held| held.contains(&rect))
            })
            .collect();
        waiting.sort_by_key(|index| std::cmp::Reverse(age(*index)));
        let mut overdue = Debt::default();
        let mut cost = 0.0;
        for index in waiting {
            let rect = cells.rect(index);
            cost += CELL_COST + f64::from(picture.transitions(&rect)) * tile_cost;
            if cost > budget as f64 && !overdue.is_empty() {
                break;
            }
            cells.mark(index, rect);
            overdue.add(index);
        }
        overdue
    }
}

impl VideoHost {
    /// Puts off marked cells that the line has no room for at once.
    pub(super) fn defer(&mut self, time: Duration) {
        let budget = self.budget(FRESH_SECONDS, 6 << 10, 1 << 20);
        let focus = self.focus;
        let tile_cost = self.tile_cost;
        let busy = self.motion.rects();
        let Some(surface) = &mut self.surface else { return };
        let overdue = surface.mark_overdue(&busy, budget / 3, tile_cost, time);
        let Surface { cells, picture, owed, owed_since, .. } = surface;
        let marked: Vec<_> = cells.marked().collect();
        let cost_of =
            |rect: &PixelRect| CELL_COST + f64::from(picture.transitions(rect)) * tile_cost;
        let cost: f64 = marked.iter().map(|(_, part)| cost_of(part)).sum();
        if cost <= budget as f64 * 1.5 {
            for (index, _) in &marked {
                // Marks of lossy cells have grown to the whole cell.
                owed.remove(*index);
            }
            self.note_focus(&marked);
            return;
        }
        // What has waited for long comes before what is near.
        let indices = marked.iter().map(|(index, _)| *index);
        let others = indices.filter(|index| !overdue.contains(*index));
        let (mut now, _) =
            choose(others, cells, picture, focus, tile_cost, budget - budget / 3, time);
        now.extend(overdue.iter());
        for (index, _) in &marked {
            if !owed.contains(*index)
                && let Some(since) = owed_since.get_mut(*index)
            {
                *since = millis(time);
            }
            owed.add(*index);
        }
        for index in &now {
            owed.remove(*index);
        }
        cells.begin();
        for (index, part) in marked {
            if owed.contains(index) {
                cells.set_lossy(&part);
            } else {
                cells.mark(index, part);
            }
        }
    }

    /// People look where something small has changed.
    fn note_focus(&mut self, marked: &[(usize, PixelRect)]) {
        let all = marked.iter().fold(PixelRect::default(), |sum, (_, part)| sum.union(part));
        if !all.is_empty() && all.area() <= 200 * 200 {
            self.focus = Some((all.x + all.width / 2, all.y + all.height / 2));
        }
    }

    /// When a piece of what everybody lacks may go, or a refinement.
    pub(super) fn bulk_due(&mut self, now: Duration) -> Option<Duration> {
        let due = if self.next_owed().is_some() { Some(now) } else { self.refine_due(now) };
        match (due, self.pacer.gate(Urgency::Bulk, now)) {
            (Some(due), Gate::ClosedUntil(until)) => Some(due.max(until)),
            (due, _) => due,
        }
    }

    /// Sends one of both.
    pub(super) fn bulk(&mut self, now: Duration) -> Result<(), HostError> {
        if self.next_owed().is_none() {
            return self.refine(now);
        }
        let budget = self.budget(PIECE_SECONDS, 2 << 10, 128 << 10);
        let busy = self.motion.rects();
        let (focus, tile_cost) = (self.focus, self.tile_cost);
        let Some(surface) = &mut self.surface else { return Ok(()) };
        let Surface { cells, picture, owed, .. } = surface;
        let wanted = owed.iter().filter(|index| {
            let rect = cells.rect(*index);
            !busy.iter().any(|held| held.contains(&rect))
        });
        let (chosen, _) = choose(wanted, cells, picture, focus, tile_cost, budget, now);
        cells.begin();
        for index in chosen {
            owed.remove(index);
            cells.mark(index, cells.rect(index));
        }
        let mut operations = Vec::new();
        self.draw_measured(&mut operations)?;
        self.emit(0, false, operations, now);
        self.drifted_status(now);
        Ok(())
    }

    /// A cell that is owed to everybody and that no stream draws.
    fn next_owed(&mut self) -> Option<usize> {
        let busy = self.motion.rects();
        let Surface { cells, owed, .. } = self.surface.as_mut()?;
        // What became exact in another way is owed no more.
        let paid: Vec<_> = owed.iter().filter(|index| !cells.is_lossy(*index)).collect();
        for index in paid {
            owed.remove(index);
        }
        owed.iter().find(|index| {
            let rect = cells.rect(*index);
            !busy.iter().any(|held| held.contains(&rect))
        })
    }

    /// Draws everything marked and learns what tiles cost.
    pub(super) fn draw_measured(
        &mut self,
        operations: &mut Vec<Operation>,
    ) -> Result<usize, HostError> {
        let Some(surface) = &self.surface else { return Ok(0) };
        let marked = surface.cells.marked();
        let transitions: u32 = marked.map(|(_, part)| surface.picture.transitions(&part)).sum();
        let bytes = self.draw_tiles(operations)?;
        if transitions > 1_000 {
            let seen = (bytes as f64 / f64::from(transitions)).clamp(0.05, 4.0);
            self.tile_cost = self.tile_cost * 0.7 + seen * 0.3;
        }
        Ok(bytes)
    }

    /// Keeps account of what a frame for everybody draws.
    pub(super) fn note_shared(&mut self, frame_id: u32, operations: &[Operation]) {
        let Some(surface) = &mut self.surface else { return };
        for operation in operations {
            let Some(rect) = &operation.rect else { continue };
            let rect = PixelRect::new(rect.x, rect.y, rect.width, rect.height);
            let copied = matches!(operation.draw, Some(operation::Draw::Copy(_)));
            for index in surface.cells.touched(&rect) {
                if let Some(drawn) = surface.drawn.get_mut(index) {
                    *drawn = frame_id;
                }
            }
            for viewer in self.viewers.values_mut() {
                // A copy carries on what a viewer lacks.
                if viewer.behind || copied && !viewer.debt.is_empty() {
                    surface.cells.touched(&rect).for_each(|index| viewer.debt.add(index));
                }
            }
        }
    }

    /// The relay skips this viewer from now on. False when only a whole picture
    /// helps.
    pub(super) fn fall_behind(&mut self, participant: u16) -> bool {
        let painted = self.surface.as_ref().is_some_and(|surface| surface.painted);
        let Some(viewer) = self.viewers.get_mut(&participant) else { return true };
        if viewer.needs_key || !painted {
            return false;
        }
        viewer.behind = true;
        viewer.missed = true;
        self.pacer.attach(participant, false);
        true
    }

    /// Finds out what viewers that were skipped have missed: what was drawn since
    /// their last acknowledgement. Not often for the same one, least of all when it
    /// did not acknowledge anything since. Tells when it will be time for the next.
    pub(super) fn resume(&mut self, now: Duration) -> Option<Duration> {
        let surface = self.surface.as_ref()?;
        let mut next: Option<Duration> = None;
        for (participant, viewer) in &mut self.viewers {
            if !viewer.missed {
                continue;
            }
            let seen = self.pacer.has_acknowledged(*participant, viewer.resumed_id);
            let spacing = if seen { KEY_SPACING } else { KEY_SPACING_UNSEEN };
            let due = viewer.resumed.map_or(Duration::ZERO, |at| at + spacing);
            if now < due {
                next = Some(next.map_or(due, |held| held.min(due)));
                continue;
            }
            viewer.missed = false;
            viewer.resumed = Some(now);
            viewer.resumed_id = self.frame_id;
            // Key frames are never thrown away.
            let has = self.pacer.acknowledged(*participant).max(viewer.last_key_id);
            for (index, drawn) in surface.drawn.iter().enumerate() {
                if *drawn > has {
                    viewer.debt.add(index);
                }
            }
            for index in viewer.unseen.take() {
                viewer.debt.add(index);
            }
            self.pacer.excuse(*participant);
        }
        // Also when the one who set the pace has left.
        let all_behind = self.viewers.values().all(|viewer| viewer.behind && !viewer.missed);
        if all_behind && !self.viewers.is_empty() {
            self.take_all_back();
        }
        next
    }

    /// Everybody is behind: what they lack is owed to all.
    fn take_all_back(&mut self) {
        let Some(surface) = &mut self.surface else { return };
        let mut entering = Vec::new();
        for (participant, viewer) in &mut self.viewers {
            for index in viewer.debt.iter() {
                surface.owed.add(index);
                surface.cells.set_lossy(&surface.cells.rect(index));
            }
            viewer.debt.clear();
            viewer.behind = false;
            entering.push(*participant);
        }
        self.motion.want_keys();
        for participant in entering {
            self.pacer.attach(participant, true);
            self.tell_entry(participant);
        }
    }

    /// Tells the relay that from here on this viewer gets what everybody gets.
    fn tell_entry(&mut self, participant: u16) {
        let at = self.status_at.unwrap_or_default();
        let status = self.status_now(at);
        self.outbox.push_back(Outgoing {
            participant,
            flags: Flags::KEY_FRAME.with(Flags::END),
            message: VideoMessage { body: Some(video_message::Body::Status(status)) },
            captured_at: at,
        });
    }

    /// Which viewer of its own debt may have something next, and when.
    pub(super) fn catch_up_due(&mut self, now: Duration) -> Option<(Duration, u16)> {
        let waiting = self.viewers.iter().filter(|(_, viewer)| {
            !viewer.needs_key && !viewer.missed && (viewer.behind || !viewer.debt.is_empty())
        });
        let waiting: Vec<_> =
            waiting.map(|(participant, viewer)| (*participant, viewer.debt.is_empty())).collect();
        let mut first: Option<(Duration, u16)> = None;
        for (participant, paid) in waiting {
            let mut due = match self.pacer.gate_to(participant, Urgency::Bulk, now) {
                Gate::Open => now,
                Gate::ClosedUntil(until) => until,
            };
            if paid && !self.may_enter(participant, now) {
                due = due.max(now + Duration::from_millis(250));
            }
            if first.is_none_or(|(at, _)| due < at) {
                first = Some((due, participant));
            }
        }
        first
    }

    /// Whether the viewer could bear what everybody gets.
    fn may_enter(&self, participant: u16, now: Duration) -> bool {
        let spaced = self.stream_entry.is_none_or(|at| now >= at + ENTRY_SPACING);
        let room = self.pacer.bytes_per_second_to(participant);
        (spaced || !self.motion.is_active()) && room > self.shared_rate.get(now) * HEADROOM
    }

    /// Sends a viewer a piece of what it lacks. What streams draw comes last, and when
    /// it is all that is left the viewer enters with a key picture of theirs, if its
    /// line bears them.
    pub(super) fn catch_up(&mut self, participant: u16, now: Duration) -> Result<(), HostError> {
        let may_enter = self.may_enter(participant, now);
        let bytes = self.pacer.bytes_per_second_to(participant) * PIECE_SECONDS;
        let budget = (bytes as usize).clamp(2 << 10, 128 << 10);
        let busy = self.motion.rects();
        let (focus, tile_cost) = (self.focus, self.tile_cost);
        let Some(surface) = &mut self.surface else { return Ok(()) };
        let Some(viewer) = self.viewers.get_mut(&participant) else { return Ok(()) };
        let Surface { cells, picture, .. } = surface;
        let streamed = |index: usize| {
            let rect = cells.rect(index);
            busy.iter().any(|held| held.contains(&rect))
        };
        let (chosen, _) = choose(
            viewer.debt.iter().filter(|index| !streamed(*index)),
            cells,
            picture,
            focus,
            tile_cost,
            budget,
            now,
        );
        let chosen = if !chosen.is_empty() || may_enter || !viewer.behind {
            chosen
        } else {
            choose(viewer.debt.iter(), cells, picture, focus, tile_cost, budget, now).0
        };
        if chosen.is_empty() {
            viewer.debt.clear();
            if viewer.behind && may_enter {
                viewer.behind = false;
                if !busy.is_empty() {
                    self.motion.want_keys();
                    self.stream_entry = Some(now);
                }
                self.pacer.attach(participant, true);
                self.tell_entry(participant);
            }
            return Ok(());
        }
        let operations = self.draw_alone(participant, &chosen)?;
        self.emit(participant, false, operations, now);
        let frame = self.frame_id;
        if let Some(viewer) = self.viewers.get_mut(&participant) {
            for index in &chosen {
                viewer.debt.remove(*index);
            }
            viewer.unseen.note(frame, chosen);
        }
        Ok(())
    }

    /// Draws cells for one viewer. What is lossy for the others stays so, and what is
    /// owed to them.
    fn draw_alone(
        &mut self,
        participant: u16,
        chosen: &[usize],
    ) -> Result<Vec<Operation>, HostError> {
        let Some(surface) = &mut self.surface else { return Ok(Vec::new()) };
        surface.cells.begin();
        let lossy: Vec<usize> =
            chosen.iter().copied().filter(|index| surface.cells.is_lossy(*index)).collect();
        for index in chosen {
            surface.cells.mark(*index, surface.cells.rect(*index));
        }
        let mut operations = Vec::new();
        let drawn = self.draw_measured(&mut operations);
        if let Some(surface) = &mut self.surface {
            for index in lossy {
                let rect = surface.cells.rect(index);
                surface.cells.set_lossy(&rect);
            }
        }
        drawn.map(|_| operations).inspect_err(|_| {
            if let Some(viewer) = self.viewers.get_mut(&participant) {
                viewer.needs_key = true;
            }
        })
    }

    /// Takes marks of a whole picture off beyond what the line bears soon, and tells
    /// which were.
    pub(super) fn first_pieces(&mut self, budget: usize, now: Duration) -> Vec<usize> {
        let (focus, tile_cost) = (self.focus, self.tile_cost);
        let Some(surface) = &mut self.surface else { return Vec::new() };
        let Surface { cells, picture, .. } = surface;
        let marked: Vec<_> = cells.marked().map(|(index, _)| index).collect();
        let wanted = marked.iter().copied();
        let (chosen, _) = choose(wanted, cells, picture, focus, tile_cost, budget, now);
        let mut rest = Debt::default();
        for index in marked {
            rest.add(index);
        }
        cells.begin();
        for index in chosen {
            rest.remove(index);
            cells.mark(index, cells.rect(index));
        }
        rest.iter().collect()
    }
}
