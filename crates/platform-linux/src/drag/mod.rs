//! Dragging files by the protocol XDND, version 5
//! (<https://www.freedesktop.org/wiki/Specifications/XDND/>): as the program that they are
//! dragged from, and as one that asks what another program drags.

pub(crate) mod target;

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{CopiedFiles, DragError, FileDrag};
use gc_types::{CauseCode, Clock};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ButtonMask, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask,
    PropMode, Property, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    Timestamp, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use self::target::Target;
use crate::DisplayError;
use crate::clipboard::{reading, uri_list};
use crate::display::Link;
use crate::waker::{Waker, wait};

/// A program that has said nothing of the drag for so long is given up.
const SILENCE: Duration = Duration::from_secs(2);
/// A program that refused is asked again, as it would be by a hand that moves; some look
/// at the data before they agree.
const AGAIN: Duration = Duration::from_millis(80);
/// So many times, when it does not look at the data either.
const REFUSALS: u32 = 4;
/// A program may take so long to say that it has taken them.
const FINISH: Duration = Duration::from_secs(10);
/// Bytes of a list of files that is read.
const LONGEST: u32 = 1 << 20;

x11rb::atom_manager! {
    pub(super) Atoms: AtomsCookie {
        XdndSelection,
        XdndAware,
        XdndProxy,
        XdndEnter,
        XdndPosition,
        XdndStatus,
        XdndLeave,
        XdndDrop,
        XdndFinished,
        XdndActionCopy,
        TARGETS,
        TIMESTAMP,
        INCR,
        URI_LIST: b"text/uri-list",
        GC_TIME: b"_GURUCONNECT_TIME",
        GC_DRAGGED: b"_GURUCONNECT_DRAGGED",
    }
}

/// Drags on an X display. Other programs are waited for on the thread that calls.
pub struct X11Drag {
    link: Link,
    atoms: Atoms,
    window: Window,
    clock: Arc<dyn Clock>,
    waker: Waker,
}

/// Where a drop stands.
struct Dropping<'a> {
    target: Target,
    list: &'a str,
    since: Timestamp,
    /// The program has looked at the list.
    looked: bool,
}

/// What the program under the pointer said.
enum Said {
    Accepts,
    Refuses,
    Finished { taken: bool },
}

impl X11Drag {
    /// Opens `display` (what `DISPLAY` holds).
    pub fn open(display: Option<&str>, clock: Arc<dyn Clock>) -> Result<Self, DisplayError> {
        let link = Link::open(display)?;
        let atoms = Atoms::new(&link.conn)?.reply()?;
        let window = x11rb::connection::Connection::generate_id(&link.conn)?;
        let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let class = WindowClass::INPUT_ONLY;
        link.conn.create_window(0, window, link.root, -1, -1, 1, 1, 0, class, 0, &aux)?.check()?;
        Ok(Self { link, atoms, window, clock, waker: Waker::new()? })
    }

    /// The next event, or none within the time that is left.
    fn next(&self, until: Duration) -> Result<Option<Event>, DisplayError> {
        loop {
            if let Some(event) = x11rb::connection::Connection::poll_for_event(&self.link.conn)? {
                return Ok(Some(event));
            }
            let left = until.saturating_sub(self.clock.monotonic());
            if left.is_zero() {
                return Ok(None);
            }
            wait(&self.link.conn, &self.waker, Some(left))?;
        }
    }

    /// The time of the server, which owning a selection takes.
    fn server_time(&self) -> Result<Timestamp, DisplayError> {
        // What is left of an earlier drag.
        while x11rb::connection::Connection::poll_for_event(&self.link.conn)?.is_some() {}
        let (property, kind) = (self.atoms.GC_TIME, AtomEnum::STRING);
        self.link.conn.change_property8(PropMode::APPEND, self.window, property, kind, &[])?;
        let until = self.clock.monotonic() + SILENCE;
        while let Some(event) = self.next(until)? {
            if let Event::PropertyNotify(notify) = event
                && notify.atom == self.atoms.GC_TIME
                && notify.state == Property::NEW_VALUE
            {
                return Ok(notify.time);
            }
        }
        Err(DisplayError::Refused("the server tells no time".to_owned()))
    }

    fn say(&self, to: Target, kind: u32, data: [u32; 4]) -> Result<(), DisplayError> {
        let [b, c, d, e] = data;
        let message = ClientMessageEvent::new(32, to.window, kind, [self.window, b, c, d, e]);
        self.link.conn.send_event(false, to.told, EventMask::NO_EVENT, message)?;
        Ok(())
    }

