//! The connection notice as a window.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gc_panel::NoticeView;
use gc_platform::{
    ConnectionNotice, NoticeOverlay, NoticePosition, PixelRect, PixelSize, PromptError,
    PromptHandle, WaitWaker,
};
use gc_types::Clock;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::shape::{self, ConnectionExt as _};
use x11rb::protocol::xproto::{AtomEnum, ClipOrdering, ConnectionExt as _, Visibility};

use super::font::Fonts;
use super::frame::{Frame, Place, Role, rounded_rows};
use crate::DisplayError;
use crate::display::Link;
use crate::waker::{Waker, Woken, wait};

const CLASS: &str = "guruconnect-notice";
const TITLE: &str = "GuruConnect: somebody has connected";
// In CSS pixels.
const MARGIN: f32 = 16.0;
/// Above it is the connected bar, whose Stop must never be covered.
const TOP: f32 = 48.0;
/// As drawn.
const CORNER: f32 = 9.0;

/// Shows notices on the main monitor of an X display.
pub struct X11Notice {
    display: Option<String>,
    clock: Arc<dyn Clock>,
}

impl X11Notice {
    /// `display` is what `DISPLAY` holds; it is opened for each notice.
    pub fn new(display: Option<&str>, clock: Arc<dyn Clock>) -> Self {
        Self { display: display.map(str::to_owned), clock }
    }
}

struct Shown {
    waker: Waker,
    thread: Option<JoinHandle<()>>,
}

impl PromptHandle for Shown {}

impl Drop for Shown {
    fn drop(&mut self) {
        self.waker.wake();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("The notice's thread panicked");
        }
    }
}

impl NoticeOverlay for X11Notice {
    fn show(&self, notice: ConnectionNotice) -> Result<Box<dyn PromptHandle>, PromptError> {
        let link = Link::open(self.display.as_deref())?;
        let clock = Arc::clone(&self.clock);
        let mut window = Notice::open(link, &notice, clock)?;
        let waker = window.waker.clone();
        let thread = std::thread::Builder::new()
            .name("connection-notice".to_owned())
            .spawn(move || {
                if let Err(error) = window.run() {
                    tracing::warn!(%error, "The notice is gone");
                }
            })
            .map_err(|error| PromptError(error.to_string()))?;
        Ok(Box::new(Shown { waker, thread: Some(thread) }))
    }
}

struct Notice {
    frame: Frame,
    view: NoticeView<Fonts>,
    scale: f32,
    clock: Arc<dyn Clock>,
    waker: Waker,
    until: Duration,
    dismissible: bool,
}

/// The part of the main monitor that panels leave free.
fn free_part(link: &Link, place: &Place) -> Result<(i32, i32, PixelSize), DisplayError> {
    let whole = (place.x, place.y, place.size);
    let atom = link.conn.intern_atom(true, b"_NET_WORKAREA")?.reply()?.atom;
    if atom == x11rb::NONE {
        return Ok(whole);
    }
    let property = link.conn.get_property(false, link.root, atom, AtomEnum::CARDINAL, 0, 4)?;
    let values: Vec<i64> = property
        .reply()?
        .value32()
        .map(|values| values.map(i64::from).collect())
        .unwrap_or_default();
    let [x, y, width, height] = values.as_slice() else { return Ok(whole) };
    let (left, top) = ((*x).max(place.x.into()), (*y).max(place.y.into()));
    let right = (x + width).min(i64::from(place.x) + i64::from(place.size.width));
    let bottom = (y + height).min(i64::from(place.y) + i64::from(place.size.height));
    // Over several monitors it is the union of what is free; what it says of this one
    // may make no sense.
    if right - left < 320 || bottom - top < 160 {
        return Ok(whole);
    }
    let size = PixelSize { width: (right - left) as u32, height: (bottom - top) as u32 };
    Ok((left as i32, top as i32, size))
}

