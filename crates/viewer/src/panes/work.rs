//! What the panel does, and what comes of it.

use gc_filetransfer::{ConflictRule, Direction};
use gc_platform::{PixelRect, PixelSize, StorePath, WindowKey, check_existing};
use gc_types::CauseCode;

use super::pane::State;
use super::prompt::{Prompt, Typed, Wanted};
use super::{Act, Column, DOUBLE, Hit, Panes};
use crate::app::App;
use crate::chrome::Layer;
use crate::files::{Found, Move, Side, Step};
use crate::status::Asking;

/// Rows of one notch of the wheel.
const NOTCH: i64 = 3;

impl App {
    /// Opens the panel, or closes it.
    pub(crate) fn toggle_panes(&mut self) {
        if self.panes.is_some() {
            self.close_panes();
            return;
        }
        if !self.may_move_files() {
            return;
        }
        // The machine must not go on with what is down while the panel has the keys.
        self.let_go();
        self.show_transfers = true;
        self.start_transfers();
        self.panes = Some(Panes::new());
        // Letters look for names.
        self.window.set_text_wanted(true);
        self.reload_panes();
    }

    pub(crate) fn close_panes(&mut self) {
        if self.panes.take().is_some() {
            self.window.set_text_wanted(self.keys.text_mode);
            if self.asking == Some(Asking::Delete) {
                self.asking = None;
            }
            self.damage_all();
            self.stale = true;
        }
    }

    /// Lists both folders anew.
    pub(crate) fn reload_panes(&mut self) {
        self.list_pane(Side::Here);
        self.list_pane(Side::There);
    }

    fn list_pane(&mut self, side: Side) {
        let Some(panes) = &mut self.panes else { return };
        let folder = panes.of(side).folder.clone();
        self.ask_pane(side, Step::List(folder));
    }

    fn ask_pane(&mut self, side: Side, step: Step) {
        let (Some(panes), Some(transfers)) = (&mut self.panes, &self.transfers) else { return };
        panes.token += 1;
        let token = panes.token;
        let pane = panes.of(side);
        match step {
            Step::List(_) => pane.token = token,
            Step::Make(_) | Step::Rename(..) | Step::Delete(_) => pane.change = Some(token),
        }
        transfers.ask(side, token, step);
        self.stale = true;
    }

    /// An answer to what was asked for a side.
    pub(crate) fn pane_answered(
        &mut self,
        side: Side,
        token: u32,
        result: Result<Found, CauseCode>,
        listed: bool,
    ) {
        let Some(panes) = &mut self.panes else { return };
        let pane = panes.of(side);
        let waited = if listed {
            pane.token == token
        } else {
            pane.change.take_if(|change| *change == token).is_some()
        };
        if !waited {
            return;
        }
        self.stale = true;
        if !listed {
            tracing::debug!(?side, error = ?result.as_ref().err(), "a folder was changed");
            // Something was to be changed: what there is now tells what came of it.
            pane.trouble = result.err().map(|cause| cause.sentence().to_owned());
            return self.list_pane(side);
        }
        // Not every machine has a home, and a folder may go.
        let lost = matches!(result, Err(CauseCode::FileNotFound)) && !pane.at_places();
        if lost {
            let (folder, _) = pane.above();
            pane.go(folder, None);
            return self.list_pane(side);
        }
        tracing::debug!(?side, error = ?result.as_ref().err(), "a folder is listed");
        pane.listed(result);
    }

    /// A transfer is over: there may be something new.
    pub(crate) fn panes_moved(&mut self) {
        if self.panes.as_ref().is_some_and(|panes| !panes.types()) {
            self.reload_panes();
        }
    }

    fn go(&mut self, side: Side, (folder, wanted): (StorePath, Option<String>)) {
        if let Some(panes) = &mut self.panes {
            panes.of(side).go(folder, wanted);
            self.list_pane(side);
        }
    }

    fn trouble(&mut self, sentence: &str) {
        if let Some(panes) = &mut self.panes {
            panes.pane().trouble = Some(sentence.to_owned());
            self.stale = true;
        }
    }

