//! The bar as a window.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use gc_panel::{BarView, whole_minutes, words};
use gc_platform::{BarHandle, ConnectedBar, PixelSize, PromptError, WaitWaker};
use gc_types::Clock;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::shape::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{ClipOrdering, ConfigureWindowAux, ConnectionExt as _, Visibility};

use super::canvas::Area;
use super::font::Fonts;
use super::frame::{Frame, Place, Role, rounded_rows};
use crate::DisplayError;
use crate::display::Link;
use crate::waker::{Waker, wait};

const CLASS: &str = "guruconnect-bar";

/// Shows the bar at the top of the main monitor of an X display. It can be dragged
/// sideways.
pub struct X11ConnectedBar {
    display: Option<String>,
    clock: Arc<dyn Clock>,
}

impl X11ConnectedBar {
    /// `display` is what `DISPLAY` holds; it is opened for each bar.
    pub fn new(display: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        Self { display: display.map(str::to_owned), clock }
    }
}

struct ShownBar {
    names: Option<Sender<Vec<String>>>,
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl BarHandle for ShownBar {
    fn set_viewers(&self, names: &[String]) {
        if let Some(sender) = &self.names {
            // Fails when the display is gone, and with it the bar.
            let _ = sender.send(names.to_vec());
            self.waker.wake();
        }
    }
}

impl Drop for ShownBar {
    fn drop(&mut self) {
        // The thread ends when nobody can send names any more.
        self.names = None;
        self.waker.wake();
        if let Some(thread) = self.thread.take() {
            // Stop may drop the handle; the thread cannot wait for itself.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("The bar's thread panicked");
            }
        }
    }
}

