//! A window for each monitor of the machine. The session's own window shows the first;
//! each of the others has a thread, with a copy of its part of the picture, and hands
//! back what happens in it in the machine's pixels.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_platform::{
    PixelRect, PixelSize, PointerButton, StorePath, ViewerWindow, WaitWaker, WindowCursor,
    WindowError, WindowEvent, WindowKey,
};
use gc_viewer_core::Surface;

use crate::chrome::intersection;
use crate::drawing::{Drawer, Drawn, Picture, Scene};
use crate::paint::{dim, fill, merged, whole};
use crate::picture::{Part, Scaler};
use crate::pointer::Place;
use crate::view::{Scaling, View};

/// Opens one more window with a title, on the thread that calls it.
pub type WindowOpener =
    Arc<dyn Fn(&str) -> Result<Box<dyn ViewerWindow>, WindowError> + Send + Sync>;

/// One step of scrolling at the edge.
const SCROLL_STEP: Duration = Duration::from_millis(16);

/// What happened in a window of a monitor.
#[derive(Debug)]
pub(crate) enum PaneEvent {
    Focus(bool),
    Key(WindowKey),
    Moved(Place),
    Button {
        button: PointerButton,
        down: bool,
        at: Place,
    },
    Wheel {
        dx: i32,
        dy: i32,
        at: Place,
    },
    /// Files, and where on the machine's surface, when it is on the picture.
    Dropped(Vec<StorePath>, Option<Place>),
    /// The person closed it, or it failed.
    Closed,
}

/// What a window of a monitor is to be like.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Look {
    pub(crate) scaling: Scaling,
    /// The picture is not of now.
    pub(crate) dims: bool,
    /// See [`ViewerWindow::divert_keys`]: for the window that has the keyboard.
    pub(crate) divert: bool,
    /// See [`ViewerWindow::set_text_wanted`].
    pub(crate) text: bool,
    /// See [`ViewerWindow::take_files`].
    pub(crate) files: bool,
    /// Over the picture.
    pub(crate) cursor: WindowCursor,
}

impl Default for Look {
    fn default() -> Self {
        Self {
            scaling: Scaling::Fit,
            dims: false,
            divert: false,
            text: false,
            files: false,
            cursor: WindowCursor::Arrow,
        }
    }
}

/// A monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Monitor {
    pub(crate) title: String,
    /// Of the picture of all monitors.
    pub(crate) part: PixelRect,
}

/// Between the session's thread and that of a window.
struct Shared {
    wish: Mutex<Wish>,
    waker: Mutex<Option<Arc<dyn WaitWaker>>>,
}

struct Wish {
    pixels: Vec<u8>,
    /// Of the whole picture.
    damage: Vec<PixelRect>,
    look: Look,
    full_screen: bool,
    close: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.lock().unwrap_or_else(PoisonError::into_inner) {
            waker.wake();
        }
    }
}

struct Hold {
    part: PixelRect,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.shared.lock().close = true;
        self.shared.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread of a monitor's window panicked");
        }
    }
}

/// The windows of all monitors but the first. Dropping it closes them.
pub(crate) struct Spread {
    monitors: Vec<Monitor>,
    others: Vec<Hold>,
    pub(crate) events: Receiver<(usize, PaneEvent)>,
    /// Which of them has the keyboard.
    pub(crate) focused: Option<usize>,
    look: Look,
}

impl Spread {
    /// `None` for fewer than two monitors.
    pub(crate) fn open(
        monitors: Vec<Monitor>,
        opener: &WindowOpener,
        waker: &Arc<dyn WaitWaker>,
        drawer: &Drawer,
    ) -> std::io::Result<Option<Self>> {
        if monitors.len() < 2 {
            return Ok(None);
        }
        let (tell, events) = channel();
        let mut others = Vec::new();
        for (index, monitor) in monitors.iter().enumerate().skip(1) {
            let part = monitor.part;
            let shared = Arc::new(Shared {
                wish: Mutex::new(Wish {
                    pixels: vec![0; part.width as usize * part.height as usize * 4],
                    damage: Vec::new(),
                    look: Look::default(),
                    full_screen: false,
                    close: false,
                }),
                waker: Mutex::new(None),
            });
            let teller = Teller { index, tell: tell.clone(), waker: Arc::clone(waker) };
            let (opener, title) = (Arc::clone(opener), monitor.title.clone());
            let (theirs, drawer) = (Arc::clone(&shared), drawer.for_another());
            let thread =
                std::thread::Builder::new().name("viewer-monitor".to_owned()).spawn(move || {
                    if let Err(error) = show(&opener, &title, part, &theirs, &teller, drawer) {
                        tracing::warn!(%error, "the window of a monitor");
                        teller.tell(PaneEvent::Closed);
                    }
                })?;
            others.push(Hold { part, shared, thread: Some(thread) });
        }
        let look = Look::default();
        Ok(Some(Self { monitors, others, events, focused: None, look }))
    }

