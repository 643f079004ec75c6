//! Files of the machine that are dragged out of the window: the giving end of XDND,
//! version 5 (freedesktop.org, Drag-and-Drop Protocol for the X Window System).
//!
//! Programs look at the list while the pointer is still over them, and some keep what
//! they saw. So they are told from the beginning where the files are going to stand, and
//! the drop itself is held back until they do.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use gc_platform::{CopiedFiles, DragEnd, OfferError, OfferedFiles, WaitWaker as _};
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ConnectionExt as _, Cursor, EventMask, GrabMode, GrabStatus,
    KeyPressEvent, PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    Timestamp, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::keyboard;
use crate::DisplayError;
use crate::clipboard::uri_list;
use crate::display::Link;
use crate::drag::target::{Target, TargetAtoms, target_at};
use crate::waker::Waker;

x11rb::atom_manager! {
    pub(super) Atoms: AtomsCookie {
        TARGETS,
        TIMESTAMP,
        XdndActionCopy,
        XdndAware,
        XdndDrop,
        XdndEnter,
        XdndFinished,
        XdndLeave,
        XdndPosition,
        XdndProxy,
        XdndSelection,
        XdndStatus,
        URI_LIST: b"text/uri-list",
    }
}

/// Where a drag stands.
enum Stage {
    /// The button is held.
    Held,
    /// It went up over a program that takes them; they are on their way.
    Coming(Receiver<Result<CopiedFiles, OfferError>>),
    /// The program was told to take them.
    Dropped,
}

/// A drag out of the window.
pub(super) struct Drag {
    files: Arc<dyn OfferedFiles>,
    list: String,
    since: Timestamp,
    stage: Stage,
    target: Option<Target>,
    at: (i16, i16),
    /// The program agreed to the last place it was told of.
    accepts: bool,
    /// It has not answered the last place.
    unanswered: bool,
    /// The pointer has moved since.
    moved: bool,
    /// The button went up before the answer.
    released: bool,
}

/// What drags need, for as long as there is a window.
pub(super) struct DragSource {
    atoms: Atoms,
    window: Window,
    waker: Waker,
    takes: Cursor,
    refuses: Cursor,
    drag: Option<Drag>,
}

impl DragSource {
    pub(super) fn new(link: &Link, window: Window, waker: Waker) -> Result<Self, DisplayError> {
        let atoms = Atoms::new(&link.conn)?.reply()?;
        let database = x11rb::resource_manager::new_from_default(&link.conn)?;
        let handle = x11rb::cursor::Handle::new(&link.conn, link.screen, &database)?.reply()?;
        let takes = handle.load_cursor(&link.conn, "hand2")?;
        let refuses = handle.load_cursor(&link.conn, "crossed_circle")?;
        Ok(Self { atoms, window, waker, takes, refuses, drag: None })
    }

    /// Whether the pointer belongs to a drag.
    pub(super) fn holds(&self) -> bool {
        let held = |drag: &Drag| matches!(drag.stage, Stage::Held) && !drag.released;
        self.drag.as_ref().is_some_and(held)
    }

    /// From now on the pointer carries these; a button is down.
    pub(super) fn begin(
        &mut self,
        link: &Link,
        files: Arc<dyn OfferedFiles>,
        since: Timestamp,
    ) -> Result<(), DisplayError> {
        self.give_up(link)?;
        let Some(expected) = files.expected() else {
            return Err(DisplayError::Refused("it is not known where files would stand".into()));
        };
        let (window, selection) = (self.window, self.atoms.XdndSelection);
        link.conn.set_selection_owner(window, selection, since)?;
        if link.conn.get_selection_owner(selection)?.reply()?.owner != window {
            return Err(DisplayError::Refused("another program drags".to_owned()));
        }
        let mask = EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION;
        let (both, cursor) = (GrabMode::ASYNC, self.refuses);
        // Before that the press of the button alone holds the pointer, without a cursor.
        let grab = link.conn.grab_pointer(
            false,
            window,
            mask,
            both,
            both,
            x11rb::NONE,
            cursor,
            x11rb::CURRENT_TIME,
        )?;
        let status = grab.reply()?.status;
        if status != GrabStatus::SUCCESS {
            return Err(DisplayError::Refused(format!("the pointer is not given: {status:?}")));
        }
        self.drag = Some(Drag {
            files,
            list: uri_list::write_uri_list(&expected),
            since,
            stage: Stage::Held,
            target: None,
            at: (0, 0),
            accepts: false,
            unanswered: false,
            moved: false,
            released: false,
        });
        let at = link.conn.query_pointer(link.root)?.reply()?;
        self.moved(link, (at.root_x, at.root_y))
    }

