//! The window itself.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    Card, DragEnd, LockKeys, OfferedFiles, PixelRect, PixelSize, PointerButton, ViewerWindow,
    WaitWaker, WindowCursor, WindowError, WindowEvent, WindowKey,
};
use gc_platform_gl::GlCard;
use x11rb::connection::Connection;
use x11rb::properties::{WmHints, WmSizeHints};
use x11rb::protocol::Event;
use x11rb::protocol::xkb::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConfigureWindowAux,
    ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask, Gcontext, GrabMode, GrabStatus,
    InputFocus, KeyPressEvent, NotifyDetail, NotifyMode, PropMode, StackMode, Timestamp, Window,
    WindowClass,
};
use x11rb::wrapper::ConnectionExt as _;

use super::cursor::Cursors;
use super::drag_out::DragSource;
use super::dropped::DropTarget;
use super::egl::{self, EglWindow};
use super::keyboard::{self, Layout};
use super::surface::Surface;
use crate::DisplayError;
use crate::display::Link;
use crate::input::locks;
use crate::screen::shared_memory_works;
use crate::waker::{Waker, wait};
use crate::window::Place;

const CLASS: &str = "guruconnect-viewer";
/// Puts under way at most; a slow server must not fall behind.
const MOST_PUTS: u32 = 2;
/// Somebody else has the keyboard for a moment, as window managers do during Alt+Tab.
const GRAB_AGAIN: Duration = Duration::from_millis(100);
/// In the unit of [`WindowEvent::Wheel`].
const NOTCH: i32 = 120;
const SMALLEST: (u32, u32) = (320, 200);
/// Pixels of the picture on task bars.
const ICON: u32 = 48;

x11rb::atom_manager! {
    Atoms: AtomsCookie {
        UTF8_STRING,
        WM_PROTOCOLS,
        WM_DELETE_WINDOW,
        _NET_ACTIVE_WINDOW,
        _NET_SUPPORTING_WM_CHECK,
        _NET_WM_ICON,
        _NET_WM_NAME,
        _NET_WM_PING,
        _NET_WM_STATE,
        _NET_WM_STATE_FULLSCREEN,
    }
}

/// A viewer's window on an X display.
pub struct X11ViewerWindow {
    /// Goes before the window does.
    card: Option<GlCard<EglWindow>>,
    display: Option<String>,
    link: Link,
    window: Window,
    gc: Gcontext,
    atoms: Atoms,
    surface: Surface,
    shared: bool,
    puts: u32,
    scale: f32,
    cursors: Cursors,
    drops: DropTarget,
    drags: DragSource,
    /// Of the last event of the pointer.
    time: Timestamp,
    layout: Layout,
    layout_stale: bool,
    text_wanted: bool,
    down: [bool; 256],
    focused: bool,
    grab_wanted: bool,
    grabbed: bool,
    waker: Waker,
    /// Read while something else was waited for.
    read: Vec<Event>,
}

impl X11ViewerWindow {
    /// `display` is what `DISPLAY` holds.
    pub fn open(display: Option<&str>, title: &str) -> Result<Self, WindowError> {
        Ok(Self::make(Link::open(display)?, display, title)?)
    }