impl ConnectedBar for X11ConnectedBar {
    fn show(
        &self,
        names: &[String],
        company: &str,
        stop: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Box<dyn BarHandle>, PromptError> {
        let link = Link::open(self.display.as_deref())?;
        let (sender, received) = channel();
        let mut bar = Bar::open(link, names, company, received, Arc::clone(&self.clock))?;
        let waker = bar.waker.clone();
        let thread = std::thread::Builder::new()
            .name("connected-bar".to_owned())
            .spawn(move || {
                if let Err(error) = bar.run(&*stop) {
                    tracing::warn!(%error, "The bar is gone");
                }
            })
            .map_err(|error| PromptError(error.to_string()))?;
        Ok(Box::new(ShownBar { names: Some(sender), waker, thread: Some(thread) }))
    }
}

struct Bar {
    frame: Frame,
    view: BarView<Fonts>,
    place: Place,
    company: String,
    names: Receiver<Vec<String>>,
    clock: Arc<dyn Clock>,
    waker: Waker,
    since: Duration,
    /// Minutes.
    shown: u64,
    // Where the middle is, on the virtual desktop.
    middle: i32,
    held: Option<Held>,
}

/// What the pointer holds down.
enum Held {
    Stop,
    /// The bar itself: pointer and middle where the drag began.
    Bar {
        pointer: i32,
        middle: i32,
    },
}

fn room(place: &Place) -> u32 {
    (place.size.width * 7 / 10).max(200)
}

impl Bar {
    fn open(
        link: Link,
        names: &[String],
        company: &str,
        received: Receiver<Vec<String>>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DisplayError> {
        let place = Place::main(&link)?;
        let view = BarView::new(names, company, place.scale, room(&place), Fonts::load())
            .ok_or_else(|| DisplayError::Refused("no room for a bar".to_owned()))?;
        let middle = place.x + place.size.width as i32 / 2;
        let size = PixelSize { width: view.canvas.width(), height: view.canvas.height() };
        let at = (middle - size.width as i32 / 2, place.y);
        let frame = Frame::create(link, Role::Bar, CLASS, words::BAR_TITLE, at, size)?;
        let since = clock.monotonic();
        let mut bar = Self {
            frame,
            view,
            place,
            company: company.to_owned(),
            names: received,
            clock,
            waker: Waker::new()?,
            since,
            shown: 0,
            middle,
            held: None,
        };
        bar.round_corners()?;
        bar.view.draw(Duration::ZERO);
        bar.frame.map()?;
        Ok(bar)
    }

    fn elapsed(&self) -> Duration {
        self.clock.monotonic().saturating_sub(self.since)
    }

    fn run(&mut self, stop: &(dyn Fn() + Send + Sync)) -> Result<(), DisplayError> {
        loop {
            while let Some(event) = self.frame.link.conn.poll_for_event()? {
                self.handle(event, stop)?;
            }
            loop {
                match self.names.try_recv() {
                    Ok(names) => self.rename(&names)?,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            }
            let elapsed = self.elapsed();
            if whole_minutes(elapsed) != self.shown {
                self.shown = whole_minutes(elapsed);
                let area = self.view.draw_time(elapsed);
                self.present(area)?;
            }
            let mut sleep = Duration::from_mins(self.shown + 1).saturating_sub(elapsed);
            if let Some(raise) = self.frame.raise_if_due(self.clock.monotonic())? {
                sleep = sleep.min(raise);
            }
            wait(&self.frame.link.conn, &self.waker, Some(sleep.max(Duration::from_millis(1))))?;
        }
    }

    fn present(&self, area: Area) -> Result<(), DisplayError> {
        let canvas = &self.view.canvas;
        self.frame.present(canvas, area.pixels(canvas.width(), canvas.height()))
    }

    fn draw_all(&mut self) -> Result<(), DisplayError> {
        let elapsed = self.elapsed();
        let all = self.view.draw(elapsed);
        self.present(all)
    }

    fn rename(&mut self, names: &[String]) -> Result<(), DisplayError> {
        let room = room(&self.place);
        let view = BarView::new(names, &self.company, self.place.scale, room, Fonts::load());
        if let Some(view) = view {
            self.view = view;
            let size = ConfigureWindowAux::new().width(self.view.canvas.width());
            self.frame.link.conn.configure_window(self.frame.window, &size)?;
            self.round_corners()?;
            self.move_to(self.middle)?;
            self.draw_all()?;
        }
        Ok(())
    }

    /// Moves the middle here, within the monitor.
    fn move_to(&mut self, middle: i32) -> Result<(), DisplayError> {
        let half = self.view.canvas.width() as i32 / 2;
        let (left, right) = (self.place.x, self.place.x + self.place.size.width as i32);
        self.middle = middle.min(right - half).max(left + half);
        let to = ConfigureWindowAux::new().x(self.middle - half);
        self.frame.link.conn.configure_window(self.frame.window, &to)?;
        Ok(())
    }

    /// Cuts the lower corners off, where the server can.
    fn round_corners(&self) -> Result<(), DisplayError> {
        let conn = &self.frame.link.conn;
        if conn.extension_information(shape::X11_EXTENSION_NAME)?.is_none() {
            return Ok(());
        }
        let canvas = &self.view.canvas;
        let size = PixelSize { width: canvas.width(), height: canvas.height() };
        let rects = rounded_rows(size, self.view.corner(), false);
        let (set, bounding) = (shape::SO::SET, shape::SK::BOUNDING);
        let order = ClipOrdering::YX_SORTED;
        conn.shape_rectangles(set, bounding, order, self.frame.window, 0, 0, &rects)?;
        Ok(())
    }

    fn handle(
        &mut self,
        event: Event,
        stop: &(dyn Fn() + Send + Sync),
    ) -> Result<(), DisplayError> {
        let forged = event.sent_event();
        match event {
            Event::Expose(expose) if expose.count == 0 => self.draw_all()?,
            Event::ButtonPress(press) if !forged && press.detail == 1 => {
                self.held = Some(if self.on_stop(press.event_x, press.event_y) {
                    Held::Stop
                } else {
                    Held::Bar { pointer: press.root_x.into(), middle: self.middle }
                });
            }
            Event::ButtonRelease(release) if !forged && release.detail == 1 => {
                let held = self.held.take();
                let on_stop = self.on_stop(release.event_x, release.event_y);
                if matches!(held, Some(Held::Stop)) && on_stop {
                    stop();
                }
            }
            Event::MotionNotify(motion) => {
                if let Some(Held::Bar { pointer, middle }) = self.held {
                    self.move_to(middle + i32::from(motion.root_x) - pointer)?;
                } else {
                    self.hover(self.on_stop(motion.event_x, motion.event_y))?;
                }
            }
            Event::LeaveNotify(_) => self.hover(false)?,
            Event::VisibilityNotify(visibility) if visibility.state != Visibility::UNOBSCURED => {
                self.frame.covered(self.clock.monotonic())?;
            }
            Event::Error(error) => tracing::debug!(?error, "The X server refused a request"),
            _ => {}
        }
        Ok(())
    }

    fn on_stop(&self, x: i16, y: i16) -> bool {
        self.view.on_stop(x.into(), y.into())
    }

    fn hover(&mut self, on_stop: bool) -> Result<(), DisplayError> {
        if self.view.hover != on_stop {
            self.view.hover = on_stop;
            let area = self.view.draw_stop();
            self.present(area)?;
        }
        Ok(())
    }
}
