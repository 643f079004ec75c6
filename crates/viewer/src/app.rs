//! The window's loop: what happens, and what follows from it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gc_filetransfer::FilePolicy;
use gc_platform::{
    PixelRect, PixelSize, StorePath, ViewerWindow, WindowCursor, WindowError, WindowEvent,
    WindowKey,
};
use gc_proto::v2::InputEvent;
use gc_proto::v2::Preset;
use gc_types::{CauseCode, Clock, Entropy};
use gc_viewer_core::{Cursor, SessionIds, Surface};

use crate::chrome::{Layer, Menu, Painter, Toolbar};
use crate::clipboard::{ClipboardOpener, Desk};
use crate::commands::{Command, Tool};
use crate::dragging::Drags;
use crate::files::{Conflict, FilesOpener, Line, Transfers};
use crate::keys::{Keys, OwnKey};
use crate::link::{self, Joining, LinkHold};
use crate::panes::Panes;
use crate::pasting::{Paste, Told};
use crate::picture::Scaler;
use crate::pointer::Pointer;
use crate::seat::Seat;
use crate::spread::{Look, Spread, WindowOpener};
use crate::status::{Asking, Phase, Status};
use crate::view::View;
use crate::{Facts, Parts, Session};

/// How long the toolbar stays when nobody wants it.
pub(crate) const TOOLBAR_STAYS: Duration = Duration::from_secs(4);

/// Where the keyboard is, other than on the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Focus {
    Toolbar(Tool),
    Card(usize),
}

/// A direction of the clipboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crossing {
    In,
    Out,
}

/// What lies over the picture, from the bottom up.
#[derive(Default)]
pub(crate) struct Layers {
    pub(crate) ghost: Option<Layer>,
    pub(crate) statistics: Option<Layer>,
    pub(crate) panes: Option<Layer>,
    pub(crate) banner: Option<Layer>,
    pub(crate) card: Option<Layer>,
    pub(crate) toolbar: Option<Layer>,
    pub(crate) panel: Option<Layer>,
    pub(crate) menu: Option<Layer>,
}