    fn make(link: Link, display: Option<&str>, title: &str) -> Result<Self, DisplayError> {
        link.check_format()?;
        let atoms = Atoms::new(&link.conn)?.reply()?;
        let place = Place::main(&link)?;
        let size = PixelSize {
            width: (place.size.width * 4 / 5).max(SMALLEST.0),
            height: (place.size.height * 4 / 5).max(SMALLEST.1),
        };
        let at = (
            place.x + (place.size.width.saturating_sub(size.width) / 2) as i32,
            place.y + (place.size.height.saturating_sub(size.height) / 2) as i32,
        );
        let shared = shared_memory_works(&link)?;
        let surface = Surface::new(&link, size, shared)?;
        // Held keys come as presses alone, without releases between them.
        link.conn.xkb_use_extension(1, 0)?.reply()?;
        let repeat = xkb::PerClientFlag::DETECTABLE_AUTO_REPEAT;
        let none = xkb::BoolCtrl::from(0_u32);
        link.conn
            .xkb_per_client_flags(xkb::ID::USE_CORE_KBD.into(), repeat, repeat, none, none, none)?
            .reply()?;
        // Programs that know of XKB hear of another layout only by its own events.
        let kinds = xkb::EventType::NEW_KEYBOARD_NOTIFY | xkb::EventType::MAP_NOTIFY;
        let parts = xkb::MapPart::KEY_SYMS | xkb::MapPart::KEY_TYPES;
        let details = xkb::SelectEventsAux::new();
        let board = xkb::ID::USE_CORE_KBD.into();
        link.conn.xkb_select_events(board, 0_u16.into(), kinds, parts, parts, &details)?.check()?;
        let (window, gc) = (link.conn.generate_id()?, link.conn.generate_id()?);
        let events = EventMask::EXPOSURE
            | EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::POINTER_MOTION
            | EventMask::LEAVE_WINDOW
            | EventMask::STRUCTURE_NOTIFY
            | EventMask::FOCUS_CHANGE;
        let aux = CreateWindowAux::new().border_pixel(0).event_mask(events);
        let screen = link.screen();
        link.conn
            .create_window(
                screen.root_depth,
                window,
                link.root,
                at.0 as i16,
                at.1 as i16,
                size.width as u16,
                size.height as u16,
                0,
                WindowClass::INPUT_OUTPUT,
                screen.root_visual,
                &aux,
            )?
            .check()?;
        link.conn.create_gc(gc, window, &CreateGCAux::new().graphics_exposures(0))?;
        let cursors = Cursors::new(&link)?;
        let drops = DropTarget::new(&link)?;
        let layout = Layout::read(&link)?;
        let waker = Waker::new()?;
        let drags = DragSource::new(&link, window, waker.clone())?;
        let mut made = Self {
            card: None,
            display: display.map(str::to_owned),
            link,
            window,
            gc,
            atoms,
            surface,
            shared,
            puts: 0,
            scale: place.scale,
            cursors,
            drops,
            drags,
            time: x11rb::CURRENT_TIME,
            layout,
            layout_stale: false,
            text_wanted: false,
            down: [false; 256],
            focused: false,
            grab_wanted: false,
            grabbed: false,
            waker,
            read: Vec::new(),
        };
        made.describe(title)?;
        made.link.conn.map_window(window)?;
        made.link.conn.flush()?;
        Ok(made)
    }

    fn describe(&mut self, title: &str) -> Result<(), DisplayError> {
        let (conn, window, atoms) = (&self.link.conn, self.window, &self.atoms);
        let (latin, replace) = (AtomEnum::STRING, PropMode::REPLACE);
        let class = format!("{CLASS}\0{CLASS}\0");
        conn.change_property8(replace, window, AtomEnum::WM_CLASS, latin, class.as_bytes())?;
        let protocols = [atoms.WM_DELETE_WINDOW, atoms._NET_WM_PING];
        let kind = AtomEnum::ATOM;
        conn.change_property32(replace, window, atoms.WM_PROTOCOLS, kind, &protocols)?;
        if let Some(icon) = gc_panel::tray_icon(ICON, false) {
            let pixels = icon.chunks_exact(4).map(|p| u32::from_le_bytes([p[0], p[1], p[2], p[3]]));
            let icon: Vec<u32> = [ICON, ICON].into_iter().chain(pixels).collect();
            let kind = AtomEnum::CARDINAL;
            conn.change_property32(replace, window, atoms._NET_WM_ICON, kind, &icon)?;
        }
        let mut hints = WmSizeHints::new();
        hints.min_size = Some((SMALLEST.0 as i32, SMALLEST.1 as i32));
        hints.set_normal_hints(conn, window)?;
        let mut hints = WmHints::new();
        hints.input = Some(true);
        hints.set(conn, window)?;
        self.name(title)
    }

    fn name(&self, title: &str) -> Result<(), DisplayError> {
        let (conn, window, atoms) = (&self.link.conn, self.window, &self.atoms);
        let (name, utf8, replace) = (atoms._NET_WM_NAME, atoms.UTF8_STRING, PropMode::REPLACE);
        conn.change_property8(replace, window, name, utf8, title.as_bytes())?;
        let latin = AtomEnum::STRING;
        conn.change_property8(replace, window, AtomEnum::WM_NAME, latin, title.as_bytes())?;
        conn.flush()?;
        Ok(())
    }

