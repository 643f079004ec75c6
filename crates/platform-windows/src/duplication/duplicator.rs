//! The seam to DXGI: what duplicating one output needs from the system, and how that
//! fails.

use std::time::Duration;

use gc_platform::{PixelRect, PixelSize};
use gc_types::CauseCode;

use super::geometry::Rotation;
use super::pointer::{PointerShape, PointerUpdate};

/// Why a way of capturing the screen does not work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The duplication is over: another mode, another desktop, a program that has the
    /// screen to itself. A new one may be had at once.
    #[error("access to the output was lost")]
    AccessLost,
    /// The desktop in front is not ours to see.
    #[error("the desktop in front may not be captured")]
    AccessDenied,
    /// The graphics card was taken away, reset, or its driver has failed.
    #[error("the graphics device is gone ({0:#010x})")]
    DeviceRemoved(i32),
    /// The session has no screen any more: somebody else logged on, or the remote
    /// desktop was closed.
    #[error("the session is disconnected")]
    Disconnected,
    /// This system, driver or mode cannot do it.
    #[error("not supported: {0}")]
    Unsupported(String),
    /// As many programs as may duplicate an output do so already.
    #[error("too many programs capture this output")]
    Busy,
    /// No adapter has this output.
    #[error("there is no output {0}")]
    Gone(String),
    /// The picture's format (`DXGI_FORMAT`) is not B8G8R8A8.
    #[error("pixel format {0}")]
    Format(i32),
    /// The output has another size or rotation than the display that it belongs to.
    #[error("the output's mode is another one than its display's")]
    Mode,
    /// The first picture did not come in time.
    #[error("no first picture within {0:?}")]
    NoPicture(Duration),
    /// Pictures do not come any more, while the screen changes.
    #[error("no picture although the screen changes")]
    Stalled,
    /// A call does not come back.
    #[error("the driver does not answer")]
    Hung,
    /// There is no desktop.
    #[error("no desktop: {0}")]
    NoDesktop(String),
    /// Any other call that failed.
    #[error("{call}: {code:#010x}")]
    Call {
        /// Name of the function.
        call: &'static str,
        /// What it answered (`HRESULT`).
        code: i32,
    },
}

/// `HRESULT`s (winerror.h, dxgi error list of Microsoft Learn).
mod code {
    pub(super) const fn hresult(code: u32) -> i32 {
        code.cast_signed()
    }
    pub(super) const NOT_IMPLEMENTED: i32 = hresult(0x8000_4001);
    pub(super) const NO_INTERFACE: i32 = hresult(0x8000_4002);
    pub(super) const ACCESS_DENIED: i32 = hresult(0x8007_0005);
    pub(super) const INVALID_CALL: i32 = hresult(0x887A_0001);
    pub(super) const UNSUPPORTED: i32 = hresult(0x887A_0004);
    pub(super) const DEVICE_REMOVED: i32 = hresult(0x887A_0005);
    pub(super) const DEVICE_HUNG: i32 = hresult(0x887A_0006);
    pub(super) const DEVICE_RESET: i32 = hresult(0x887A_0007);
    pub(super) const DRIVER_INTERNAL_ERROR: i32 = hresult(0x887A_0020);
    pub(super) const NOT_CURRENTLY_AVAILABLE: i32 = hresult(0x887A_0022);
    pub(super) const MODE_CHANGE_IN_PROGRESS: i32 = hresult(0x887A_0025);
    pub(super) const ACCESS_LOST: i32 = hresult(0x887A_0026);
    pub(super) const SESSION_DISCONNECTED: i32 = hresult(0x887A_0028);
    pub(super) const DXGI_ACCESS_DENIED: i32 = hresult(0x887A_002B);
}

impl Failure {
    /// What `call` means by its answer.
    pub fn from_code(call: &'static str, code: i32) -> Self {
        match code {
            // A call out of order is what a duplication answers that is over.
            code::ACCESS_LOST | code::INVALID_CALL | code::MODE_CHANGE_IN_PROGRESS => {
                Self::AccessLost
            }
            code::ACCESS_DENIED | code::DXGI_ACCESS_DENIED => Self::AccessDenied,
            code::DEVICE_REMOVED
            | code::DEVICE_HUNG
            | code::DEVICE_RESET
            | code::DRIVER_INTERNAL_ERROR => Self::DeviceRemoved(code),
            code::SESSION_DISCONNECTED => Self::Disconnected,
            code::UNSUPPORTED | code::NOT_IMPLEMENTED | code::NO_INTERFACE => {
                Self::Unsupported(format!("{call} ({code:#010x})"))
            }
            code::NOT_CURRENTLY_AVAILABLE => Self::Busy,
            code => Self::Call { call, code },
        }
    }