    /// Does what a key or a button of the panel is for.
    pub(crate) fn pane_act(&mut self, act: Act) {
        let Some(panes) = &mut self.panes else { return };
        let pane = panes.pane();
        pane.trouble = None;
        let (side, paths) = (pane.side, pane.acted_on());
        self.stale = true;
        match act {
            Act::Close => self.close_panes(),
            Act::Reload => self.reload_panes(),
            Act::Up => {
                if !pane.at_places() {
                    let above = pane.above();
                    self.go(side, above);
                }
            }
            Act::Copy => self.copy_across(),
            Act::Make => {
                if pane.at_places() {
                    self.trouble("Open a folder first.");
                } else {
                    let wanted = Wanted::Make(pane.folder.clone());
                    panes.prompt = Some(Prompt::new(side, wanted));
                }
            }
            Act::Rename => match paths.as_slice() {
                [one] => {
                    panes.prompt = Some(Prompt::new(side, Wanted::Rename(one.clone())));
                }
                [] => self.trouble("Mark a file or folder first."),
                _ => self.trouble("Only one at a time can be renamed."),
            },
            Act::Delete => {
                if paths.is_empty() {
                    self.trouble("Mark a file or folder first.");
                } else {
                    panes.asks_to_delete = paths;
                    self.asking = Some(Asking::Delete);
                }
            }
        }
    }

    fn copy_across(&mut self) {
        let Some(panes) = &mut self.panes else { return };
        let sources = panes.pane().acted_on();
        let from = panes.pane().side;
        let (direction, to, allowed) = match from {
            Side::Here => (Direction::Upload, Side::There, self.file_policy.upload),
            Side::There => (Direction::Download, Side::Here, self.file_policy.download),
        };
        let target = panes.of(to);
        let (folder, ready) = (target.folder.clone(), target.state == State::Ready);
        let places = target.at_places();
        if sources.is_empty() {
            self.trouble("Mark a file or folder first.");
        } else if !allowed {
            self.trouble(CauseCode::FilesDenied.sentence());
        } else if places || !ready {
            self.trouble("Open the folder on the other side that they are to go to.");
        } else {
            panes.pane().choose_none();
            self.begin(Move { direction, sources, folder, rule: ConflictRule::Ask });
        }
    }

    /// What is to be deleted: whose, how many, and the name of one alone.
    pub(crate) fn asks_to_delete(&self) -> Option<(Side, usize, String)> {
        let panes = self.panes.as_ref()?;
        let side = panes.sides.get(panes.active)?.side;
        let name = panes.asks_to_delete.first().and_then(StorePath::name).unwrap_or_default();
        Some((side, panes.asks_to_delete.len(), gc_proto::clean_text(name, 80)))
    }

    /// It was said once more.
    pub(crate) fn delete_chosen(&mut self) {
        self.asking = None;
        let Some(panes) = &mut self.panes else { return };
        let paths = std::mem::take(&mut panes.asks_to_delete);
        let side = panes.pane().side;
        panes.pane().choose_none();
        tracing::info!(count = paths.len(), ?side, "files are deleted");
        self.ask_pane(side, Step::Delete(paths));
    }

    fn typed(&mut self) {
        let Some(prompt) = self.panes.as_mut().and_then(|panes| panes.prompt.take()) else {
            return;
        };
        let Prompt { side, wanted, text, .. } = prompt;
        if check_existing(&text).is_err() {
            return self.trouble(CauseCode::FileNameNotAllowed.sentence());
        }
        let step = match wanted {
            Wanted::Make(folder) => Step::Make(folder.join(&text)),
            Wanted::Rename(path) if path.name() == Some(&text) => return,
            Wanted::Rename(path) => Step::Rename(path, text.clone()),
        };
        self.ask_pane(side, step);
        if let Some(panes) = &mut self.panes {
            panes.of(side).want(text);
        }
    }

    // Keys ----------------------------------------------------------------------

