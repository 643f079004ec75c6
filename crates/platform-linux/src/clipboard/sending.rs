//! Giving a content to another program (ICCCM 2.2, 2.7.2).

use std::sync::Arc;
use std::time::Duration;

use gc_proto::v2::ClipboardFormat;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ConnectionExt as _, EventMask, PropMode,
    PropertyNotifyEvent, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
    Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::worker::{Atoms, Owned};
use super::{formats, uri_list};
use crate::DisplayError;
use crate::display::Link;

/// More goes in parts of this size; below the smallest request limit of a server.
const PART: usize = 64 << 10;
/// Programs that may take a large content at once.
const MAX_SENDING: usize = 16;
/// A program that takes no part for so long is given up.
const SILENCE: Duration = Duration::from_secs(5);

/// A content on its way to another program in parts.
pub(super) struct Sending {
    requestor: Window,
    property: Atom,
    kind: Atom,
    bytes: Arc<[u8]>,
    at: usize,
    done: bool,
    pub(super) deadline: Duration,
}

impl Sending {
    /// Answers a request; a value when the answer goes in parts.
    pub(super) fn answer(
        link: &Link,
        atoms: &Atoms,
        request: &SelectionRequestEvent,
        owned: Option<&Owned>,
        busy: usize,
        now: Duration,
    ) -> Result<Option<Self>, DisplayError> {
        // Programs older than the convention name no property.
        let property =
            if request.property == x11rb::NONE { request.target } else { request.property };
        let mut started = None;
        let given = match owned {
            Some(owned) => give(link, atoms, request, property, owned, busy, now, &mut started)?,
            None => false,
        };
        notify(link, request, if given { property } else { x11rb::NONE })?;
        Ok(started)
    }

    /// What is left of an answer that goes in parts; whether the program waits for one.
    pub(super) fn rest(
        link: &Link,
        (requestor, property, kind): (Window, Atom, Atom),
        bytes: Arc<[u8]>,
        waits: bool,
        now: Duration,
    ) -> Result<Self, DisplayError> {
        let (at, done, deadline) = (0, false, now + SILENCE);
        let mut sending = Self { requestor, property, kind, bytes, at, done, deadline };
        if waits {
            sending.next_part(link, now)?;
        }
        Ok(sending)
    }

    /// The program took a part: the next one.
    pub(super) fn taken(
        &mut self,
        link: &Link,
        notify: &PropertyNotifyEvent,
        now: Duration,
    ) -> Result<(), DisplayError> {
        if notify.window != self.requestor || notify.atom != self.property || self.done {
            return Ok(());
        }
        self.next_part(link, now)
    }

    fn next_part(&mut self, link: &Link, now: Duration) -> Result<(), DisplayError> {
        let end = (self.at + PART).min(self.bytes.len());
        let part = &self.bytes[self.at..end];
        link.conn.change_property8(
            PropMode::REPLACE,
            self.requestor,
            self.property,
            self.kind,
            part,
        )?;
        // An empty part is the end.
        if part.is_empty() {
            self.done = true;
            watch(link, self.requestor, EventMask::NO_EVENT)?;
        }
        self.at = end;
        self.deadline = now + SILENCE;
        Ok(())
    }

    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    pub(super) fn abandon(self, link: &Link) -> Result<(), DisplayError> {
        watch(link, self.requestor, EventMask::NO_EVENT)
    }
}

/// Tells the program where its answer is, or that there is none.
pub(super) fn notify(
    link: &Link,
    request: &SelectionRequestEvent,
    property: Atom,
) -> Result<(), DisplayError> {
    let notify = SelectionNotifyEvent {
        response_type: SELECTION_NOTIFY_EVENT,
        sequence: 0,
        time: request.time,
        requestor: request.requestor,
        selection: request.selection,
        target: request.target,
        property,
    };
    link.conn.send_event(false, request.requestor, EventMask::NO_EVENT, notify)?;
    Ok(())
}

