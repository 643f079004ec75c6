//! Files that are dragged: onto a place of the picture, and out of it (ADR 23).

use std::time::Duration;

use gc_filetransfer::Direction;
use gc_platform::{DragEnd, PixelSize, PointerButton, StorePath};
use gc_proto::v2::file_message::Body;
use gc_proto::v2::{DragOut, DraggedOut, FileDrop, FileDropped, Point};
use gc_types::CauseCode;

use crate::app::App;
use crate::files::Then;
use crate::pointer::Place;
use crate::view::Placed;

/// Beyond the picture by so much: it was meant. Pixels of 1/96 inch.
const OUTSIDE: f32 = 8.0;
/// At the window's own edge, beyond which no pointer goes, for so long.
const REST: Duration = Duration::from_millis(400);
/// Drags that may be asked about at the same time.
const MOST_ASKED: usize = 8;

/// What is known of drags.
#[derive(Default)]
pub(crate) struct Drags {
    /// Of the last question.
    request: u32,
    /// Drops that the machine has not answered, and what was dropped.
    drops: Vec<(u32, Vec<StorePath>)>,
    /// What goes up to be dropped, in this order.
    waiting: Vec<((i32, i32), Vec<StorePath>)>,
    /// A drag that the machine was asked about, and what came of the answer.
    out: Option<(u32, Vec<StorePath>)>,
    /// This press was asked about.
    asked: bool,
    /// When a pointer that rests at the edge counts as outside.
    pub(crate) rests: Option<Duration>,
}

fn beyond(area: Placed, (x, y): (i32, i32), by: i32) -> bool {
    x < area.x - by
        || y < area.y - by
        || x >= area.x.saturating_add_unsigned(area.width) + by
        || y >= area.y.saturating_add_unsigned(area.height) + by
}

impl App {
    // Onto the picture ----------------------------------------------------------

    /// Files were dropped on the window; `at` is the place on the machine's surface.
    pub(crate) fn drop_files(&mut self, files: Vec<StorePath>, at: Option<Place>) {
        if !self.may_move_files() || files.is_empty() {
            return;
        }
        let aims = self.in_control() && self.file_policy.drags && self.file_policy.upload;
        match at.filter(|_| aims) {
            Some((x, y)) => {
                self.drags.waiting.push(((x, y), files.clone()));
                self.place(files, Then::Drop { x, y });
            }
            None => self.upload(files),
        }
    }

    /// What is to be dropped waits on the machine, or does not.
    pub(crate) fn arrived(&mut self, at: (i32, i32), result: Result<StorePath, CauseCode>) {
        let waits = self.drags.waiting.iter().position(|(there, _)| *there == at);
        let files = waits.map(|index| self.drags.waiting.remove(index).1).unwrap_or_default();
        match result {
            Ok(folder) if self.drags.drops.len() < MOST_ASKED => {
                let request = self.next_request();
                self.drags.drops.push((request, files));
                let (folder, position) = (Some(folder.to_wire()), Point { x: at.0, y: at.1 });
                let drop = FileDrop { request, folder, position: Some(position) };
                self.say_to_files(Body::Drop(drop));
            }
            Ok(_) => self.say_of_files(CauseCode::RateLimited.sentence()),
            Err(CauseCode::FilesCancelled) => {}
            Err(cause) => self.say_of_files(cause.sentence()),
        }
    }

    fn next_request(&mut self) -> u32 {
        self.drags.request = self.drags.request.wrapping_add(1);
        self.drags.request
    }

    fn say_to_files(&mut self, body: Body) {
        self.start_transfers();
        if let Some(transfers) = &self.transfers {
            transfers.say(body);
        }
    }

    /// What became of a drop.
    pub(crate) fn file_dropped(&mut self, dropped: &FileDropped) {
        let drops = &mut self.drags.drops;
        let Some(at) = drops.iter().position(|(request, _)| *request == dropped.request) else {
            return;
        };
        let (_, files) = drops.remove(at);
        let Some(cause) = &dropped.cause else {
            tracing::info!("files were dropped on the machine");
            return;
        };
        let cause = CauseCode::from_number(cause.code).unwrap_or(CauseCode::DropNotTaken);
        tracing::info!(cause = cause.name(), "files were not dropped on the machine");
        let folder = dropped.folder.as_ref().and_then(|folder| StorePath::from_wire(folder).ok());
        let folder = folder.as_ref().and_then(StorePath::name);
        if let Some(folder) = folder {
            let folder = gc_proto::clean_text(folder, 60);
            self.say_of_files(format!("{} The files are in {folder}.", cause.sentence()));
        } else {
            // They are nowhere that a person would find them: once more, to where uploads go.
            self.say_of_files(cause.sentence());
            self.upload(files);
        }
    }

