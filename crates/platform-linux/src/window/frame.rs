//! An X window with the agent's drawing in it.

use std::time::Duration;

use gc_platform::{PixelRect, PixelSize};
use x11rb::connection::Connection;
use x11rb::properties::{WmHints, WmSizeHints};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConfigureWindowAux,
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext, ImageFormat, InputFocus,
    PropMode, Rectangle, StackMode, Window, WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::canvas::Canvas;
use crate::DisplayError;
use crate::display::Link;
use crate::screen::Displays;

/// Two windows that both want to be on top must not fight faster than this.
const RAISE_INTERVAL: Duration = Duration::from_millis(250);

x11rb::atom_manager! {
    pub(super) FrameAtoms: FrameAtomsCookie {
        UTF8_STRING,
        WM_PROTOCOLS,
        WM_DELETE_WINDOW,
        _NET_ACTIVE_WINDOW,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WM_NAME,
        _NET_WM_PING,
        _NET_WM_STATE,
        _NET_WM_STATE_ABOVE,
        _NET_WM_STATE_STICKY,
        _NET_WM_WINDOW_TYPE,
        _NET_WM_WINDOW_TYPE_DIALOG,
        _NET_WM_WINDOW_TYPE_DOCK,
    }
}

/// What a window is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Managed, with the keyboard; on its own where there is no window manager.
    Dialog,
    /// Never managed, never has the keyboard.
    Bar,
}

pub(super) struct Frame {
    pub(super) link: Link,
    pub(super) window: Window,
    pub(super) atoms: FrameAtoms,
    gc: Gcontext,
    managed: bool,
    raised: Option<Duration>,
    raise_wanted: bool,
}

/// The monitor to show things on, and how large a CSS pixel is there.
pub(crate) struct Place {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) size: PixelSize,
    pub(crate) scale: f32,
}

impl Place {
    /// The main monitor.
    pub(crate) fn main(link: &Link) -> Result<Self, DisplayError> {
        let mut displays = Displays::default();
        displays.refresh(link)?;
        let main = displays.list.iter().find(|display| display.primary);
        let (x, y, size) = match main {
            Some(display) => (display.x, display.y, display.size),
            None => (0, 0, PixelSize { width: 640, height: 480 }),
        };
        let resources = x11rb::resource_manager::new_from_resource_manager(&link.conn)?;
        let dpi = resources
            .and_then(|resources| resources.get_value::<f32>("Xft.dpi", "").ok().flatten())
            .unwrap_or(96.0);
        Ok(Self { x, y, size, scale: (dpi / 96.0).clamp(1.0, 4.0) })
    }
}

impl Frame {
    pub(super) fn create(
        link: Link,
        role: Role,
        class: &str,
        title: &str,
        place: (i32, i32),
        size: PixelSize,
    ) -> Result<Self, DisplayError> {
        link.check_format()?;
        let atoms = FrameAtoms::new(&link.conn)?.reply()?;
        let managed = role == Role::Dialog && has_window_manager(&link, &atoms)?;
        let (window, gc) = (link.conn.generate_id()?, link.conn.generate_id()?);
        let events = EventMask::EXPOSURE
            | EventMask::KEY_PRESS
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::POINTER_MOTION
            | EventMask::LEAVE_WINDOW
            | EventMask::STRUCTURE_NOTIFY
            | EventMask::VISIBILITY_CHANGE;
        let aux = CreateWindowAux::new()
            .override_redirect(u32::from(!managed))
            .border_pixel(0)
            .event_mask(events);
        let screen = link.screen();
        link.conn
            .create_window(
                screen.root_depth,
                window,
                link.root,
                place.0 as i16,
                place.1 as i16,
                size.width as u16,
                size.height as u16,
                0,
                WindowClass::INPUT_OUTPUT,
                screen.root_visual,
                &aux,
            )?
            .check()?;
        link.conn.create_gc(gc, window, &CreateGCAux::new())?;
        let frame = Self { link, window, atoms, gc, managed, raised: None, raise_wanted: false };
        frame.describe(role, class, title, place, size)?;
        Ok(frame)
    }

    fn describe(
        &self,
        role: Role,
        class: &str,
        title: &str,
        place: (i32, i32),
        size: PixelSize,
    ) -> Result<(), DisplayError> {
        let (conn, window, atoms) = (&self.link.conn, self.window, &self.atoms);
        let latin = AtomEnum::STRING;
        let replace = PropMode::REPLACE;
        let class = format!("{class}\0{class}\0");
        conn.change_property8(replace, window, AtomEnum::WM_CLASS, latin, class.as_bytes())?;
        conn.change_property8(replace, window, AtomEnum::WM_NAME, latin, title.as_bytes())?;
        let (name, utf8) = (atoms._NET_WM_NAME, atoms.UTF8_STRING);
        conn.change_property8(replace, window, name, utf8, title.as_bytes())?;
        let set_atoms = |property: Atom, values: &[Atom]| {
            conn.change_property32(replace, window, property, AtomEnum::ATOM, values)
        };
        set_atoms(atoms.WM_PROTOCOLS, &[atoms.WM_DELETE_WINDOW, atoms._NET_WM_PING])?;
        set_atoms(atoms._NET_WM_STATE, &[atoms._NET_WM_STATE_ABOVE, atoms._NET_WM_STATE_STICKY])?;
        let kind = match role {
            Role::Dialog => atoms._NET_WM_WINDOW_TYPE_DIALOG,
            Role::Bar => atoms._NET_WM_WINDOW_TYPE_DOCK,
        };
        set_atoms(atoms._NET_WM_WINDOW_TYPE, &[kind])?;
        let (width, height) = (size.width as i32, size.height as i32);
        let mut hints = WmSizeHints::new();
        hints.position =
            Some((x11rb::properties::WmSizeHintsSpecification::ProgramSpecified, place.0, place.1));
        hints.min_size = Some((width, height));
        hints.max_size = Some((width, height));
        hints.set_normal_hints(conn, window)?;
        let mut hints = WmHints::new();
        hints.input = Some(role == Role::Dialog);
        hints.urgent = role == Role::Dialog;
        hints.set(conn, window)?;
        Ok(())
    }

