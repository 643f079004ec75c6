//! Screen capture.

use std::sync::Arc;
use std::time::Duration;

use gc_types::CauseCode;

/// Width and height in pixels; neither is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelSize {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// A rectangle on the captured surface, in pixels from its top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PixelRect {
    /// Left edge.
    pub x: u32,
    /// Top edge.
    pub y: u32,
    /// Pixels from left to right; not zero.
    pub width: u32,
    /// Pixels from top to bottom; not zero.
    pub height: u32,
}

/// A display of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisplayInfo {
    /// Never 0; stays with a display for the life of the capture.
    pub id: u32,
    /// As the system names it.
    pub name: String,
    /// Left edge on the virtual desktop; may be negative.
    pub x: i32,
    /// Top edge on the virtual desktop; may be negative.
    pub y: i32,
    /// Size.
    pub size: PixelSize,
    /// The system's main display.
    pub primary: bool,
}

/// What the surface shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplaySelection {
    /// The whole virtual desktop in one picture.
    All,
    /// One display, by id.
    One(u32),
}

/// A cursor picture. Sides are 1 to 256 pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorImage {
    /// Size.
    pub size: PixelSize,
    /// Distance of the pointing pixel from the left edge.
    pub hotspot_x: u32,
    /// Distance of the pointing pixel from the top edge.
    pub hotspot_y: u32,
    /// Rows of R G B A from the top; alpha is straight, not multiplied in.
    pub rgba: Vec<u8>,
}

/// Something that happened on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenEvent {
    /// Pixels in this rectangle of the surface may have changed.
    Damage(PixelRect),
    /// Displays came, went, moved or changed size. The surface must be chosen
    /// anew with [`ScreenCapture::select`] before the next grab.
    DisplaysChanged,
    /// The cursor has another shape; `None`: it is hidden.
    CursorShape(Option<CursorImage>),
    /// The cursor is here on the surface; may lie outside it.
    CursorMoved {
        /// From the left edge of the surface.
        x: i32,
        /// From the top edge of the surface.
        y: i32,
    },
    /// The picture goes on, but a person should know something about it; `None`: not
    /// any more. Replaces the notice before.
    Notice(Option<ScreenNotice>),
}

/// What is not as it should be, although there is a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScreenNotice {
    /// What the viewer is told.
    pub cause: CauseCode,
    /// More of it, for the log and for whoever asks.
    pub detail: String,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
#[error("{detail}")]
pub struct CaptureError {
    /// What the viewer is told.
    pub cause: CauseCode,
    /// What the log is told.
    pub detail: String,
    /// The capture is gone for good (display server died); open a new one.
    pub lost: bool,
}

/// The surface's pixels: B G R X, 4 bytes each, X undefined.
#[derive(Debug, Clone, Copy)]
pub struct ScreenView<'a> {
    /// Size of the surface.
    pub size: PixelSize,
    /// Bytes from one row to the next; at least four times the width.
    pub stride: usize,
    /// Rows from the top.
    pub pixels: &'a [u8],
}

/// Ends a [`ScreenCapture::wait`] from any thread.
pub trait WaitWaker: Send + Sync {
    /// The current or next wait returns at once.
    fn wake(&self);
}

/// A source of pictures. Lives on a thread of its own, which may block in
/// [`wait`](Self::wait).
pub trait ScreenCapture: Send {
    /// Blocks until there is at least one event, the waker was called or
    /// `timeout` has passed (`None`: no limit). Polls nothing.
    ///
    /// Call order: events refer to the surface of the last [`select`](Self::select).
    fn wait(&mut self, timeout: Option<Duration>) -> Result<Vec<ScreenEvent>, CaptureError>;

    /// The waker of [`wait`](Self::wait).
    fn waker(&self) -> Arc<dyn WaitWaker>;

    /// The displays as of the last event; never empty.
    fn displays(&self) -> Vec<DisplayInfo>;

    /// Chooses what the surface shows and reports it as damaged as a whole, with
    /// the current cursor shape and position, by the next [`wait`](Self::wait).
    /// Fails with [`CauseCode::MonitorUnknown`] and keeps the surface when there
    /// is no such display.
    fn select(&mut self, selection: DisplaySelection) -> Result<PixelSize, CaptureError>;

    /// Where the surface's top left corner lies on the virtual desktop; input
    /// positions are offset by it.
    fn origin(&self) -> (i32, i32);

    /// Reads the pixels of `region` from the screen into the surface and returns
    /// the surface. Pixels outside the region are those of earlier grabs.
    fn grab(&mut self, region: &[PixelRect]) -> Result<ScreenView<'_>, CaptureError>;
}