    /// A key went down while the panel has the keyboard.
    pub(crate) fn pane_key(&mut self, key: &WindowKey) {
        let (now, ctrl) = (self.now(), self.keys.ctrl());
        let Some(panes) = &mut self.panes else { return };
        self.stale = true;
        if let Some(prompt) = &mut panes.prompt {
            match prompt.key(key) {
                Typed::Nothing => {}
                Typed::Left => panes.prompt = None,
                Typed::Done => self.typed(),
            }
            return;
        }
        // Whatever is no letter ends the name that is looked for.
        let letters = std::mem::take(&mut panes.letters);
        let rows = panes.rows as i64;
        let active = panes.active;
        let pane = panes.pane();
        match (key.scan_code, key.extended) {
            (0x0F, false) => panes.active = 1 - active,
            (0x4B, true) => panes.active = 0,
            (0x4D, true) => panes.active = 1,
            (0x48, true) => pane.step(-1),
            (0x50, true) => pane.step(1),
            (0x49, true) => pane.step(-rows),
            (0x51, true) => pane.step(rows),
            (0x47, true) => pane.step(i64::MIN / 2),
            (0x4F, true) => pane.step(i64::MAX / 2),
            (0x39, false) | (0x52, true) => {
                pane.choose();
                pane.step(1);
            }
            (0x1C, _) => self.enter(),
            (0x0E, false) => self.pane_act(Act::Up),
            (0x3C, false) => self.pane_act(Act::Rename),
            (0x3F, false) => self.pane_act(Act::Copy),
            (0x41, false) => self.pane_act(Act::Make),
            (0x53, true) => self.pane_act(Act::Delete),
            (0x01, false) => self.pane_act(Act::Close),
            (0x1E, false) if ctrl => pane.choose_all(),
            (0x13, false) if ctrl => self.pane_act(Act::Reload),
            (0x3B, false) if ctrl => pane.sort_by(Column::Name),
            (0x3D, false) if ctrl => pane.sort_by(Column::Size),
            (0x3E, false) if ctrl => pane.sort_by(Column::Time),
            _ => {
                panes.letters = letters;
                if let Some(text) = key.text.as_deref().filter(|text| !ctrl && !text.is_empty()) {
                    panes.find(text, now);
                }
            }
        }
    }

    fn enter(&mut self) {
        let Some(panes) = &mut self.panes else { return };
        let pane = panes.pane();
        let side = pane.side;
        if let Some(inside) = pane.inside() {
            self.go(side, inside);
        }
    }

    // The pointer ---------------------------------------------------------------

    /// Marks what is under the pointer.
    pub(crate) fn pane_hover(&mut self, x: i32, y: i32) {
        if let Some(panes) = &mut self.panes {
            self.stale |= panes.hover(x, y);
        }
    }

    /// A press of the left button.
    pub(crate) fn pane_press(&mut self, x: i32, y: i32) {
        let (now, ctrl) = (self.now(), self.keys.ctrl());
        let Some(panes) = &mut self.panes else { return };
        self.stale = true;
        let Some(hit) = panes.at(x, y).filter(|_| !panes.types()) else { return };
        let twice = panes
            .pressed
            .replace((hit, now))
            .is_some_and(|(before, then)| before == hit && now.saturating_sub(then) < DOUBLE);
        match hit {
            Hit::Act(act) => self.pane_act(act),
            Hit::Pane(side) => panes.active = side,
            Hit::Head(side, column) => {
                panes.active = side;
                panes.pane().sort_by(column);
            }
            Hit::Row(side, row) => {
                panes.active = side;
                let pane = panes.pane();
                pane.marked = row;
                if ctrl {
                    pane.choose();
                } else if twice {
                    self.enter();
                }
            }
        }
    }

    /// The wheel over a side.
    pub(crate) fn pane_wheel(&mut self, dy: i32) {
        let Some((x, y)) = self.pointer_at else { return };
        let Some(panes) = &mut self.panes else { return };
        let side = match panes.at(x, y) {
            Some(Hit::Row(side, _) | Hit::Pane(side) | Hit::Head(side, _)) => side,
            Some(Hit::Act(_)) | None => return,
        };
        let rows = panes.rows;
        panes.sides[side].scroll(i64::from(dy) * NOTCH / 120, rows);
        self.stale = true;
    }

    /// Draws the panel, above the transfers, which lie there.
    pub(crate) fn draw_panes(&mut self, transfers: Option<PixelRect>) -> Option<Layer> {
        let PixelSize { width, height } = self.window.size();
        let below = transfers.map_or(height, |area| area.y);
        let panes = self.panes.as_mut()?;
        let (edge, top) = (self.painter.px(12.0) as u32, self.painter.px(44.0) as u32);
        let area = PixelRect {
            x: edge.min(width.saturating_sub(1)),
            y: top.min(height.saturating_sub(1)),
            width: width.saturating_sub(2 * edge).max(1),
            height: below.saturating_sub(top + edge).max(1),
        };
        panes.draw(area, &mut self.painter)
    }
}
