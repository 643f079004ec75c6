//! The screen of a Windows desktop: duplication where it works, else GDI.

mod desktop;
mod displays;
mod dxgi;
mod gdi;
mod shape;
mod surface;
mod system;

use std::sync::Arc;

use gc_platform::{CaptureError, ScreenCapture};
use gc_types::Clock;

pub(crate) use self::desktop::InputDesktop;
use self::system::WindowsBackends;
use crate::choice::Screen;

/// Opens the screen that the session shows, with all displays in one picture:
/// duplication where the system has it and it passes its trial, GDI until then, where
/// it does not, and within two seconds of its failure. To be called on the thread that
/// captures, which must have no windows: it follows the desktop that has the input. The
/// process must be aware of the DPI of its monitors (its manifest says so), or Windows
/// shows it a smaller desktop.
pub fn open_screen(clock: Arc<dyn Clock>) -> Result<Box<dyn ScreenCapture>, CaptureError> {
    Ok(Box::new(WindowsScreen::open(clock)?))
}

/// What [`open_screen`] opens.
pub type WindowsScreen = Screen<WindowsBackends>;

impl WindowsScreen {
    /// See [`open_screen`].
    pub fn open(clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        Self::with(WindowsBackends::new(Arc::clone(&clock), true), clock)
    }

    /// As [`open_screen`], by GDI alone.
    pub fn open_gdi(clock: Arc<dyn Clock>) -> Result<Self, CaptureError> {
        Self::with(WindowsBackends::new(Arc::clone(&clock), false), clock)
    }
}
