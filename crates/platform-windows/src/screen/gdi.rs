//! Screen capture by GDI: what every Windows can do, and what is left where desktop
//! duplication is not there or fails.
//!
//! GDI tells nobody what it draws. So this looks, as often as [`Pace`] says, and
//! compares with what it showed before.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use gc_platform::{PixelRect, ScreenEvent, ScreenView};
use gc_types::Clock;
use windows::Win32::Foundation::POINT;
use windows::Win32::Graphics::Gdi::ClientToScreen;
use windows::Win32::UI::Input::KeyboardAndMouse::{GetLastInputInfo, LASTINPUTINFO};
use windows::Win32::UI::WindowsAndMessaging::{GUITHREADINFO, GetGUIThreadInfo};
use windows::core::Error;

use super::shape::{self, Cursor};
use super::surface::Surface;
use crate::choice::{Area, Backend};
use crate::duplication::Failure;
use crate::injected::Listener;
use crate::pace::{BANDS, Look, Pace};
use crate::waker::Waker;

/// A picture younger than this is not taken again when it is asked for.
const FRESH: Duration = Duration::from_millis(10);
/// Rows around the caret in which typing shows.
const NEAR: u32 = 96;

pub(super) fn failed(call: &'static str) -> impl Fn(Error) -> Failure {
    move |error| Failure::from_code(call, error.code().0)
}

/// One area of the desktop of the calling thread.
pub(super) struct Gdi {
    clock: Arc<dyn Clock>,
    area: Area,
    surface: Surface,
    pace: Pace,
    /// All of the surface is to be reported.
    fresh: bool,
    last_picture: Option<Duration>,
    cursor: Option<Cursor>,
    last_input: u32,
    injected: Listener,
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

/// Where the caret of the window in front is, on the virtual desktop; `None`: it has
/// none that the system knows.
fn caret() -> Option<i32> {
    let size = u32::try_from(size_of::<GUITHREADINFO>()).ok()?;
    let mut info = GUITHREADINFO { cbSize: size, ..GUITHREADINFO::default() };
    // SAFETY: it writes into the live structure, which says its size.
    unsafe { GetGUIThreadInfo(0, &raw mut info) }.ok()?;
    if info.hwndCaret.is_invalid() {
        return None;
    }
    let mut at = POINT { x: info.rcCaret.left, y: info.rcCaret.top };
    // SAFETY: it writes into the live point; a window that is gone makes it fail.
    let known = unsafe { ClientToScreen(info.hwndCaret, &raw mut at) }.as_bool();
    known.then_some(at.y)
}

impl Gdi {
    pub(super) fn open(
        area: Area,
        clock: Arc<dyn Clock>,
        waker: &Arc<Waker>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            clock,
            area,
            surface: Surface::new(area.origin, area.size).map_err(failed("CreateDIBSection"))?,
            pace: Pace::default(),
            fresh: true,
            last_picture: None,
            cursor: None,
            last_input: last_input(),
            injected: Listener::new(waker),
        })
    }

    /// The rows to look at.
    fn rows(&self, look: Look) -> Range<u32> {
        let height = self.area.size.height;
        match look {
            Look::Whole => 0..height,
            Look::Band(band) => height * band / BANDS..height * (band + 1) / BANDS,
            Look::Near => {
                let pointer = self.cursor.map(|cursor| cursor.at.1);
                let y = caret().or(pointer).unwrap_or(self.area.origin.1);
                let y = u32::try_from(y.saturating_sub(self.area.origin.1)).unwrap_or(0);
                let top = y.min(height).saturating_sub(NEAR / 2);
                top..(top + NEAR).min(height)
            }
        }
    }

    fn look(&mut self, look: Look, now: Duration) -> Result<Vec<PixelRect>, Failure> {
        let found = self.surface.look(self.rows(look)).map_err(failed("BitBlt"))?;
        let end = self.clock.monotonic();
        self.pace.looked(look, now, end, !found.is_empty());
        if look == Look::Whole {
            self.last_picture = Some(end);
        }
        Ok(found)
    }

    fn collect_cursor(&mut self, now: Duration, events: &mut Vec<ScreenEvent>) {
        let Some(cursor) = shape::cursor() else { return };
        let before = self.cursor.replace(cursor);
        if before.is_none_or(|before| before.handle != cursor.handle) {
            events.push(ScreenEvent::CursorShape(cursor.handle.and_then(shape::picture)));
        }
        if before.is_none_or(|before| before.at != cursor.at) {
            if before.is_some() {
                self.pace.input(now);
            }
            let x = cursor.at.0.saturating_sub(self.area.origin.0);
            let y = cursor.at.1.saturating_sub(self.area.origin.1);
            events.push(ScreenEvent::CursorMoved { x, y });
        }
    }
}

impl Backend for Gdi {
    fn collect(&mut self, now: Duration) -> Result<Vec<ScreenEvent>, Failure> {
        let mut events = Vec::new();
        let input = last_input();
        let by_hand = std::mem::replace(&mut self.last_input, input) != input;
        if self.injected.heard() || by_hand {
            self.pace.input(now);
        }
        self.collect_cursor(now, &mut events);
        let (look, due) = self.pace.plan(now);
        if due.is_zero() {
            let mut found = self.look(look, now)?;
            if std::mem::take(&mut self.fresh) {
                found = vec![self.area.whole()];
            }
            events.extend(found.into_iter().map(ScreenEvent::Damage));
        }
        Ok(events)
    }

    fn nap(&self, now: Duration) -> Duration {
        self.pace.nap(now)
    }

    fn last_picture(&self) -> Option<Duration> {
        self.last_picture
    }

    fn read(&mut self, region: &[PixelRect]) -> Result<(), Failure> {
        let now = self.clock.monotonic();
        if self.fresh && region == [self.area.whole()] {
            self.fresh = false;
            self.look(Look::Whole, now)?;
            return Ok(());
        }
        if self.pace.age(now).is_none_or(|age| age >= FRESH) {
            self.surface.refresh(region).map_err(failed("BitBlt"))?;
        }
        Ok(())
    }

    fn view(&self) -> ScreenView<'_> {
        let stride = self.area.size.width as usize * 4;
        ScreenView { size: self.area.size, stride, pixels: &self.surface.shown }
    }
}
