//! How the picture behaves on bad lines, on a virtual clock.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![expect(clippy::print_stdout, reason = "the figures are what people want to see")]

mod drops;
mod profiles;
#[path = "../rig/mod.rs"]
#[expect(dead_code, reason = "only its screen is of use here")]
mod rig;
mod several;
mod wire;
mod world;