    fn say(&self, link: &Link, to: Target, kind: u32, data: [u32; 4]) -> Result<(), DisplayError> {
        let [b, c, d, e] = data;
        let message = ClientMessageEvent::new(32, to.window, kind, [self.window, b, c, d, e]);
        link.conn.send_event(false, to.told, EventMask::NO_EVENT, message)?;
        link.conn.flush()?;
        Ok(())
    }

    /// The pointer is there, on the root window.
    pub(super) fn moved(&mut self, link: &Link, at: (i16, i16)) -> Result<(), DisplayError> {
        let atoms = TargetAtoms { aware: self.atoms.XdndAware, proxy: self.atoms.XdndProxy };
        let found = target_at(link, atoms, at.0, at.1)?;
        // Whence they come they cannot go.
        let found = found.filter(|target| target.window != self.window);
        let Some(drag) = &mut self.drag else { return Ok(()) };
        let before = drag.target;
        drag.at = at;
        drag.moved = true;
        if found != before {
            (drag.target, drag.accepts, drag.unanswered) = (found, false, false);
            if let Some(target) = before {
                self.say(link, target, self.atoms.XdndLeave, [0; 4])?;
            }
            if let Some(target) = found {
                let version = u32::from(target.version) << 24;
                let kinds = [version, self.atoms.URI_LIST, 0, 0];
                self.say(link, target, self.atoms.XdndEnter, kinds)?;
            }
            self.show(link)?;
        }
        self.tell_place(link)
    }

    /// Tells the program where the pointer is, when it has answered the last time.
    fn tell_place(&mut self, link: &Link) -> Result<(), DisplayError> {
        let Some(drag) = &mut self.drag else { return Ok(()) };
        let Some(target) = drag.target.filter(|_| drag.moved && !drag.unanswered) else {
            return Ok(());
        };
        (drag.moved, drag.unanswered) = (false, true);
        let (x, y) = drag.at;
        let at = u32::from(x.cast_unsigned()) << 16 | u32::from(y.cast_unsigned());
        let place = [0, at, drag.since, self.atoms.XdndActionCopy];
        self.say(link, target, self.atoms.XdndPosition, place)
    }

    fn show(&self, link: &Link) -> Result<(), DisplayError> {
        let accepts = self.drag.as_ref().is_some_and(|drag| drag.accepts);
        if self.holds() {
            let cursor = if accepts { self.takes } else { self.refuses };
            let mask = EventMask::BUTTON_RELEASE | EventMask::POINTER_MOTION;
            link.conn.change_active_pointer_grab(cursor, x11rb::CURRENT_TIME, mask)?;
            link.conn.flush()?;
        }
        Ok(())
    }

    /// The button went up.
    pub(super) fn released(&mut self, link: &Link) -> Result<Option<DragEnd>, DisplayError> {
        link.conn.ungrab_pointer(x11rb::CURRENT_TIME)?;
        link.conn.flush()?;
        let Some(drag) = &mut self.drag else { return Ok(None) };
        drag.released = true;
        if drag.target.is_some() && drag.unanswered {
            // It may still agree.
            return Ok(None);
        }
        self.drop_or_not(link)
    }

    fn drop_or_not(&mut self, link: &Link) -> Result<Option<DragEnd>, DisplayError> {
        let Some(drag) = &mut self.drag else { return Ok(None) };
        if drag.target.is_none() {
            self.end(link)?;
            return Ok(Some(DragEnd::Cancelled));
        }
        if !drag.accepts {
            self.leave(link)?;
            return Ok(Some(DragEnd::Refused));
        }
        let (sender, come) = channel();
        let (files, waker) = (Arc::clone(&drag.files), self.waker.clone());
        let started = std::thread::Builder::new().name("x11-dragged".into()).spawn(move || {
            // Without a window nobody waits.
            let _ = sender.send(files.fetch());
            waker.wake();
        });
        if let Err(error) = started {
            tracing::warn!(%error, "no thread to fetch files with");
            self.leave(link)?;
            return Ok(Some(DragEnd::Refused));
        }
        drag.stage = Stage::Coming(come);
        Ok(None)
    }

    /// Looks whether files came that were waited for.
    pub(super) fn poll(&mut self, link: &Link) -> Result<Option<DragEnd>, DisplayError> {
        let Some(drag) = &mut self.drag else { return Ok(None) };
        let Stage::Coming(come) = &drag.stage else { return Ok(None) };
        let Ok(result) = come.try_recv() else { return Ok(None) };
        match (result, drag.target) {
            (Ok(files), Some(target)) => {
                drag.list = uri_list::write_uri_list(&files);
                drag.stage = Stage::Dropped;
                let since = drag.since;
                self.say(link, target, self.atoms.XdndDrop, [0, since, 0, 0])?;
                Ok(None)
            }
            (Err(OfferError::Cancelled), _) => {
                self.leave(link)?;
                Ok(Some(DragEnd::Cancelled))
            }
            (result, _) => {
                tracing::info!(?result, "what was dragged out is not given");
                self.leave(link)?;
                Ok(Some(DragEnd::Refused))
            }
        }
    }

