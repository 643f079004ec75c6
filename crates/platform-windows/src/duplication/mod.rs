//! Desktop duplication without Win32: everything that is decided, so that it is tested
//! wherever Rust runs. What calls DXGI stands behind [`Source`] and [`Duplicator`].

mod duplicator;
mod exchange;
mod geometry;
mod output;
mod pointer;
mod several;
#[cfg(test)]
pub(crate) mod testing;

pub use duplicator::{Duplicator, Failure, Frame, Mode, Source};
pub use exchange::{Exchange, Report, serve};
pub use geometry::{Canvas, Rotation, add, clip, shared};
pub use output::{News, Output, Progress};
pub use pointer::{Pointer, PointerShape, PointerUpdate, ShapeKind};
pub use several::{FIRST_PICTURE, GIVE_UP, Seat, Several};