    fn happened(
        &mut self,
        event: Event,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), DisplayError> {
        match event {
            Event::Expose(expose) if self.card.is_some() => {
                // One comes for each rectangle; all of it is shown once, after the last.
                if let Some(card) = self.card.as_mut().filter(|_| expose.count == 0)
                    && let Err(error) = card.show_again()
                {
                    events.push(WindowEvent::CardLost(error.0));
                }
            }
            Event::Expose(expose) => {
                let PixelSize { width, height } = self.surface.size();
                let (x, y) = (u32::from(expose.x).min(width), u32::from(expose.y).min(height));
                let area = PixelRect {
                    x,
                    y,
                    width: u32::from(expose.width).min(width - x),
                    height: u32::from(expose.height).min(height - y),
                };
                if area.width > 0 && area.height > 0 {
                    self.put(area)?;
                }
            }
            Event::ConfigureNotify(now) => {
                let size =
                    PixelSize { width: now.width.max(1).into(), height: now.height.max(1).into() };
                if size != self.surface.size() {
                    let new = Surface::new(&self.link, size, self.shared)?;
                    std::mem::replace(&mut self.surface, new).release(&self.link)?;
                    events.push(WindowEvent::Resized);
                }
            }
            Event::FocusIn(focus) if counts(focus.mode, focus.detail) => {
                self.focus(true, events)?;
            }
            Event::FocusOut(focus) if counts(focus.mode, focus.detail) => {
                self.focus(false, events)?;
            }
            // Forged ones are no keys of a person's.
            Event::KeyPress(key) if self.drags.holds() && key.response_type & 0x80 == 0 => {
                let end = self.drags.key(&self.link, &key)?;
                ended(end, events);
            }
            Event::KeyPress(key) if key.response_type & 0x80 == 0 => {
                self.key(&key, true, events)?;
            }
            Event::KeyRelease(key) if key.response_type & 0x80 == 0 => {
                self.key(&key, false, events)?;
            }
            Event::MotionNotify(motion) if self.drags.holds() => {
                self.drags.moved(&self.link, (motion.root_x, motion.root_y))?;
            }
            Event::ButtonRelease(release)
                if self.drags.holds()
                    && release.detail == 1
                    && release.response_type & 0x80 == 0 =>
            {
                let end = self.drags.released(&self.link)?;
                ended(end, events);
            }
            Event::MotionNotify(motion) => {
                self.time = motion.time;
                let moved = WindowEvent::PointerMoved {
                    x: motion.event_x.into(),
                    y: motion.event_y.into(),
                };
                match events.last_mut() {
                    Some(last @ WindowEvent::PointerMoved { .. }) => *last = moved,
                    _ => events.push(moved),
                }
            }
            Event::SelectionRequest(request) => {
                self.drags.asked(&self.link, &request)?;
            }
            Event::LeaveNotify(leave) if leave.mode == NotifyMode::NORMAL => {
                events.push(WindowEvent::PointerLeft);
            }
            Event::ButtonPress(press) if press.response_type & 0x80 == 0 => {
                button(press.detail, true, (press.event_x, press.event_y), events);
            }
            Event::ButtonRelease(release) if release.response_type & 0x80 == 0 => {
                button(release.detail, false, (release.event_x, release.event_y), events);
            }
            Event::ShmCompletion(_) => self.puts = self.puts.saturating_sub(1),
            // They come whenever another board is typed on: looked at when it matters.
            Event::MappingNotify(_) | Event::XkbNewKeyboardNotify(_) | Event::XkbMapNotify(_) => {
                self.layout_stale = true;
            }
            Event::ClientMessage(message) => {
                let (answers, end) = self.drags.message(&self.link, &message)?;
                ended(end, events);
                if !answers
                    && !self.drops.message(&self.link, self.window, &message)?
                    && self.wants_close(&message)?
                {
                    events.push(WindowEvent::CloseRequested);
                }
            }
            Event::SelectionNotify(given) => {
                let (files, (x, y)) = self.drops.given(&self.link, self.window, &given)?;
                if !files.is_empty() {
                    events.push(WindowEvent::Dropped { files, x, y });
                }
            }
            Event::DestroyNotify(_) => {
                return Err(DisplayError::Refused("the window was destroyed".to_owned()));
            }
            Event::Error(error) => tracing::debug!(?error, "The X server refused a request"),
            _ => {}
        }
        Ok(())
    }

    fn focus(&mut self, on: bool, events: &mut Vec<WindowEvent>) -> Result<(), DisplayError> {
        if self.focused == on {
            return Ok(());
        }
        self.focused = on;
        self.down = [false; 256];
        self.layout.forget();
        if !on {
            self.ungrab()?;
        }
        events.push(WindowEvent::Focus(on));
        Ok(())
    }

    fn key(
        &mut self,
        key: &KeyPressEvent,
        down: bool,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), DisplayError> {
        let was = std::mem::replace(&mut self.down[usize::from(key.detail)], down);
        // A release whose press went elsewhere.
        if !down && !was || !self.focused {
            return Ok(());
        }
        let text = if down && self.text_wanted {
            if std::mem::take(&mut self.layout_stale) {
                self.layout = Layout::read(&self.link)?;
            }
            self.layout.text(key)
        } else {
            None
        };
        if let Some((scan_code, extended)) = keyboard::place(key.detail) {
            let repeat = down && was;
            events.push(WindowEvent::Key(WindowKey { scan_code, extended, down, repeat, text }));
        }
        Ok(())
    }

