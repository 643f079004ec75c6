//! [`Card`](gc_platform::Card) by OpenGL 3.0, on a context that a platform crate makes
//! (ADR 27).

mod canvas;
mod functions;
mod history;
mod program;

use std::ffi::{CStr, c_void};

use gc_platform::{PixelRect, WindowError};

pub use canvas::GlCard;

/// A context that is current on the thread that has this value, for as long as it lives,
/// and the window that it shows its pictures in.
pub trait GlWindow {
    /// The function of this name, or null. Never another function than that.
    fn find(&self, name: &CStr) -> *const c_void;

    /// How many frames ago what is to be drawn into now was shown, 1 for the last one.
    /// `None`: nobody knows what is in it.
    fn age(&self) -> Option<usize>;

    /// Shows what was drawn. `areas` have changed since the last time, from the bottom
    /// up as OpenGL counts. Does not wait for the monitor.
    fn swap(&mut self, areas: &[PixelRect]) -> Result<(), WindowError>;
}
