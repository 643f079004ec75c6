//! The window of a viewer on X11 (ADR 22).

mod cursor;
mod drag_out;
mod dropped;
mod egl;
mod keyboard;
mod surface;
mod window;

pub use window::X11ViewerWindow;

/// The face of all text in it: the fonts of the machine. Reading them takes a moment.
pub fn typeface() -> Box<dyn gc_panel::Typeface> {
    Box::new(crate::window::font::Fonts::load())
}
