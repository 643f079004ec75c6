//! H.264, constrained baseline.

mod headers;
mod parameters;

pub(super) use self::headers::slice as slice_header;
pub(super) use self::headers::{level, picture as picture_header, sequence as sequence_header};
pub(super) use self::parameters::{picture, sequence, slice};
use super::picture::Stream;

/// Macroblocks across and down.
pub(super) const fn blocks(stream: &Stream) -> (u32, u32) {
    (stream.coded.0 / 16, stream.coded.1 / 16)
}