    fn wants_close(&self, message: &ClientMessageEvent) -> Result<bool, DisplayError> {
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

    fn put(&mut self, area: PixelRect) -> Result<(), DisplayError> {
        while self.puts >= MOST_PUTS {
            let event = self.link.conn.wait_for_event()?;
            if matches!(event, Event::ShmCompletion(_)) {
                self.puts -= 1;
            } else {
                self.read.push(event);
            }
        }
        if self.surface.put(&self.link, self.window, self.gc, area)? {
            self.puts += 1;
        }
        Ok(())
    }

    /// Takes or gives back the keyboard, as wanted. Whether it has to be tried again.
    fn grab(&mut self) -> Result<bool, DisplayError> {
        let wanted = self.grab_wanted && self.focused;
        if wanted == self.grabbed {
            return Ok(false);
        }
        if !wanted {
            self.ungrab()?;
            return Ok(false);
        }
        let (window, both) = (self.window, GrabMode::ASYNC);
        let time = x11rb::CURRENT_TIME;
        let reply = self.link.conn.grab_keyboard(false, window, time, both, both)?.reply()?;
        self.grabbed = reply.status == GrabStatus::SUCCESS;
        Ok(!self.grabbed)
    }

    fn ungrab(&mut self) -> Result<(), DisplayError> {
        if std::mem::take(&mut self.grabbed) {
            self.link.conn.ungrab_keyboard(x11rb::CURRENT_TIME)?;
            self.link.conn.flush()?;
        }
        Ok(())
    }

    fn step(
        &mut self,
        timeout: Option<Duration>,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), DisplayError> {
        let again = self.grab()?;
        if !self.drain(events)? {
            let grab = again.then_some(GRAB_AGAIN);
            let timeout = [timeout, grab].into_iter().flatten().min();
            wait(&self.link.conn, &self.waker, timeout)?;
            self.drain(events)?;
        }
        let end = self.drags.poll(&self.link)?;
        ended(end, events);
        Ok(())
    }

    /// Whether anything came.
    fn drain(&mut self, events: &mut Vec<WindowEvent>) -> Result<bool, DisplayError> {
        let before = events.len();
        loop {
            let event = if self.read.is_empty() {
                self.link.conn.poll_for_event()?
            } else {
                Some(self.read.remove(0))
            };
            let Some(event) = event else { return Ok(events.len() > before) };
            self.happened(event, events)?;
        }
    }

    fn show_full_screen(&self, on: bool) -> Result<(), DisplayError> {
        let (conn, root) = (&self.link.conn, self.link.root);
        let check = self.atoms._NET_SUPPORTING_WM_CHECK;
        let managed = conn.get_property(false, root, check, AtomEnum::WINDOW, 0, 1)?.reply()?;
        if managed.value_len == 0 {
            let place = Place::main(&self.link)?;
            let (width, height) = if on {
                (place.size.width, place.size.height)
            } else {
                (place.size.width * 4 / 5, place.size.height * 4 / 5)
            };
            let to = ConfigureWindowAux::new().x(place.x).y(place.y).width(width).height(height);
            conn.configure_window(self.window, &to)?;
        } else {
            let state: Atom = self.atoms._NET_WM_STATE;
            // 1 adds, 0 removes; the last 1 says that an application asks.
            let data = [u32::from(on), self.atoms._NET_WM_STATE_FULLSCREEN, 0, 1, 0];
            let event = ClientMessageEvent::new(32, self.window, state, data);
            let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
            conn.send_event(false, root, mask, event)?;
        }
        conn.flush()?;
        Ok(())
    }

    fn come_to_front(&self) -> Result<(), DisplayError> {
        let (conn, root, window) = (&self.link.conn, self.link.root, self.window);
        conn.map_window(window)?;
        let check = self.atoms._NET_SUPPORTING_WM_CHECK;
        let managed = conn.get_property(false, root, check, AtomEnum::WINDOW, 0, 1)?.reply()?;
        if managed.value_len == 0 {
            conn.configure_window(window, &ConfigureWindowAux::new().stack_mode(StackMode::ABOVE))?;
            conn.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?;
        } else {
            // 2 is a program that switches windows: a person has asked for this one.
            let data = [2, x11rb::CURRENT_TIME, 0, 0, 0];
            let event = ClientMessageEvent::new(32, window, self.atoms._NET_ACTIVE_WINDOW, data);
            let mask = EventMask::SUBSTRUCTURE_REDIRECT | EventMask::SUBSTRUCTURE_NOTIFY;
            conn.send_event(false, root, mask, event)?;
        }
        conn.flush()?;
        Ok(())
    }

    fn show_cursor(&mut self, cursor: &WindowCursor) -> Result<(), DisplayError> {
        let cursor = self.cursors.choose(&self.link, self.window, cursor)?;
        let aux = ChangeWindowAttributesAux::new().cursor(cursor);
        self.link.conn.change_window_attributes(self.window, &aux)?;
        self.link.conn.flush()?;
        Ok(())
    }
}

fn ended(end: Option<DragEnd>, events: &mut Vec<WindowEvent>) {
    events.extend(end.map(WindowEvent::DragEnded));
}

/// Grabs come with focus events too, which say nothing of the keyboard's place; nor do
/// those that only tell where the pointer is.
fn counts(mode: NotifyMode, detail: NotifyDetail) -> bool {
    matches!(mode, NotifyMode::NORMAL | NotifyMode::WHILE_GRABBED)
        && !matches!(detail, NotifyDetail::POINTER | NotifyDetail::INFERIOR)
}

fn button(number: u8, down: bool, (x, y): (i16, i16), events: &mut Vec<WindowEvent>) {
    let wheel = match number {
        4 => (0, -NOTCH),
        5 => (0, NOTCH),
        6 => (-NOTCH, 0),
        7 => (NOTCH, 0),
        _ => (0, 0),
    };
    if wheel != (0, 0) {
        if down {
            events.push(WindowEvent::Wheel { dx: wheel.0, dy: wheel.1 });
        }
        return;
    }
    let button = match number {
        1 => PointerButton::Left,
        2 => PointerButton::Middle,
        3 => PointerButton::Right,
        8 => PointerButton::Back,
        9 => PointerButton::Forward,
        _ => return,
    };
    events.push(WindowEvent::PointerButton { button, down, x: x.into(), y: y.into() });
}

/// What cannot be shown is no reason to end.
fn noted(what: &'static str, result: Result<(), DisplayError>) {
    if let Err(error) = result {
        tracing::warn!(%error, what, "the window does without");
    }
}

impl ViewerWindow for X11ViewerWindow {
    fn wait(
        &mut self,
        timeout: Option<Duration>,
        events: &mut Vec<WindowEvent>,
    ) -> Result<(), WindowError> {
        Ok(self.step(timeout, events)?)
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(self.waker.clone())
    }