    /// A stable word for logs.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::AccessLost => "access_lost",
            Self::AccessDenied => "access_denied",
            Self::DeviceRemoved(_) => "device_removed",
            Self::Disconnected => "disconnected",
            Self::Unsupported(_) => "unsupported",
            Self::Busy => "busy",
            Self::Gone(_) => "gone",
            Self::Format(_) => "format",
            Self::Mode => "mode",
            Self::NoPicture(_) => "no_picture",
            Self::Stalled => "stalled",
            Self::Hung => "hung",
            Self::NoDesktop(_) => "no_desktop",
            Self::Call { .. } => "call",
        }
    }

    /// What a viewer is told when nothing is left that could show the screen.
    pub const fn cause(&self) -> CauseCode {
        match self {
            Self::AccessDenied => CauseCode::SecureDesktop,
            Self::Disconnected => CauseCode::SessionDisconnected,
            Self::NoDesktop(_) => CauseCode::NoDisplay,
            _ => CauseCode::CaptureFailed,
        }
    }

    /// Whether opening the output again soon may help.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::AccessLost | Self::AccessDenied | Self::DeviceRemoved(_) | Self::Mode)
    }

    /// Whether this system will never do it, which is no fault.
    pub const fn is_absence(&self) -> bool {
        matches!(self, Self::Unsupported(_))
    }
}

/// What the image of an output is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// Size of the image as the adapter holds it.
    pub image: PixelSize,
    /// How it is turned to be seen.
    pub rotation: Rotation,
}

/// What a frame is about (`DXGI_OUTDUPL_FRAME_INFO`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frame {
    /// Pictures that came since the last frame; 0: only the pointer is new.
    pub pictures: u32,
    /// Some program's windows are black because it does not let them be captured.
    pub protected: bool,
    /// Bytes that move and dirty rectangles need.
    pub metadata: u32,
    /// The pointer, where it is new.
    pub pointer: Option<PointerUpdate>,
    /// Bytes that the pointer's shape needs; 0: it is the one before.
    pub shape: u32,
}

/// The duplication of one output. Everything is called on one thread. Between a frame
/// that [`acquire`](Self::acquire) gave and [`release`](Self::release) stands at most
/// one of each of the others, moves before dirty rectangles.
pub trait Duplicator {
    /// The image.
    fn mode(&self) -> Mode;

    /// Waits for a frame, up to `limit`; `None`: there was none. A frame is ours until
    /// [`release`](Self::release).
    fn acquire(&mut self, limit: Duration) -> Result<Option<Frame>, Failure>;

    /// Left, top, right and bottom of where something was moved to, in the image; edges
    /// may be anywhere. `bytes` is [`Frame::metadata`].
    fn moves(&mut self, bytes: u32) -> Result<Vec<[i32; 4]>, Failure>;

    /// The same of what was drawn. `bytes` is [`Frame::metadata`].
    fn dirty(&mut self, bytes: u32) -> Result<Vec<[i32; 4]>, Failure>;

    /// The pointer's new shape. `bytes` is [`Frame::shape`].
    fn shape(&mut self, bytes: u32) -> Result<PointerShape, Failure>;

    /// Keeps these parts of the frame's image, so that [`read`](Self::read) finds them
    /// after the frame was given back. Copies on the adapter only.
    fn keep(&mut self, parts: &[PixelRect]) -> Result<(), Failure>;

    /// Gives the frame back.
    fn release(&mut self) -> Result<(), Failure>;

    /// Brings kept parts to memory: `take` gets each part, its pixels from the first on
    /// and the bytes between its rows. Called with or without a frame.
    fn read(
        &mut self,
        parts: &[PixelRect],
        take: &mut dyn FnMut(PixelRect, &[u8], usize),
    ) -> Result<(), Failure>;
}

/// Where the duplication of one output comes from.
pub trait Source {
    /// What comes from it.
    type Duplicator: Duplicator;

    /// Starts over. What it gave before is dropped by then. `renew`: with a new device.
    fn open(&mut self, renew: bool) -> Result<Self::Duplicator, Failure>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_mean_what_the_documentation_says() {
        let of = |code: u32| Failure::from_code("DuplicateOutput", code.cast_signed());
        assert_eq!(of(0x887A_0026), Failure::AccessLost);
        assert_eq!(of(0x887A_0001), Failure::AccessLost);
        assert_eq!(of(0x8007_0005), Failure::AccessDenied);
        assert_eq!(of(0x887A_0028), Failure::Disconnected);
        assert_eq!(of(0x887A_0022), Failure::Busy);
        for removed in [0x887A_0005, 0x887A_0006, 0x887A_0007, 0x887A_0020_u32] {
            assert_eq!(of(removed), Failure::DeviceRemoved(removed.cast_signed()));
        }
        for absent in [0x887A_0004, 0x8000_4001, 0x8000_4002] {
            assert!(of(absent).is_absence());
        }
        assert_eq!(of(0x8007_0057).to_string(), "DuplicateOutput: 0x80070057");
    }

    #[test]
    fn causes_tell_viewers_what_is_in_the_way() {
        assert_eq!(Failure::AccessDenied.cause(), CauseCode::SecureDesktop);
        assert_eq!(Failure::Disconnected.cause(), CauseCode::SessionDisconnected);
        assert_eq!(Failure::NoDesktop(String::new()).cause(), CauseCode::NoDisplay);
        assert_eq!(Failure::Stalled.cause(), CauseCode::CaptureFailed);
    }
}
