//! The agent's own windows as pictures, with every word they say. A platform crate
//! shows them and gives the text a face by [`Typeface`].

mod bar;
mod canvas;
mod code;
mod consent;
mod icon;
mod notice;
mod palette;
#[cfg(test)]
mod test_face;
mod typeface;
pub mod words;

pub use bar::{BarView, whole_minutes};
pub use canvas::{Area, Canvas, Style};
pub use code::{CodeButton, CodeView, EntryHint};
pub use consent::{ConsentButton, ConsentView};
pub use icon::tray_icon;
pub use notice::NoticeView;
pub use palette::{Palette, Rgb};
pub use typeface::{Typeface, Weight};