pub(super) fn watch(link: &Link, window: Window, mask: EventMask) -> Result<(), DisplayError> {
    let aux = ChangeWindowAttributesAux::new().event_mask(mask);
    link.conn.change_window_attributes(window, &aux)?;
    Ok(())
}

#[expect(clippy::too_many_arguments, reason = "what a request and its answer consist of")]
fn give(
    link: &Link,
    atoms: &Atoms,
    request: &SelectionRequestEvent,
    property: Atom,
    owned: &Owned,
    busy: usize,
    now: Duration,
    started: &mut Option<Sending>,
) -> Result<bool, DisplayError> {
    let conn = &link.conn;
    let window = request.requestor;
    let target = request.target;
    if target == atoms.TARGETS {
        let formats = owned.content.formats();
        let offered = owned.files.is_some().then_some(ClipboardFormat::Files);
        let text = owned.content.text.is_none() && owned.content.files.is_some();
        let targets: Vec<Atom> = [atoms.TARGETS, atoms.TIMESTAMP]
            .into_iter()
            .chain(
                text.then_some(ClipboardFormat::Text)
                    .into_iter()
                    .chain(formats)
                    .chain(offered)
                    .flat_map(|format| formats::targets(atoms, format)),
            )
            .collect();
        conn.change_property32(PropMode::REPLACE, window, property, AtomEnum::ATOM, &targets)?;
        return Ok(true);
    }
    if target == atoms.TIMESTAMP {
        let time = [owned.since];
        conn.change_property32(PropMode::REPLACE, window, property, AtomEnum::INTEGER, &time)?;
        return Ok(true);
    }
    let Some((kind, bytes)) = bytes_for(atoms, owned, target) else { return Ok(false) };
    if bytes.len() <= PART {
        conn.change_property8(PropMode::REPLACE, window, property, kind, &bytes)?;
        return Ok(true);
    }
    if busy >= MAX_SENDING {
        return Ok(false);
    }
    watch(link, window, EventMask::PROPERTY_CHANGE)?;
    let size = [bytes.len() as u32];
    conn.change_property32(PropMode::REPLACE, window, property, atoms.INCR, &size)?;
    let deadline = now + SILENCE;
    *started =
        Some(Sending { requestor: window, property, kind, bytes, at: 0, done: false, deadline });
    Ok(true)
}

/// The content as one target wants it, and the type that this is.
fn bytes_for(atoms: &Atoms, owned: &Owned, target: Atom) -> Option<(Atom, Arc<[u8]>)> {
    let content = &owned.content;
    let latin: Atom = AtomEnum::STRING.into();
    let is = |format| formats::targets(atoms, format).contains(&target);
    if is(ClipboardFormat::Text) {
        let names = || content.files.as_ref().map(|files| Arc::from(uri_list::write_ways(files)));
        let text: Arc<str> = content.text.clone().or_else(names)?;
        let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        return Some(if target == latin {
            (latin, text.chars().map(byte).collect())
        } else {
            let kind = if target == atoms.TEXT { atoms.UTF8_STRING } else { target };
            (kind, Arc::from(text.as_bytes()))
        });
    }
    if owned.files.is_some() && target == atoms.KDE_CUT {
        return Some((target, Arc::from(&b"0"[..])));
    }
    if is(ClipboardFormat::Files) {
        let files = content.files.as_ref()?;
        let written = if target == atoms.GNOME_FILES {
            uri_list::write_gnome_files(files)
        } else if target == atoms.URI_LIST {
            uri_list::write_uri_list(files)
        } else {
            "0".to_owned()
        };
        return Some((target, Arc::from(written.into_bytes())));
    }
    let bytes = if is(ClipboardFormat::Html) {
        Arc::from(formats::write_html(content.html.as_deref()?).into_bytes())
    } else if is(ClipboardFormat::Rtf) {
        Arc::clone(content.rtf.as_ref()?)
    } else if is(ClipboardFormat::Image) {
        Arc::clone(content.png.as_ref()?)
    } else {
        return None;
    };
    Some((target, bytes))
}