    fn drop_at(&self, list: &str, x: i16, y: i16) -> Result<Result<(), DragError>, DisplayError> {
        let since = self.server_time()?;
        let Some(target) = self.target_at(x, y)? else {
            let nobody = "no window at the point knows of drags";
            return Ok(Err(DragError::new(CauseCode::DropNotTaken, nobody)));
        };
        let (conn, atoms) = (&self.link.conn, &self.atoms);
        conn.set_selection_owner(self.window, atoms.XdndSelection, since)?;
        if conn.get_selection_owner(atoms.XdndSelection)?.reply()?.owner != self.window {
            let busy = "another program began to drag at the same moment";
            return Ok(Err(DragError::new(CauseCode::DropNoAnswer, busy)));
        }
        let mut dropping = Dropping { target, list, since, looked: false };
        let version = u32::from(target.version) << 24;
        self.say(target, atoms.XdndEnter, [version, atoms.URI_LIST, 0, 0])?;
        let result = self.hover(&mut dropping, x, y)?;
        let result = match result {
            Ok(()) => {
                self.say(target, atoms.XdndDrop, [0, since, 0, 0])?;
                self.finish(&mut dropping)?
            }
            Err(error) => {
                self.say(target, atoms.XdndLeave, [0, 0, 0, 0])?;
                Err(error)
            }
        };
        // Nobody reads the list from now on.
        conn.set_selection_owner(x11rb::NONE, atoms.XdndSelection, since)?;
        conn.sync()?;
        Ok(result)
    }

    /// Until the program agrees.
    fn hover(
        &self,
        dropping: &mut Dropping<'_>,
        x: i16,
        y: i16,
    ) -> Result<Result<(), DragError>, DisplayError> {
        let at = u32::from(x.cast_unsigned()) << 16 | u32::from(y.cast_unsigned());
        let begin = self.clock.monotonic();
        let end = begin + SILENCE;
        let mut refusals = 0;
        loop {
            let position = [0, at, dropping.since, self.atoms.XdndActionCopy];
            self.say(dropping.target, self.atoms.XdndPosition, position)?;
            match self.hear(dropping, end)? {
                Some(Said::Accepts) => return Ok(Ok(())),
                Some(Said::Refuses) => {
                    refusals += 1;
                    let now = self.clock.monotonic();
                    if now >= end || refusals >= REFUSALS && !dropping.looked {
                        let refused = "the program at the point refuses files";
                        return Ok(Err(DragError::new(CauseCode::DropNotTaken, refused)));
                    }
                    // Meanwhile it may ask for the list.
                    if let Some(Said::Accepts) = self.hear(dropping, (now + AGAIN).min(end))? {
                        return Ok(Ok(()));
                    }
                }
                Some(Said::Finished { .. }) | None if refusals > 0 => {
                    let refused = "the program at the point refuses these files";
                    return Ok(Err(DragError::new(CauseCode::DropNotTaken, refused)));
                }
                Some(Said::Finished { .. }) | None => {
                    let silent = "the program at the point says nothing of the drag";
                    return Ok(Err(DragError::new(CauseCode::DropNoAnswer, silent)));
                }
            }
        }
    }

    /// Until the program has what it wants.
    fn finish(&self, dropping: &mut Dropping<'_>) -> Result<Result<(), DragError>, DisplayError> {
        let end = self.clock.monotonic() + FINISH;
        loop {
            match self.hear(dropping, end)? {
                Some(Said::Finished { taken: true }) => return Ok(Ok(())),
                Some(Said::Finished { taken: false }) => {
                    let refused = "the program at the point did not take the files";
                    return Ok(Err(DragError::new(CauseCode::DropNotTaken, refused)));
                }
                // The answer to an earlier position.
                Some(Said::Accepts | Said::Refuses) => {}
                // Some programs never say that they are done.
                None if dropping.looked => return Ok(Ok(())),
                None => {
                    let silent = "the program at the point did not ask for the files";
                    return Ok(Err(DragError::new(CauseCode::DropNoAnswer, silent)));
                }
            }
        }
    }

