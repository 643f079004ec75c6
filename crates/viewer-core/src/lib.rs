//! The viewer without a window: messages in, pixels and answers out.
//!
//! [`Decoder`] applies video messages to a [`Surface`]; [`ViewerSession`] adds the
//! other channels of a session and makes the records that go back. Everything that
//! arrives is taken for hostile.

mod decoder;
mod session;
mod statistics;
mod surface;

pub use decoder::{DecodeProblem, Decoder, DecoderLimits, Outcome};
pub use session::{Cursor, SessionError, SessionIds, ViewerEvent, ViewerSession};
pub use statistics::{ByKind, Spread, Statistics};
pub use surface::Surface;