    /// The link is gone, and with it the answers.
    pub(crate) fn drags_lost(&mut self) {
        self.drags.drops.clear();
        (self.drags.out, self.drags.rests, self.drags.asked) = (None, None, false);
    }

    // Out of it -----------------------------------------------------------------

    /// The pointer moved, or its button did: something may be dragged out.
    pub(crate) fn watch_edge(&mut self) {
        let may = self.in_control()
            && self.pointer.holds_left()
            && self.may_move_files()
            && self.file_policy.drags
            && self.file_policy.download
            && self.window.drags_out();
        let (Some(at), Some(picture), true) = (self.pointer_at, self.view.placed(), may) else {
            (self.drags.rests, self.drags.asked) = (None, false);
            return;
        };
        let PixelSize { width, height } = self.window.size();
        let window = Placed { x: 0, y: 0, width, height };
        let outside = beyond(picture, at, self.painter.px(OUTSIDE) as i32);
        if !outside && !beyond(window, at, -1) {
            (self.drags.rests, self.drags.asked) = (None, false);
        } else if self.drags.asked {
            self.drags.rests = None;
        } else if outside {
            self.ask_drag();
        } else {
            let now = self.now();
            self.drags.rests.get_or_insert(now + REST);
        }
    }

    /// Asks what is dragged on the machine.
    pub(crate) fn ask_drag(&mut self) {
        let request = self.next_request();
        (self.drags.asked, self.drags.rests) = (true, None);
        self.drags.out = Some((request, Vec::new()));
        tracing::debug!("the pointer leaves the picture with its button held");
        self.say_to_files(Body::DragOut(DragOut { request }));
    }

    /// What is dragged there, or why that cannot be told.
    pub(crate) fn dragged_out(&mut self, told: DraggedOut) {
        let Some((request, paths)) = &mut self.drags.out else { return };
        if *request != told.request {
            return;
        }
        paths.extend(told.paths.iter().filter_map(|path| StorePath::from_wire(path).ok()));
        let many = paths.len() > gc_proto::MAX_CLIPBOARD_PATHS;
        if !told.last && !many {
            return;
        }
        let paths = self.drags.out.take().map(|(_, paths)| paths).unwrap_or_default();
        let cause = told.cause.map(|cause| CauseCode::from_number(cause.code));
        match cause {
            // Most buttons that leave the picture drag no files: nothing is to be said.
            Some(Some(CauseCode::DragNoFiles) | None) => {}
            Some(Some(cause)) => self.say_of_files(cause.sentence()),
            None if many => self.say_of_files(CauseCode::FilesTooMany.sentence()),
            None => self.drag(paths),
        }
    }

    /// The drag on the machine has ended: it goes on here.
    fn drag(&mut self, paths: Vec<StorePath>) {
        self.copied.clone_from(&paths);
        let held = self.pointer.holds_left();
        let offer = self.transfers.as_ref().and_then(|transfers| transfers.offer(paths, None));
        let (Some(offer), true) = (offer, held) else {
            return self.say_of_files(
                "The dragged files can be downloaded from the menu Files, or dragged once more.",
            );
        };
        // The machine's button goes up where the pointer left it; the drag there is over.
        if let Some(place) = self.pointer.last_place() {
            let up = self.pointer.button(PointerButton::Left, false, place);
            self.send(&up);
        }
        let up = self.keys.let_go();
        self.send(&[up]);
        self.pointer.let_go();
        tracing::info!("files are dragged out of the picture");
        if let Err(error) = self.window.drag_out(offer) {
            tracing::warn!(%error, "nothing is dragged");
            self.say_of_files(CauseCode::DragUnavailable.sentence());
        }
    }

    /// What was dragged out is somewhere, or nowhere.
    pub(crate) fn drag_ended(&mut self, end: DragEnd) {
        tracing::info!(?end, "the drag out of the picture is over");
        if end == DragEnd::Refused {
            self.say_of_files("The window there took no files. Download them from the menu Files.");
        }
        self.stale = true;
    }

    /// Files that were dropped beside the picture go into the machine's folder for that.
    pub(crate) fn upload(&mut self, sources: Vec<StorePath>) {
        if self.may_move_files() && !sources.is_empty() {
            self.move_files(Direction::Upload, sources);
        }
    }
}
