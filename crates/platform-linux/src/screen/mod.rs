//! Screen capture from an X server.

mod cursor;
mod damage;
mod displays;
mod pixels;

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{
    CaptureError, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture, ScreenEvent,
    ScreenView, WaitWaker,
};
use gc_proto::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE};
use gc_types::{CauseCode, Clock};
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::damage::{ConnectionExt as _, ReportLevel};
use x11rb::protocol::randr::{self, ConnectionExt as _};
use x11rb::protocol::xfixes::{ConnectionExt as _, CursorNotifyMask};
use x11rb::protocol::xinput::{self, ConnectionExt as _};
use x11rb::protocol::xproto::ConnectionExt as _;
use x11rb::protocol::{Event, damage as damage_ext, xfixes};

use self::damage::{Region, clip};
pub(crate) use self::displays::Displays;
use self::pixels::Pixels;
pub(crate) use self::pixels::{Segment, shared_memory_works};
use crate::DisplayError;
use crate::display::Link;
use crate::waker::{Waker, Woken, wait};

/// A moving pointer is reported at once and then at most this often: a gaming mouse
/// moves a thousand times a second, and no viewer shows that.
const POINTER_INTERVAL: Duration = Duration::from_millis(8);

/// Captures an X display: raw damage rectangles, shared memory, cursor by XFixes,
/// pointer by raw motion, monitors by RandR. Nothing is polled.
pub struct X11Screen {
    link: Link,
    clock: Arc<dyn Clock>,
    waker: Waker,
    shared: bool,
    displays: Displays,
    selection: DisplaySelection,
    // `None` while the surface has to be chosen anew.
    surface: Option<Surface>,
    damage: Region,
    displays_changed: bool,
    shape_wanted: bool,
    shape_serial: Option<u32>,
    pointer_wanted: bool,
    pointer_reported: Option<(i32, i32)>,
    pointer_at: Option<Duration>,
}

struct Surface {
    origin: (i32, i32),
    size: PixelSize,
    pixels: Pixels,
}

impl X11Screen {
    /// Opens `display` (what `DISPLAY` holds) with all displays in one picture.
    pub fn open(display: Option<&str>, clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        let link = Link::open(display).map_err(no_display)?;
        link.check_format()?;
        subscribe(&link)?;
        let shared = pixels::shared_memory_works(&link)?;
        if !shared {
            tracing::info!("The X server takes no shared memory; pixels come over the socket");
        }
        let mut displays = Displays::default();
        displays.refresh(&link)?;
        let mut screen = Self {
            link,
            clock,
            waker: Waker::new()?,
            shared,
            displays,
            selection: DisplaySelection::All,
            surface: None,
            damage: Region::default(),
            displays_changed: false,
            shape_wanted: false,
            shape_serial: None,
            pointer_wanted: false,
            pointer_reported: None,
            pointer_at: None,
        };
        screen.select(DisplaySelection::All)?;
        Ok(screen)
    }

    /// Whether pixels come through shared memory rather than over the socket.
    pub fn uses_shared_memory(&self) -> bool {
        self.shared
    }

    /// Takes in what the server has sent; whether that was anything.
    fn drain(&mut self) -> Result<bool, DisplayError> {
        let mut look_at_displays = false;
        let mut any = false;
        while let Some(event) = self.link.conn.poll_for_event()? {
            // A program that warps the pointer makes no raw motion, but rarely does
            // it without drawing; so every event is a reason to look.
            self.pointer_wanted = true;
            any = true;
            match event {
                Event::DamageNotify(notify) => self.add_damage(notify.area),
                Event::XfixesCursorNotify(_) => self.shape_wanted = true,
                Event::RandrNotify(_) | Event::RandrScreenChangeNotify(_) => {
                    look_at_displays = true;
                }
                Event::ConfigureNotify(configure) if configure.window == self.link.root => {
                    look_at_displays = true;
                }
                Event::Error(error) => tracing::debug!(?error, "The X server refused a request"),
                _ => {}
            }
        }
        if look_at_displays && self.displays.refresh(&self.link)? {
            self.displays_changed = true;
            self.damage.clear();
            if let Some(surface) = self.surface.take() {
                surface.pixels.release(&self.link)?;
            }
        }
        Ok(any)
    }

