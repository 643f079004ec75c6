//! The sending half of the picture, without any I/O.
//!
//! [`host::VideoHost`] turns damage and pixels into the messages of
//! `video.proto`: exact tiles for small and textual changes, H.264 for motion,
//! copies for scrolling, and exact tiles again for whatever comes to rest. It
//! also decides when to look at the screen at all, so that nothing queues.

mod cells;
mod fills;
mod geometry;
pub mod host;
mod moves;
mod outgoing;
mod pacing;
mod picture;
mod ports;
mod settings;
mod shrink;
mod slow;
mod tiles;

pub use geometry::{PictureView, PixelRect, ViewError};
pub use outgoing::{MAX_MESSAGE, Outgoing, SOFT_MESSAGE};
pub use ports::{
    EncodeFailure, Encoded, FactoryEvent, MotionCodec, MotionEncoder, MotionEncoderFactory,
    MotionSettings, Recourse, TileCompressor,
};
pub use settings::{Limits, limits};
pub use shrink::{enlarge, shrunk};
pub use slow::{Conditions, SlowWatch};
