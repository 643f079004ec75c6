//! Bad networks for tests: a virtual one on a virtual clock, and a real TCP
//! fault proxy.

mod pipe;
mod proxy;
mod shape;
mod shaped_proxy;

pub use pipe::{Duplex, Pipe, Profile};
pub use proxy::{FaultProxy, Faults};
pub use shape::{SEGMENT, Shape, ShapedFlow};