pub(crate) struct App {
    pub(crate) window: Box<dyn ViewerWindow>,
    pub(crate) painter: Painter,
    pub(crate) scaler: Scaler,
    pub(crate) view: View,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) opener: ClipboardOpener,
    /// Until the link is started.
    pub(crate) joining: Option<Joining>,
    pub(crate) server: String,
    pub(crate) link: Option<LinkHold>,
    pub(crate) seat: Option<Seat>,
    /// The last picture of a seat that is gone.
    pub(crate) last: Option<Surface>,
    pub(crate) phase: Phase,
    pub(crate) asking: Option<Asking>,
    pub(crate) desk: Option<Desk>,
    pub(crate) clipboard_on: bool,
    pub(crate) clipboard_open: bool,
    pub(crate) clipboard_cause: Option<CauseCode>,
    pub(crate) crossed: Option<(Crossing, Duration)>,
    pub(crate) clipboard_retry: Option<Duration>,
    pub(crate) keys: Keys,
    pub(crate) pointer: Pointer,
    pub(crate) pointer_at: Option<(i32, i32)>,
    pub(crate) focused: bool,
    pub(crate) diverting: bool,
    pub(crate) system_keys: bool,
    pub(crate) full_screen: bool,
    pub(crate) quality: Preset,
    pub(crate) typing: VecDeque<InputEvent>,
    pub(crate) type_at: Duration,
    pub(crate) scroll_at: Option<Duration>,
    pub(crate) toolbar_open: bool,
    pub(crate) pinned: bool,
    pub(crate) hide_at: Option<Duration>,
    pub(crate) hover: Option<Tool>,
    pub(crate) on_handle: bool,
    pub(crate) focus: Option<Focus>,
    pub(crate) bar: Option<Toolbar<Tool>>,
    pub(crate) menu: Option<(Tool, Menu<Command>)>,
    pub(crate) status: Status,
    pub(crate) show_statistics: bool,
    pub(crate) statistics_at: Duration,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) ghost_at: Option<((i32, i32), Option<Duration>)>,
    pub(crate) shown_cursor: Option<WindowCursor>,
    pub(crate) seat_tick: Option<Duration>,
    pub(crate) layers: Layers,
    /// The chrome has to be looked at again.
    pub(crate) stale: bool,
    pub(crate) damage: Vec<PixelRect>,
    /// Frames that are drawn and not yet shown, and when they came.
    pub(crate) frames: Vec<(u32, Duration)>,
    pub(crate) title: String,
    pub(crate) more_windows: WindowOpener,
    /// Until the first transfer.
    pub(crate) files_opener: Option<FilesOpener>,
    pub(crate) transfers: Option<Transfers>,
    /// The link that transfers know of.
    pub(crate) files_linked: Option<SessionIds>,
    /// As they were shown last.
    pub(crate) lines: Vec<Line>,
    pub(crate) show_transfers: bool,
    /// Files that were copied on the machine.
    pub(crate) copied: Vec<StorePath>,
    /// The same of this computer.
    pub(crate) own_copied: Vec<StorePath>,
    pub(crate) takes_files: bool,
    /// What the machine lets be moved.
    pub(crate) file_policy: FilePolicy,
    /// This window has the keyboard: no program here is given files of the machine.
    pub(crate) gate: Arc<AtomicBool>,
    pub(crate) paste: Paste,
    /// Of the last paste.
    pub(crate) paste_turn: u32,
    /// Something was struck or clicked on the machine since files were pasted.
    pub(crate) touched: bool,
    pub(crate) told: Option<Told>,
    pub(crate) drags: Drags,
    pub(crate) panes: Option<Panes>,
    /// Names that are taken, the first of which is asked about.
    pub(crate) conflicts: VecDeque<Conflict>,
    /// The answer holds for all of that transfer.
    pub(crate) for_all: bool,
    /// A window for each monitor is wanted.
    pub(crate) spread_wanted: bool,
    /// All monitors in one picture were asked for, for that.
    pub(crate) spread_asked: bool,
    pub(crate) spread: Option<Spread>,
    /// The window of a monitor that a key comes from.
    pub(crate) key_of: Option<usize>,
    pub(crate) done: bool,
}

impl App {
    pub(crate) fn new(session: Session, parts: Parts) -> Self {
        let mut made = Self::bare(parts);
        made.server = session.endpoint.url().host_str().map(str::to_owned).unwrap_or_default();
        made.phase = if session.ask_first { Phase::Asking } else { Phase::Connecting };
        made.joining = Some(Joining {
            connector: session.connector,
            endpoint: session.endpoint,
            credential: session.ticket,
            software: session.software,
        });
        made
    }

    /// Only says something.
    pub(crate) fn explaining(facts: Facts, parts: Parts) -> Self {
        let mut made = Self::bare(parts);
        made.phase = Phase::Failed(facts);
        made
    }

    fn bare(parts: Parts) -> Self {
        let Parts { window, more_windows, face, clipboard, files, clock, entropy, runtime } = parts;
        let painter = Painter::new(face, window.scale());
        let view = View::new(window.size());
        Self {
            window,
            painter,
            scaler: Scaler::default(),
            view,
            clock,
            entropy,
            runtime,
            opener: clipboard,
            joining: None,
            server: String::new(),
            link: None,
            seat: None,
            last: None,
            phase: Phase::Connecting,
            asking: None,
            desk: None,
            clipboard_on: true,
            clipboard_open: false,
            clipboard_cause: None,
            crossed: None,
            clipboard_retry: None,
            keys: Keys::default(),
            pointer: Pointer::default(),
            pointer_at: None,
            focused: false,
            diverting: false,
            system_keys: true,
            full_screen: false,
            quality: Preset::Auto,
            typing: VecDeque::new(),
            type_at: Duration::ZERO,
            scroll_at: None,
            toolbar_open: true,
            pinned: false,
            hide_at: None,
            hover: None,
            on_handle: false,
            focus: None,
            bar: None,
            menu: None,
            status: Status::default(),
            show_statistics: false,
            statistics_at: Duration::ZERO,
            cursor: None,
            ghost_at: None,
            shown_cursor: None,
            seat_tick: None,
            layers: Layers::default(),
            stale: true,
            damage: Vec::new(),
            frames: Vec::new(),
            title: String::new(),
            more_windows,
            files_opener: Some(files),
            transfers: None,
            files_linked: None,
            lines: Vec::new(),
            show_transfers: true,
            copied: Vec::new(),
            own_copied: Vec::new(),
            takes_files: false,
            file_policy: FilePolicy::default(),
            gate: Arc::default(),
            paste: Paste::default(),
            paste_turn: 0,
            touched: false,
            told: None,
            drags: Drags::default(),
            panes: None,
            conflicts: VecDeque::new(),
            for_all: false,
            spread_wanted: false,
            spread_asked: false,
            spread: None,
            key_of: None,
            done: false,
        }
    }

