//! Screen and input of an attended session by a helper that has more rights than the
//! one-time program (ADR 24). Link, consent, clipboard, files and windows stay with the
//! program, which runs as its user; what the helper does for it is to show the screen,
//! to press keys and to press Ctrl+Alt+Del, and nothing else.
//!
//! Three processes: the program ([`Elevation`]), a service ([`bridge()`]) that lets only
//! that program in, and a worker of the service ([`serve()`]) on the user's desktop.

mod actions;
mod bridge;
mod desk;
mod message;
mod screen;
mod serve;
mod steps;
mod switch;
#[cfg(test)]
mod tests;
mod wire;

pub use actions::{AskForRights, ElevatingActions, Granted};
pub use bridge::{BridgeEnd, bridge};
pub use serve::{Hands, serve};
pub use switch::{Elevation, OpenInput, OpenScreen};

use crate::worker::frame::FrameError;

/// What the program is known by: it shows a secret, of which the service has been told
/// the SHA-256. So who reads the arguments of a process cannot show it.
pub fn digest_of(secret: &gc_types::Secret) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    Sha256::digest(secret.expose()).into()
}

/// Why program, service or worker do not understand each other.
#[derive(Debug, thiserror::Error)]
pub enum ElevatedError {
    /// The stream ended, broke, or held what is no frame.
    #[error("the stream failed: {0}")]
    Stream(String),
    /// Who connected does not have the secret.
    #[error("who connected is not the one that is waited for")]
    Stranger,
    /// Programs of different versions.
    #[error("the other process is of version {0}, this is {version}", version = gc_types::VERSION)]
    Version(String),
    /// A message that is not for this end, or not at this time.
    #[error("the other process said what is not for it to say")]
    NotAllowed,
    /// There is no worker.
    #[error("{0}")]
    NoWorker(String),
    /// Nothing came in time.
    #[error("the other process does not answer")]
    Silent,
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl From<FrameError> for ElevatedError {
    fn from(error: FrameError) -> Self {
        Self::Stream(error.to_string())
    }
}
