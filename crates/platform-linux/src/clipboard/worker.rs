//! The thread that owns and watches the selection.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use gc_platform::{ClipboardContent, ClipboardError, ClipboardEvent, ClipboardListener};
use gc_types::Clock;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{self, ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, Property,
    PropertyNotifyEvent, Timestamp, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::reading::{Outcome, Reading};
use super::sending::Sending;
use crate::DisplayError;
use crate::display::Link;
use crate::waker::{Waker, wait};

x11rb::atom_manager! {
    pub(super) Atoms: AtomsCookie {
        CLIPBOARD,
        TARGETS,
        TIMESTAMP,
        INCR,
        UTF8_STRING,
        TEXT,
        PLAIN_UTF8: b"text/plain;charset=utf-8",
        PLAIN: b"text/plain",
        PASSWORD_HINT: b"x-kde-passwordManagerHint",
        GC_TIME: b"_GURUCONNECT_TIME",
        HTML: b"text/html",
        RTF: b"text/rtf",
        APPLICATION_RTF: b"application/rtf",
        PNG: b"image/png",
        GNOME_FILES: b"x-special/gnome-copied-files",
        URI_LIST: b"text/uri-list",
        KDE_CUT: b"application/x-kde-cutselection",
        GC_DATA_0: b"_GURUCONNECT_DATA_0",
        GC_DATA_1: b"_GURUCONNECT_DATA_1",
        GC_DATA_2: b"_GURUCONNECT_DATA_2",
        GC_DATA_3: b"_GURUCONNECT_DATA_3",
    }
}

/// From the owner of the clipboard.
pub(super) enum Command {
    Set(ClipboardContent),
    Announce,
    Stop,
}

/// What this side offers.
pub(super) struct Owned {
    pub(super) content: ClipboardContent,
    pub(super) since: Timestamp,
}

pub(super) struct Worker {
    link: Link,
    window: Window,
    atoms: Atoms,
    clock: Arc<dyn Clock>,
    waker: Waker,
    commands: Receiver<Command>,
    listener: ClipboardListener,
    // Waits for a time of the server's, which owning a selection takes.
    setting: Option<ClipboardContent>,
    owned: Option<Owned>,
    reading: Option<Reading>,
    /// Of the last request, see [`Reading`].
    turn: usize,
    sending: Vec<Sending>,
}

impl Worker {
    pub(super) fn new(
        link: Link,
        clock: Arc<dyn Clock>,
        waker: Waker,
        commands: Receiver<Command>,
        listener: ClipboardListener,
    ) -> Result<Self, DisplayError> {
        let conn = &link.conn;
        if conn.extension_information(xfixes::X11_EXTENSION_NAME)?.is_none() {
            return Err(DisplayError::Extension("XFIXES"));
        }
        conn.xfixes_query_version(5, 0)?.reply()?;
        let atoms = Atoms::new(conn)?.reply()?;
        let window = conn.generate_id()?;
        let aux = CreateWindowAux::new().event_mask(EventMask::PROPERTY_CHANGE);
        let class = WindowClass::INPUT_ONLY;
        conn.create_window(0, window, link.root, -1, -1, 1, 1, 0, class, 0, &aux)?.check()?;
        let changes = SelectionEventMask::SET_SELECTION_OWNER
            | SelectionEventMask::SELECTION_WINDOW_DESTROY
            | SelectionEventMask::SELECTION_CLIENT_CLOSE;
        conn.xfixes_select_selection_input(window, atoms.CLIPBOARD, changes)?.check()?;
        Ok(Self {
            link,
            window,
            atoms,
            clock,
            waker,
            commands,
            listener,
            setting: None,
            owned: None,
            reading: None,
            turn: 0,
            sending: Vec::new(),
        })
    }

    pub(super) fn run(&mut self) -> Result<(), DisplayError> {
        loop {
            while let Some(event) = self.link.conn.poll_for_event()? {
                self.handle(event)?;
            }
            loop {
                match self.commands.try_recv() {
                    Ok(Command::Set(content)) => self.set(content)?,
                    Ok(Command::Announce) => self.announce()?,
                    Ok(Command::Stop) | Err(TryRecvError::Disconnected) => {
                        // The server takes the selection away with the window.
                        self.link.conn.destroy_window(self.window)?;
                        self.link.conn.sync()?;
                        return Ok(());
                    }
                    Err(TryRecvError::Empty) => break,
                }
            }
            let timeout = self.expire()?;
            // A round trip above may have read events that no poll sees any more.
            if let Some(event) = self.link.conn.poll_for_event()? {
                self.handle(event)?;
                continue;
            }
            wait(&self.link.conn, &self.waker, timeout)?;
        }
    }

    fn set(&mut self, content: ClipboardContent) -> Result<(), DisplayError> {
        self.setting = Some(content);
        // Adding nothing to a property gives an event with the server's time.
        let (property, kind) = (self.atoms.GC_TIME, AtomEnum::STRING);
        self.link.conn.change_property8(PropMode::APPEND, self.window, property, kind, &[])?;
        Ok(())
    }

    fn own(&mut self, time: Timestamp) -> Result<(), DisplayError> {
        let Some(content) = self.setting.take() else { return Ok(()) };
        let conn = &self.link.conn;
        conn.set_selection_owner(self.window, self.atoms.CLIPBOARD, time)?;
        if conn.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner == self.window {
            self.owned = Some(Owned { content, since: time });
            self.reading = None;
        } else {
            let taken = "another program took the clipboard at the same moment".to_owned();
            (self.listener)(ClipboardEvent::Failed(ClipboardError(taken)));
        }
        Ok(())
    }

    fn announce(&mut self) -> Result<(), DisplayError> {
        if let Some(owned) = &self.owned {
            (self.listener)(ClipboardEvent::Copied(owned.content.clone()));
            return Ok(());
        }
        let owner = self.link.conn.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner;
        if owner != x11rb::NONE {
            self.read(x11rb::CURRENT_TIME)?;
        }
        Ok(())
    }

    fn read(&mut self, time: Timestamp) -> Result<(), DisplayError> {
        let last = self.reading.as_ref().map_or(self.turn, Reading::turn);
        self.turn = last + 1;
        let now = self.clock.monotonic();
        let (turn, window) = (self.turn, self.window);
        self.reading = Some(Reading::start(&self.link, &self.atoms, window, turn, time, now)?);
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), DisplayError> {
        let now = self.clock.monotonic();
        match event {
            Event::XfixesSelectionNotify(notify) if notify.owner != self.window => {
                self.owned = None;
                if notify.owner == x11rb::NONE {
                    self.end_reading(Outcome::Nothing);
                } else {
                    self.read(notify.timestamp)?;
                }
            }
            Event::SelectionNotify(notify) if notify.requestor == self.window => {
                if let Some(reading) = &mut self.reading {
                    let outcome = reading.answered(&self.link, &self.atoms, &notify, now)?;
                    self.end_reading(outcome);
                }
            }
            Event::PropertyNotify(notify) if notify.window == self.window => {
                self.own_property(notify, now)?;
            }
            Event::PropertyNotify(notify) if notify.state == Property::DELETE => {
                for sending in &mut self.sending {
                    sending.taken(&self.link, &notify, now)?;
                }
                self.sending.retain(|sending| !sending.is_done());
            }
            Event::SelectionRequest(request) => {
                let owned = self.owned.as_ref().filter(|_| {
                    request.owner == self.window && request.selection == self.atoms.CLIPBOARD
                });
                let busy = self.sending.len();
                let started = Sending::answer(&self.link, &self.atoms, &request, owned, busy, now)?;
                self.sending.extend(started);
            }
            Event::Error(error) => {
                // The other program's window went away in between.
                tracing::debug!(?error, "The X server refused a request of the clipboard");
            }
            _ => {}
        }
        Ok(())
    }

    fn own_property(
        &mut self,
        notify: PropertyNotifyEvent,
        now: Duration,
    ) -> Result<(), DisplayError> {
        if notify.state != Property::NEW_VALUE {
            return Ok(());
        }
        if notify.atom == self.atoms.GC_TIME {
            return self.own(notify.time);
        }
        if let Some(reading) = &mut self.reading
            && reading.property(&self.atoms) == notify.atom
        {
            let outcome = reading.grown(&self.link, &self.atoms, now)?;
            self.end_reading(outcome);
        }
        Ok(())
    }

    fn end_reading(&mut self, outcome: Outcome) {
        if matches!(outcome, Outcome::Going) {
            return;
        }
        if let Some(reading) = self.reading.take() {
            self.turn = reading.turn();
        }
        if let Outcome::Told(event) = outcome {
            (self.listener)(event);
        }
    }

    /// Gives up what nobody answers; how long until the next time.
    fn expire(&mut self) -> Result<Option<Duration>, DisplayError> {
        let now = self.clock.monotonic();
        if let Some(reading) = self.reading.take_if(|reading| reading.deadline() <= now) {
            tracing::debug!("The owner of the clipboard does not answer");
            self.turn = reading.turn();
            self.end_reading(reading.give_up());
        }
        for sending in self.sending.extract_if(.., |sending| sending.deadline <= now) {
            tracing::debug!("A program asked for the clipboard and does not take it");
            sending.abandon(&self.link)?;
        }
        let next = self.reading.iter().map(Reading::deadline);
        let next = next.chain(self.sending.iter().map(|sending| sending.deadline)).min();
        Ok(next.map(|next| next.saturating_sub(now)))
    }
}
