//! Files of a session: a thread of its own, so that a slow disk holds up neither
//! input nor pictures.

mod audit;
mod drag;
mod none;
mod thread;

pub(crate) use drag::DragPorts;
pub(crate) use thread::{FilesThread, Located, Locator};