    fn add_damage(&mut self, area: x11rb::protocol::xproto::Rectangle) {
        let Some(surface) = &self.surface else { return };
        let (x, y) = (i32::from(area.x) - surface.origin.0, i32::from(area.y) - surface.origin.1);
        if let Some(rect) = clip(x, y, area.width.into(), area.height.into(), surface.size) {
            self.damage.add(rect);
        }
    }

    fn collect(&mut self) -> Result<Vec<ScreenEvent>, DisplayError> {
        let mut events = Vec::new();
        if std::mem::take(&mut self.displays_changed) {
            events.push(ScreenEvent::DisplaysChanged);
        }
        events.extend(self.damage.take().into_iter().map(ScreenEvent::Damage));
        let Some(surface) = &self.surface else { return Ok(events) };
        if std::mem::take(&mut self.shape_wanted) {
            let reply = self.link.conn.xfixes_get_cursor_image()?.reply()?;
            if self.shape_serial != Some(reply.cursor_serial) {
                self.shape_serial = Some(reply.cursor_serial);
                events.push(ScreenEvent::CursorShape(cursor::picture(&reply)));
            }
        }
        let now = self.clock.monotonic();
        if self.pointer_wanted && self.pointer_wait(now).is_none() {
            self.pointer_wanted = false;
            let reply = self.link.conn.query_pointer(self.link.root)?.reply()?;
            let x = i32::from(reply.root_x) - surface.origin.0;
            let y = i32::from(reply.root_y) - surface.origin.1;
            if self.pointer_reported != Some((x, y)) {
                self.pointer_reported = Some((x, y));
                self.pointer_at = Some(now);
                events.push(ScreenEvent::CursorMoved { x, y });
            }
        }
        Ok(events)
    }

    /// How long the next report of the pointer has to wait.
    fn pointer_wait(&self, now: Duration) -> Option<Duration> {
        let next = self.pointer_at? + POINTER_INTERVAL;
        next.checked_sub(now).filter(|wait| !wait.is_zero())
    }

    fn area(&self, selection: DisplaySelection) -> Option<((i32, i32), PixelSize)> {
        match selection {
            DisplaySelection::All => self.displays.root.map(|size| ((0, 0), size)),
            DisplaySelection::One(id) => {
                let display = self.displays.list.iter().find(|display| display.id == id)?;
                Some(((display.x, display.y), display.size))
            }
        }
    }
}

impl ScreenCapture for X11Screen {
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        let start = self.clock.monotonic();
        loop {
            self.drain()?;
            let events = self.collect()?;
            if !events.is_empty() {
                return Ok(events);
            }
            // Round trips read events from the socket that no poll would see any more.
            if self.drain()? {
                continue;
            }
            let now = self.clock.monotonic();
            let left = timeout.map(|timeout| timeout.saturating_sub(now.saturating_sub(start)));
            let pointer = if self.pointer_wanted { self.pointer_wait(now) } else { None };
            let (sleep, whole) = match (left, pointer) {
                (Some(left), Some(pointer)) if pointer < left => (Some(pointer), false),
                (None, Some(pointer)) => (Some(pointer), false),
                (left, _) => (left, true),
            };
            match wait(&self.link.conn, &self.waker, sleep)? {
                Woken::Waker => return Ok(Vec::new()),
                Woken::Timeout if whole => return Ok(Vec::new()),
                Woken::Timeout => self.pointer_at = None,
                Woken::Server => {}
            }
        }
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::new(self.waker.clone())
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.displays.list.clone()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        let Some((origin, size)) = self.area(selection) else {
            return Err(CaptureError {
                cause: CauseCode::MonitorUnknown,
                detail: format!("there is no such display: {selection:?}"),
                lost: false,
            });
        };
        let pixels = u64::from(size.width) * u64::from(size.height);
        if size.width.max(size.height) > MAX_PICTURE_SIDE || pixels > MAX_PICTURE_PIXELS {
            return Err(CaptureError {
                cause: CauseCode::PictureTooLarge,
                detail: format!("{} x {} pixels are too many", size.width, size.height),
                lost: false,
            });
        }
        match &self.surface {
            Some(old) if old.size == size => {}
            _ => {
                if let Some(old) = self.surface.take() {
                    old.pixels.release(&self.link)?;
                }
            }
        }
        let pixels = match self.surface.take() {
            Some(old) => old.pixels,
            None => Pixels::new(&self.link, size, self.shared)?,
        };
        self.surface = Some(Surface { origin, size, pixels });
        self.selection = selection;
        self.displays_changed = false;
        self.damage.clear();
        self.damage.add(PixelRect { x: 0, y: 0, width: size.width, height: size.height });
        self.shape_wanted = true;
        self.shape_serial = None;
        self.pointer_wanted = true;
        self.pointer_reported = None;
        self.pointer_at = None;
        Ok(size)
    }

    fn origin(&self) -> (i32, i32) {
        self.area(self.selection).map_or((0, 0), |(origin, _)| origin)
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        let Some(surface) = &mut self.surface else {
            return Err(CaptureError {
                cause: CauseCode::CaptureFailed,
                detail: "the displays changed; choose one anew".to_owned(),
                lost: false,
            });
        };
        let size = surface.size;
        let rects: Vec<_> = region
            .iter()
            .filter_map(|r| {
                let (x, y) = (i32::try_from(r.x).ok()?, i32::try_from(r.y).ok()?);
                clip(x, y, r.width, r.height, size)
            })
            .collect();
        surface.pixels.get(&self.link, size, surface.origin, &rects)?;
        let pixels = surface.pixels.surface(size);
        Ok(ScreenView { size, stride: size.width as usize * 4, pixels })
    }
}

