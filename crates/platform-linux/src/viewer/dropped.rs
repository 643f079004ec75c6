//! Files that are dropped on the window: the receiving end of XDND, version 5
//! (freedesktop.org, Drag-and-Drop Protocol for the X Window System).

use gc_platform::StorePath;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, EventMask, PropMode,
    SelectionNotifyEvent, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use crate::DisplayError;
use crate::display::Link;

const VERSION: u32 = 5;
/// Of a list, units of four bytes; what is longer is refused.
const LONGEST: u32 = 1 << 20;
/// Kinds of content that a source may name.
const MOST_KINDS: u32 = 256;

x11rb::atom_manager! {
    pub(super) Atoms: AtomsCookie {
        XdndActionCopy,
        XdndAware,
        XdndDrop,
        XdndEnter,
        XdndFinished,
        XdndLeave,
        XdndPosition,
        XdndSelection,
        XdndStatus,
        XdndTypeList,
        GURUCONNECT_DROP,
        URI_LIST: b"text/uri-list",
    }
}

/// What is held over the window.
struct Held {
    source: Window,
    version: u32,
    /// It has files.
    files: bool,
    /// Of the pointer, on the root window.
    at: (i16, i16),
}

/// The window's readiness to take files.
pub(super) struct DropTarget {
    atoms: Atoms,
    wanted: bool,
    held: Option<Held>,
    host: String,
}

impl DropTarget {
    pub(super) fn new(link: &Link) -> Result<Self, DisplayError> {
        let atoms = Atoms::new(&link.conn)?.reply()?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Ok(Self { atoms, wanted: false, held: None, host })
    }

    /// Whether files may be dropped.
    pub(super) fn want(
        &mut self,
        link: &Link,
        window: Window,
        on: bool,
    ) -> Result<(), DisplayError> {
        self.wanted = on;
        let (name, kind) = (self.atoms.XdndAware, AtomEnum::ATOM);
        if on {
            link.conn.change_property32(PropMode::REPLACE, window, name, kind, &[VERSION])?;
        } else {
            link.conn.delete_property(window, name)?;
        }
        link.conn.flush()?;
        Ok(())
    }

    /// A message to the window; whether it was about something dragged.
    pub(super) fn message(
        &mut self,
        link: &Link,
        window: Window,
        message: &ClientMessageEvent,
    ) -> Result<bool, DisplayError> {
        let atoms = &self.atoms;
        if message.format != 32 {
            return Ok(false);
        }
        let data = message.data.as_data32();
        let from_source = self.held.as_ref().is_some_and(|held| held.source == data[0]);
        if message.type_ == atoms.XdndEnter {
            let version = data[1] >> 24;
            let kinds = if data[1] & 1 == 0 {
                data[2..].to_vec()
            } else {
                kinds(link, data[0], atoms.XdndTypeList)?
            };
            let files = kinds.contains(&atoms.URI_LIST);
            let held = Held { source: data[0], version: version.min(VERSION), files, at: (0, 0) };
            self.held = (version >= 3).then_some(held);
        } else if message.type_ == atoms.XdndPosition && from_source {
            if let Some(held) = &mut self.held {
                let half = |value: u32| (value as u16).cast_signed();
                held.at = (half(data[2] >> 16), half(data[2]));
            }
            let takes = self.wanted && self.held.as_ref().is_some_and(|held| held.files);
            // 2: it wants to be told of every place.
            let action = if takes { atoms.XdndActionCopy } else { x11rb::NONE };
            let answer = [window, u32::from(takes) | 2, 0, 0, action];
            tell(link, data[0], atoms.XdndStatus, answer)?;
        } else if message.type_ == atoms.XdndLeave && from_source {
            self.held = None;
        } else if message.type_ == atoms.XdndDrop && from_source {
            let (wanted, files) = (self.wanted, self.held.as_ref().is_some_and(|held| held.files));
            if wanted && files {
                let (selection, into) = (atoms.XdndSelection, atoms.GURUCONNECT_DROP);
                link.conn.convert_selection(window, selection, atoms.URI_LIST, into, data[2])?;
                link.conn.flush()?;
            } else {
                self.finish(link, window, false)?;
            }
        } else {
            return Ok(
                [atoms.XdndPosition, atoms.XdndLeave, atoms.XdndDrop].contains(&message.type_)
            );
        }
        Ok(true)
    }

    /// The source has given its list; the files, and the point of the window.
    pub(super) fn given(
        &mut self,
        link: &Link,
        window: Window,
        event: &SelectionNotifyEvent,
    ) -> Result<(Vec<StorePath>, (i32, i32)), DisplayError> {
        let Some(held) = self.held.as_ref().filter(|_| event.selection == self.atoms.XdndSelection)
        else {
            return Ok((Vec::new(), (0, 0)));
        };
        let (x, y) = held.at;
        let inside = link.conn.translate_coordinates(link.root, window, x, y)?.reply()?;
        let mut files = Vec::new();
        if event.property == self.atoms.GURUCONNECT_DROP {
            let property = event.property;
            let reply = link
                .conn
                .get_property(true, window, property, AtomEnum::ANY, 0, LONGEST)?
                .reply()?;
            if reply.format == 8 && reply.bytes_after == 0 {
                let found = crate::clipboard::read_files(&reply.value, &self.host);
                files = found.iter().filter_map(|path| StorePath::from_wire(path).ok()).collect();
            } else {
                tracing::warn!(format = reply.format, "a list of dropped files is too long");
            }
        }
        self.finish(link, window, !files.is_empty())?;
        Ok((files, (inside.dst_x.into(), inside.dst_y.into())))
    }

    fn finish(&mut self, link: &Link, window: Window, taken: bool) -> Result<(), DisplayError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let action = if taken { self.atoms.XdndActionCopy } else { x11rb::NONE };
        let (done, action) =
            if held.version >= 5 { (u32::from(taken), action) } else { (0, x11rb::NONE) };
        tell(link, held.source, self.atoms.XdndFinished, [window, done, action, 0, 0])
    }
}

fn kinds(link: &Link, source: Window, list: Atom) -> Result<Vec<Atom>, DisplayError> {
    let asked = link.conn.get_property(false, source, list, AtomEnum::ATOM, 0, MOST_KINDS)?;
    // A source that is gone has none.
    let Ok(reply) = asked.reply() else { return Ok(Vec::new()) };
    Ok(reply.value32().map(Iterator::collect).unwrap_or_default())
}

fn tell(link: &Link, to: Window, kind: Atom, data: [u32; 5]) -> Result<(), DisplayError> {
    let event = ClientMessageEvent::new(32, to, kind, data);
    link.conn.send_event(false, to, EventMask::NO_EVENT, event)?;
    link.conn.flush()?;
    Ok(())
}
