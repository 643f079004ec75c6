//! H.265, main profile.

mod headers;
pub(super) mod layout;
mod parameters;
mod tools;

pub(super) use self::headers::{level, parameter_sets, slice as slice_header};
pub(super) use self::parameters::{picture, sequence, slice};
pub(super) use self::tools::{Said, Tools};