/// The upper left corner of a notice within this part of the desktop.
fn corner_of(
    position: NoticePosition,
    size: PixelSize,
    scale: f32,
    (x, y, room): (i32, i32, PixelSize),
) -> (i32, i32) {
    let margin = (MARGIN * scale).round() as i32;
    let left = x + margin;
    let right = x + room.width as i32 - size.width as i32 - margin;
    let top = y + (TOP * scale).round() as i32;
    let bottom = y + room.height as i32 - size.height as i32 - margin;
    match position {
        NoticePosition::TopLeft => (left, top),
        NoticePosition::TopRight => (right, top),
        NoticePosition::BottomLeft => (left, bottom),
        NoticePosition::BottomRight => (right, bottom),
        NoticePosition::Center => (
            x + (room.width as i32 - size.width as i32) / 2,
            y + (room.height as i32 - size.height as i32) / 2,
        ),
    }
}

fn size_of(view: &NoticeView<Fonts>) -> PixelSize {
    PixelSize { width: view.canvas.width(), height: view.canvas.height() }
}

impl Notice {
    fn open(
        link: Link,
        notice: &ConnectionNotice,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DisplayError> {
        let place = Place::main(&link)?;
        let free = free_part(&link, &place)?;
        let scale = place.scale;
        let room = free.2.width.saturating_sub((2.0 * MARGIN * scale) as u32);
        let mut view =
            NoticeView::new(&notice.text, notice.dismissible, scale, room, Fonts::load())
                .ok_or_else(|| DisplayError::Refused("no room for a notice".to_owned()))?;
        view.draw();
        let size = size_of(&view);
        let at = corner_of(notice.position, size, scale, free);
        let frame = Frame::create(link, Role::Bar, CLASS, TITLE, at, size)?;
        let until = clock.monotonic().saturating_add(notice.duration);
        let window = Self {
            frame,
            view,
            scale,
            clock,
            waker: Waker::new()?,
            until,
            dismissible: notice.dismissible,
        };
        window.shape()?;
        window.frame.map()?;
        Ok(window)
    }

    /// Cuts the corners off, and lets clicks through that would close nothing.
    fn shape(&self) -> Result<(), DisplayError> {
        let conn = &self.frame.link.conn;
        if conn.extension_information(shape::X11_EXTENSION_NAME)?.is_none() {
            return Ok(());
        }
        let rects = rounded_rows(size_of(&self.view), CORNER * self.scale, true);
        let (set, order, window) = (shape::SO::SET, ClipOrdering::UNSORTED, self.frame.window);
        conn.shape_rectangles(set, shape::SK::BOUNDING, order, window, 0, 0, &rects)?;
        if !self.dismissible {
            conn.shape_rectangles(set, shape::SK::INPUT, order, window, 0, 0, &[])?;
        }
        Ok(())
    }

    fn run(&mut self) -> Result<(), DisplayError> {
        loop {
            while let Some(event) = self.frame.link.conn.poll_for_event()? {
                if self.handle(event)? {
                    return Ok(());
                }
            }
            let now = self.clock.monotonic();
            let mut sleep = self.until.saturating_sub(now);
            if sleep.is_zero() {
                return Ok(());
            }
            if let Some(raise) = self.frame.raise_if_due(now)? {
                sleep = sleep.min(raise);
            }
            let sleep = Some(sleep.max(Duration::from_millis(1)));
            if wait(&self.frame.link.conn, &self.waker, sleep)? == Woken::Waker {
                return Ok(());
            }
        }
    }

    /// `true`: the user closed it.
    fn handle(&mut self, event: Event) -> Result<bool, DisplayError> {
        let forged = event.sent_event();
        match event {
            Event::Expose(expose) if expose.count == 0 => {
                let PixelSize { width, height } = size_of(&self.view);
                let all = PixelRect { x: 0, y: 0, width, height };
                self.frame.present(&self.view.canvas, all)?;
            }
            Event::ButtonRelease(release) if !forged && release.detail == 1 => {
                return Ok(self.dismissible);
            }
            Event::VisibilityNotify(visibility) if visibility.state != Visibility::UNOBSCURED => {
                self.frame.covered(self.clock.monotonic())?;
            }
            Event::ClientMessage(message) => {
                return Ok(self.frame.wants_close(&message)? && self.dismissible);
            }
            Event::Error(error) => tracing::debug!(?error, "The X server refused a request"),
            _ => {}
        }
        Ok(false)
    }
}
