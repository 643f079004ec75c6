//! The thread that owns and watches the selection.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::time::Duration;

use gc_platform::{
    ClipboardContent, ClipboardError, ClipboardEvent, ClipboardListener, CopiedFiles, OfferError,
    OfferedFiles, WaitWaker as _,
};
use gc_types::Clock;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::xfixes::{self, ConnectionExt as _, SelectionEventMask};
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateWindowAux, EventMask, PropMode, Property,
    PropertyNotifyEvent, SelectionRequestEvent, Timestamp, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::late::{Late, MOST_LATE};
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
    Set(ClipboardContent, Option<Arc<dyn OfferedFiles>>),
    /// The files of an offer, or why they are not here.
    Fetched(u64, Result<CopiedFiles, OfferError>),
    Announce,
    Stop,
}

/// What this side offers.
pub(super) struct Owned {
    pub(super) content: ClipboardContent,
    /// They come when they are asked for.
    pub(super) files: Option<Arc<dyn OfferedFiles>>,
    pub(super) since: Timestamp,
}

pub(super) struct Worker {
    link: Link,
    window: Window,
    atoms: Atoms,
    clock: Arc<dyn Clock>,
    waker: Waker,
    again: Sender<Command>,
    commands: Receiver<Command>,
    listener: ClipboardListener,
    // Waits for a time of the server's, which owning a selection takes.
    setting: Option<(ClipboardContent, Option<Arc<dyn OfferedFiles>>)>,
    owned: Option<Owned>,
    reading: Option<Reading>,
    /// Of the last request, see [`Reading`].
    turn: usize,
    sending: Vec<Sending>,
    /// Programs that wait for files, and for which attempt at them.
    late: Vec<(u64, Late)>,
    /// The last attempt, and whether it is under way.
    fetch: (u64, bool),
}

impl Worker {
    pub(super) fn new(
        link: Link,
        clock: Arc<dyn Clock>,
        waker: Waker,
        (again, commands): (Sender<Command>, Receiver<Command>),
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
            again,
            commands,
            listener,
            setting: None,
            owned: None,
            reading: None,
            turn: 0,
            sending: Vec::new(),
            late: Vec::new(),
            fetch: (0, false),
        })
    }

    pub(super) fn run(&mut self) -> Result<(), DisplayError> {
        loop {
            while let Some(event) = self.link.conn.poll_for_event()? {
                self.handle(event)?;
            }
            loop {
                match self.commands.try_recv() {
                    Ok(Command::Set(content, files)) => self.set(content, files)?,
                    Ok(Command::Fetched(turn, result)) => self.fetched(turn, &result)?,
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

    fn set(
        &mut self,
        content: ClipboardContent,
        files: Option<Arc<dyn OfferedFiles>>,
    ) -> Result<(), DisplayError> {
        self.setting = Some((content, files));
        // Adding nothing to a property gives an event with the server's time.
        let (property, kind) = (self.atoms.GC_TIME, AtomEnum::STRING);
        self.link.conn.change_property8(PropMode::APPEND, self.window, property, kind, &[])?;
        Ok(())
    }

    fn own(&mut self, time: Timestamp) -> Result<(), DisplayError> {
        let Some((content, files)) = self.setting.take() else { return Ok(()) };
        let conn = &self.link.conn;
        conn.set_selection_owner(self.window, self.atoms.CLIPBOARD, time)?;
        if conn.get_selection_owner(self.atoms.CLIPBOARD)?.reply()?.owner == self.window {
            self.owned = Some(Owned { content, files, since: time });
            // Who waits for what was offered before gets that.
            self.fetch.1 = false;
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
                for (_, late) in &mut self.late {
                    late.taken(&notify);
                }
            }
            Event::SelectionRequest(request) => {
                if self.wait_for_files(&request, now) {
                    return Ok(());
                }
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

    /// Whether a request is for files that are to be fetched; then it is answered later.
    fn wait_for_files(&mut self, request: &SelectionRequestEvent, now: Duration) -> bool {
        let atoms = &self.atoms;
        let ours = request.owner == self.window && request.selection == atoms.CLIPBOARD;
        let list = [atoms.URI_LIST, atoms.GNOME_FILES].contains(&request.target);
        let files = self.owned.as_ref().and_then(|owned| owned.files.as_ref());
        let Some(files) = files.filter(|_| ours && list && self.late.len() < MOST_LATE) else {
            return false;
        };
        if !self.fetch.1 {
            let (turn, files) = (self.fetch.0 + 1, Arc::clone(files));
            let (again, waker) = (self.again.clone(), self.waker.clone());
            let started = std::thread::Builder::new().name("x11-files".into()).spawn(move || {
                // Without a clipboard nobody waits.
                let _ = again.send(Command::Fetched(turn, files.fetch()));
                waker.wake();
            });
            if let Err(error) = started {
                tracing::warn!(%error, "no thread to fetch files with");
                return false;
            }
            self.fetch = (turn, true);
        }
        let late = Late::new(*request, request.target == atoms.GNOME_FILES, now);
        self.late.push((self.fetch.0, late));
        true
    }

    fn fetched(
        &mut self,
        turn: u64,
        result: &Result<CopiedFiles, OfferError>,
    ) -> Result<(), DisplayError> {
        if let Err(error) = result {
            tracing::debug!(%error, "files of the peer were not given");
        }
        if self.fetch.0 == turn {
            self.fetch.1 = false;
        }
        let now = self.clock.monotonic();
        let waiting: Vec<_> = self.late.extract_if(.., |(for_turn, _)| *for_turn == turn).collect();
        for (_, late) in waiting {
            self.sending.extend(late.answer(&self.link, result.as_ref().ok(), now)?);
        }
        self.sending.retain(|sending| !sending.is_done());
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
        let mut waiting = Vec::with_capacity(self.late.len());
        for (turn, mut late) in std::mem::take(&mut self.late) {
            if late.tick(&self.link, &self.atoms, now)? {
                waiting.push((turn, late));
            }
        }
        self.late = waiting;
        let next = self.reading.iter().map(Reading::deadline);
        let next = next.chain(self.late.iter().map(|(_, late)| late.due()));
        let next = next.chain(self.sending.iter().map(|sending| sending.deadline)).min();
        Ok(next.map(|next| next.saturating_sub(now)))
    }
}