    pub(crate) fn monitors(&self) -> &[Monitor] {
        &self.monitors
    }

    /// Parts of the picture are new.
    pub(crate) fn update(
        &self,
        surface: &Surface,
        damage: impl Iterator<Item = PixelRect> + Clone,
    ) {
        for hold in &self.others {
            let picture = Part::of(surface, Some(hold.part));
            let mut changed = false;
            let mut wish = hold.shared.lock();
            for area in damage.clone().filter_map(|area| intersection(area, hold.part)) {
                let (left, top) = (area.x - hold.part.x, area.y - hold.part.y);
                let stride = hold.part.width as usize * 4;
                for y in top..top + area.height {
                    let row = left as usize * 4..(left + area.width) as usize * 4;
                    let start = y as usize * stride;
                    if let (Some(from), Some(to)) = (
                        picture.row(y).get(row.clone()),
                        wish.pixels.get_mut(start..start + stride),
                    ) {
                        to[row].copy_from_slice(from);
                    }
                }
                wish.damage.push(area);
                changed = true;
            }
            drop(wish);
            if changed {
                hold.shared.wake();
            }
        }
    }

    /// All of them are to be like this.
    pub(crate) fn set_look(&mut self, look: Look) {
        if self.look == look {
            return;
        }
        self.look = look;
        for hold in &self.others {
            hold.shared.lock().look = self.look.clone();
            hold.shared.wake();
        }
    }

    /// One of them fills its monitor here, or does not.
    pub(crate) fn toggle_full_screen(&self, index: usize) {
        if let Some(hold) = index.checked_sub(1).and_then(|at| self.others.get(at)) {
            let mut wish = hold.shared.lock();
            wish.full_screen = !wish.full_screen;
            drop(wish);
            hold.shared.wake();
        }
    }
}

struct Teller {
    index: usize,
    tell: Sender<(usize, PaneEvent)>,
    waker: Arc<dyn WaitWaker>,
}

impl Teller {
    fn tell(&self, event: PaneEvent) {
        // With nobody listening the window is about to be closed.
        let _ = self.tell.send((self.index, event));
        self.waker.wake();
    }
}

/// A window of a monitor, on its thread.
struct Pane<'a> {
    window: Box<dyn ViewerWindow>,
    view: View,
    scaler: Scaler,
    drawer: Drawer,
    shared: &'a Shared,
    teller: &'a Teller,
    look: Look,
    full_screen: bool,
    focused: bool,
    diverts: bool,
    damage: Vec<PixelRect>,
    pointer: Option<(i32, i32)>,
    /// Buttons that are down.
    held: usize,
    scrolls: bool,
}

fn show(
    opener: &WindowOpener,
    title: &str,
    part: PixelRect,
    shared: &Shared,
    teller: &Teller,
    drawer: Drawer,
) -> Result<(), WindowError> {
    let window = opener(title)?;
    *shared.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(window.waker());
    let mut view = View::new(window.size());
    view.set_part(part);
    let mut pane = Pane {
        window,
        view,
        scaler: Scaler::default(),
        drawer,
        shared,
        teller,
        look: Look::default(),
        full_screen: false,
        focused: false,
        diverts: false,
        damage: Vec::new(),
        pointer: None,
        held: 0,
        scrolls: false,
    };
    pane.damage_all();
    pane.run(part)
}

