//! The ways of capturing that Windows has.

use std::sync::Arc;

use gc_platform::{DisplayInfo, PixelRect};
use gc_types::Clock;

use super::desktop::InputDesktop;
use super::displays::Displays;
use super::dxgi::OutputSource;
use super::gdi::Gdi;
use super::surface::Strips;
use crate::choice::{Area, Backend, Backends, Desktop, Layout};
use crate::duplication::{Failure, Seat, Several, shared};
use crate::waker::Waker;

/// Windows, as the choice of a way needs it.
pub struct WindowsBackends {
    clock: Arc<dyn Clock>,
    displays: Displays,
    desktop: InputDesktop,
    strips: Option<Strips>,
    duplicate: bool,
}

impl WindowsBackends {
    pub(super) fn new(clock: Arc<dyn Clock>, duplicate: bool) -> Self {
        let (displays, desktop) = (Displays::default(), InputDesktop::default());
        Self { clock, displays, desktop, strips: None, duplicate }
    }
}

/// Where a display lies on the surface of an area.
fn place(display: &DisplayInfo, area: Area) -> Option<PixelRect> {
    let offset = |at: i32, origin: i32| u32::try_from(at.checked_sub(origin)?).ok();
    let x = offset(display.x, area.origin.0)?;
    let y = offset(display.y, area.origin.1)?;
    let rect = PixelRect { x, y, width: display.size.width, height: display.size.height };
    // All of it or nothing: an output's picture is not cut.
    (shared(rect, area.whole()) == Some(rect)).then_some(rect)
}

impl Backends for WindowsBackends {
    fn layout(&mut self) -> Layout {
        self.displays.layout()
    }

    fn follow_desktop(&mut self) -> Desktop {
        self.desktop.follow()
    }

    fn duplication(
        &mut self,
        area: Area,
        displays: &[DisplayInfo],
        waker: &Arc<Waker>,
    ) -> Result<Box<dyn Backend>, Failure> {
        if !self.duplicate {
            return Err(Failure::Unsupported("not wanted".to_owned()));
        }
        let mut seats = Vec::new();
        for display in displays {
            if let Some(place) = place(display, area) {
                let source = OutputSource::new(display);
                seats.push(Seat::start(source, place, Arc::clone(&self.clock), waker)?);
            }
        }
        if seats.is_empty() {
            return Err(Failure::Gone("that lies in the picture".to_owned()));
        }
        Ok(Box::new(Several::new(seats, area, self.clock.monotonic())))
    }

    fn gdi(&mut self, area: Area, waker: &Arc<Waker>) -> Result<Box<dyn Backend>, Failure> {
        Ok(Box::new(Gdi::open(area, Arc::clone(&self.clock), waker)?))
    }

    fn fingerprint(&mut self, area: Area) -> Option<u64> {
        let strips = match self.strips.take().filter(|strips| strips.area() == area) {
            Some(strips) => strips,
            None => Strips::new(area).ok()?,
        };
        self.strips.insert(strips).fingerprint().ok()
    }
}