    /// What the program says next; gives it the list when it asks.
    fn hear(
        &self,
        dropping: &mut Dropping<'_>,
        until: Duration,
    ) -> Result<Option<Said>, DisplayError> {
        while let Some(event) = self.next(until)? {
            match event {
                Event::ClientMessage(message) => {
                    let [who, flags, ..] = message.data.as_data32();
                    if message.format != 32 || who != dropping.target.window {
                        continue;
                    }
                    if message.type_ == self.atoms.XdndStatus {
                        let accepts = flags & 1 != 0;
                        return Ok(Some(if accepts { Said::Accepts } else { Said::Refuses }));
                    }
                    if message.type_ == self.atoms.XdndFinished {
                        // Before version 5 nobody said whether.
                        let taken = dropping.target.version < 5 || flags & 1 != 0;
                        return Ok(Some(Said::Finished { taken }));
                    }
                }
                Event::SelectionRequest(request) => {
                    dropping.looked |= self.give(dropping, &request)?;
                }
                Event::Error(error) => {
                    tracing::debug!(?error, "The X server refused a request of a drag");
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Answers a request for the selection; whether it was for the list.
    fn give(
        &self,
        dropping: &Dropping<'_>,
        request: &SelectionRequestEvent,
    ) -> Result<bool, DisplayError> {
        let (conn, atoms) = (&self.link.conn, &self.atoms);
        let (window, target) = (request.requestor, request.target);
        let property = if request.property == x11rb::NONE { target } else { request.property };
        let ours = request.owner == self.window && request.selection == atoms.XdndSelection;
        let known = [atoms.URI_LIST, atoms.TARGETS, atoms.TIMESTAMP].contains(&target);
        let given = ours && known;
        if given && target == atoms.URI_LIST {
            let list = dropping.list.as_bytes();
            conn.change_property8(PropMode::REPLACE, window, property, target, list)?;
        } else if given && target == atoms.TARGETS {
            let targets = [atoms.TARGETS, atoms.TIMESTAMP, atoms.URI_LIST];
            conn.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &targets)?;
        } else if given {
            let (kind, time) = (AtomEnum::INTEGER, [dropping.since]);
            conn.change_property32(PropMode::REPLACE, window, property, kind, &time)?;
        }
        let notify = SelectionNotifyEvent {
            response_type: SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time: request.time,
            requestor: window,
            selection: request.selection,
            target,
            property: if given { property } else { x11rb::NONE },
        };
        conn.send_event(false, window, EventMask::NO_EVENT, notify)?;
        Ok(given && target == atoms.URI_LIST)
    }

    fn dragged(&self) -> Result<Result<CopiedFiles, DragError>, DisplayError> {
        let nothing = |why| Ok(Err(DragError::new(CauseCode::DragNoFiles, why)));
        let (conn, atoms) = (&self.link.conn, &self.atoms);
        let buttons = ButtonMask::M1 | ButtonMask::M2 | ButtonMask::M3;
        let held = conn.query_pointer(self.link.root)?.reply()?.mask;
        if u16::from(held) & u16::from(buttons) == 0 {
            return nothing("no button is held down");
        }
        let time = self.server_time()?;
        let owner = conn.get_selection_owner(atoms.XdndSelection)?.reply()?.owner;
        if owner == x11rb::NONE || owner == self.window {
            return nothing("no program drags anything");
        }
        conn.delete_property(self.window, atoms.GC_DRAGGED)?;
        conn.convert_selection(
            self.window,
            atoms.XdndSelection,
            atoms.URI_LIST,
            atoms.GC_DRAGGED,
            time,
        )?;
        let until = self.clock.monotonic() + SILENCE;
        while let Some(event) = self.next(until)? {
            let Event::SelectionNotify(notify) = event else { continue };
            if notify.selection != atoms.XdndSelection || notify.requestor != self.window {
                continue;
            }
            if notify.property == x11rb::NONE {
                return nothing("the program drags something else than files");
            }
            let (window, any) = (self.window, AtomEnum::ANY);
            let reply =
                conn.get_property(true, window, atoms.GC_DRAGGED, any, 0, LONGEST / 4)?.reply()?;
            if reply.type_ == atoms.INCR || reply.bytes_after > 0 {
                return Ok(Err(DragError::new(CauseCode::FilesTooMany, "a very long list")));
            }
            let files = uri_list::read_files(&reply.value, &reading::host());
            if files.is_empty() {
                return nothing("no files of this machine are dragged");
            }
            let many = || DragError::new(CauseCode::FilesTooMany, "more than fits");
            return Ok(CopiedFiles::new(files).ok_or_else(many));
        }
        nothing("the program that drags does not answer")
    }
}

impl FileDrag for X11Drag {
    fn drop_files(&mut self, files: &CopiedFiles, x: i32, y: i32) -> Result<(), DragError> {
        let outside = |_| DragError::new(CauseCode::DropNotTaken, "the point is on no screen");
        let (x, y) = (i16::try_from(x).map_err(outside)?, i16::try_from(y).map_err(outside)?);
        self.drop_at(&uri_list::write_uri_list(files), x, y)?
    }

    fn dragged_files(&mut self) -> Result<CopiedFiles, DragError> {
        self.dragged()?
    }
}