    pub(super) fn map(&self) -> Result<(), DisplayError> {
        self.link.conn.map_window(self.window)?;
        self.link.conn.sync()?;
        Ok(())
    }

    /// The window is still not seen: the window manager lost the request, as one that
    /// is just starting may, or hangs. Asks once more, then does without it.
    pub(super) fn insist(&mut self, attempt: u32) -> Result<(), DisplayError> {
        if attempt > 1 && self.managed {
            self.managed = false;
            let aux = ChangeWindowAttributesAux::new().override_redirect(1);
            self.link.conn.change_window_attributes(self.window, &aux)?;
        }
        self.map()
    }

    /// Asks for the keyboard, once the window can be seen.
    pub(super) fn take_focus(&self) -> Result<(), DisplayError> {
        let conn = &self.link.conn;
        if self.managed {
            // 1: from an application, at no particular time, in favour of no window.
            let kind = self.atoms._NET_ACTIVE_WINDOW;
            let event = ClientMessageEvent::new(32, self.window, kind, [1, 0, 0, 0, 0]);
            let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
            conn.send_event(false, self.link.root, mask, event)?;
        } else {
            conn.set_input_focus(InputFocus::PARENT, self.window, x11rb::CURRENT_TIME)?;
        }
        Ok(())
    }

    /// Puts a part of the drawing on the screen.
    pub(super) fn present(&self, canvas: &Canvas, part: PixelRect) -> Result<(), DisplayError> {
        let depth = self.link.screen().root_depth;
        // Well below the smallest request limit of a server.
        let rows = (192 * 1024 / (part.width * 4)).max(1);
        for y in (part.y..part.y + part.height).step_by(rows as usize) {
            let height = rows.min(part.y + part.height - y);
            let band = PixelRect { y, height, ..part };
            self.link.conn.put_image(
                ImageFormat::Z_PIXMAP,
                self.window,
                self.gc,
                band.width as u16,
                band.height as u16,
                band.x as i16,
                band.y as i16,
                0,
                depth,
                &canvas.bgrx(band),
            )?;
        }
        Ok(())
    }

    /// Something covers the window: it comes up again, not too often.
    pub(super) fn covered(&mut self, now: Duration) -> Result<(), DisplayError> {
        self.raise_wanted = true;
        self.raise_if_due(now)?;
        Ok(())
    }

    /// Raises the window if that is wanted and due; how long until it will be.
    pub(super) fn raise_if_due(&mut self, now: Duration) -> Result<Option<Duration>, DisplayError> {
        if !self.raise_wanted {
            return Ok(None);
        }
        let due = self.raised.map_or(now, |raised| raised + RAISE_INTERVAL);
        if due > now {
            return Ok(due.checked_sub(now));
        }
        self.raised = Some(now);
        self.raise_wanted = false;
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        self.link.conn.configure_window(self.window, &above)?;
        Ok(None)
    }

    /// Whether a message of the window manager asks to close; answers its pings.
    pub(super) fn wants_close(&self, message: &ClientMessageEvent) -> Result<bool, DisplayError> {
        if message.type_ != self.atoms.WM_PROTOCOLS || message.format != 32 {
            return Ok(false);
        }
        let data = message.data.as_data32();
        if data[0] == self.atoms._NET_WM_PING {
            let pong = ClientMessageEvent { window: self.link.root, ..*message };
            let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
            self.link.conn.send_event(false, self.link.root, mask, pong)?;
        }
        Ok(data[0] == self.atoms.WM_DELETE_WINDOW)
    }
}

fn has_window_manager(link: &Link, atoms: &FrameAtoms) -> Result<bool, DisplayError> {
    let check = |window: Window| -> Result<Option<Window>, DisplayError> {
        let property = atoms._NET_SUPPORTING_WM_CHECK;
        let reply = link.conn.get_property(false, window, property, AtomEnum::WINDOW, 0, 1)?;
        // The window of a manager that died is gone, which is an error reply.
        match reply.reply() {
            Ok(reply) => Ok(reply.value32().and_then(|mut values| values.next())),
            Err(x11rb::errors::ReplyError::X11Error(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    };
    let Some(window) = check(link.root)? else { return Ok(false) };
    Ok(check(window)? == Some(window))
}

/// What of a window is left when its lower corners, or all of them, are cut off round.
pub(super) fn rounded_rows(size: PixelSize, corner: f32, all: bool) -> Vec<Rectangle> {
    let radius = (corner.round() as u32).min(size.height / 2).min(size.width / 2);
    let above = if all { radius } else { 0 };
    let mut rects = vec![Rectangle {
        x: 0,
        y: above as i16,
        width: size.width as u16,
        height: (size.height - radius - above) as u16,
    }];
    for row in 0..radius {
        // The circle at the middle of this row of pixels.
        let away = row as f32 + 0.5;
        let r = radius as f32;
        let inset = (r - (r * r - away * away).max(0.0).sqrt()).round() as u32;
        let mut cut = |y: u32| {
            let width = (size.width - 2 * inset) as u16;
            rects.push(Rectangle { x: inset as i16, y: y as i16, width, height: 1 });
        };
        cut(size.height - radius + row);
        if all {
            cut(radius - 1 - row);
        }
    }
    rects
}
