//! A way of capturing, as the choice between several sees it.

use std::sync::Arc;
use std::time::Duration;

use gc_platform::{DisplayInfo, PixelRect, PixelSize, ScreenEvent, ScreenView};

use crate::duplication::Failure;
use crate::waker::Waker;

/// A part of the virtual desktop, in physical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Left and top on the virtual desktop.
    pub origin: (i32, i32),
    /// Size.
    pub size: PixelSize,
}

impl Area {
    /// All of its surface.
    pub const fn whole(&self) -> PixelRect {
        PixelRect { x: 0, y: 0, width: self.size.width, height: self.size.height }
    }
}

/// A way of capturing one area. The waker that it was opened with is called when there
/// may be something to collect.
pub trait Backend: Send {
    /// Everything that is new. The first picture is reported as damage as a whole,
    /// unless all of it was read before, and with it cursor shape and position.
    fn collect(&mut self, now: Duration) -> Result<Vec<ScreenEvent>, Failure>;

    /// How long nobody needs to collect, unless the waker is called.
    fn nap(&self, now: Duration) -> Duration;

    /// When the last picture came; `None`: not one yet.
    fn last_picture(&self) -> Option<Duration>;

    /// Brings the newest pixels of `region` to the surface.
    fn read(&mut self, region: &[PixelRect]) -> Result<(), Failure>;

    /// The surface.
    fn view(&self) -> ScreenView<'_>;
}

/// The monitors of the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Numbers stay with their displays.
    pub displays: Vec<DisplayInfo>,
    /// What holds them all.
    pub desktop: Area,
}

/// Whose desktop is in front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Desktop {
    /// The one that this thread captures.
    Ours,
    /// Another one; this thread captures that one from now on.
    Followed,
    /// Another one that this program may not see.
    Denied,
    /// None: the session has no screen at present.
    Disconnected,
    /// None: the session has ended, or never had one.
    Absent,
}

/// The system, as far as the choice needs it. Called on the capture's thread.
pub trait Backends: Send {
    /// Looks at the monitors.
    fn layout(&mut self) -> Layout;

    /// Looks which desktop is in front, and follows it where that is allowed.
    fn follow_desktop(&mut self) -> Desktop;

    /// Starts duplication of an area. Returns at once; the first picture, or why there
    /// is none, comes later.
    fn duplication(
        &mut self,
        area: Area,
        displays: &[DisplayInfo],
        waker: &Arc<Waker>,
    ) -> Result<Box<dyn Backend>, Failure>;

    /// Starts capture by GDI.
    fn gdi(&mut self, area: Area, waker: &Arc<Waker>) -> Result<Box<dyn Backend>, Failure>;

    /// A number that is another one when the area looks different, as seen by GDI;
    /// cheap, so it may miss small changes. `None`: it cannot be seen.
    fn fingerprint(&mut self, area: Area) -> Option<u64>;
}
