//! Screen capture by GDI: what every Windows can do, and what is left where desktop
//! duplication is not there or fails.
//!
//! GDI tells nobody what it draws. So this looks, as often as [`crate::Pace`] says, and
//! compares with what it showed before.

mod displays;
mod shape;
mod surface;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gc_platform::{
    CaptureError, DisplayInfo, DisplaySelection, PixelRect, PixelSize, ScreenCapture, ScreenEvent,
    ScreenView, WaitWaker,
};
use gc_proto::{MAX_PICTURE_PIXELS, MAX_PICTURE_SIDE};
use gc_types::{CauseCode, Clock};
use windows::Win32::UI::Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO};
use windows::core::Error;

use self::displays::Displays;
use self::shape::Cursor;
use self::surface::Surface;
use crate::pace::{Pace, TICK};

/// A picture younger than this is not taken again when it is asked for.
const FRESH: Duration = Duration::from_millis(10);

/// Captures the desktop of the calling thread. The process must be aware of the DPI of
/// its monitors (its manifest says so), or Windows shows it a smaller desktop.
pub struct GdiScreen {
    clock: Arc<dyn Clock>,
    waker: Arc<Waker>,
    displays: Displays,
    /// `None` while the surface has to be chosen anew.
    surface: Option<Surface>,
    pace: Pace,
    /// All of the surface is to be reported.
    all_wanted: bool,
    displays_changed: bool,
    cursor: Option<Cursor>,
    last_input: u32,
}

/// Ends a wait from any thread.
#[derive(Default)]
struct Waker {
    called: Mutex<bool>,
    signal: Condvar,
}

impl Waker {
    fn lock(&self) -> MutexGuard<'_, bool> {
        // A flag is never half-written.
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps until it is called; tells whether it was, and forgets it.
    fn sleep(&self, within: Duration) -> bool {
        let called = self.lock();
        let (mut called, _) = self
            .signal
            .wait_timeout_while(called, within, |called| !*called)
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut called)
    }
}

impl WaitWaker for Waker {
    fn wake(&self) {
        *self.lock() = true;
        self.signal.notify_all();
    }
}

fn failed(call: &'static str) -> impl Fn(Error) -> CaptureError {
    move |error| CaptureError {
        cause: CauseCode::CaptureFailed,
        detail: format!("{call}: {error}"),
        lost: false,
    }
}

/// When there was input last, in a clock of the system's own.
fn last_input() -> u32 {
    let size = u32::try_from(size_of::<LASTINPUTINFO>()).unwrap_or(0);
    let mut info = LASTINPUTINFO { cbSize: size, dwTime: 0 };
    // SAFETY: it writes into the live structure, which says its size. On a failure the
    // time stays 0.
    unsafe {
        let _ = GetLastInputInfo(&raw mut info);
    }
    info.dwTime
}

impl GdiScreen {
    /// Shows all displays in one picture.
    pub fn open(clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        let mut screen = Self {
            clock,
            waker: Arc::default(),
            displays: Displays::new(),
            surface: None,
            pace: Pace::default(),
            all_wanted: false,
            displays_changed: false,
            cursor: None,
            last_input: last_input(),
        };
        screen.displays.refresh();
        screen.select(DisplaySelection::All)?;
        Ok(screen)
    }

    fn area(&self, selection: DisplaySelection) -> Option<((i32, i32), PixelSize)> {
        match selection {
            DisplaySelection::All => Some(self.displays.desktop),
            DisplaySelection::One(id) => {
                let display = self.displays.list.iter().find(|display| display.id == id)?;
                Some(((display.x, display.y), display.size))
            }
        }
    }

