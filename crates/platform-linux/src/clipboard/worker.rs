//! The thread that owns and watches the selection.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use gc_platform::ClipboardListener;
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
        GC_DATA: b"_GURUCONNECT_DATA",
        GC_DATA_NEXT: b"_GURUCONNECT_DATA_NEXT",
    }
}

/// From the owner of the clipboard.
pub(super) enum Command {
    Set(String),
    Announce,
    Stop,
}

/// Text this side offers.
pub(super) struct Owned {
    pub(super) text: Arc<str>,
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
    setting: Option<String>,
    owned: Option<Owned>,
    // A clipboard manager may take over what this side set; that is no news.
    last_set: Option<Arc<str>>,
    reading: Option<Reading>,
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
            last_set: None,
            reading: None,
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
                    Ok(Command::Set(text)) => self.set(text)?,
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

    fn set(&mut self, text: String) -> Result<(), DisplayError> {
        self.setting = Some(text);
        // Adding nothing to a property gives an event with the server's time.
        let (property, kind) = (self.atoms.GC_TIME, AtomEnum::STRING);
        self.link.conn.change_property8(PropMode::APPEND, self.window, property, kind, &[])?;
        Ok(())
    }

    fn own(&mut self, time: Timestamp) -> Result<(), DisplayError> {
        let Some(text) = self.setting.take() else { return Ok(()) };
        let conn = &self.link.conn;
        conn.set_selection_owner(self.window, self.atoms.CLIPBOARD, time)?;
        if conn.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner == self.window {
            let text: Arc<str> = text.into();
            self.last_set = Some(Arc::clone(&text));
            self.owned = Some(Owned { text, since: time });
            self.reading = None;
        } else {
            tracing::warn!("Another program took the clipboard at the same moment");
        }
        Ok(())
    }

    fn announce(&mut self) -> Result<(), DisplayError> {
        if let Some(owned) = &self.owned {
            (self.listener)(owned.text.to_string());
            return Ok(());
        }
        let owner = self.link.conn.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner;
        if owner != x11rb::NONE {
            self.read(x11rb::CURRENT_TIME, true)?;
        }
        Ok(())
    }

    fn read(&mut self, time: Timestamp, announced: bool) -> Result<(), DisplayError> {
        // Answers to a reading that was given up must not be taken for this one's.
        let last = self.reading.as_ref().map(Reading::property);
        let property = if last == Some(self.atoms.GC_DATA) {
            self.atoms.GC_DATA_NEXT
        } else {
            self.atoms.GC_DATA
        };
        let now = self.clock.monotonic();
        let reading =
            Reading::start(&self.link, &self.atoms, self.window, property, time, announced, now)?;
        self.reading = Some(reading);
        Ok(())
    }

    fn handle(&mut self, event: Event) -> Result<(), DisplayError> {
        let now = self.clock.monotonic();
        match event {
            Event::XfixesSelectionNotify(notify) if notify.owner != self.window => {
                self.owned = None;
                self.reading = None;
                if notify.owner != x11rb::NONE {
                    self.read(notify.timestamp, false)?;
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
            && reading.property() == notify.atom
        {
            let outcome = reading.grown(&self.link, now)?;
            self.end_reading(outcome);
        }
        Ok(())
    }

    fn end_reading(&mut self, outcome: Outcome) {
        let text = match outcome {
            Outcome::Going => return,
            Outcome::Nothing => None,
            Outcome::Text(text) => Some(text),
        };
        let announced = self.reading.take().is_some_and(|reading| reading.announced);
        let Some(text) = text else { return };
        let own = self.last_set.as_deref() == Some(text.as_str());
        if announced || !own {
            (self.listener)(text);
        }
    }

    /// Gives up what nobody answers; how long until the next time.
    fn expire(&mut self) -> Result<Option<Duration>, DisplayError> {
        let now = self.clock.monotonic();
        if self.reading.as_ref().is_some_and(|reading| reading.deadline <= now) {
            tracing::debug!("The owner of the clipboard does not answer");
            self.reading = None;
        }
        for sending in self.sending.extract_if(.., |sending| sending.deadline <= now) {
            tracing::debug!("A program asked for the clipboard and does not take it");
            sending.abandon(&self.link)?;
        }
        let next = self.reading.iter().map(|reading| reading.deadline);
        let next = next.chain(self.sending.iter().map(|sending| sending.deadline)).min();
        Ok(next.map(|next| next.saturating_sub(now)))
    }
}