fn no_display(error: DisplayError) -> CaptureError {
    CaptureError { cause: CauseCode::NoDisplay, detail: error.to_string(), lost: true }
}

fn subscribe(link: &Link) -> Result<(), DisplayError> {
    let Link { conn, root, .. } = link;
    for (name, label) in [
        (xfixes::X11_EXTENSION_NAME, "XFIXES"),
        (damage_ext::X11_EXTENSION_NAME, "DAMAGE"),
        (randr::X11_EXTENSION_NAME, "RANDR"),
    ] {
        if conn.extension_information(name)?.is_none() {
            return Err(DisplayError::Extension(label));
        }
    }
    conn.xfixes_query_version(5, 0)?.reply()?;
    conn.damage_query_version(1, 1)?.reply()?;
    let version = conn.randr_query_version(1, 5)?.reply()?;
    if (version.major_version, version.minor_version) < (1, 5) {
        return Err(DisplayError::Extension("RANDR 1.5"));
    }
    // Raw rectangles: each drawing is told at once, and there is no round trip to
    // fetch and subtract a region before the next one is.
    let damage = conn.generate_id()?;
    conn.damage_create(damage, *root, ReportLevel::RAW_RECTANGLES)?.check()?;
    conn.xfixes_select_cursor_input(*root, CursorNotifyMask::DISPLAY_CURSOR)?.check()?;
    let changes = randr::NotifyMask::SCREEN_CHANGE
        | randr::NotifyMask::CRTC_CHANGE
        | randr::NotifyMask::OUTPUT_CHANGE;
    conn.randr_select_input(*root, changes)?.check()?;
    let structure = x11rb::protocol::xproto::ChangeWindowAttributesAux::new()
        .event_mask(x11rb::protocol::xproto::EventMask::STRUCTURE_NOTIFY);
    conn.change_window_attributes(*root, &structure)?.check()?;
    // Raw motion comes during the grabs of others only to clients of XInput 2.1 and
    // later, so the version matters.
    if conn.extension_information(xinput::X11_EXTENSION_NAME)?.is_some() {
        conn.xinput_xi_query_version(2, 2)?.reply()?;
        let mask = xinput::EventMask {
            deviceid: xinput::Device::ALL_MASTER.into(),
            mask: vec![xinput::XIEventMask::RAW_MOTION],
        };
        conn.xinput_xi_select_events(*root, &[mask])?.check()?;
    } else {
        tracing::warn!("The X server has no XInput 2; pointer motion by hand is not seen");
    }
    Ok(())
}