impl Pane<'_> {
    fn run(&mut self, part: PixelRect) -> Result<(), WindowError> {
        let mut events = Vec::new();
        while self.settle(part) {
            self.paint(part)?;
            events.clear();
            self.window.wait(self.scrolls.then_some(SCROLL_STEP), &mut events)?;
            if events.is_empty() && self.scrolls {
                self.scroll();
            }
            for event in events.drain(..) {
                self.on_event(event);
            }
        }
        self.window.divert_keys(false);
        Ok(())
    }

    /// Takes over what is wished; `false`: it is to close.
    fn settle(&mut self, part: PixelRect) -> bool {
        let mut wish = self.shared.lock();
        if wish.close {
            return false;
        }
        let damage = std::mem::take(&mut wish.damage);
        let (look, full_screen) = (wish.look.clone(), wish.full_screen);
        drop(wish);
        for area in damage {
            // Of the whole picture; the window has a part of it.
            let (x, y) = (area.x.saturating_sub(part.x), area.y.saturating_sub(part.y));
            self.drawer.picture_changed(PixelRect { x, y, ..area });
            self.damage.extend(self.view.damaged(area.x, area.y, area.width, area.height));
        }
        if full_screen != self.full_screen {
            self.full_screen = full_screen;
            self.window.set_full_screen(full_screen);
        }
        let old = std::mem::replace(&mut self.look, look);
        let new = self.look.clone();
        if (new.scaling, new.dims) != (old.scaling, old.dims) {
            self.view.scaling = new.scaling;
            self.view.scroll_by(0, 0);
            self.damage_all();
        }
        let divert = new.divert && self.focused;
        if std::mem::replace(&mut self.diverts, divert) != divert {
            self.window.divert_keys(divert);
        }
        if new.text != old.text {
            self.window.set_text_wanted(new.text);
        }
        if new.files != old.files {
            self.window.take_files(new.files);
        }
        if new.cursor != old.cursor {
            self.window.set_cursor(&new.cursor);
        }
        true
    }

    fn damage_all(&mut self) {
        let PixelSize { width, height } = self.window.size();
        self.damage = vec![PixelRect { x: 0, y: 0, width, height }];
    }

    fn paint(&mut self, part: PixelRect) -> Result<(), WindowError> {
        let size = PixelSize { width: part.width, height: part.height };
        let mut areas = merged(std::mem::take(&mut self.damage));
        if !areas.is_empty() {
            let wish = self.shared.lock();
            let picture = self.view.placed().map(|placed| Picture {
                pixels: Part::whole(&wish.pixels, size),
                part: whole(size),
                placed,
                dim: self.look.dims,
            });
            let scene = Scene { picture, field: [0; 3], layers: &[] };
            match self.drawer.draw(&mut *self.window, &areas, &scene) {
                Drawn::ByCard => areas.clear(),
                Drawn::Not => {}
                Drawn::Lost => areas = vec![whole(self.window.size())],
            }
        }
        for area in areas {
            let window = self.window.size();
            let frame = self.window.pixels();
            if let Some(placed) = self.view.placed() {
                let wish = self.shared.lock();
                let picture = Part::whole(&wish.pixels, size);
                self.scaler.draw(frame, window, area, picture, placed);
            } else {
                fill(frame, window.width, area, [0; 3]);
            }
            if self.look.dims {
                dim(frame, window.width, area);
            }
            self.window.present(area)?;
        }
        Ok(())
    }

    fn on_event(&mut self, event: WindowEvent) {
        match event {
            WindowEvent::Resized => {
                self.view.set_window(self.window.size());
                self.damage_all();
            }
            WindowEvent::Focus(on) => {
                self.focused = on;
                self.teller.tell(PaneEvent::Focus(on));
            }
            WindowEvent::Key(key) => self.teller.tell(PaneEvent::Key(key)),
            WindowEvent::PointerMoved { x, y } => {
                self.pointer = Some((x, y));
                if self.held > 0 || self.view.shows(x, y) {
                    self.at(x, y, PaneEvent::Moved);
                }
                self.scroll();
            }
            WindowEvent::PointerLeft => (self.pointer, self.scrolls) = (None, false),
            WindowEvent::PointerButton { button, down, x, y } => {
                if down && !self.view.shows(x, y) {
                    return;
                }
                self.held = if down { self.held + 1 } else { self.held.saturating_sub(1) };
                self.at(x, y, |at| PaneEvent::Button { button, down, at });
            }
            WindowEvent::Wheel { dx, dy } => {
                if let Some((x, y)) = self.pointer.filter(|(x, y)| self.view.shows(*x, *y)) {
                    self.at(x, y, |at| PaneEvent::Wheel { dx, dy, at });
                }
            }
            WindowEvent::Dropped { files, x, y } => {
                let at = self.view.shows(x, y).then(|| self.view.surface_at(x, y)).flatten();
                self.teller.tell(PaneEvent::Dropped(files, at));
            }
            // Nothing is dragged out of the window of one monitor.
            WindowEvent::DragEnded(_) => {}
            WindowEvent::CardLost(cause) => {
                self.drawer.give_up(&mut *self.window, &cause);
                self.damage_all();
            }
            WindowEvent::CloseRequested => self.teller.tell(PaneEvent::Closed),
        }
    }

    fn at(&self, x: i32, y: i32, event: impl FnOnce(Place) -> PaneEvent) {
        if let Some(place) = self.view.surface_at(x, y) {
            self.teller.tell(event(place));
        }
    }

    fn scroll(&mut self) {
        let step = self.pointer.map(|(x, y)| self.view.edge(x, y, self.window.scale()));
        self.scrolls = step.is_some_and(|(dx, dy)| self.view.scroll_by(dx, dy));
        if self.scrolls {
            self.damage_all();
        }
    }
}