    fn size(&self) -> PixelSize {
        self.surface.size()
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    fn pixels(&mut self) -> &mut [u8] {
        self.surface.pixels()
    }

    fn present(&mut self, area: PixelRect) -> Result<(), WindowError> {
        Ok(self.put(area)?)
    }

    fn open_card(&mut self, any: bool) -> Result<String, WindowError> {
        if !any && !egl::has_card() {
            return Err(WindowError("this computer has none that Linux knows of".to_owned()));
        }
        self.card = None;
        let visual = self.link.screen().root_visual;
        let window = EglWindow::new(self.display.as_deref(), self.window, visual)?;
        let card = self.card.insert(GlCard::new(window)?);
        Ok(card.name().to_owned())
    }

    fn card(&mut self) -> Option<&mut dyn Card> {
        self.card.as_mut().map(|card| card as &mut dyn Card)
    }

    fn close_card(&mut self) {
        self.card = None;
    }

    fn set_title(&mut self, title: &str) {
        noted("title", self.name(title));
    }

    fn set_cursor(&mut self, cursor: &WindowCursor) {
        noted("cursor", self.show_cursor(cursor));
    }

    fn set_full_screen(&mut self, on: bool) {
        noted("full screen", self.show_full_screen(on));
    }

    fn raise(&mut self) {
        noted("front", self.come_to_front());
    }

    fn divert_keys(&mut self, on: bool) {
        self.grab_wanted = on;
        noted("keyboard", self.grab().map(|_| ()));
    }

    fn set_text_wanted(&mut self, on: bool) {
        self.text_wanted = on;
        self.layout.forget();
    }

    fn take_files(&mut self, on: bool) {
        noted("dropped files", self.drops.want(&self.link, self.window, on));
    }

    fn drags_out(&self) -> bool {
        true
    }

    fn drag_out(&mut self, files: Arc<dyn OfferedFiles>) -> Result<(), WindowError> {
        Ok(self.drags.begin(&self.link, files, self.time)?)
    }

    fn locks(&self) -> LockKeys {
        let (caps, num, scroll) = locks::all(&self.link).unwrap_or_default();
        LockKeys { caps, num, scroll }
    }
}
