//! Pictures with the fonts of the machine.

pub(crate) use gc_panel::Area;

use super::font::Fonts;

pub(crate) type Canvas = gc_panel::Canvas<Fonts>;
