//! The agent: keeps one link to the server, asks the user, and shares the desktop
//! in the sessions that were allowed.
//!
//! [`run`] is all of it; the operating system comes in as a [`Platform`].

mod actions;
mod agent;
mod backlog;
mod clipboard_bridge;
mod clipboard_files;
mod desktop;
pub mod elevated;
mod events;
mod files;
mod input_thread;
mod link_trouble;
mod load;
mod notice;
mod open_session;
mod outlet;
mod picture_thread;
mod platform_set;
mod remote;
mod serve;
#[cfg(test)]
mod test_machine;
mod tray;
pub mod worker;

use std::fmt;
use std::sync::Arc;

use gc_platform::{Inventory, WorkerHost};
use gc_transport::Connector;
use gc_types::{CauseCode, Clock, Entropy, Secret, SupportCode};
use url::Url;

pub use gc_codec::Candidate as EncoderCandidate;
pub use outlet::RecordSink;
pub use platform_set::Platform;
pub use tray::TrayBar;

/// What an agent is started with.
pub struct AgentSettings {
    /// The server's `/ws/agent`, as a `wss` address, or `ws` on this machine.
    pub url: Url,
    /// Knows whom to trust.
    pub connector: Connector,
    /// Managed or one-time, with its credential.
    pub mode: Mode,
    /// Product version, told to the server.
    pub software: String,
}

/// Kind of agent, with what it shows the server.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Runs for as long as the machine does.
    Managed {
        /// Machine key.
        key: Secret,
    },
    /// Takes part in one session, then ends.
    Support {
        /// Used up by the first link.
        code: SupportCode,
    },
}

/// Why the agent ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// It was told to.
    Stopped,
    /// A one-time agent's session is over.
    SessionOver(CauseCode),
    /// The server does not want it, and trying again would not help.
    Refused(String),
    /// There is no way to the server, and a one-time agent's user has to do something
    /// about it.
    NoLink(String),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => f.write_str("Stopped."),
            Self::SessionOver(cause) => {
                write!(f, "The session is over. {}", cause.sentence())
            }
            Self::Refused(reason) => write!(f, "The server refused: {reason}"),
            Self::NoLink(reason) => write!(f, "There is no way to the server: {reason}"),
        }
    }
}

/// Runs until `stop` is ready, or, for a one-time agent, until its session is over.
/// A lost link is opened again for as long as it takes.
pub async fn run(
    settings: AgentSettings,
    platform: Arc<dyn Platform>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stop: impl Future<Output = ()> + Send,
) -> Ended {
    let mut stop = std::pin::pin!(stop);
    agent::Agent::new(settings, platform, clock, entropy).run(stop.as_mut()).await
}

/// The same for a service that is in nobody's session: the desktop is shown by a
/// worker that `host` starts in a user's session, see [`worker::run`]. `inventory`
/// tells of the machine; who is logged on, the sessions and the worker tell.
///
/// # Errors
/// When no thread can be started.
pub async fn run_with_workers(
    settings: AgentSettings,
    host: Arc<dyn WorkerHost>,
    inventory: Arc<dyn Inventory>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    stop: impl Future<Output = ()> + Send,
) -> std::io::Result<Ended> {
    let mut stop = std::pin::pin!(stop);
    let agent = agent::Agent::with_workers(settings, host, inventory, clock, entropy)?;
    Ok(agent.run(stop.as_mut()).await)
}
