//! Both ends of a transfer on a virtual clock and a virtual line.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod faults;
mod honest;
mod hostile;
mod world;