    /// Everything that is new by now.
    fn collect(&mut self) -> Result<Vec<ScreenEvent>, CaptureError> {
        let mut events = Vec::new();
        let now = self.clock.monotonic();
        let input = last_input();
        if input != self.last_input {
            self.last_input = input;
            self.pace.input(now);
        }
        if self.pace.due_in(now).is_zero() {
            if self.displays.refresh() {
                self.surface = None;
                self.displays_changed = true;
            }
            if let Some(surface) = &mut self.surface {
                let mut found = surface.look().map_err(failed("BitBlt"))?;
                if std::mem::take(&mut self.all_wanted) {
                    let PixelSize { width, height } = surface.size;
                    found = vec![PixelRect { x: 0, y: 0, width, height }];
                }
                self.pace.taken(now, self.clock.monotonic(), !found.is_empty());
                events.extend(found.into_iter().map(ScreenEvent::Damage));
            }
        }
        if std::mem::take(&mut self.displays_changed) {
            events.push(ScreenEvent::DisplaysChanged);
        }
        self.collect_cursor(now, &mut events);
        Ok(events)
    }

    fn collect_cursor(&mut self, now: Duration, events: &mut Vec<ScreenEvent>) {
        let (Some(surface), Some(cursor)) = (&self.surface, shape::cursor()) else { return };
        let before = self.cursor.replace(cursor);
        if before.is_none_or(|before| before.handle != cursor.handle) {
            events.push(ScreenEvent::CursorShape(cursor.handle.and_then(shape::picture)));
        }
        if before.is_none_or(|before| before.at != cursor.at) {
            self.pace.input(now);
            let x = cursor.at.0.saturating_sub(surface.origin.0);
            let y = cursor.at.1.saturating_sub(surface.origin.1);
            events.push(ScreenEvent::CursorMoved { x, y });
        }
    }
}

impl ScreenCapture for GdiScreen {
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError> {
        let start = self.clock.monotonic();
        loop {
            let events = self.collect()?;
            if !events.is_empty() {
                return Ok(events);
            }
            let now = self.clock.monotonic();
            let left = timeout.map(|timeout| timeout.saturating_sub(now.saturating_sub(start)));
            let nap = left.map_or(TICK, |left| left.min(TICK));
            if self.waker.sleep(nap) || left.is_some_and(|left| left <= nap) {
                return Ok(Vec::new());
            }
        }
    }

    fn waker(&self) -> Arc<dyn WaitWaker> {
        Arc::clone(&self.waker) as Arc<dyn WaitWaker>
    }

    fn displays(&self) -> Vec<DisplayInfo> {
        self.displays.list.clone()
    }

    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError> {
        let refuse = |cause, detail: String| CaptureError { cause, detail, lost: false };
        let (origin, size) = self.area(selection).ok_or_else(|| {
            refuse(CauseCode::MonitorUnknown, format!("no display for {selection:?}"))
        })?;
        let pixels = u64::from(size.width) * u64::from(size.height);
        if pixels == 0 {
            return Err(refuse(CauseCode::NoDisplay, "the desktop has no size".to_owned()));
        }
        if size.width.max(size.height) > MAX_PICTURE_SIDE || pixels > MAX_PICTURE_PIXELS {
            let detail = format!("{}x{} pixels", size.width, size.height);
            return Err(refuse(CauseCode::PictureTooLarge, detail));
        }
        self.surface = Some(Surface::new(origin, size).map_err(failed("CreateDIBSection"))?);
        self.all_wanted = true;
        self.cursor = None;
        self.pace.restart();
        Ok(size)
    }

    fn origin(&self) -> (i32, i32) {
        self.surface.as_ref().map_or(self.displays.desktop.0, |surface| surface.origin)
    }

    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError> {
        let age = self.pace.age(self.clock.monotonic());
        let surface = self.surface.as_mut().ok_or_else(|| CaptureError {
            cause: CauseCode::CaptureFailed,
            detail: "the displays have changed".to_owned(),
            lost: false,
        })?;
        if age.is_none_or(|age| age >= FRESH) {
            surface.refresh(region).map_err(failed("BitBlt"))?;
        }
        let stride = surface.size.width as usize * 4;
        Ok(ScreenView { size: surface.size, stride, pixels: &surface.shown })
    }
}