    /// Whether a key ends the drag: Escape.
    pub(super) fn key(
        &mut self,
        link: &Link,
        key: &KeyPressEvent,
    ) -> Result<Option<DragEnd>, DisplayError> {
        if !self.holds() || keyboard::place(key.detail) != Some((0x01, false)) {
            return Ok(None);
        }
        link.conn.ungrab_pointer(x11rb::CURRENT_TIME)?;
        self.leave(link)?;
        Ok(Some(DragEnd::Cancelled))
    }

    /// A message to the window; whether it was an answer to a drag, and how that ended.
    pub(super) fn message(
        &mut self,
        link: &Link,
        message: &ClientMessageEvent,
    ) -> Result<(bool, Option<DragEnd>), DisplayError> {
        let ours = [self.atoms.XdndStatus, self.atoms.XdndFinished].contains(&message.type_);
        if !ours || message.format != 32 {
            return Ok((false, None));
        }
        let [who, flags, ..] = message.data.as_data32();
        let Some(drag) = &mut self.drag else { return Ok((true, None)) };
        let Some(target) = drag.target.filter(|target| target.window == who) else {
            return Ok((true, None));
        };
        if message.type_ == self.atoms.XdndFinished {
            // Before version 5 nobody said whether.
            let taken = target.version < 5 || flags & 1 != 0;
            if !matches!(drag.stage, Stage::Dropped) {
                return Ok((true, None));
            }
            self.end(link)?;
            return Ok((true, Some(if taken { DragEnd::Taken } else { DragEnd::Refused })));
        }
        (drag.accepts, drag.unanswered) = (flags & 1 != 0, false);
        if drag.released && matches!(drag.stage, Stage::Held) {
            return Ok((true, self.drop_or_not(link)?));
        }
        self.show(link)?;
        if self.holds() {
            self.tell_place(link)?;
        }
        Ok((true, None))
    }

    /// Somebody asks for the list. Whether it was asked for here.
    pub(super) fn asked(
        &mut self,
        link: &Link,
        request: &SelectionRequestEvent,
    ) -> Result<bool, DisplayError> {
        if request.selection != self.atoms.XdndSelection || request.owner != self.window {
            return Ok(false);
        }
        let (conn, atoms) = (&link.conn, &self.atoms);
        let (window, target) = (request.requestor, request.target);
        let property = if request.property == x11rb::NONE { target } else { request.property };
        let mut looked = false;
        let given = match &self.drag {
            Some(drag) if target == atoms.URI_LIST => {
                let list = drag.list.as_bytes();
                conn.change_property8(PropMode::REPLACE, window, property, target, list)?;
                looked = true;
                true
            }
            Some(_) if target == atoms.TARGETS => {
                let all = [atoms.TARGETS, atoms.TIMESTAMP, atoms.URI_LIST];
                conn.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &all)?;
                true
            }
            Some(drag) if target == atoms.TIMESTAMP => {
                let (kind, time) = (AtomEnum::INTEGER, [drag.since]);
                conn.change_property32(PropMode::REPLACE, window, property, kind, &time)?;
                true
            }
            _ => false,
        };
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
        conn.flush()?;
        if let Some(drag) = self.drag.as_mut().filter(|_| looked) {
            // Some agree only after they have looked, and only to another place.
            drag.moved = true;
            if self.holds() {
                self.tell_place(link)?;
            }
        }
        Ok(true)
    }

    fn leave(&mut self, link: &Link) -> Result<(), DisplayError> {
        if let Some(target) = self.drag.as_ref().and_then(|drag| drag.target) {
            self.say(link, target, self.atoms.XdndLeave, [0; 4])?;
        }
        self.end(link)
    }

    fn end(&mut self, link: &Link) -> Result<(), DisplayError> {
        if let Some(drag) = self.drag.take() {
            let selection = self.atoms.XdndSelection;
            link.conn.set_selection_owner(x11rb::NONE, selection, drag.since)?;
            link.conn.flush()?;
        }
        Ok(())
    }

    /// What was dragged before and nobody has finished.
    fn give_up(&mut self, link: &Link) -> Result<(), DisplayError> {
        match &self.drag {
            Some(Drag { stage: Stage::Dropped, .. }) => self.end(link),
            Some(_) => self.leave(link),
            None => Ok(()),
        }
    }
}
