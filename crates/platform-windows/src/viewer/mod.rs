//! The window of a viewer on Windows (ADR 22).

#[cfg(windows)]
mod content;
#[cfg(windows)]
mod drag_out;
#[cfg(windows)]
mod drop_target;
#[cfg(windows)]
mod frame;
#[cfg(windows)]
mod hook;
mod keys;
#[cfg(windows)]
mod pointer;
mod proof;
#[cfg(windows)]
mod seen;
#[cfg(windows)]
mod surface;
#[cfg(windows)]
mod text;
#[cfg(windows)]
mod wgl;
#[cfg(windows)]
mod window;

pub use keys::{Diverted, DivertedKeys, HookedKey, wire_key};
pub use proof::{DrawnAt, Proof, Watch, judge, places, telling};
#[cfg(windows)]
pub use window::WindowsViewerWindow;

/// The face of all text in it: that of the user's message boxes.
#[cfg(windows)]
pub fn typeface() -> Result<Box<dyn gc_panel::Typeface>, gc_platform::WindowError> {
    let face = crate::ui::GdiFace::new();
    Ok(Box::new(face.map_err(|error| gc_platform::WindowError(error.to_string()))?))
}