    pub(crate) fn run(mut self) -> Result<(), WindowError> {
        if self.phase == Phase::Connecting {
            self.connect();
        }
        self.damage_all();
        let mut events = Vec::new();
        loop {
            let more = self.take_packets();
            self.take_crossed();
            self.take_spread();
            self.take_transfers();
            self.timers();
            self.settle();
            self.paint()?;
            if self.done {
                break;
            }
            let timeout = if more { Some(Duration::ZERO) } else { self.timeout() };
            events.clear();
            self.window.wait(timeout, &mut events)?;
            for event in events.drain(..) {
                self.on_event(event);
            }
        }
        self.let_go();
        self.window.divert_keys(false);
        self.spread = None;
        if let Some(seat) = &self.seat {
            seat.leave(&self.runtime);
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Joins, the first time or after it was given up.
    pub(crate) fn connect(&mut self) {
        let Some(joining) = self.joining.take() else { return };
        self.phase = Phase::Connecting;
        let waker = self.window.waker();
        self.link = Some(link::start(&self.runtime, joining, Arc::clone(&self.entropy), waker));
        self.stale = true;
    }

    pub(crate) fn live(&self) -> bool {
        self.phase == Phase::Live
    }

    pub(crate) fn in_control(&self) -> bool {
        self.live() && self.seat.as_ref().is_some_and(Seat::in_control)
    }

    // The window --------------------------------------------------------------

    fn on_event(&mut self, event: WindowEvent) {
        match event {
            WindowEvent::Resized => {
                self.painter.scale = self.window.scale();
                self.view.set_window(self.window.size());
                self.menu = None;
                self.bar = None;
                self.stale = true;
                self.damage_all();
            }
            WindowEvent::Focus(on) => {
                self.focused = on;
                self.set_gate();
                if !on {
                    self.let_go();
                    self.menu = None;
                    self.focus = None;
                }
                self.stale = true;
            }
            WindowEvent::Key(key) => self.on_key(&key),
            WindowEvent::PointerMoved { x, y } => self.on_pointer(x, y),
            WindowEvent::PointerLeft => {
                self.pointer_at = None;
                self.hover = None;
                self.on_handle = false;
                self.status.marked = None;
                self.status.on_panel = None;
                self.stale = true;
            }
            WindowEvent::PointerButton { button, down, x, y } => {
                self.on_button(button, down, x, y);
            }
            WindowEvent::Wheel { dx, dy } => {
                if self.panes.is_some() {
                    self.pane_wheel(dy);
                } else if let Some((x, y)) = self.pointer_at
                    && self.in_control()
                    && self.view.shows(x, y)
                    && !self.over_chrome((x, y))
                    && let Some(place) = self.view.surface_at(x, y)
                {
                    let events = self.pointer.wheel(dx, dy, place);
                    self.send(&events);
                }
            }
            WindowEvent::Dropped { files, x, y } => {
                let shown = self.view.shows(x, y) && !self.over_chrome((x, y));
                let at = shown.then(|| self.view.surface_at(x, y)).flatten();
                self.drop_files(files, at);
            }
            WindowEvent::DragEnded(end) => self.drag_ended(end),
            WindowEvent::CloseRequested => self.done = true,
        }
    }

    pub(crate) fn send(&mut self, events: &[InputEvent]) {
        if let Some(seat) = &mut self.seat {
            seat.input(events);
        }
    }

    /// Nothing stays down on the machine.
    pub(crate) fn let_go(&mut self) {
        self.typing.clear();
        self.pointer.let_go();
        let up = self.keys.let_go();
        self.send(&[up]);
    }

    pub(crate) fn on_key(&mut self, key: &WindowKey) {
        if self.navigates() {
            // What is pressed counts for the viewer's own keys.
            let own = self.keys.watched(key);
            if let Some(own) = own {
                self.own_key(own);
            } else if key.down {
                self.navigate(key);
            }
            return;
        }
        if self.in_control() {
            if self.pastes(key) {
                return;
            }
            self.touched |= key.down && !key.repeat && !crate::keys::is_modifier(key);
            let window = &self.window;
            let verdict = self.keys.key(key, || window.locks());
            self.send(&verdict.events);
            if let Some(own) = verdict.own {
                self.own_key(own);
            }
        } else if let Some(own) = self.keys.watched(key) {
            self.own_key(own);
        }
    }

    fn own_key(&mut self, own: OwnKey) {
        match own {
            OwnKey::FullScreen => match (self.key_of, &self.spread) {
                (Some(index), Some(spread)) => spread.toggle_full_screen(index),
                _ => self.execute(Command::FullScreen),
            },
            OwnKey::Statistics => self.execute(Command::Statistics),
            OwnKey::SystemKeys => self.execute(Command::SystemKeys),
            OwnKey::Files => self.execute(Command::Panes),
            OwnKey::TextMode => self.execute(Command::TextMode),
            OwnKey::Toolbar => {
                self.let_go();
                self.toolbar_open = true;
                self.menu = None;
                let first = self.bar.as_ref().and_then(|bar| bar.next(None, true));
                self.focus = first.map(Focus::Toolbar);
                self.stale = true;
            }
        }
    }

    // What follows ------------------------------------------------------------

    /// Brings everything in line with what has happened.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        self.arrange();
        self.set_gate();
        self.link_files();
        let focused =
            self.focused || self.spread.as_ref().is_some_and(|spread| spread.focused.is_some());
        let divert = focused
            && self.system_keys
            && self.in_control()
            && !self.navigates()
            && self.asking.is_none();
        let here = divert && self.focused;
        if std::mem::replace(&mut self.diverting, here) != here {
            self.window.divert_keys(here);
        }
        let open = focused
            && self.clipboard_on
            && self.live()
            && self.seat.as_ref().is_some_and(Seat::may_use_clipboard);
        if open != self.clipboard_open {
            self.clipboard_open = open;
            if let Some(desk) = &self.desk {
                desk.set_open(open);
            }
        }
        self.choose_cursor();
        self.draw_chrome();
        let cursor = self.machines_cursor();
        if let Some(spread) = &mut self.spread {
            spread.set_look(Look {
                scaling: self.view.scaling,
                dims: self.status.dims,
                divert,
                text: self.keys.text_mode,
                files: self.takes_files,
                cursor,
            });
        }
    }

    pub(crate) fn damage(&mut self, area: PixelRect) {
        /// Beyond it one rectangle around all costs less.
        const MOST: usize = 32;
        let PixelSize { width, height } = self.window.size();
        // What is taken away may have been drawn when the window was larger.
        let whole = PixelRect { x: 0, y: 0, width, height };
        let Some(area) = crate::chrome::intersection(area, whole) else { return };
        self.damage.push(area);
        if self.damage.len() > MOST {
            let all = self.damage.drain(..).reduce(crate::chrome::union);
            self.damage.extend(all);
        }
    }

    pub(crate) fn damage_all(&mut self) {
        let PixelSize { width, height } = self.window.size();
        self.damage.clear();
        self.damage.push(PixelRect { x: 0, y: 0, width, height });
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
