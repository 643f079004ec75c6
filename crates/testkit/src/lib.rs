//! What in-process tests of links, sessions and the relay share.

#[expect(
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "for tests only: it fails by panicking"
)]
pub mod testing;
