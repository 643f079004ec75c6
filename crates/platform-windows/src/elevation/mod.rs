//! More rights for an attended session (ADR 24): the one-time program asks its user, an
//! elevated process makes a temporary service, and that lets in the program, and nobody
//! else, to a worker of LocalSystem.

#[cfg(windows)]
mod ask;
#[cfg(windows)]
mod hold;
mod request;
#[cfg(windows)]
mod seat;

#[cfg(windows)]
pub use ask::{AskError, ask};
#[cfg(windows)]
pub use hold::{HoldError, hold};
pub use request::{ElevationRequest, NotARequest};
#[cfg(windows)]
pub use seat::{ProgramWatch, Seat, SeatError};
