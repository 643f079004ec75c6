//! What is the same for every Media Foundation encoder, without Win32: so that it is
//! tested wherever Rust runs.

mod machine;
mod nal;
mod nv12;
mod synchronous;
mod transform;

pub use machine::Machine;
pub use nal::{Content, Syntax, content, delimiter, parameter_sets};
pub use nv12::{Nv12Picture, PictureError};
pub use synchronous::SynchronousEvents;
pub use transform::{
    DEVICE_HUNG, DEVICE_NOT_INITIALIZED, DEVICE_REMOVED, DEVICE_RESET, Message, NEED_MORE_INPUT,
    NEW_DEVICE, NO_HARDWARE, NOT_ACCEPTING, Nv12, Output, RateChange, SHUT_DOWN, STREAM_CHANGE,
    Transform, TransformEvent, TransformFailure, Waited,
};
