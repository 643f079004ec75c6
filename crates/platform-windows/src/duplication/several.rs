//! Duplicated outputs as one surface.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use gc_platform::{CursorImage, PixelRect, ScreenEvent, ScreenNotice, ScreenView, WaitWaker};
use gc_types::{CauseCode, Clock};

use super::duplicator::{Failure, Source};
use super::exchange::{Exchange, Report, serve};
use super::geometry::shared;
use super::pointer::Pointer;
use crate::choice::{Area, Backend};
use crate::waker::Waker;

/// Every output has shown its first picture within this time, or never will.
pub const FIRST_PICTURE: Duration = Duration::from_secs(1);
/// An output that was lost works again within this time, or is given up.
pub const GIVE_UP: Duration = Duration::from_millis(1_500);
/// A desktop that may not be seen is one when it stays in front this long: a flash
/// of one is nothing to tell.
const DENIED: Duration = Duration::from_millis(300);
/// For bringing pixels to memory.
const READ: Duration = Duration::from_millis(500);
/// For a thread to end; one that hangs in its driver is left to itself.
const END: Duration = Duration::from_secs(1);
/// Whoever asks sleeps until told, but looks for what has not happened this often.
const LONGEST_NAP: Duration = Duration::from_millis(250);

/// An output of the surface, on a thread of its own.
pub struct Seat {
    exchange: Arc<Exchange>,
    thread: Option<JoinHandle<()>>,
    /// On the surface.
    place: PixelRect,
}

impl Seat {
    /// Starts the thread of an output that is seen at `place` on the surface.
    pub fn start<S: Source>(
        source: S,
        place: PixelRect,
        clock: Arc<dyn Clock>,
        waker: &Arc<Waker>,
    ) -> Result<Self, Failure>
    where
        S: Send + 'static,
    {
        let size = gc_platform::PixelSize { width: place.width, height: place.height };
        let exchange = Arc::new(Exchange::new(size, Arc::clone(waker) as Arc<dyn WaitWaker>));
        let theirs = Arc::clone(&exchange);
        let thread = std::thread::Builder::new()
            .name("duplication".to_owned())
            .spawn(move || serve(source, &theirs, clock.as_ref()))
            .map_err(|error| Failure::Call {
                call: "CreateThread",
                code: error.raw_os_error().unwrap_or(0),
            })?;
        Ok(Self { exchange, thread: Some(thread), place })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // Joined only when that takes no time.
        if self.exchange.stop(END)
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// Outputs side by side as one surface.
pub struct Several {
    seats: Vec<Seat>,
    area: Area,
    pixels: Vec<u8>,
    since: Duration,
    pictures: Vec<Option<Duration>>,
    pointer: Pointer,
    shape: Option<CursorImage>,
    /// What was reported of the cursor; `None`: nothing.
    told_shape: Option<Option<CursorImage>>,
    told_place: Option<(i32, i32)>,
    protected: Vec<bool>,
    told_protected: bool,
}

impl Several {
    /// Outputs that were started at `since` for this area.
    pub fn new(seats: Vec<Seat>, area: Area, since: Duration) -> Self {
        let count = seats.len();
        Self {
            seats,
            area,
            pixels: vec![0; area.size.width as usize * area.size.height as usize * 4],
            since,
            pictures: vec![None; count],
            pointer: Pointer::default(),
            shape: None,
            told_shape: None,
            told_place: None,
            protected: vec![false; count],
            told_protected: false,
        }
    }

    fn judge(&self, now: Duration, trouble: Option<&(Duration, Failure)>) -> Result<(), Failure> {
        if let Some((since, failure)) = trouble {
            let lasts = now.saturating_sub(*since);
            let over = match failure {
                Failure::AccessDenied => lasts >= DENIED,
                failure if failure.passes() => lasts >= GIVE_UP,
                _ => true,
            };
            if over {
                return Err(failure.clone());
            }
        }
        Ok(())
    }

    fn cursor(&mut self, events: &mut Vec<ScreenEvent>) {
        let place = self.pointer.place();
        let shape = place.and_then(|_| self.shape.clone());
        if self.told_shape.as_ref() != Some(&shape) {
            self.told_shape = Some(shape.clone());
            events.push(ScreenEvent::CursorShape(shape));
        }
        let Some((output, (left, top))) = place else { return };
        let Some(seat) = self.seats.get(output) else { return };
        let hotspot =
            self.shape.as_ref().map_or((0, 0), |shape| (shape.hotspot_x, shape.hotspot_y));
        let add = |start: u32, offset: i32, hotspot: u32| {
            offset.saturating_add_unsigned(start).saturating_add_unsigned(hotspot)
        };
        let at = (add(seat.place.x, left, hotspot.0), add(seat.place.y, top, hotspot.1));
        if self.told_place != Some(at) {
            self.told_place = Some(at);
            events.push(ScreenEvent::CursorMoved { x: at.0, y: at.1 });
        }
    }
}

impl Backend for Several {
    fn collect(&mut self, now: Duration) -> Result<Vec<ScreenEvent>, Failure> {
        let mut events = Vec::new();
        for index in 0..self.seats.len() {
            let Some(seat) = self.seats.get(index) else { break };
            let place = seat.place;
            let Report { news, last_picture, trouble } = seat.exchange.report();
            self.judge(now, trouble.as_ref())?;
            if let Some(seen) = self.pictures.get_mut(index) {
                *seen = last_picture;
            }
            events.extend(news.damage.into_iter().map(|rect| {
                let (x, y) = (rect.x + place.x, rect.y + place.y);
                ScreenEvent::Damage(PixelRect { x, y, ..rect })
            }));
            if let Some(update) = news.pointer {
                self.pointer.update(index, update);
            }
            if let Some(shape) = news.shape {
                self.shape = shape;
            }
            if let (Some(protected), Some(place)) = (news.protected, self.protected.get_mut(index))
            {
                *place = protected;
            }
        }
        if self.last_picture().is_none() {
            // Damage of one output while another has shown nothing yet.
            if now.saturating_sub(self.since) >= FIRST_PICTURE {
                let trouble = self.seats.iter().find_map(|seat| seat.exchange.report().trouble);
                let late = Failure::NoPicture(FIRST_PICTURE);
                return Err(trouble.map_or(late, |(_, failure)| failure));
            }
            return Ok(events);
        }
        self.cursor(&mut events);
        let protected = self.protected.contains(&true);
        if protected != std::mem::replace(&mut self.told_protected, protected) {
            let cause = CauseCode::ProtectedContent;
            let notice = protected.then(|| ScreenNotice { cause, detail: String::new() });
            events.push(ScreenEvent::Notice(notice));
        }
        Ok(events)
    }

    fn nap(&self, _: Duration) -> Duration {
        LONGEST_NAP
    }

    fn last_picture(&self) -> Option<Duration> {
        // Not one before all have shown something.
        self.pictures.iter().copied().min()??;
        self.pictures.iter().copied().max()?
    }

    fn read(&mut self, region: &[PixelRect]) -> Result<(), Failure> {
        let stride = self.area.size.width as usize * 4;
        for seat in &self.seats {
            if region.iter().any(|rect| shared(*rect, seat.place).is_some()) {
                let place = (seat.place.x, seat.place.y);
                seat.exchange.read(region, place, &mut self.pixels, stride, READ)?;
            }
        }
        Ok(())
    }

    fn view(&self) -> ScreenView<'_> {
        let stride = self.area.size.width as usize * 4;
        ScreenView { size: self.area.size, stride, pixels: &self.pixels }
    }
}

#[cfg(test)]
mod tests;
